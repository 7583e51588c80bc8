package conversation

import (
	"slices"

	"github.com/motcua/motcua/miniapps"
)

// set makes v the answer at path. It is false when the answers would grow too long.
func (t *turn) set(path string, v any) bool {
	old, had := get(t.answers, path)
	t.write(path, v)
	if len(encode(t.answers)) > maxAnswer {
		if had {
			t.write(path, old)
		} else {
			drop(t.answers, steps(path))
		}
		return false
	}
	d := t.s.Draft
	t.forget(path)
	d.Skipped = slices.DeleteFunc(d.Skipped, func(p string) bool { return inside(path, p) })
	if d.Want != "" && inside(path, d.Want) {
		d.Want = ""
	}
	return true
}

func (t *turn) write(path string, v any) {
	if object, ok := put(t.answers, steps(path), v).(map[string]any); ok {
		t.answers = object
	}
}

// unset takes the answer at path away. Of a list, the labels of what is left go too, for their places change.
func (t *turn) unset(path string) {
	drop(t.answers, steps(path))
	t.forget(path)
	around, last := parent(path)
	if index(last) >= 0 {
		t.forget(around)
	}
	d := t.s.Draft
	d.Closed = slices.DeleteFunc(d.Closed, func(p string) bool { return inside(p, path) || p == around })
	d.Taken = slices.DeleteFunc(d.Taken, func(p string) bool { return inside(p, path) })
}

// forget drops what was found out about the answer at path.
func (t *turn) forget(path string) {
	d := t.s.Draft
	for p := range d.Labels {
		if inside(p, path) {
			delete(d.Labels, p)
		}
	}
	d.Listed = slices.DeleteFunc(d.Listed, func(p string) bool { return inside(p, path) })
	for p := range d.Checked {
		if inside(p, path) || inside(path, p) {
			delete(d.Checked, p)
			delete(d.Derived, p)
		}
	}
}

// note remembers that the value at path was given when it was asked for.
func (t *turn) note(path string) {
	d := t.s.Draft
	d.Asked = append(slices.DeleteFunc(d.Asked, func(p string) bool { return p == path }), path)
}

func (t *turn) label(path, label string) {
	d := t.s.Draft
	if d.Labels == nil {
		d.Labels = map[string]string{}
	}
	d.Labels[path] = label
}

func add(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// known gives the answer at path.
func (t *turn) known(path string) (any, bool) { return get(t.answers, path) }

// fill sets what needs no asking: the only value there is, and the default of what is needed but not asked for.
func (t *turn) fill(n *node, path string) {
	for _, c := range n.children {
		p := join(path, c.name)
		_, known := t.known(p)
		switch {
		case c.kind == kindObject && (known || c.required):
			t.fill(c, p)
			_, filled := t.known(p)
			if _, open := t.missing(c, p, true); !open && !filled && c.askable() {
				t.set(p, map[string]any{}) // it must be there, and has nothing to ask for
			}
		case c.kind == kindList && known:
			t.fillItems(c, p)
		case known || !c.required || c.words.Sensitive:
		case c.fixed != nil && c.valid(*c.fixed):
			t.set(p, *c.fixed)
		case c.standard != nil && c.words.Ask != miniapps.AskAlways && c.valid(*c.standard):
			t.set(p, *c.standard)
		}
	}
}

func (t *turn) fillItems(n *node, path string) {
	for i := range t.count(path) {
		if n.item.kind == kindObject {
			t.fill(n.item, joinIndex(path, i))
		}
	}
}

// count gives how many items the list at path has.
func (t *turn) count(path string) int {
	v, _ := t.known(path)
	list, _ := v.([]any)
	return len(list)
}

// each visits the known values in the order in which they are asked for, containers before what they hold, until visit gives false.
func (t *turn) each(visit func(path string, n *node, v any) bool) { t.walk(t.form.root, "", visit) }

func (t *turn) walk(n *node, path string, visit func(string, *node, any) bool) bool {
	v, known := t.known(path)
	if !known || !visit(path, n, v) {
		return !known
	}
	switch n.kind {
	case kindObject:
		for _, c := range n.children {
			if !t.walk(c, join(path, c.name), visit) {
				return false
			}
		}
	case kindList:
		for i := range t.count(path) {
			if !t.walk(n.item, joinIndex(path, i), visit) {
				return false
			}
		}
	}
	return true
}

// input gives the answers as they are sent: without objects and lists that nothing was put into, unless they must be there.
func (t *turn) input() map[string]any {
	out, _ := t.pruned(t.form.root, "", t.answers).(map[string]any)
	if out == nil {
		out = map[string]any{}
	}
	return out
}

func (t *turn) pruned(n *node, path string, v any) any {
	must := n.required || slices.Contains(t.s.Draft.Needed, path)
	switch v := v.(type) {
	case map[string]any:
		if n.kind != kindObject {
			return v
		}
		out := map[string]any{}
		for _, c := range n.children {
			if x, ok := v[c.name]; ok {
				if x = t.pruned(c, join(path, c.name), x); x != nil {
					out[c.name] = x
				}
			}
		}
		if len(out) == 0 && !must {
			return nil
		}
		return out
	case []any:
		if n.kind != kindList || len(v) == 0 && !must {
			return nil
		}
		out := []any{}
		for i, x := range v {
			if x = t.pruned(n.item, joinIndex(path, i), x); x != nil {
				out = append(out, x)
			}
		}
		return out
	}
	return v
}
