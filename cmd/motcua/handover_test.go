package main_test

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// waiting is a conversation as an officer sees it.
type waiting struct {
	ID, Network, State string
	Mine               bool
	Unit               struct{ Code string }
	Lines              []struct {
		From, Text, Name, State string
		Attachments             []struct{ URL string }
	}
}

// desk is a member of staff who answers.
type desk struct {
	t   *testing.T
	ctx context.Context
	citytest.Client
}

// oneAtATime has the dispatcher sign in once at a time: of two codes on one phone only the later is good.
var oneAtATime sync.Mutex

// atDesk signs a dispatcher in, who sees the conversations of every unit.
func atDesk(ctx context.Context, t *testing.T, city *citytest.Process) desk {
	t.Helper()
	oneAtATime.Lock()
	defer oneAtATime.Unlock()
	return desk{t, ctx, inApp(ctx, t, city, "0901000002")}
}

// find waits for the conversation in which that was said, and gives its id.
func (d desk) find(text string) string {
	d.t.Helper()
	var found string
	err := citytest.Poll(d.ctx, func() (bool, error) {
		all, err := pages[waiting](d.ctx, d.Client, "conversations", "id network state mine")
		if err != nil {
			return false, err
		}
		for _, c := range all {
			if slices.Contains(d.said(c.ID), text) {
				found = c.ID
			}
		}
		return found != "", nil
	})
	if err != nil {
		d.t.Fatalf("no conversation with %q: %v", text, err)
	}
	return found
}

const conversationQuery = `query($id: ID!) { conversation(id: $id) { id network state mine unit { code } lines { from text name state attachments { url } } } }`

// look reads a conversation; ok is false when it is at no desk.
func (d desk) look(id string) (c waiting, ok bool) {
	d.t.Helper()
	a, err := d.Ask(d.ctx, conversationQuery, map[string]any{"id": id})
	var out struct{ Conversation *waiting }
	if err != nil || json.Unmarshal(a.Data, &out) != nil {
		d.t.Fatalf("conversation: %v %s", err, a.Data)
	}
	if out.Conversation == nil {
		if code := citytest.Text(a.Errors[0].Extensions["code"]); code != "NOT_FOUND" {
			d.t.Fatalf("conversation: %v", a.Errors)
		}
		return waiting{}, false
	}
	return *out.Conversation, true
}

// said gives what citizens have said in a conversation.
func (d desk) said(id string) []string {
	d.t.Helper()
	c, _ := d.look(id)
	var out []string
	for _, l := range c.Lines {
		if l.From == "CITIZEN" {
			out = append(out, l.Text)
		}
	}
	return out
}

// hears waits until a citizen has said that.
func (d desk) hears(id, text string) {
	d.t.Helper()
	err := citytest.Poll(d.ctx, func() (bool, error) { return slices.Contains(d.said(id), text), nil })
	if err != nil {
		d.t.Fatalf("the officer does not read %q: %q", text, d.said(id))
	}
}

func (d desk) take(id string) {
	d.t.Helper()
	got := must[struct{ Conversation waiting }](d.ctx, d.t, d.Client, "takeConversation", "TakeConversationInput!", "conversation { state mine }", map[string]any{"id": id, "idempotencyKey": "take-" + id})
	if got.Conversation.State != "TAKEN" || !got.Conversation.Mine {
		d.t.Errorf("taken: %+v", got)
	}
}

func (d desk) write(id, text string) {
	d.t.Helper()
	in := map[string]any{"id": id, "text": text, "idempotencyKey": text}
	for range 2 { // a repeat changes nothing
		must[struct{ Line struct{ From string } }](d.ctx, d.t, d.Client, "sendStaffMessage", "SendStaffMessageInput!", "line { from }", in)
	}
}

