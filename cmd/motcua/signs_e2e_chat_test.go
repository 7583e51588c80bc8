package main_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// follows has somebody come by a deep link with a ref.
func (p *talker) follows(ref string) {
	p.t.Helper()
	switch on := p.on.(type) {
	case standIn:
		e, err := on.net.Do(p.ctx, on.user, "referral", map[string]string{"ref": ref})
		p.did(e.Seq, "comes by "+ref, err)
	case *visitor:
		p.did(on.send(p.ctx, "comes by "+ref, map[string]any{"ref": ref}))
	}
}

// sends has somebody send a picture, without a word.
func (p *talker) sends(picture []byte) {
	p.t.Helper()
	switch on := p.on.(type) {
	case standIn:
		e, err := on.net.Do(p.ctx, on.user, "photo", map[string][]byte{"data": picture})
		p.did(e.Seq, "sends a photo", err)
	case *visitor:
		ticket, err := on.upload(p.ctx, picture)
		if err != nil {
			p.t.Fatal(err)
		}
		p.did(on.send(p.ctx, "sends a photo", map[string]any{"uploads": []string{ticket}}))
	}
}

// takes has somebody tap what a line of the city offers under that label.
func (p *talker) takes(line, label string) {
	p.t.Helper()
	var all struct {
		Buttons []struct{ Title, Payload string } // on a network's stand-in
		Blocks  []struct {
			Choices *struct {
				Options []struct{ Label, Value string }
			}
		}
	}
	if err := json.Unmarshal([]byte(line), &all); err != nil {
		p.t.Fatal(err)
	}
	for _, b := range all.Buttons {
		if on, ok := p.on.(standIn); ok && strings.HasSuffix(b.Title, label) { // it may have a number before it
			e, err := on.net.Do(p.ctx, on.user, "tap", map[string]string{"title": b.Title, "payload": b.Payload})
			p.did(e.Seq, "taps "+label, err)
			return
		}
	}
	for _, b := range all.Blocks {
		if on, ok := p.on.(*visitor); ok && b.Choices != nil {
			for _, o := range b.Choices.Options {
				if o.Label == label {
					p.did(on.send(p.ctx, "taps "+label, map[string]any{"text": o.Label, "choice": o.Value}))
					return
				}
			}
		}
	}
	p.t.Fatalf("%s is not offered %q in %s", p.name, label, line)
}

func (p *talker) did(seq int64, what string, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s %s: %v", p.name, what, err)
	}
	p.last = max(p.last, seq) // following a link is no line of its own
}

// send posts a message of any kind.
func (v *visitor) send(ctx context.Context, what string, message map[string]any) (int64, string, error) {
	var out struct{ Seq int64 }
	message["id"] = uuid.NewString()
	err := v.call(ctx, "/messages", message, &out)
	return out.Seq, what, err
}

// upload gives the ticket of a picture.
func (v *visitor) upload(ctx context.Context, picture []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base+"/uploads?id="+uuid.NewString(), bytes.NewReader(picture))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", http.DetectContentType(picture))
	req.Header.Set("Authorization", "Chat "+v.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("upload: status %d: %s, %w", res.StatusCode, said, err)
	}
	var out struct{ ID string }
	err = json.Unmarshal(said, &out)
	return out.ID, err
}

// hasCome is told to a person whose plate was opened.
const hasCome = "Bà con có thể làm tiếp"

// report sends a report from what a line offers about a plate, and gives its tracking code. Nobody asks where it is.
func (p *talker) reportFrom(line string) string {
	p.t.Helper()
	if !strings.Contains(line, signStory) || !strings.Contains(line, signNumber) {
		p.t.Fatalf("%s was shown %s", p.name, line)
	}
	p.takes(line, "Gửi phản ánh")
	said := []string{p.hear("Bà con mô tả giúp")}
	for _, step := range []struct{ say, hear string }{
		{"Đèn đường ở góc này không sáng, do " + p.name + " báo", "lĩnh vực nào"}, {"1", "Gửi phản ánh này chứ"}, {"gửi", "Mã phản ánh là"},
	} {
		said = append(said, p.ask(step.say, step.hear))
	}
	if i := slices.IndexFunc(said, func(s string) bool { return strings.Contains(s, "ở chỗ nào") }); i >= 0 {
		p.t.Errorf("%s was asked for the place: %s", p.name, said[i])
	}
	if summary := said[2]; !strings.Contains(summary, signStreet) || !strings.Contains(summary, signSpot) {
		p.t.Errorf("%s agreed to %s", p.name, summary)
	}
	return codeInText.FindString(said[3])
}

