package conversation

import (
	"slices"
	"strings"
	"time"
)

// offerTime is how long after a result words that lead to what it suggested are taken for the suggestion: later on, people write of something else, from
// somewhere else.
const offerTime = time.Hour

// offer gives the suggestion of the last result that words mean which lead to its action, as if its button had been tapped. It is false when nothing of that
// kind was suggested just now, or several things were. An action that is begun is not meant a second time.
func (t *turn) offer(ref Ref, o opening) (Next, bool) {
	var found []Next
	for i, n := range t.s.Next {
		if n.Ref != ref {
			continue
		}
		if len(n.Input) > 0 && !n.At.IsZero() && t.now.Sub(n.At) < offerTime {
			found = append(found, n)
		}
		t.s.Next[i].At = time.Time{}
	}
	if len(found) != 1 || len(o.input) > 0 || o.anew {
		return Next{}, false
	}
	return found[0], true
}

// sayOffered says what was taken of a suggestion that nobody tapped, so that it can be put right.
func (t *turn) sayOffered(n Next) {
	var facts []string
	for _, c := range t.form.root.children {
		v, known := t.known(c.name)
		suggested, given := plainObject(n.Input)[c.name]
		if !given || !known || !equal(v, suggested) || c.kind == kindRemote || !slices.Contains(t.changeable(), c.name) {
			continue
		}
		facts = append(facts, lowerFirst(t.name(c))+" ("+t.showBriefly(c)+")")
	}
	if len(facts) > 0 {
		t.say("offered", params{"facts": strings.Join(facts, ", ")})
	}
}

// showBriefly writes a value as it is named in a sentence: a place by its address.
func (t *turn) showBriefly(n *node) string {
	v, _ := t.known(n.name)
	if place, ok := v.(map[string]any); ok && n.kind == kindPlace {
		if address, _ := place["address"].(string); address != "" {
			return cut(address, maxLabel)
		}
	}
	return cut(t.show(n, n.name), maxLabel)
}
