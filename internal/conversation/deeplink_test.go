package conversation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/message"
)

func TestRefs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		ref, name string
		lang      message.Lang
		words     string
	}{
		{"signs.show:HP-00572-4", "signs.show", "", "HP-00572-4"}, {"signs.show.en:HP-00572-4", "signs.show", "en", "HP-00572-4"}, {"signs.show.vi", "signs.show", "vi", ""},
		{"feedback.submit", "feedback.submit", "", ""}, {"signs.show.fr:X", "signs.show.fr", "", "X"}, {"signs.show.en.en", "signs.show.en.en", "", ""},
		{"signs.show:a.en", "signs.show", "", "a.en"}, {"signs.en", "signs.en", "", ""}, {"", ".", "", ""}, {"..", "..", "", ""},
	}
	for _, tt := range tests {
		name, lang, words := refWords(tt.ref)
		if name.String() != tt.name || lang != tt.lang || words != tt.words {
			t.Errorf("%q: got %s, %q, %q", tt.ref, name, lang, words)
		}
	}
}

// TestALinkSaysTheLanguage: of the page that it stands on. What the person has shown already stays.
func TestALinkSaysTheLanguage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		had  message.Lang
		h    Heard
		want message.Lang
	}{
		{"English page", "", Heard{Ref: "signs.show.en:HP-00572-4"}, "en"}, {"printed before", "", Heard{Ref: "signs.show:HP-00572-4"}, ""},
		{"Vietnamese page", "", Heard{Ref: "signs.show.vi:HP-00572-4", Lang: "en"}, "vi"}, {"a chat in English", "", Heard{Ref: "signs.show:HP-00572-4", Lang: "en"}, "en"},
		{"a chat in Vietnamese", "", Heard{Ref: "signs.show:HP-00572-4", Lang: "vi"}, ""}, {"speaks Vietnamese", "vi", Heard{Ref: "signs.show.en:HP-00572-4"}, "vi"},
		{"leads nowhere", "", Heard{Ref: "no.where.en:x"}, ""}, {"no language", "", Heard{Ref: "signs.show.xx:HP-00572-4"}, ""}, {"no link", "", Heard{Text: "x", Lang: "en"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newSignWorld(t)
			w.state.Lang = tt.had
			w.hear(tt.h)
			shown := len(w.calls) > 0 && w.calls[0].Action == "show"
			if w.state.Lang != tt.want || shown != (strings.HasPrefix(tt.h.Ref, "signs.show") && !strings.Contains(tt.h.Ref, ".xx")) {
				t.Errorf("got %q, calls %+v\n%s", w.state.Lang, w.calls, w.log.String())
			}
		})
	}
}

// TestALinkThatIsOver is said once, and what was being done goes on: who followed it has no code to type.
func TestALinkThatIsOver(t *testing.T) {
	t.Parallel()
	const over = "Đường dẫn này đã hết hạn"
	tests := []struct {
		name  string
		lines []string
		ref   string
		draft string
		text  string
	}{
		{"from nothing", nil, "link.NOSUCHCODE", "", "cần gì thêm"},
		{"no code at all", nil, "link.x", "", "cần gì thêm"},
		{"while something is prepared", []string{"gửi phản ánh"}, "link.NOSUCHCODE", "feedback.submit", "Xin tiếp tục: Gửi phản ánh"},
		{"while a code is typed", []string{"8K3M-9QXB"}, "link.NOSUCHCODE", "", "cần gì thêm"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newSignWorld(t)
			for _, line := range tt.lines {
				w.do(line)
			}
			before := w.log.Len()
			w.hear(Heard{Ref: tt.ref})
			said, got := w.log.String()[before:], w.state.Draft.ref()
			if tt.draft == "" && got != (Ref{}) || tt.draft != "" && got.String() != tt.draft || strings.Count(said, over) != 1 || !strings.Contains(said, tt.text) {
				t.Errorf("got %s\n%s", got, w.log.String())
			}
			w.do("7K3M-9QXD")
			if w.state.Draft == nil || w.state.Draft.Action != "link_code" && w.state.Draft.Action != "submit" {
				t.Errorf("a code that is typed can be typed again: got %+v", w.state.Draft)
			}
		})
	}
}

// TestPageLanguage: until the person has shown a language, they are spoken to in that of the page they read.
func TestPageLanguage(t *testing.T) {
	t.Parallel()
	const vi, en = "Bà con cần gì", "What can we do for you"
	for _, tt := range []struct {
		page  message.Lang
		lines []string
		want  string
	}{
		{message.English, []string{"hello"}, en},
		{message.English, []string{"menu"}, en},
		{message.English, []string{"112"}, en},
		{message.Vietnamese, []string{"hello"}, vi},
		{"", []string{"hello"}, vi},
		{message.English, []string{"xin chào"}, vi},
		{message.English, []string{"alo"}, vi},
		{message.English, []string{"gửi phản ánh", "menu"}, vi},
		{message.Vietnamese, []string{"send a report", "menu"}, en},
	} {
		t.Run(fmt.Sprintf("%s %q", tt.page, tt.lines), func(t *testing.T) {
			t.Parallel()
			w := newSignWorld(t)
			before := 0
			for _, line := range tt.lines {
				before = w.log.Len()
				w.hear(Heard{Text: line, Lang: tt.page})
			}
			if said := w.log.String()[before:]; !strings.Contains(said, tt.want) {
				t.Errorf("want %q in %s", tt.want, said)
			}
		})
	}
}

// TestALinkThatIsOverDuringASignIn: there is still the other way to sign in.
func TestALinkThatIsOverDuringASignIn(t *testing.T) {
	t.Parallel()
	w := newCitizenWorld(t, signing)
	w.do("gửi kiến nghị")
	w.hear(Heard{Ref: "link.NOSUCHCODE"})
	if d := w.state.Draft; d == nil || d.Action != "signin" || w.state.Aside == nil || w.state.Aside.Action != "send" {
		t.Fatalf("got %+v, aside %+v\n%s", d, w.state.Aside, w.log.String())
	}
	for _, line := range []string{"0912345678", "123456"} {
		w.do(line)
	}
	if d := w.state.Draft; d == nil || d.Action != "send" {
		t.Errorf("got %+v\n%s", d, w.log.String())
	}
}

func TestAsksPerson(t *testing.T) {
	t.Parallel()
	w := newCitizenWorld(t, signing)
	w.machine.intents = realIntents(t, w.services.Apps())
	for h, want := range map[string]bool{
		"gặp cán bộ": true, "gap can bo": true, "cho tôi gặp cán bộ": true, "talk to a person": true, tokenDo + "person": true, "menu": false, tokenDo + "menu": false,
		"cán bộ nào phụ trách đèn đường ở phường tôi": false, "": false,
	} {
		if got := w.machine.AsksPerson(Heard{Text: h}); got != want {
			t.Errorf("%q: got %v", h, got)
		}
	}
}

// TestAPersonIsAskedForInEnglish: what follows is said in English.
func TestAPersonIsAskedForInEnglish(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]message.Lang{"talk to a person": "en", "gặp cán bộ": "", "gap can bo": ""} {
		w := newCitizenWorld(t, signing)
		w.machine.intents = realIntents(t, w.services.Apps())
		w.hear(Heard{Text: text})
		if w.state.Lang != want {
			t.Errorf("%q: got %q", text, w.state.Lang)
		}
	}
}
