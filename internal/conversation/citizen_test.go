package conversation

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

// signing are rules with all that leads to a sign-in.
var signing = Rules{SignIn: "me.signin", Continue: "me.continue", Link: "me.link_code", Page: 4}

// newCitizenWorld is a city whose services want to know who somebody is, and a person whom it does not know yet.
func newCitizenWorld(t testing.TB, rules Rules) *world {
	t.Helper()
	w := newPerson(t, guest())
	w.install(rules, petitionApp(t), meApp(t, w))
	return w
}

// meApp signs the person of the world in who gives the code 123456, or whom a code that begins with GOOD stands for.
func meApp(t testing.TB, w *world) *stub {
	signIn := func() (miniapps.Result, error) {
		w.viewer = miniapptest.Citizen()
		w.viewer.Assurance = account.Phone
		return answered("Đã đăng nhập."), nil
	}
	return &stub{manifest: manifest(t, "testdata/me.json"), do: func(c miniapps.Call) (miniapps.Result, error) {
		var in struct{ Code string }
		if err := json.Unmarshal(c.Input, &in); err != nil {
			return miniapps.Result{}, err
		}
		switch {
		case c.Action == "signin":
			r := answered("Đã gửi mã đến số này.")
			r.Next = []miniapps.Suggestion{{Action: "code", Input: map[string]any{"challenge": "ch1"}, Now: true}}
			return r, nil
		case c.Action == "code" && in.Code == "999999":
			r := answered("Mã đã hết hạn.")
			r.Next = []miniapps.Suggestion{{Action: "signin", Label: message.Text{"vi": "Lấy mã mới", "en": "Get a new code"}}}
			return r, nil
		case c.Action == "code" && in.Code == "000000":
			return answered("Mã đúng nhưng chưa đăng nhập được."), nil
		case c.Action == "code" && in.Code != "123456", c.Action == "link_code" && !strings.HasPrefix(in.Code, "G00D"):
			return miniapps.Result{}, fault.InvalidField("schema.wrong", "code")
		case c.Action == "continue":
			return miniapps.Result{Blocks: message.Blocks{message.Link{Label: "Mở", URL: "https://city.example/f/1"}}}, nil
		}
		return signIn()
	}}
}

func answered(text string) miniapps.Result {
	return miniapps.Result{Blocks: message.Blocks{message.Words{Text: text}}}
}

func petitionApp(t testing.TB) *stub {
	return &stub{manifest: manifest(t, "testdata/petition.json"), do: func(c miniapps.Call) (miniapps.Result, error) {
		r := answered("Đã nhận.")
		r.Case = miniapps.CaseRef{App: "petition", ID: "p1"}
		return r, nil
	}}
}

func TestLinkCodes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"7K3M-9QXB": "7K3M9QXB", "7k3m9qxb": "7K3M9QXB", " 7K3M-9QXB ": "7K3M9QXB", "GOOD-BACK": "G00DBACK", "7o3m-9qlb": "7031M9QXB",
		"feedback": "", "pavement": "", "25122026": "", "2512-2026": "", "7K3-9QM-X2B": "", "7K3M 9QXB": "", "7U3M-9QXB": "", "": "", "7K3M-9QX": "", "đèn7-hỏng": "",
	} {
		if text == "7o3m-9qlb" {
			want = "703M9Q1B"
		}
		got, ok := linkCode(text)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q %v, want %q", text, got, ok, want)
		}
	}
}

