package me_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/me"
)

// TestNobodyStopsByMistake looks at the last questions of dialogues. The button beside the one that agrees says "cancel": where it is asked whether to cancel something,
// the other must say what it does, and the question must say which does what.
func TestNobodyStopsByMistake(t *testing.T) {
	t.Parallel()
	m, err := me.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, a := range m.Actions {
		if len(a.Confirm) == 0 {
			continue
		}
		asked++
		for _, lang := range []message.Lang{message.Vietnamese, message.English} {
			if a.Agree.In(lang) == "" {
				t.Errorf("%s in %s: what agrees is called “send”, though nothing is sent", a.ID, lang)
			}
		}
	}
	if asked < 4 {
		t.Errorf("only %d dialogues ask", asked)
	}
	i := slices.IndexFunc(m.Actions, func(a miniapps.Action) bool { return a.ID == "cancel_recovery" })
	stop := m.Actions[i]
	for lang, cancel := range map[message.Lang]string{message.Vietnamese: "hủy", message.English: "cancel"} {
		text := stop.Confirm.In(lang)
		for _, button := range []string{stop.Agree.In(lang), cancel} {
			if !strings.Contains(text, "“"+button+"”") {
				t.Errorf("what %q does is not said: %s", button, text)
			}
		}
		for _, said := range []string{stop.Title.In(lang), stop.Agree.In(lang)} {
			if low := strings.ToLower(said); strings.Contains(low, "hủy") || strings.Contains(low, "cancel") {
				t.Errorf("%q looks like the button that does the opposite", said)
			}
		}
	}
}

// TestMomentsInWords tells somebody in each language from when to when they can get their account back: day and month cannot be taken for each other.
func TestMomentsInWords(t *testing.T) {
	t.Parallel()
	for lang, want := range map[message.Lang][]string{
		message.Vietnamese: {"12:00 19/11/2026", "12:00 03/12/2026"},
		message.English:    {"12:00 19 Nov 2026", "12:00 3 Dec 2026"},
	} {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			v := w.linked()
			v.Lang = lang
			in := next(t, w.must(v, "recover", "1", map[string]any{"phone": phone2}), "recover_code")
			text := words(w.must(v, "recover_code", "2", with(in, "code", w.code())))
			for _, moment := range want {
				if !strings.Contains(text, moment) {
					t.Errorf("%s is not in: %s", moment, text)
				}
			}
		})
	}
}