// codeOfOthers is a picture of a code that leads to somebody else.
func codeOfOthers(t *testing.T, address string) []byte {
	t.Helper()
	bits, err := qrcode.NewQRCodeWriter().Encode(address, gozxing.BarcodeFormat_QR_CODE, 400, 400, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, bits); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var (
	linkOnPage = regexp.MustCompile(`<a [^>]*href="([^"]+)"`)
	zaloOnPage = regexp.MustCompile(`href="https://zalo\.me/[^"]+"[^<]*>[^<]*</a><p>[^<]*<code[^>]*>([^<]+)</code>`)
)

// refs gives the refs of the links on a page, by where they lead.
func (p page) refs(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, m := range linkOnPage.FindAllStringSubmatch(p.body, -1) {
		u, err := url.Parse(html.UnescapeString(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		if ref := u.Query().Get("ref"); ref != "" {
			out[cmp.Or(u.Host, u.Path)] = ref
		}
	}
	return out
}

// TestPlateInChats goes on in each chat as the page behind a plate says, and by photos of the plate.
func TestPlateInChats(t *testing.T) {
	t.Parallel()
	ctx := t.Context() // without a limit: what is tried below waits for its turn
	city := newSignCity(ctx, t, "MOTCUA_INBOX__SETTLE=20ms")
	opened := city.phone("203.0.113.9").get(ctx, t, "/s/"+city.code(ctx, t, signNumber), http.StatusOK)
	refs, toSend := opened.refs(t), zaloOnPage.FindStringSubmatch(opened.body)
	if refs["m.me"] == "" || refs["/chat"] == "" || toSend == nil {
		t.Fatalf("the page leads on by %v and %q", refs, toSend)
	}
	picture := city.printed(ctx, t, signNumber, asSeen{Name: "photo", Pixel: preview(0.6), Turn: 12, Slant: 20, Blur: 0.8})["photo"]
	o := newOffice(ctx, t, city.Process)
	messenger := func(user string) func(*testing.T) *talker {
		return func(t *testing.T) *talker { return onMessenger(ctx, t, city.Process, user) }
	}
	zalo := func(user string) func(*testing.T) *talker {
		return func(t *testing.T) *talker { return onZalo(ctx, t, city.Process, user) }
	}
	web := func(t *testing.T) *talker { return onWeb(ctx, t, city.Process) }
	for name, way := range map[string]struct {
		on  func(*testing.T) *talker
		act func(*talker)
	}{
		"the link to Messenger":    {messenger("m-link"), func(p *talker) { p.follows(refs["m.me"]) }},
		"the number on Zalo":       {zalo("z-number"), func(p *talker) { p.say(toSend[1]) }},
		"the link to the web chat": {web, func(p *talker) { p.follows(refs["/chat"]) }},
		"a photo on Messenger":     {messenger("m-photo"), func(p *talker) { p.sends(picture) }},
		"a photo on Zalo":          {zalo("z-photo"), func(p *talker) { p.sends(picture) }},
		"a photo in the web chat":  {web, func(p *talker) { p.sends(picture) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := way.on(t)
			way.act(p)
			code := p.reportFrom(p.hear(hasCome))
			r, ok := reportsAt(ctx, t, o.dispatcher, "RECEIVED")[code]
			if !ok {
				t.Fatalf("no report %q is stored", code)
			}
			r.isHere(t, p.name)
		})
	}
	for warning, address := range map[string]string{
		"không phải mã của thành phố":     "https://thuphat.example/nop-phat?ma=12345",
		"Mã này không phải của thành phố": "https://thuphat.example/s/938NM5X4140SV", // made to look like one of ours
	} {
		foreign := codeOfOthers(t, address)
		for name, on := range map[string]func(*testing.T) *talker{"Messenger": messenger("m-" + warning), "Zalo": zalo("z-" + warning), "web": web} {
			t.Run("a photo of another code, "+name, func(t *testing.T) {
				t.Parallel()
				p := on(t)
				p.sends(foreign)
				if said := p.hear(warning); strings.Contains(said, "thuphat") || strings.Contains(said, signStory) {
					t.Errorf("%s is shown %s", p.name, said)
				}
			})
		}
	}
	plain, _ := photoWithPlace(t)
	for name, on := range map[string]func(*testing.T) *talker{"Messenger": messenger("m-plain"), "Zalo": zalo("z-plain"), "web": web} {
		t.Run("a plain photo, "+name, func(t *testing.T) {
			t.Parallel()
			p := on(t)
			p.sends(plain)
			if said := p.hear("1 ảnh"); strings.Contains(said, "của thành phố") {
				t.Errorf("%s is warned of a plain photo: %s", p.name, said)
			}
		})
	}
}