// answer talks with a citizen from their call for a person to the end, and gives the conversation's id.
func (d desk) answer(p *talker, ask string) string {
	d.t.Helper()
	p.ask("gặp cán bộ", "Yêu cầu gặp cán bộ đã được ghi nhận")
	p.say(ask)
	id := d.find(ask)
	if c, _ := d.look(id); c.State != "WAITING" || c.Mine || c.Unit.Code != "city-office" {
		d.t.Errorf("in the queue: %+v", c)
	}
	if got := p.answers(); len(got) != 0 {
		d.t.Errorf("the program answers what is meant for an officer: %q", got)
	}
	changed := events(d.ctx, d.t, d.Client, `subscription($id: ID!) { conversationChanged(id: $id) { state lines { text } } }`, map[string]any{"id": id})
	d.take(id)
	expect(d.ctx, d.t, changed, `"TAKEN"`)
	p.hear("Cán bộ Vũ Thị Hoa đã tham gia trò chuyện")
	d.write(id, "Chào bà con, nhà mình ở số mấy? "+ask)
	p.hear("Vũ Thị Hoa")
	p.hear("Chào bà con, nhà mình ở số mấy? " + ask)
	p.say("Số 12 ạ, " + ask)
	d.hears(id, "Số 12 ạ, "+ask)
	expect(d.ctx, d.t, changed, "Số 12 ạ, "+ask)
	d.write(id, "Cảm ơn bà con. "+ask)
	p.hear("Cảm ơn bà con. " + ask)
	if got := p.answers(); len(got) > 1 { // a read that is cut short shows none
		d.t.Errorf("somebody else answers the officer's citizen: %q", got)
	}
	for range 2 {
		must[struct{ ID string }](d.ctx, d.t, d.Client, "releaseConversation", "ReleaseConversationInput!", "id", map[string]any{"id": id, "idempotencyKey": "end"})
	}
	p.hear("Trợ giúp tự động đã trở lại")
	if _, there := d.look(id); there {
		d.t.Error("an officer reads on in a conversation that was given back")
	}
	p.ask("xin chào", "kênh trợ giúp tự động")
	return id
}

// testOfficerOnZalo has an officer answer somebody with an account, who sees afterwards that their words were looked at.
func testOfficerOnZalo(ctx context.Context, t *testing.T, city *citytest.Process) {
	p := onZalo(ctx, t, city, "Người hỏi")
	p.signIn(city, "0911000031", "Đăng nhập xong")
	app := inApp(ctx, t, city, "0911000031")
	atDesk(ctx, t, city).answer(p, "Ngõ nhà tôi trên Zalo ngập")
	for _, who := range []string{"0911000032", "0901000001"} { // a citizen, and an officer of another unit
		c := inApp(ctx, t, city, who)
		a, err := c.Ask(ctx, `{ conversations { edges { node { id } } } }`, nil)
		if err != nil || strings.Contains(string(a.Data), `"id"`) || who == "0911000032" && len(a.Errors) == 0 {
			t.Errorf("%s sees %s %v", who, a.Data, err)
		}
	}
	type access struct {
		Purpose string
		Claims  []string
	}
	me := read[struct {
		AccessLog struct{ Edges []struct{ Node access } }
	}](ctx, t, app, "me", `{ me { accessLog { edges { node { purpose claims } } } } }`, nil)
	if !slices.ContainsFunc(me.AccessLog.Edges, func(e struct{ Node access }) bool {
		return strings.Contains(e.Node.Purpose, "Cán bộ xem tin nhắn")
	}) {
		t.Errorf("the citizen does not see the look: %+v", me)
	}
}

func testOfficerOnMessenger(ctx context.Context, t *testing.T, city *citytest.Process) {
	atDesk(ctx, t, city).answer(onMessenger(ctx, t, city, "Người hỏi"), "Ngõ nhà tôi trên Messenger ngập")
}

func testOfficerOnWeb(ctx context.Context, t *testing.T, city *citytest.Process) {
	atDesk(ctx, t, city).answer(onWeb(ctx, t, city), "Ngõ nhà tôi trên web ngập")
}

