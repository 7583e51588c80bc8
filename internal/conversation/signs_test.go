package conversation

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// newSignWorld is a city whose street signs lead to reports, and where codes of sign-ins are taken.
func newSignWorld(t testing.TB) *world {
	t.Helper()
	w := newPerson(t, guest())
	rules := Rules{Report: "feedback.submit", SignIn: "me.signin", Link: "me.link_code", Own: []string{"https://motcua.example/"}, Page: 5}
	w.install(rules, feedbackApp(t), signsApp(t), meApp(t, w))
	return w
}

// signsApp shows the sign that it is asked for, and offers what can be done there.
func signsApp(t testing.TB) *stub {
	return &stub{manifest: manifest(t, "testdata/signs.json"), do: func(c miniapps.Call) (miniapps.Result, error) {
		var in struct{ Sign string }
		if err := json.Unmarshal(c.Input, &in); err != nil {
			return miniapps.Result{}, err
		}
		if c.Action == "broken" {
			return answered("Đã nhận báo hỏng biển " + in.Sign + "."), nil
		}
		here := func(address string) map[string]any {
			return map[string]any{"place": map[string]any{"lat": 20.85, "lon": 106.68, "address": address}}
		}
		r := miniapps.Result{
			Blocks: message.Blocks{message.Card{Title: "Biển " + in.Sign}}, Case: miniapps.CaseRef{ID: "000572"},
			Next: []miniapps.Suggestion{
				{App: "feedback", Action: "submit", Input: here("Đường Lạch Tray, số 12, phường Lê Chân"), Label: message.Text{"vi": "Phản ánh tại đây", "en": "Report here"}},
				{App: "nowhere", Action: "submit"}, {App: "feedback", Action: "assign"}, {App: "feedback", Action: "nothing"},
				{App: "feedback", Action: "mine"},
				{Action: "broken", Input: map[string]any{"sign": "HP-00572-4"}},
			},
		}
		if in.Sign == "HP-00573-5" {
			r.Next[0].Input = here("Đường Tô Hiệu, số 7, phường Lê Chân")
		}
		return r, nil
	}}
}

func TestLooks(t *testing.T) {
	t.Parallel()
	photo := Heard{Photos: []string{"p"}}
	tests := []struct {
		name  string
		lines []string
		h     Heard
		want  bool
	}{
		{"nothing open", nil, photo, true},
		{"with words", nil, Heard{Photos: []string{"p"}, Text: "biển gì đây"}, true},
		{"no photo", nil, Heard{Text: "HP-00572-4"}, false},
		{"something tapped", nil, Heard{Photos: []string{"p"}, Choice: "mc:do:menu"}, false},
		{"by a link", nil, Heard{Photos: []string{"p"}, Ref: "signs.show"}, false},
		{"a form without photos", []string{"biển tên đường"}, photo, true},
		{"a form that takes photos", []string{"gửi phản ánh"}, photo, false},
		{"asked for photos", []string{"gửi phản ánh", "đèn hỏng ở đường này", "Lê Chân", "2", "[tap Thêm: Ảnh]"}, photo, false},
		{"sent, nobody knows", []string{"báo biển hỏng…", "gãy mất cột", "HP-00572-4", "[fail broken UNAVAILABLE]", "có"}, photo, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newSignWorld(t)
			for _, line := range tt.lines {
				w.do(line)
			}
			if got := w.machine.Looks(w.state, tt.h); got != tt.want {
				t.Errorf("got %v, want %v\n%s", got, tt.want, w.log.String())
			}
		})
	}
}

