package conversation

import "github.com/motcua/motcua/internal/message"

// menu offers what there is to do, from one entry on: first what was begun and put off, then all actions, app by app.
func (t *turn) menu(from int) {
	if t.s.Draft == nil {
		t.s.Held = nil
		if t.s.Aside != nil {
			t.putOff(t.s.Aside)
		}
	}
	all := t.entries()
	if from < 0 || from >= len(all) {
		from = 0
	}
	to := min(from+t.m.rules.Page, len(all))
	controls := t.controls(pagingOf(from, to < len(all)).commands()...)
	controls = append(controls, t.otherLanguage(), t.control(cmdHelp)) // only the first may find room
	key := "menu"
	if len(all) == 0 {
		key = "menu_empty"
	}
	t.ask(Question{Kind: askMenu, From: from}, t.text(key, nil), all[from:to], controls)
}

// entries are all that the menu offers.
func (t *turn) entries() []message.Choice {
	var out []message.Choice
	if t.s.Draft != nil {
		out = append(out, message.Choice{Label: t.text("choice.go_on", params{"action": t.title(t.form)}), Value: tokenGoOn})
	}
	for _, d := range t.s.Parked {
		if f := t.m.forms[d.ref()]; f != nil && t.s.Draft == nil {
			key := "choice.resume"
			if d.Paused {
				key = "choice.go_on"
			}
			out = append(out, message.Choice{Label: t.text(key, params{"action": t.title(f)}), Value: d.token()})
		}
	}
	for _, f := range t.m.offers {
		if f == t.form {
			continue // it is what goes on
		}
		out = append(out, message.Choice{Label: t.offerLabel(f), Value: tokenOpen + f.ref.String(), Hint: t.hint(f)})
	}
	return out
}

func (d *Draft) ref() Ref {
	if d == nil {
		return Ref{}
	}
	return d.Ref
}

func (t *turn) offerLabel(f *form) string {
	if t.m.services.Available(f.ref.App) {
		return t.title(f)
	}
	return t.text("choice.resting", params{"action": t.title(f)})
}

// hint names the app of an action where there are several.
func (t *turn) hint(f *form) string {
	for _, other := range t.m.offers {
		if other.ref.App != f.ref.App {
			return f.group.In(t.lang())
		}
	}
	return ""
}

func (t *turn) otherLanguage() message.Choice {
	if t.lang() == message.English {
		return t.control(cmdVietnamese)
	}
	return t.control(cmdEnglish)
}

// greet welcomes a person. What they were doing is not lost.
func (t *turn) greet() {
	if t.s.Draft == nil {
		t.say("hello", nil)
		t.menu(0)
		return
	}
	t.say("hello_again", params{"action": t.title(t.form)})
	t.again()
}
