package conversation

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// newMentionWorld is a city that understands what the program does, with the signs that it ships.
func newMentionWorld(t *testing.T) *world {
	t.Helper()
	w := newPerson(t, guest())
	signs := signsApp(t)
	signs.manifest = manifest(t, "../../miniapps/signs/manifest.json")
	w.install(Rules{Report: "feedback.submit", SignIn: "me.signin", Link: "me.link_code", Page: 5}, feedbackApp(t), signs, meApp(t, w))
	mentionIntents.Do(func() { mentionIntents.is = realIntents(t, w.services.Apps()) })
	w.machine.intents = mentionIntents.is
	return w
}

// mentionIntents never change, and take a moment to make.
var mentionIntents struct {
	sync.Once
	is Intents
}

// outcome is what a sentence has led to: the action that is open, or that was called and has shown something, or what is asked.
func (w *world) outcome() string {
	switch s := w.state; {
	case s.Draft != nil:
		return s.Draft.Ref.String()
	case s.Question.Kind == askWhich:
		var refs []string
		for _, r := range s.Question.Refs {
			refs = append(refs, r.String())
		}
		return "which " + strings.Join(refs, " ")
	case s.Question.Kind == askNext && len(w.calls) > 0:
		return "shown " + w.calls[0].App + "." + w.calls[0].Action
	default:
		return string(s.Question.Kind)
	}
}

func TestValuesWithinSentences(t *testing.T) {
	t.Parallel()
	const shown, report, damage = "shown signs.show", "feedback.submit", "signs.damaged"
	tests := []struct {
		text, want string
		lang       message.Lang
	}{
		{"xem biển HP-00572-4", shown, "vi"}, {"xem bien hp-00572-4", shown, "vi"}, {"số biển HP 00572 4 ở đâu", shown, "vi"}, {"so bien hp 00572 4 o dau", shown, "vi"},
		{"biển số HP-00572-4", shown, "vi"}, {"biển (HP–00572–4).", shown, "vi"}, {"cho tôi hỏi HP-00572-4 với ạ", shown, ""}, {"HP-00572-4 là gì?", shown, ""},
		{"sự tích biển HP-00572-4", shown, "vi"}, {"quanh HP-00572-4 có gì", "shown signs.show", "vi"},
		{"HP-00572-4 và HP-00572-4", shown, ""}, {"where is sign HP-00572-4?", shown, "en"}, {"show me sign HP 00572 4 please", shown, "en"},
		{"plate number HP-00572-4", shown, "en"},

		{"HP-00572-4 đèn đường hỏng", report, "vi"}, {"hp-00572-4 den duong hong", report, "vi"}, {"đèn đường cạnh biển HP-00572-4 không sáng", report, "vi"},
		{"den duong canh bien HP-00572-4 bi hong", report, "vi"}, {"ổ gà to ở chỗ biển HP 00572 4", report, "vi"}, {"tôi muốn phản ánh HP-00572-4", report, "vi"},
		{"HP-00572-4 mất điện", report, "vi"}, {"HP-00572-4 đổ rác bừa bãi", report, "vi"}, {"street light near sign HP-00572-4 is broken", report, "en"},
		{"overflowing trash bin at HP-00572-4", report, "en"},

		{"Biển HP-00572-4 bị mất rồi", damage, "vi"}, {"bien hp-00572-4 bi mat roi", damage, "vi"}, {"báo biển hỏng HP-00572-4", damage, "vi"}, {"bao bien hong HP-00572-4", damage, "vi"},
		{"HP-00572-4 hỏng rồi ạ", damage, "vi"}, {"tôi muốn báo biển HP-00572-4 bị gãy", damage, "vi"}, {"HP-00572-4 bị mờ, không quét được", "which signs.damaged feedback.submit", "vi"},
		{"sign HP-00572-4 is broken", damage, "en"}, {"the sign HP-00572-4 is missing", damage, "en"}, {"HP-00572-4 has fallen down", damage, "en"},

		{"HP-00572-4 và HP-00573-5", "signs.show", ""}, {"xem biển HP-00572-5", "menu", ""}, {"đèn đường hỏng ở HP-00572-5", report, "vi"}, {"nhà 15 Lạch Tray", "menu", ""},
		{"XHP-00572-4 là gì", "menu", ""},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			w := newMentionWorld(t)
			w.hear(Heard{Text: tt.text})
			if got := w.outcome(); got != tt.want || w.state.Lang != tt.lang && tt.lang != "" {
				t.Fatalf("got %s in %q, want %s in %q\n%s", got, w.state.Lang, tt.want, tt.lang, w.log.String())
			}
			if w.state.Draft == nil {
				return
			}
			answers := string(w.state.Draft.Answers)
			right := strings.Contains(tt.text, "572-4") || strings.Contains(tt.text, "572 4")
			if tt.want == report && right != strings.Contains(answers, "Lạch Tray, số 12") || tt.want == damage && !strings.Contains(answers, "00572") {
				t.Errorf("it knows %s\n%s", answers, w.log.String())
			}
		})
	}
}