// testConsoleAtTheDesk has people wait at the desk who are answered in the network's own console: an officer at the desk sees it, and the program is silent. On
// Messenger it comes back when that person hands the conversation back, on Zalo when an officer at the desk ends it.
func testConsoleAtTheDesk(ctx context.Context, t *testing.T, city *citytest.Process) {
	const user = "Đợi ở bàn"
	staff := atDesk(ctx, t, city)
	for net, handles := range map[string]citytest.Zalo{"zalo": zaloOf(city), "messenger": messengerOf(city)} {
		control := func(path string, in map[string]string) {
			t.Helper()
			var out json.RawMessage
			if err := handles.Control(ctx, path, in, &out); err != nil {
				t.Fatal(err)
			}
		}
		p := &talker{t: t, ctx: ctx, name: net, on: standIn{handles, user}}
		p.ask("gặp cán bộ", "Yêu cầu gặp cán bộ đã được ghi nhận")
		p.say("đường trước nhà ngập trên " + net)
		id := staff.find("đường trước nhà ngập trên " + net)
		if net == "messenger" {
			control("thread", map[string]string{"user": user, "owner": "inbox"})
		}
		control("console", map[string]string{"user": user, "text": "Tôi trả lời bà con đây"})
		err := citytest.Poll(ctx, func() (bool, error) {
			c, _ := staff.look(id)
			last := len(c.Lines) - 1
			return last >= 0 && c.State == "TAKEN" && !c.Mine && c.Lines[last].From == "STAFF" && c.Lines[last].Text == "Tôi trả lời bà con đây", nil
		})
		if err != nil {
			c, _ := staff.look(id)
			t.Fatalf("%s: the officer at the desk sees %+v", net, c)
		}
		p.say("dạ vâng ạ " + net)
		staff.hears(id, "dạ vâng ạ "+net)
		if got := p.answers(); len(got) != 0 {
			t.Errorf("%s: the program answers as well: %q", net, got)
		}
		if net == "messenger" {
			control("thread", map[string]string{"user": user, "owner": "city"})
		} else {
			must[struct{ ID string }](ctx, t, staff.Client, "releaseConversation", "ReleaseConversationInput!", "id", map[string]any{"id": id, "idempotencyKey": "end-" + id})
		}
		p.hear("Trợ giúp tự động đã trở lại")
		p.ask("xin chào", "kênh trợ giúp tự động")
	}
}

// testConsole has a person answer in the network's own console: the program is silent, and comes back by itself.
func testConsole(ctx context.Context, t *testing.T, city *citytest.Process) {
	for net, handles := range map[string]citytest.Zalo{"zalo": zaloOf(city), "messenger": messengerOf(city)} {
		t.Run(net, func(t *testing.T) {
			t.Parallel()
			silentForAWhile(&talker{t: t, ctx: ctx, name: net, on: standIn{handles, "Trang"}}, handles)
		})
	}
}

func silentForAWhile(p *talker, handles citytest.Zalo) {
	p.t.Helper()
	p.ask("xin chào", "kênh trợ giúp tự động")
	var e citytest.ZaloEntry
	if err := handles.Control(p.ctx, "console", map[string]string{"user": "Trang", "text": "Tôi trả lời bà con đây"}, &e); err != nil {
		p.t.Fatal(err)
	}
	said := time.Now()
	answered := func() bool {
		p.say("xin chào lần nữa")
		ctx, cancel := context.WithTimeout(p.ctx, 500*time.Millisecond)
		defer cancel()
		err := citytest.Poll(ctx, func() (bool, error) { return len(p.answers()) > 0, nil })
		return err == nil
	}
	silent := false
	for !answered() {
		silent = true
		if p.ctx.Err() != nil {
			p.t.Fatalf("%s: the program did not come back", p.name)
		}
	}
	if !silent || time.Since(said) < time.Second {
		p.t.Errorf("%s: the program answered while a person did", p.name)
	}
	p.told("Trợ giúp tự động xin trả lời tiếp")
}