func TestOwns(t *testing.T) {
	t.Parallel()
	w := newSignWorld(t)
	for text, want := range map[string]bool{
		"https://motcua.example/chat": true, "HTTPS://MOTCUA.EXAMPLE": true, "https://motcua.example?x": true, "https://motcua.example.evil/chat": false,
		"https://motcua.example@evil": false, "http://motcua.example/": false, "motcua.example": false, "": false, "https://evil.example/https://motcua.example/": false,
	} {
		if got := w.machine.owns(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"HP-00572-4": true, "hp 00572 4": true, "HP - 00572 - 4": true, "7k3 9qm x2b": true, "938nm5 x4140sv": true, "nha 15 lach tray": false, "so 15 le loi": false,
		"phuong 00572": false, "ngo 5": true, "": true, "abc": true,
	} {
		if got := grouped(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestASuggestionKeepsWhatItKnows: a button of another sign begins anew with that one's place, after asking.
func TestASuggestionKeepsWhatItKnows(t *testing.T) {
	t.Parallel()
	w := newSignWorld(t)
	w.do("HP-00572-4")
	w.do("Phản ánh tại đây")
	first := string(w.state.Draft.Answers)
	w.state.Next = w.nextOf("HP-00573-5")
	w.hear(Heard{Choice: w.state.Next[0].token()})
	if !at(w.state, askLeave) || string(w.state.Draft.Answers) != first {
		t.Fatalf("got %+v %s", w.state.Question, w.state.Draft.Answers)
	}
	w.do("1")
	if got := string(w.state.Draft.Answers); got == first || !strings.Contains(got, "Tô Hiệu") {
		t.Errorf("got %s\n%s", got, w.log.String())
	}
	w.hear(Heard{Choice: w.state.Next[0].token()})
	if at(w.state, askLeave) {
		t.Error("tapped twice, it asks whether to leave it for itself")
	}
}

// nextOf gives what a sign suggests, as a dialogue beside this one has it.
func (w *world) nextOf(sign string) []Next {
	other := newSignWorld(w.t)
	other.do(sign)
	return other.state.Next
}

// TestACaseStaysWithItsService: another service's action does not go on with it.
func TestACaseStaysWithItsService(t *testing.T) {
	t.Parallel()
	for _, n := range newSignWorld(t).nextOf("HP-00572-4") {
		switch {
		case n.App == "signs" && n.Case.ID != "000572", n.App != "signs" && n.Case.ID != "":
			t.Errorf("%s goes on with %+v", n.Ref, n.Case)
		}
	}
}

// TestCodesBesideTheRealRecogniser: what looks like an example of one service is still the code of another.
func TestCodesBesideTheRealRecogniser(t *testing.T) {
	t.Parallel()
	w := newSignWorld(t)
	w.machine.intents = realIntents(t, w.services.Apps())
	for text, want := range map[string]string{
		"HP-00572-4": "signs.show", "HP005724": "signs.show", "hp 00572 4": "signs.show", "938nm5x4140sv": "signs.show", "https://motcua.example/s/938NM5X4140SV": "signs.show",
		"7K3-9QM-X2B": "feedback.track", "7k3 9qm x2b": "feedback.track", "7K3M-9QXD": "me.link_code", "7K3M9QXD": "me.link_code", "nha 15 lach tray": "",
	} {
		w.anew()
		w.hear(Heard{Text: text})
		got := ""
		if len(w.calls) > 0 {
			got = w.calls[0].App + "." + w.calls[0].Action
		}
		if got != want {
			t.Errorf("%q: got %q, want %q\n%s", text, got, want, w.log.String())
		}
	}
}

// oneIntent is found in any text.
type oneIntent intent.Match

func (i oneIntent) Recognise(string) []intent.Match { return []intent.Match{intent.Match(i)} }

// TestAnUnfinishedCode: a number that lacks its last sign opens what shows such numbers, not what shows codes that it can be no part of.
func TestAnUnfinishedCode(t *testing.T) {
	t.Parallel()
	w := newSignWorld(t)
	w.machine.intents = oneIntent{Intent: "feedback.track", Score: 1, Whole: true}
	for text, want := range map[string]string{
		"HP00003": "signs.show", "HP-00003": "signs.show", "HP-0000": "signs.show", "7K3-9QM-X2": "feedback.track", "A1": "feedback.track", "mã 12": "feedback.track",
	} {
		w.anew()
		w.do(text)
		if d := w.state.Draft; len(w.calls) > 0 || d == nil || d.Ref.String() != want {
			t.Errorf("%q: got %+v, want %s\n%s", text, d, want, w.log.String())
		}
	}
}

// TestTitlesOpenBeforeTheRecogniser: what the menu calls an action opens it, whatever the recogniser makes of the words.
func TestTitlesOpenBeforeTheRecogniser(t *testing.T) {
	t.Parallel()
	signs := signsApp(t)
	signs.manifest = manifest(t, "../../miniapps/signs/manifest.json")
	w := newPerson(t, guest())
	w.install(Rules{}, feedbackApp(t), signs)
	w.machine.intents = newPlainIntents(nil)
	for text, want := range map[string]string{
		"Tìm câu chuyện tên đường": "signs.find", "tim cau chuyen ten duong": "signs.find", "Find a street's story": "signs.find", "XEM BIỂN TÊN ĐƯỜNG": "signs.show",
		"Show a street sign": "signs.show", "Gui phan anh": "feedback.submit", "Report a damaged sign": "",
	} {
		w.anew()
		w.do(text)
		if got := w.state.Draft.ref(); want == "" && got != (Ref{}) || want != "" && got.String() != want {
			t.Errorf("%q: got %s, want %s\n%s", text, got, want, w.log.String())
		}
	}
}
