package conversation

import "slices"

// took tells what became of what a person sent beside words.
type took struct {
	any   bool // something was taken
	asked bool // it was the answer to the question that stands
	only  bool // nothing changed
}

// take puts photos, films and a place where the draft has room for them.
func (t *turn) take(h Heard) took {
	var out took
	if len(h.Photos)+len(h.Videos) == 0 && h.Place == nil {
		return out
	}
	if t.s.Draft.Sent != nil {
		t.say("locked", nil)
		return took{any: true, only: true}
	}
	if t.s.Aside != nil && !t.form.wants(h) && t.m.forms[t.s.Aside.Ref] != nil && t.s.Aside.Sent == nil {
		return t.takeAside(h)
	}
	out.add(t.takeFiles(kindPhoto, h.Photos))
	out.add(t.takeFiles(kindVideo, h.Videos))
	if h.Place != nil {
		out.add(t.takePlace(*h.Place))
	}
	return out
}

func (o *took) add(x took) {
	o.any, o.asked = o.any || x.any, o.asked || x.asked
}

// room is a place for a value in the draft.
type room struct {
	path string
	n    *node
}

// takeFiles puts media ids where they belong, and says what became of them.
func (t *turn) takeFiles(k kind, ids []string) took {
	var out took
	var filled []string
	left, asked := 0, t.askedPath()
	for _, id := range ids {
		if t.holds(id) {
			continue
		}
		r, ok := t.roomFor(k, asked, filled)
		if !ok || !r.n.valid(id) || !t.set(r.path, id) {
			left++
			continue
		}
		filled = append(filled, r.path)
		if r.path == asked || sameList(r.path, asked) {
			out.asked = true
			t.note(r.path)
		}
	}
	t.sayTaken(k, len(filled), left)
	out.any = len(ids) > 0
	return out
}

func (t *turn) sayTaken(k kind, taken, left int) {
	if taken > 0 {
		t.say("took_"+string(k), params{"count": taken})
	}
	switch {
	case left > 0 && !t.form.root.takes(k):
		t.say("no_use_"+string(k), params{"action": t.title(t.form)})
	case left > 0:
		t.say("no_room_"+string(k), params{"count": left})
	}
}

// askedPath is the value that is asked for; "" when none is.
func (t *turn) askedPath() string {
	if !t.at(askField) {
		return ""
	}
	return t.s.Question.Path
}

func sameList(a, b string) bool {
	x, i := parent(a)
	y, j := parent(b)
	return index(i) >= 0 && index(j) >= 0 && x == y
}

// holds tells whether the draft has that photo or film already.
func (t *turn) holds(id string) bool {
	found := false
	t.each(func(_ string, n *node, v any) bool {
		found = found || (n.kind == kindPhoto || n.kind == kindVideo) && v == id
		return !found
	})
	return found
}

// roomFor finds where a value of that kind goes: where it is asked for, else the first place that has room, else the only place, whose value it
// replaces. What was filled just now is not replaced.
func (t *turn) roomFor(k kind, asked string, filled []string) (room, bool) {
	if n := t.form.root.at(asked); asked != "" && n != nil && n.kind == k && n.askable() && !slices.Contains(filled, asked) {
		return room{asked, n}, true
	}
	rooms := t.rooms(t.form.root, "", k)
	for _, r := range rooms {
		if _, known := t.known(r.path); !known {
			return r, true
		}
	}
	if len(rooms) == 1 && single(rooms[0].path) && !slices.Contains(filled, rooms[0].path) {
		return rooms[0], true
	}
	return room{}, false
}

// rooms gives all places for a value of that kind, in the order in which they are asked for. Of a list it is the end.
func (t *turn) rooms(n *node, path string, k kind) []room {
	if n.words.Sensitive {
		return nil
	}
	switch {
	case n.kind == k && n.fixed == nil:
		return []room{{path, n}}
	case n.kind == kindList && n.item.kind == k && t.count(path) < n.max:
		return []room{{joinIndex(path, t.count(path)), n.item}}
	case n.kind == kindList && n.item.kind == kindObject:
		var out []room
		for i := range t.count(path) {
			out = append(out, t.rooms(n.item, joinIndex(path, i), k)...)
		}
		return out
	}
	var out []room
	for _, c := range n.children {
		out = append(out, t.rooms(c, join(path, c.name), k)...)
	}
	return out
}

// takePlace puts a shared position where it belongs. A new one replaces the one that was given.
func (t *turn) takePlace(p Place) took {
	asked := t.askedPath()
	r, ok := t.roomFor(kindPlace, asked, nil)
	if !ok {
		t.say("no_use_place", params{"action": t.title(t.form)})
		return took{any: true}
	}
	v, fits := pointOf(r.n, p)
	_, known := t.known(r.path)
	if !fits || !t.set(r.path, v) {
		t.say("place_unfit", nil)
		return took{any: true}
	}
	if label := cleaned(p.Label); label != "" {
		t.label(r.path, cut(label, maxShown))
	}
	if known {
		t.say("place_replaced", nil)
	} else {
		t.say("took_place", nil)
	}
	if r.path == asked {
		t.note(r.path)
	}
	return took{any: true, asked: r.path == asked}
}

// linked gives the first link that shows something of the city's; "" for none. Networks take an address that is pasted for an attachment.
func (t *turn) linked(all []Refused) string {
	for _, r := range all {
		if r.Link != "" && len(t.showers(r.Link)) > 0 {
			return shortened(r.Link)
		}
	}
	return ""
}

// refuse answers the attachments that the city cannot take. A link that comes along with a text which says where it leads needs no answer.
func (t *turn) refuse(all []Refused, text string) {
	for _, r := range all {
		if r.Kind == kindLink && len(t.showers(text)) > 0 {
			continue
		}
		t.sayRefused(r)
	}
}

// kindLink is the kind of an attachment that is an address.
const kindLink = "link"

// sayRefused answers an attachment that the city cannot take.
func (t *turn) sayRefused(r Refused) {
	key := "refused." + r.Reason
	if r.Reason == "" || r.Reason == "kind" || !slices.Contains([]string{"too_large", "unreadable", "unreachable"}, r.Reason) {
		key = "refused.anything"
		if slices.Contains([]string{"audio", "file", "sticker", "animation", "link", "card"}, r.Kind) {
			key = "refused." + r.Kind
		}
	}
	t.say(key, nil)
}
