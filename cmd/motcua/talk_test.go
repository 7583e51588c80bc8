package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/citytest"
)

// said is one line of a chat.
type said struct {
	seq  int64
	from string // "city", or whoever else
	raw  string // all of it, as JSON
}

// network carries a person's words to the city, and shows what is in the chat.
type network interface {
	say(ctx context.Context, text string) (seq int64, err error)
	// lines gives what is behind a line, and waits a while when there is nothing.
	lines(ctx context.Context, after int64) ([]said, error)
}

// talker is one person on one network, within one test.
type talker struct {
	t    *testing.T
	ctx  context.Context
	name string
	on   network
	last int64 // what was said last
}

func onZalo(ctx context.Context, t *testing.T, city *citytest.Process, user string) *talker {
	return &talker{t: t, ctx: ctx, name: user + " on Zalo", on: standIn{zaloOf(city), user}}
}

func onMessenger(ctx context.Context, t *testing.T, city *citytest.Process, user string) *talker {
	return &talker{t: t, ctx: ctx, name: user + " on Messenger", on: standIn{messengerOf(city), user}}
}

func onWeb(ctx context.Context, t *testing.T, city *citytest.Process) *talker {
	t.Helper()
	v := &visitor{base: city.HTTP + "/chat/v1"}
	var in struct{ Token string }
	if err := v.call(ctx, "/session", map[string]string{"lang": "vi"}, &in); err != nil {
		t.Fatal(err)
	}
	v.token = in.Token
	return &talker{t: t, ctx: ctx, name: "a visitor", on: v}
}

// zaloOf and messengerOf give the handles of the stand-ins that a city runs itself. They have the same form.
func zaloOf(city *citytest.Process) citytest.Zalo {
	return citytest.Zalo{Base: city.Fakecity + "/zalo", HTTP: &http.Client{Timeout: 70 * time.Second}}
}

func messengerOf(city *citytest.Process) citytest.Zalo {
	return citytest.Zalo{Base: city.Fakecity + "/messenger", HTTP: &http.Client{Timeout: 70 * time.Second}}
}

// say says something.
func (p *talker) say(text string) {
	p.t.Helper()
	seq, err := p.on.say(p.ctx, text)
	if err != nil {
		p.t.Fatalf("%s says %q: %v", p.name, text, err)
	}
	p.last = seq
}

// hear waits for a line of the city, behind what was said last, that holds the text, and gives it.
func (p *talker) hear(text string) string {
	p.t.Helper()
	return p.await(p.last, text)
}

// told waits for a line of the city that holds the text, whenever it came.
func (p *talker) told(text string) string {
	p.t.Helper()
	return p.await(0, text)
}

func (p *talker) await(after int64, text string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	var seen []string
	for {
		list, err := p.on.lines(ctx, after)
		for _, l := range list {
			after = max(after, l.seq)
			if l.from != "city" {
				continue
			}
			if strings.Contains(l.raw, text) {
				return l.raw
			}
			seen = append(seen, l.raw)
		}
		if err != nil && ctx.Err() == nil {
			p.t.Fatalf("%s: %v", p.name, err)
		}
		if ctx.Err() != nil {
			p.t.Fatalf("%s waits in vain for %q and saw %q", p.name, text, seen)
		}
	}
}

// ask says something and waits for the answer.
func (p *talker) ask(text, answer string) string {
	p.t.Helper()
	p.say(text)
	return p.hear(answer)
}

// answers gives what the city has said behind what was said last, up to now.
func (p *talker) answers() []string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 250*time.Millisecond)
	defer cancel()
	list, err := p.on.lines(ctx, p.last)
	if err != nil && ctx.Err() == nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	var out []string
	for _, l := range list {
		if l.from == "city" {
			out = append(out, l.raw)
		}
	}
	return out
}