// TestAPlaceNamedByAValue: where a place is asked for, what is mentioned gives it, alone or in a sentence.
func TestAPlaceNamedByAValue(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"HP-00572-4", "hp 00572 4", "biển số HP-00572-4", "gần biển HP-00572-4 nhé", "at sign HP-00572-4"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			w := newMentionWorld(t)
			w.do("phản ánh đèn đường hỏng")
			w.hear(Heard{Text: text})
			if d := w.state.Draft; d == nil || !strings.Contains(string(d.Answers), "Lạch Tray, số 12") || w.state.Question.Path == "place" {
				t.Fatalf("got %+v\n%s", d, w.log.String())
			}
			if said := w.log.String(); !strings.Contains(said, "Lấy địa điểm theo") {
				t.Errorf("nobody was told:\n%s", said)
			}
			w.do("quay lại")
			if w.state.Question.Path != "place" {
				t.Errorf("one step back asks %s", w.state.Question.Path)
			}
		})
	}
}

// TestADescriptionNamesThePlace: what the matter mentions is looked up before the place is asked for.
func TestADescriptionNamesThePlace(t *testing.T) {
	t.Parallel()
	w := newMentionWorld(t)
	w.do("gửi phản ánh")
	w.do("cột đèn đối diện biển HP-00573-5 bị nghiêng")
	if d := w.state.Draft; d == nil || !strings.Contains(string(d.Answers), "Tô Hiệu") || !strings.Contains(string(d.Answers), "cột đèn đối diện") {
		t.Fatalf("got %+v\n%s", d, w.log.String())
	}
}

// TestWhatIsNamedWins over what was shown before, however it is asked for.
func TestWhatIsNamedWins(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"HP-00573-5 đèn đường hỏng", "phản ánh tại đây: HP-00573-5 đèn hỏng"} {
		w := newMentionWorld(t)
		w.do("HP-00572-4")
		w.do(text)
		if d := w.state.Draft; d == nil || !strings.Contains(string(d.Answers), "Tô Hiệu") || strings.Contains(string(d.Answers), "số 12") {
			t.Errorf("%q: got %+v\n%s", text, d, w.log.String())
		}
	}
}

// TestAnUnknownValueIsSaid, and the place is asked for.
func TestAnUnknownValueIsSaid(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]*fault.Error{"unknown": fault.New(fault.NotFound, "signs.not_ours"), "away": fault.New(fault.Unavailable, "")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newMentionWorld(t)
			w.fail["show"] = err
			w.do("HP-00572-4 đèn đường hỏng")
			if d := w.state.Draft; d == nil || d.Ref.String() != "feedback.submit" || w.state.Question.Path != "place" {
				t.Fatalf("got %+v\n%s", d, w.log.String())
			}
			w.do("biển HP-00572-4")
			if w.state.Draft == nil {
				t.Fatal("the draft is gone")
			}
		})
	}
}

// TestAMentionedValueSurvivesTheStore: a turn killed while the place is looked up goes on from what was stored.
func TestAMentionedValueSurvivesTheStore(t *testing.T) {
	t.Parallel()
	w := newMentionWorld(t)
	state, effects := w.machine.Step(State{}, Heard{ID: "e", At: w.now, Text: "HP-00572-4 đèn đường hỏng"})
	call, ok := effects[len(effects)-1].(Call)
	if !ok || call.App != "signs" || call.Key != "" {
		t.Fatalf("got %+v", effects)
	}
	var stored State
	if err := json.Unmarshal(encode(state), &stored); err != nil {
		t.Fatal(err)
	}
	stored, _ = w.machine.Step(stored, w.run(*stored.Call))
	if !strings.Contains(string(stored.Draft.Answers), "Lạch Tray") {
		t.Errorf("got %s", stored.Draft.Answers)
	}
}
