package conversation

import (
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// TestKept tells what an officer may read of what a person wrote, with the real declaration of the sign-in.
func TestKept(t *testing.T) {
	t.Parallel()
	w := newPerson(t, guest())
	me := &stub{manifest: manifest(t, "../../miniapps/me/manifest.json"), do: func(c miniapps.Call) (miniapps.Result, error) {
		r := answered("Đã gửi mã.")
		if c.Action == "signin" {
			r.Next = []miniapps.Suggestion{{Action: "code", Input: map[string]any{"challenge": "ch1"}, Now: true}}
		}
		return r, nil
	}}
	rules := Rules{Report: "feedback.submit", Link: "me.link_code"}
	w.install(rules, feedbackApp(t), me)
	w.machine.intents = realIntents(t, w.services.Apps())
	atCode, atLinkCode, elsewhere := "đăng nhập;0912345678", "nhập mã liên kết", "đăng nhập;0912345678;menu"
	for _, tt := range []struct{ before, text, kept string }{
		{atCode, "362684", Masked}, {atCode, "36 26 84 ạ", Masked}, {atCode, "Ma xac nhan cua ban la 362684", Masked}, {atCode, "ba sáu hai sáu tám bốn", Masked},
		{atCode, "gặp cán bộ", "gặp cán bộ"}, {atCode, "hủy", "hủy"}, {atCode, tokenDo + "cancel", tokenDo + "cancel"}, {atCode, "", ""},
		{atLinkCode, "t367 hwg7", Masked}, {atLinkCode, "T367-HWG", Masked},
		{elsewhere, "362684", Masked}, {elsewhere, "phản ánh", "phản ánh"},
		{"", "T367-HWG7", Masked}, {"", "t367hwg7", Masked}, {"", "t367 hwg7", Masked}, {"", LinkRef + "T367-HWG7", Masked},
		{"", "mã liên kết T367-HWG7 ạ", "mã liên kết " + Masked + " ạ"}, {"", "mã là t367-hwg7, n5jz-sdrc", "mã là " + Masked + ", " + Masked},
		{"", "7K3-9QM-X2B", "7K3-9QM-X2B"}, {"", "phản ánh 7K3-9QM-X2B", "phản ánh 7K3-9QM-X2B"}, {"", "29A12345", "29A12345"}, {"", "0912 345 678", "0912 345 678"},
		{"", "362684", "362684"}, {"tôi muốn phản ánh", "số nhà 362684", "số nhà 362684"}, {"", "ngõ 12-14 và 2026-2027", "ngõ 12-14 và 2026-2027"},
	} {
		w.state, w.now = State{}, noon
		w.log.Reset()
		for line := range strings.SplitSeq(tt.before, ";") {
			if line != "" {
				w.do(line)
			}
		}
		if got := w.machine.Kept(w.state, Heard{Text: tt.text}); got != tt.kept {
			t.Errorf("after %q, %q is kept as %q, want %q\n%s", tt.before, tt.text, got, tt.kept, w.log.String())
		}
	}
}

// TestSecretsStandAlone: words around a secret do not join it, or they would be masked with it.
func TestSecretsStandAlone(t *testing.T) {
	t.Parallel()
	secret := message.Words{Text: "Mã là T367-HWG7", Secret: true}
	app := feedbackApp(t)
	answer := app.do
	app.do = func(c miniapps.Call) (miniapps.Result, error) {
		if c.Action == "mine" {
			return miniapps.Result{Blocks: message.Blocks{message.Words{Text: "a"}, message.Words{Text: "b"}, secret, message.Words{Text: "c"}}}, nil
		}
		return answer(c)
	}
	w := newWorld(t, Rules{Report: "feedback.submit"}, app)
	got := w.hear(Heard{Text: "phản ánh của tôi"})[0]
	if len(got) != 3 || got[0] != (message.Block)(message.Words{Text: "a\n\nb"}) || got[1] != (message.Block)(secret) {
		t.Errorf("said %#v", got)
	}
}
