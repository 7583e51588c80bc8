package conversation

import (
	"maps"
	"slices"
)

// reconcile fits the state to what there is now: an action that is gone ends its draft, and answers given to an earlier version of the manifest are
// looked at again. A change that was sent stays as it was sent.
func (t *turn) reconcile() {
	d := t.s.Draft
	if d == nil {
		return
	}
	if t.form == nil {
		t.say("action_gone", nil)
		t.drop()
		return
	}
	if d.Version == t.form.version {
		return
	}
	d.Version = t.form.version
	d.renew()
	d.Needed, d.Confirmed = nil, ""
	known := func(p string) bool { return t.form.root.at(p) != nil }
	for _, list := range []*[]string{&d.Asked, &d.Opened, &d.Skipped, &d.Closed, &d.Taken} {
		*list = slices.DeleteFunc(*list, func(p string) bool { return !known(p) })
	}
	if !known(d.Want) {
		d.Want = ""
	}
	if d.Sent != nil {
		return
	}
	if lost := t.refit(); len(lost) > 0 {
		t.say("version_lost", params{"labels": joined(lost)})
	}
}

// revise drops a question that makes no sense any more: about a draft that is gone, or about a value that the manifest no longer knows.
func (t *turn) revise() {
	q := t.s.Question
	if q == nil {
		return
	}
	drafted := q.Kind != askMenu && q.Kind != askNext && q.Kind != askWhich && q.Kind != askReport
	switch {
	case drafted == (t.s.Draft != nil), q.Kind == askMenu:
	default:
		t.s.Question = nil
		return
	}
	if q.Kind != askField {
		return
	}
	if n := t.form.root.at(q.Path); n == nil || q.Path == "" || !n.askable() || n.fixed != nil {
		t.s.Question = nil
	}
}

// refit keeps the answers that still fit, and gives the names of the others.
func (t *turn) refit() []string {
	old := t.answers
	t.answers = map[string]any{}
	labels := maps.Clone(t.s.Draft.Labels)
	var lost []string
	for _, c := range t.form.root.children {
		v, given := old[c.name]
		if given && !t.keep(c, c.name, v) {
			lost = append(lost, t.name(c))
		}
		delete(old, c.name)
	}
	t.s.Draft.Labels = labels
	for name := range old {
		lost = append(lost, name)
	}
	slices.Sort(lost)
	return lost
}