var codeInText = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{3}(-[0-9A-HJKMNP-TV-Z]{3}){2}`)

// report sends a report and gives its tracking code.
func (p *talker) report(mark string) string {
	p.t.Helper()
	var last string
	for _, line := range dialogue {
		last = p.ask(strings.Replace(line.say, "%s", mark, 1), line.hear)
	}
	code := codeInText.FindString(last)
	if code == "" {
		p.t.Fatalf("%s: no tracking code in %s", p.name, last)
	}
	return code
}

// owns checks which of the reports, by their tracking codes, the chat shows as its own.
func (p *talker) owns(all []string, want ...string) {
	p.t.Helper()
	got := p.ask("phản ánh của tôi", "Bà con có thể làm tiếp")
	for _, code := range all {
		if shown := strings.Contains(got, code); shown != slices.Contains(want, code) {
			p.t.Errorf("%s: %s shown: %v in %s", p.name, code, shown, got)
		}
	}
}

// signIn signs the chat in with a phone, by the code that comes there, and gives the last answer, which holds a text.
func (p *talker) signIn(city *citytest.Process, phone, answer string) string {
	p.t.Helper()
	before := len(codes(p.ctx, city, phone))
	p.ask("đăng nhập", "số điện thoại di động")
	p.ask(phone, "nhập 6 chữ số")
	return p.ask(newCode(p.ctx, p.t, city, phone, before), answer)
}

// standIn is a person on a network's stand-in.
type standIn struct {
	net  citytest.Zalo
	user string
}

func (s standIn) say(ctx context.Context, text string) (int64, error) {
	e, err := s.net.Do(ctx, s.user, "say", map[string]string{"text": text})
	return e.Seq, err
}

func (s standIn) lines(ctx context.Context, after int64) ([]said, error) {
	wait := "1"
	if d, ok := ctx.Deadline(); ok && time.Until(d) < time.Second {
		wait = "0"
		ctx = context.WithoutCancel(ctx)
	}
	var list []json.RawMessage
	err := s.net.Control(ctx, "users/"+url.PathEscape(s.user)+"/chat?wait="+wait+"&after="+fmt.Sprint(after), nil, &list)
	out := make([]said, len(list))
	for i, raw := range list {
		var e struct {
			Seq  int64
			From string
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, err
		}
		out[i] = said{e.Seq, e.From, string(raw)}
	}
	return out, err
}

// visitor is somebody on the city's own pages.
type visitor struct{ base, token string }

func (v *visitor) request(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, v.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if v.token != "" {
		req.Header.Set("Authorization", "Chat "+v.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err == nil && res.StatusCode/100 != 2 {
		said, _ := io.ReadAll(res.Body) // it only explains
		_ = res.Body.Close()
		return nil, fmt.Errorf("%s: status %d: %s", path, res.StatusCode, said)
	}
	return res, err
}

func (v *visitor) call(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	res, err := v.request(ctx, http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return json.NewDecoder(res.Body).Decode(out)
}

func (v *visitor) say(ctx context.Context, text string) (int64, error) {
	var out struct{ Seq int64 }
	err := v.call(ctx, "/messages", map[string]string{"id": uuid.NewString(), "text": text}, &out)
	return out.Seq, err
}

// lines reads the stream of events until the first line.
func (v *visitor) lines(ctx context.Context, after int64) ([]said, error) {
	res, err := v.request(ctx, http.MethodGet, "/events?after="+fmt.Sprint(after), nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	stream := bufio.NewScanner(res.Body)
	stream.Buffer(nil, 1<<20)
	for stream.Scan() {
		data, ok := strings.CutPrefix(stream.Text(), "data: ")
		var e struct {
			Seq  int64
			From string
		}
		if !ok || json.Unmarshal([]byte(data), &e) != nil || e.Seq == 0 {
			continue
		}
		if e.From != "you" {
			e.From = "city"
		}
		return []said{{e.Seq, e.From, data}}, nil
	}
	return nil, stream.Err()
}

// codes gives the one-time codes that a phone, written as at home, has received, oldest first: by text message, or as an approved text of Zalo.
func codes(ctx context.Context, city *citytest.Process, phone string) []string {
	type message struct {
		at   time.Time
		code string
	}
	var got []message
	number := "+84" + strings.TrimPrefix(phone, "0")
	var texts []struct {
		Text string
		At   time.Time
	}
	z := citytest.Zalo{Base: city.Fakecity + "/zalo"}
	var entries []struct {
		Kind string
		At   time.Time
		Data map[string]string
	}
	if res, err := http.Get(city.Fakecity + "/sms/messages?phone=" + url.QueryEscape(number)); err == nil {
		_ = json.NewDecoder(res.Body).Decode(&texts) // nothing yet
		_ = res.Body.Close()
	}
	_ = z.Control(ctx, "users/"+url.PathEscape(number)+"/chat", nil, &entries) // nothing yet
	for _, m := range texts {
		got = append(got, message{m.At, sixDigits.FindString(m.Text)})
	}
	for _, e := range entries {
		for _, v := range e.Data {
			got = append(got, message{e.At, sixDigits.FindString(v)})
		}
	}
	got = slices.DeleteFunc(got, func(m message) bool { return m.code == "" })
	slices.SortStableFunc(got, func(x, y message) int { return x.at.Compare(y.at) })
	out := make([]string, len(got))
	for i, m := range got {
		out[i] = m.code
	}
	return out
}

// newCode waits for a code beyond those that the phone had.
func newCode(ctx context.Context, t *testing.T, city *citytest.Process, phone string, had int) string {
	t.Helper()
	var got []string
	err := citytest.Poll(ctx, func() (bool, error) {
		got = codes(ctx, city, phone)
		return len(got) > had, nil
	})
	if err != nil {
		t.Fatalf("no code for %s: %v", phone, err)
	}
	return got[len(got)-1]
}

// inApp signs a device in with a phone.
func inApp(ctx context.Context, t *testing.T, city *citytest.Process, phone string) citytest.Client {
	t.Helper()
	c := citytest.Client{URL: city.HTTP + "/graphql"}
	before, device := len(codes(ctx, city, phone)), "device-of-"+phone
	asked := must[struct{ Challenge struct{ ID string } }](ctx, t, c, "requestOtp", "RequestOtpInput!", "challenge { id }", map[string]any{"phone": phone, "deviceId": device})
	granted := must[struct{ Grant struct{ AccessToken string } }](ctx, t, c, "verifyOtp", "VerifyOtpInput!", "grant { accessToken }", map[string]any{
		"challengeId": asked.Challenge.ID, "code": newCode(ctx, t, city, phone, before), "deviceId": device, "deviceName": "Máy của " + phone,
	})
	c.Token = granted.Grant.AccessToken
	return c
}

// change carries out a mutation and gives its payload, or the code and the words of its refusal.
func change[T any](ctx context.Context, t *testing.T, c citytest.Client, mutation, input, selection string, in map[string]any) (out T, code, words string) {
	t.Helper()
	var payload map[string]json.RawMessage
	query := `mutation($i: ` + input + `) { ` + mutation + `(input: $i) { ` + selection + ` errors { code message } } }`
	if err := c.Do(ctx, query, map[string]any{"i": in}, &payload); err != nil {
		t.Fatalf("%s: %v", mutation, err)
	}
	var refused struct {
		Errors []struct{ Code, Message string }
	}
	if err := json.Unmarshal(payload[mutation], &refused); err != nil {
		t.Fatal(err)
	}
	if len(refused.Errors) > 0 {
		return out, refused.Errors[0].Code, refused.Errors[0].Message
	}
	if err := json.Unmarshal(payload[mutation], &out); err != nil {
		t.Fatalf("%s: %v in %s", mutation, err, payload[mutation])
	}
	return out, "", ""
}

// must is change for what is not to be refused.
func must[T any](ctx context.Context, t *testing.T, c citytest.Client, mutation, input, selection string, in map[string]any) T {
	t.Helper()
	out, code, words := change[T](ctx, t, c, mutation, input, selection, in)
	if code != "" {
		t.Fatalf("%s: %s %s", mutation, code, words)
	}
	return out
}

// read asks one query and gives the field named.
func read[T any](ctx context.Context, t *testing.T, c citytest.Client, field, query string, vars map[string]any) T {
	t.Helper()
	var out map[string]T
	if err := c.Do(ctx, query, vars, &out); err != nil {
		t.Fatalf("%s: %v", field, err)
	}
	return out[field]
}
