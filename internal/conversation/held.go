package conversation

import (
	"slices"

	"github.com/motcua/motcua/internal/message"
)

// takers are the actions that take a value of that kind and can be opened by words.
func (t *turn) takers(held Held) []Ref {
	var out []Ref
	for _, f := range t.m.offers {
		fits := (len(held.Photos) == 0 || !f.action.ReadOnly && f.root.takes(kindPhoto)) &&
			(len(held.Videos) == 0 || !f.action.ReadOnly && f.root.takes(kindVideo)) &&
			(held.Place == nil || f.root.takes(kindPlace))
		if fits && t.m.services.Available(f.ref.App) {
			out = append(out, f.ref)
		}
	}
	return out
}

// heard gives everything held as if it had just been sent.
func (h *Held) heard() Heard {
	if h == nil {
		return Heard{}
	}
	return Heard{Photos: h.Photos, Videos: h.Videos, Place: h.Place}
}

// maxHeld bounds the photos and films that are held.
const maxHeld = 20

// hold keeps what was sent until it is known for what.
func (t *turn) hold(h Heard) {
	held := Held{}
	if t.s.Held != nil && (t.at(askWhich) || t.at(askReport)) {
		held = *t.s.Held
	}
	held.Photos = bounded(held.Photos, h.Photos)
	held.Videos = bounded(held.Videos, h.Videos)
	if h.Place != nil {
		p := *h.Place
		held.Place = &p
	}
	t.s.Held = &held
	if held.Text == "" && len(held.Photos)+len(held.Videos) == 0 && held.Place == nil {
		t.s.Held = nil
	}
}

func bounded(have, more []string) []string {
	out := slices.Clone(have)
	for _, id := range more {
		if len(out) < maxHeld {
			out = add(out, id)
		}
	}
	return out
}

// choicesOf offers actions.
func (t *turn) choicesOf(refs []Ref, token string) []message.Choice {
	var out []message.Choice
	for _, r := range refs {
		if f := t.m.forms[r]; f != nil {
			out = append(out, message.Choice{Label: t.offerLabel(f), Value: token + r.String(), Hint: t.hint(f)})
		}
	}
	return out
}