func TestRulesNameActionsThatGuestsMayCall(t *testing.T) {
	t.Parallel()
	w := newCitizenWorld(t, signing)
	for _, tt := range []struct {
		rules Rules
		want  string
	}{
		{Rules{SignIn: "me.none"}, "sign_in: citizens have no action me.none"},
		{Rules{Link: "petition.send"}, "link: petition.send needs a sign-in itself"},
		{Rules{Continue: "me"}, "continue: must be written app.action"},
	} {
		_, err := NewMachine(w.services, w.machine.intents, w.machine.texts, tt.rules)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func TestOnlyOffersAreOpenedByTap(t *testing.T) {
	t.Parallel()
	w := newCitizenWorld(t, signing)
	for _, in := range []Heard{{Choice: "mc:open:petition.helper"}, {Choice: "mc:open:me.code"}, {Choice: "mc:with:petition.helper", Text: "x"}, {Ref: "petition.helper"}, {Ref: "me.continue"}, {Ref: "../x"}} {
		w.anew()
		w.hear(in)
		if w.state.Draft != nil || len(w.calls) > 0 || !at(w.state, askMenu) {
			t.Errorf("%+v opened something: %+v", in, w.state.Draft)
		}
	}
}

func at(s State, kind asking) bool { return s.Question != nil && s.Question.Kind == kind }

func TestLeaves(t *testing.T) {
	t.Parallel()
	w := newCitizenWorld(t, signing)
	w.machine.intents = realIntents(t, w.services.Apps())
	for _, tt := range []struct {
		h                Heard
		waiting, talking bool
	}{
		{Heard{Text: "menu"}, true, true}, {Heard{Choice: "mc:do:menu"}, true, true}, {Heard{Text: "hủy"}, true, false}, {Heard{Text: "quay lai"}, true, false},
		{Heard{Text: "thôi"}, true, false}, {Heard{Text: "cảm ơn"}, false, false}, {Heard{Text: "không"}, false, false}, {Heard{Text: "gặp cán bộ"}, false, false},
		{Heard{Photos: []string{"p"}}, false, false}, {Heard{}, false, false}, {Heard{Choice: "mc:open:petition.send"}, false, false},
		{Heard{Text: "nhà tôi bị mất nước từ hôm qua"}, false, false},
	} {
		if a, b := w.machine.Leaves(tt.h, false), w.machine.Leaves(tt.h, true); a != tt.waiting || b != tt.talking {
			t.Errorf("%+v: got %v and %v, want %v and %v", tt.h, a, b, tt.waiting, tt.talking)
		}
	}
}

// TestStepUpIsHandled: the Runner has the last word about how surely somebody is known.
func TestStepUpIsHandled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  *fault.Error
		want func(w *world) bool
	}{
		{"signed out meanwhile", fault.New(fault.Unauthorized, ""), func(w *world) bool { return w.state.Aside != nil && w.state.Draft.Action == "signin" }},
		{"phone wanted", fault.New(fault.Forbidden, "runner.step_up").With("assurance", "phone"), func(w *world) bool { return w.state.Aside != nil && w.state.Draft.Action == "signin" }},
		{"eid wanted", fault.New(fault.Forbidden, "runner.step_up").With("assurance", "eid"), func(w *world) bool { return w.state.Draft == nil && w.calls[len(w.calls)-1].Action == "continue" }},
		{"consent wanted", fault.New(fault.Forbidden, "runner.consent_needed"), func(w *world) bool { return w.state.Draft == nil && w.calls[len(w.calls)-1].Action == "continue" }},
		{"not allowed", fault.New(fault.Forbidden, ""), func(w *world) bool { return at(w.state, askRetry) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newCitizenWorld(t, signing)
			w.viewer.Assurance = account.Phone
			w.viewer.Account = "a"
			for _, line := range []string{"gửi kiến nghị", "làm thêm ghế ở công viên", "Lê Chân"} {
				w.do(line)
			}
			w.fail["send"] = tt.err
			w.do("có")
			if !tt.want(w) {
				t.Errorf("got %+v, aside %+v\n%s", w.state.Draft, w.state.Aside, w.log.String())
			}
			if w.state.Aside == nil {
				return
			}
			w.viewer = guest()
			for _, line := range []string{"0912345678", "123456"} {
				w.do(line)
			}
			if last := w.calls[len(w.calls)-1]; last.Action != "send" || w.state.Draft != nil || w.state.SigningIn() {
				t.Errorf("what was agreed to did not go on by itself: %+v\n%s", last, w.log.String())
			}
		})
	}
}

// TestNowBeginsAtOnce: the one action that can follow is begun with its input and the case that the result was about.
func TestNowBeginsAtOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		next  miniapps.Suggestion
		begun bool
	}{
		{"now", miniapps.Suggestion{Action: "refund2", Now: true}, false},
		{"offered only", miniapps.Suggestion{Action: "refund"}, false},
		{"begun", miniapps.Suggestion{Action: "send", Input: map[string]any{"ward": "Lê Chân", "nonsense": 1}, Now: true}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newPerson(t, miniapptest.Citizen())
			app := petitionApp(t)
			app.do = func(miniapps.Call) (miniapps.Result, error) {
				r := answered("Đã xong.")
				r.Case, r.Next = miniapps.CaseRef{App: "petition", ID: "p1"}, []miniapps.Suggestion{tt.next}
				return r, nil
			}
			w.install(Rules{}, app)
			w.viewer.Assurance = account.Phone
			w.do("kiến nghị của tôi")
			d := w.state.Draft
			if (d != nil) != tt.begun {
				t.Fatalf("got %+v", d)
			}
			if d != nil && (d.Action != "send" || d.Case.ID != "p1" || string(d.Answers) != `{"ward":"Lê Chân"}`) {
				t.Errorf("got %+v", d)
			}
		})
	}
}
