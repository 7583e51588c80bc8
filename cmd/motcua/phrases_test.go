package main

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/intent"
)

// promised says what each phrase leads to that a text tells people to write: an action, a command of the dialogue, or an answer to the question that the text
// belongs to, which has no meaning elsewhere.
var promised = map[string]string{
	"mất điện thoại": "me.recover", "đổi số điện thoại": "me.recover", "Mất điện thoại, đổi số": "me.recover",
	"lost phone": "me.recover", "change my phone number": "me.recover", "Lost phone or number": "me.recover",
	"gộp tài khoản": "me.join", "join accounts": "me.join",
	"đăng nhập": "me.signin", "sign in": "me.signin",
	"tài khoản của tôi": "me.accounts", "my account": "me.accounts",
	"không phải tôi yêu cầu": "me.cancel_recovery", "it was not me": "me.cancel_recovery",

	"menu": "menu", "hủy": "cancel", "cancel": "cancel", "quay lại": "back", "back": "back", "trợ giúp": "help", "help": "help",
	"English": "english", "Tiếng Việt": "vietnamese", "sửa": "change", "change": "change", "bỏ qua": "skip", "skip": "skip", "xong": "done", "done": "done",
	"gặp cán bộ": "person", "talk to a person": "person", "speak to an officer": "person", "làm tiếp trên web": goOn, "continue on the web": goOn,

	"thử lại": kept, "try again": kept,
	"hôm nay": answer, "mai": answer, "today": answer, "tomorrow": answer, // days
	"Chưa rõ": answer, "Not sure": answer, // a choice
	"Giữ nguyên số": answer, "Keep the number": answer, // a button
	"CSV UTF-8": answer, // a format of files, for staff
}

const (
	kept   = "what was put off"
	goOn   = "the page where it goes on"
	answer = "an answer"
)

// quotation finds what stands between quotation marks and holds no placeholder.
var quotation = regexp.MustCompile(`“([^“”{}]+)”`)

// quotations gives what the city's texts and services quote, each with a place where it stands.
func quotations(t *testing.T, sys *system) map[string]string {
	t.Helper()
	out := map[string]string{}
	collect := func(where, text string) {
		for _, m := range quotation.FindAllStringSubmatch(text, -1) {
			out[m[1]] = where
		}
	}
	files, err := fs.Glob(configs.Files, "locales/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(configs.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			collect(name+": "+line, line)
		}
	}
	for _, app := range sys.runner.Catalogue().Apps() {
		text, err := json.Marshal(app)
		if err != nil {
			t.Fatal(err)
		}
		collect("the manifest of "+app.AppID, string(text))
	}
	return out
}

// TestPhrasesKeepTheirPromise has a person write what texts tell them to, as it stands there and as people write on small keyboards: it is understood, also by
// a guest, who is led through a sign-in first.
func TestPhrasesKeepTheirPromise(t *testing.T) {
	sys := wire(t)
	machine, err := sys.dialogue()
	if err != nil {
		t.Fatal(err)
	}
	phrases := recogniser(t, sys)
	found := quotations(t, sys)
	if len(found) == 0 {
		t.Fatal("texts ask people to write nothing")
	}
	for phrase, where := range found {
		want, known := promised[phrase]
		if !known {
			t.Errorf("what does “%s” lead to? It stands in %s", phrase, where)
			continue
		}
		for _, text := range []string{phrase, fold.Text(phrase), strings.ToUpper(phrase), "“" + phrase + "”", phrase + "."} {
			switch {
			case want == answer:
			case want == kept:
				if got := takesUp(machine, text); got != "me.link" {
					t.Errorf("%q takes up %q", text, got)
				}
			case want == goOn:
				s, _ := machine.Step(conversation.State{}, conversation.Heard{ID: "begun", At: forenoon, Text: "đèn đường hỏng trước ngõ nhà tôi", Assurance: account.Guest})
				if got := calls(machine, s, text); got != "me.continue" {
					t.Errorf("%q calls %q", text, got)
				}
			case strings.Contains(want, "."):
				for _, a := range []account.Assurance{account.Phone, account.Guest} {
					if got := opens(machine, conversation.State{}, text, a); got != want {
						t.Errorf("%q, by a %s, leads to %q, want %s", text, a, got, want)
					}
				}
			default:
				if got := phrases.Recognise(text); len(got) == 0 || got[0].Intent != want || !got[0].Whole || got[0].Score < certain {
					t.Errorf("%q is taken for %+v, want %s", text, got, want)
				}
			}
		}
	}
}

// certain is a score with which a command is obeyed even where any text may be the answer.
const certain = 0.92

// recogniser understands what the city's dialogue does.
func recogniser(t *testing.T, sys *system) *intent.Recogniser {
	t.Helper()
	files, err := fs.Sub(configs.Files, "phrasings")
	if err != nil {
		t.Fatal(err)
	}
	list, err := intent.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return intent.New(append(list, intent.Of(sys.runner.Catalogue().Apps())...))
}

// opens says something and tells which action that leads to, in the end.
func opens(m *conversation.Machine, s conversation.State, text string, a account.Assurance) string {
	s, effects := m.Step(s, conversation.Heard{ID: "event", At: forenoon, Text: text, Assurance: a})
	if s.Aside != nil {
		return s.Aside.Ref.String()
	}
	if s.Draft != nil {
		return s.Draft.Ref.String()
	}
	return called(effects)
}

// calls says something and tells which action is carried out at once.
func calls(m *conversation.Machine, s conversation.State, text string) string {
	_, effects := m.Step(s, conversation.Heard{ID: "event", At: forenoon, Text: text, Assurance: account.Guest})
	return called(effects)
}

func called(effects []conversation.Effect) string {
	for _, e := range effects {
		if c, ok := e.(conversation.Call); ok {
			return c.App + "." + c.Action
		}
	}
	return ""
}

// takesUp puts something off that failed, says something, and tells which action goes on.
func takesUp(m *conversation.Machine, text string) string {
	s, _ := m.Step(conversation.State{}, conversation.Heard{ID: "1", At: forenoon, Text: "liên kết tài khoản", Assurance: account.Guest})
	s, _ = m.Step(s, conversation.Returned{At: forenoon, Err: fault.New(fault.Unavailable, "")})
	s, _ = m.Step(s, conversation.Heard{ID: "2", At: forenoon, Text: "để sau", Assurance: account.Guest})
	if s.Draft != nil || len(s.Parked) != 1 {
		return "nothing was put off"
	}
	return opens(m, s, text, account.Guest)
}