// testForgotten has somebody withdraw on Zalo: their words, loose photos and identity go, and what they reported stays.
func testForgotten(ctx context.Context, t *testing.T, city *citytest.Process) {
	const phone = "0911000033"
	p, staff := onZalo(ctx, t, city, "Rút lui"), atDesk(ctx, t, city)
	z := p.report("của người rút lui")
	p.signIn(city, phone, "Đăng nhập xong")
	app := inApp(ctx, t, city, phone)
	code := groupedCode.FindString(p.ask("lấy mã liên kết", "Mã liên kết của bà con là"))
	p.ask("gặp cán bộ", "Yêu cầu gặp cán bộ đã được ghi nhận")
	photo, _ := photoWithPlace(t)
	if _, err := zaloOf(city).Do(ctx, "Rút lui", "photo", map[string]any{"text": "ảnh nhà tôi đây", "photos": [][]byte{photo}}); err != nil {
		t.Fatal(err)
	}
	id := staff.find("ảnh nhà tôi đây")
	c, _ := staff.look(id)
	words := ""
	for _, l := range c.Lines {
		words += l.Text + "\n"
	}
	if code == "" || strings.Contains(words, code) || sixDigits.MatchString(words) || strings.Count(words, "••••") != 2 {
		t.Errorf("besides %s the officer reads %s", code, words)
	}
	if list, err := p.on.lines(ctx, 0); err != nil || slices.ContainsFunc(list, func(l said) bool { return strings.Contains(l.raw, "vừa được liên kết") }) {
		t.Errorf("whoever signs in is told that somebody did: %v", err)
	}
	var address string
	err := citytest.Poll(ctx, func() (bool, error) {
		c, _ := staff.look(id)
		for _, l := range c.Lines {
			for _, a := range l.Attachments {
				address = a.URL
			}
		}
		return address != "", nil
	})
	if err != nil || status(t, address) != http.StatusOK {
		t.Fatalf("the photo at %q: %v", address, err)
	}
	if _, err := zaloOf(city).Do(ctx, "Rút lui", "withdraw", map[string]any{}); err != nil {
		t.Fatal(err)
	}
	p.told("nội dung trò chuyện đã được xóa")
	if _, there := staff.look(id); there {
		t.Error("the conversation is still there")
	}
	err = citytest.Poll(ctx, func() (bool, error) { return status(t, address) == http.StatusNotFound, nil })
	if err != nil {
		t.Errorf("the photo is still there: status %d", status(t, address))
	}
	if got := networks(ctx, t, app); got != "" {
		t.Errorf("identities: %s", got)
	}
	wantOwned(ctx, t, app)
	public := read[struct{ Code string }](ctx, t, citytest.Client{URL: app.URL}, "feedbackByCode", `query($c: String!) { feedbackByCode(code: $c) { code } }`, map[string]any{"c": z})
	if public.Code != z {
		t.Errorf("the report is gone: %+v", public)
	}
	p.owns([]string{z})
}

var groupedCode = regexp.MustCompile(`\b[0-9A-Z]{4}-[0-9A-Z]{4}\b`)

func status(t *testing.T, address string) int {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// silentOfficer has an officer take a conversation and say nothing in it, and gives what checks that the program comes back after chat.desk_silence.
func silentOfficer(ctx context.Context, t *testing.T, c *chatPlace) (comesBack func()) {
	t.Helper()
	p, staff := &talker{t: t, ctx: ctx, name: "Chờ mãi", on: standIn{c.zalo, "Chờ mãi"}}, atDesk(ctx, t, c.city)
	p.ask("gặp cán bộ", "Yêu cầu gặp cán bộ đã được ghi nhận")
	p.say("có ai không ạ")
	id := staff.find("có ai không ạ")
	staff.take(id)
	return func() {
		t.Helper()
		err := citytest.Poll(ctx, func() (bool, error) {
			list, err := p.on.lines(ctx, p.last)
			return slices.ContainsFunc(list, func(l said) bool {
				return strings.Contains(l.raw, "Đã lâu chưa có thêm trả lời của cán bộ")
			}), err
		})
		if err != nil {
			t.Fatalf("the program did not come back: %v", err)
		}
		if _, there := staff.look(id); there {
			t.Error("the conversation is still at the desk")
		}
		p.ask("xin chào", "kênh trợ giúp tự động")
	}
}
