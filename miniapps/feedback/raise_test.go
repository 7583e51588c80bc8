package feedback

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
)

// What the part of the system for street signs says of two plates. The unit is not the one that answers for the ward.
const (
	plate = `{"description": "Biển tên đường HP-00123-7 bị gãy.", "unit": "construction",
		"place": {"lat": 20.8578, "lon": 106.6810, "address": "Đường Trần Hưng Đạo, góc quảng trường"}, "about": "signs/000123"}`
	otherPlate = `{"description": "Biển tên đường HP-00124-6 bị gãy.", "unit": "construction", "place": {"lat": 20.8578, "lon": 106.6810}, "about": "signs/000124"}`
)

func (d *desk) asSystem(name, action, key, input string) (miniapps.Result, error) {
	return d.runner.Run(d.t.Context(), miniapps.Request{App: ID, Action: action, System: name, Key: key, Input: json.RawMessage(input)})
}

func (d *desk) raise(key, input string) Standing {
	d.t.Helper()
	res, err := d.asSystem("signs", ActionRaise, key, input)
	if err != nil {
		d.t.Fatal(err)
	}
	s := res.Data.(Standing)
	if res.Case != caseRef(s.ID) {
		d.t.Errorf("got case %+v of %+v", res.Case, s)
	}
	return s
}

func (d *desk) state(id string) Standing {
	d.t.Helper()
	res, err := d.asSystem("timer", ActionState, "", fmt.Sprintf(`{"id": %q}`, id))
	if err != nil {
		d.t.Fatal(err)
	}
	return res.Data.(Standing)
}

func TestRaise(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	s := d.raise("k", plate)
	if s.Status != Received || !s.Open || !strings.HasPrefix(s.ID, "system:signs/") {
		t.Errorf("got %+v", s)
	}
	r, err := d.app.Get(t.Context(), officer("construction"), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if r.Owner != "" || r.Unit != "construction" || r.Ward != operaWard || r.About != "signs/000123" || r.Code != s.Code || !r.HideName || r.Category != "" {
		t.Errorf("got %+v", r)
	}
	if want := d.app.due("", noon); !r.DueAt.Equal(want) {
		t.Errorf("due %s, want %s", r.DueAt, want)
	}
	if e := r.Timeline; len(e) != 1 || e[0].By != casework.System || e[0].Actor != "signs" || e[0].Unit != "construction" {
		t.Errorf("time-line %+v", e)
	}
	if again := d.raise("k", plate); again != s {
		t.Errorf("a repeat: got %+v, want %+v", again, s)
	}
	d.carry()
	if len(d.inbox.list) != 0 {
		t.Errorf("notices to nobody: %+v", d.inbox.list)
	}
	if got := fmt.Sprint(statsOf(t, d.app)); got != "map[2026-11/11311/unsure/received:1]" {
		t.Errorf("counts: %s", got)
	}
	if r, err = d.app.Get(t.Context(), dispatcher(), s.ID); err != nil || r.RelayAt != nil || len(r.Pending)+len(r.Counts) != 0 {
		t.Errorf("the relay left %+v, %v", r, err)
	}
	if ids, err := d.app.Existing(t.Context(), []string{s.ID}); err != nil || len(ids) != 1 {
		t.Errorf("existing: %v, %v", ids, err)
	}
}

// TestRaisedIsWorkedOn takes a report of the system through its life: nobody is told, and everything else is as with other reports.
func TestRaisedIsWorkedOn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	s := d.raise("k", plate)
	queue, err := d.app.Queue(t.Context(), officer("construction"), "", "", 10, "")
	if err != nil || len(queue.Items) != 1 || queue.Items[0].ID != s.ID {
		t.Errorf("the queue of the unit: %+v, %v", queue.Items, err)
	}
	if queue, err = d.app.Queue(t.Context(), officer(operaUnit), "", "", 10, ""); err != nil || len(queue.Items) != 0 {
		t.Errorf("the queue of another unit: %+v, %v", queue.Items, err)
	}
	steps := []struct {
		action string
		more   map[string]any
		open   bool
	}{
		{"assign", map[string]any{"unit": "power"}, true},
		{"assign", map[string]any{"unit": "construction"}, true}, // counted where it was: nothing but watchers to tell
		{"transition", map[string]any{"status": "in_progress"}, true},
		{"transition", map[string]any{"status": "resolved", "reason": "Đã thay biển"}, false},
		{"transition", map[string]any{"status": "closed"}, false},
	}
	for i, x := range steps {
		before := len(d.signals)
		r, err := d.do(dispatcher(), x.action, s.ID, fmt.Sprint(i), x.more)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.state(s.ID); got.Open != x.open || got.Status != r.Status || got.Code != s.Code || got.ID != s.ID {
			t.Errorf("step %d: got %+v", i, got)
		}
		d.carry()
		if len(d.signals) == before {
			t.Errorf("step %d: nobody who watches was told by the relay", i)
		}
	}
	before := len(d.signals)
	d.must(dispatcher(), "comment", "c", fmt.Sprintf(`{"id": %q, "text": "Biển mới đã treo"}`, s.ID))
	d.carry()
	if len(d.signals) == before {
		t.Error("nobody who watches was told of a comment")
	}
	if len(d.inbox.list) != 0 {
		t.Errorf("notices to nobody: %+v", d.inbox.list)
	}
	if got := fmt.Sprint(statsOf(t, d.app)); got != "map[2026-11/11311/unsure/closed:1]" {
		t.Errorf("counts: %s", got)
	}
	if diff, err := d.app.Rebuild(t.Context(), func(int) {}); err != nil || len(diff.Wrong) != 0 {
		t.Errorf("a recount: %+v, %v", diff, err)
	}
	if _, err := d.engine.Sweep(t.Context(), noon.AddDate(5, 1, 0), 1000); err != nil {
		t.Fatal(err)
	}
	_, err = d.asSystem("signs", ActionState, "", fmt.Sprintf(`{"id": %q}`, s.ID))
	wantCode(t, err, fault.NotFound)
}

// TestFollow: what a report of the system is about comes before the next move, and reports of citizens are about nothing.
func TestFollow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var asked []string
	d.app.deps.Follow = func(r *Report) []miniapps.Suggestion {
		asked = append(asked, r.About+" "+string(r.Status))
		return []miniapps.Suggestion{{Action: "check", Input: map[string]any{"about": r.About}}}
	}
	next := func(id, action, more string) string {
		t.Helper()
		res, err := d.runner.Run(t.Context(), miniapps.Request{App: ID, Action: action, Viewer: dispatcher(), Key: id + more, Input: json.RawMessage(fmt.Sprintf(`{"id": %q, %s}`, id, more))})
		if err != nil {
			t.Fatal(err)
		}
		return res.Next[0].Action
	}
	if got := next(d.raise("k", plate).ID, "transition", `"status": "rejected", "reason": "Trùng"`); got != "check" {
		t.Errorf("got %s first", got)
	}
	if got := next(d.submit(citizen("a"), "k", dark).ID, "assign", `"unit": "construction"`); got == "check" {
		t.Error("a citizen's report is about something")
	}
	if len(asked) != 1 || asked[0] != "signs/000123 rejected" {
		t.Errorf("asked %v", asked)
	}
}

// TestRaisedIsNobodys: who has no role sees the public part by its code, and nothing more.
func TestRaisedIsNobodys(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	s := d.raise("k", plate)
	d.carry()
	odd := func(subjects ...string) account.Viewer {
		v := citizen("odd")
		v.Subjects = subjects
		return v
	}
	for name, v := range map[string]account.Viewer{
		"guest": {}, "citizen": citizen("an"), "with an empty subject": odd(""), "with one among others": odd("odd", ""), "named as the scope": odd("system:signs"), "other officer": officer("power"),
	} {
		_, err := d.app.Get(t.Context(), v, s.ID)
		wantCode(t, err, fault.NotFound)
		_, err = d.app.Comments(t.Context(), v, s.ID, 10, "")
		wantCode(t, err, fault.NotFound)
		if many, err := d.app.GetMany(t.Context(), v, []string{s.ID}); err != nil || len(many) != 0 {
			t.Errorf("%s: got %v, %v", name, many, err)
		}
		if v.Subject == "" {
			continue
		}
		for _, text := range []string{string(s.Code), "gãy"} {
			if found, err := d.app.Search(t.Context(), v, text, 10); len(found.Reports) != 0 || err != nil && fault.CodeOf(err) != fault.Unauthorized {
				t.Errorf("%s: found %v, %v", name, found, err)
			}
		}
		if mine, err := d.app.Mine(t.Context(), v, 10, ""); len(mine.Items) != 0 || err != nil && fault.CodeOf(err) != fault.Unauthorized {
			t.Errorf("%s owns %v, %v", name, mine.Items, err)
		}
		_, err = d.run(v, "comment", "c", fmt.Sprintf(`{"id": %q, "text": "của tôi"}`, s.ID))
		wantCode(t, err, fault.NotFound)
	}
	p, err := d.app.ByCode(t.Context(), string(s.Code))
	if err != nil || p.Author != "" || p.Unit != "construction" {
		t.Errorf("got %+v, %v", p, err)
	}
	raw, err := json.Marshal(p)
	if err != nil || strings.Contains(string(raw), "signs/") || strings.Contains(string(raw), "system:") {
		t.Errorf("everybody sees %s, %v", raw, err)
	}
	for _, text := range []string{"000123", "HP-00123-7", "tran hung dao"} {
		if found, err := d.app.Search(t.Context(), officer("construction"), text, 10); err != nil || len(found.Reports) != 1 {
			t.Errorf("%q: found %d, %v", text, len(found.Reports), err)
		}
	}
	r, err := d.app.Get(t.Context(), dispatcher(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if card := d.app.card(message.Vietnamese, r); !slices.Contains(card.Facts, message.Fact{Label: "Liên quan đến", Value: "signs/000123"}) {
		t.Errorf("staff are not shown what it is about: %+v", card.Facts)
	}
	// As if a name were to be shown: there is still nobody.
	if _, err := d.app.records.update(t.Context(), r.ID, func(x *Report) (bool, error) { x.HideName = false; return true, nil }); err != nil {
		t.Fatal(err)
	}
	if p, err := d.app.ByCode(t.Context(), string(s.Code)); err != nil || p.Author != "" {
		t.Errorf("the author is %q, %v", p.Author, err)
	}
}

func TestOnlyTheSystemRaises(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.raise("k", plate).ID
	admin := citizen("admin")
	admin.Roles = []account.Role{account.Administrator}
	for _, v := range []account.Viewer{{}, citizen("an"), officer("construction"), dispatcher(), admin} {
		_, err := d.run(v, ActionRaise, "x", plate)
		wantCode(t, err, fault.Forbidden)
		_, err = d.run(v, ActionState, "", fmt.Sprintf(`{"id": %q}`, id))
		wantCode(t, err, fault.Forbidden)
	}
	for _, c := range []miniapps.Call{submitCall(t, "an", plate), raiseCall(t, "", plate)} { // past the Runner
		c.Action = ActionRaise
		_, err := d.app.Do(t.Context(), c)
		wantCode(t, err, fault.Forbidden)
	}
	call := submitCall(t, "an", fmt.Sprintf(`{"id": %q}`, id))
	call.Action = ActionState
	_, err := d.app.Do(t.Context(), call)
	wantCode(t, err, fault.Forbidden)
	_, err = d.asSystem("signs", ActionState, "", `{"id": "system:signs/none"}`)
	wantCode(t, err, fault.NotFound)
	if n := len(docs(t, d.app.records.reports)); n != 1 {
		t.Errorf("%d reports", n)
	}
}

func TestRaiseRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	tests := []struct{ name, old, new, path, key string }{
		{"unknown unit", `"construction"`, `"nobody"`, "unit", "feedback.unknown_unit"},
		{"unknown category", `"about"`, `"category": "nonsense", "about"`, "category", "feedback.unknown_category"},
		{"outside the city", `20.8578, "lon": 106.6810`, `21.0285, "lon": 105.8542`, "place", "feedback.outside_city"},
		{"words as a reference", `signs/000123`, `Biển số 123`, "about", "schema.pattern"},
		{"blanks", `Biển tên đường HP-00123-7 bị gãy.`, `                        `, "description", "feedback.description_length"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := d.asSystem("signs", ActionRaise, fmt.Sprint(i), strings.Replace(plate, tt.old, tt.new, 1))
			wantField(t, err, tt.path, tt.key)
		})
	}
	if n := len(docs(t, d.app.records.reports)); n != 0 {
		t.Errorf("%d reports were stored", n)
	}
	d.raise("same", plate)
	_, err := d.asSystem("signs", ActionRaise, "same", otherPlate)
	wantCode(t, err, fault.Conflict)
	_, err = d.asSystem("signs", ActionRaise, "", plate)
	wantCode(t, err, fault.Invalid)
}

// TestScopesDoNotMeet uses one key as several parts of the system and as a citizen: each has a report of its own.
func TestScopesDoNotMeet(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ids := map[string]bool{d.raise("k", plate).ID: true, d.submit(citizen("an"), "k", dark).ID: true}
	res, err := d.asSystem("bins", ActionRaise, "k", plate)
	if err != nil {
		t.Fatal(err)
	}
	ids[res.Case.ID] = true
	if len(ids) != 3 || len(docs(t, d.app.records.reports)) != 3 {
		t.Errorf("got %v", ids)
	}
	with := miniapps.Request{App: ID, Action: ActionRaise, System: "signs", Key: "for", Input: json.RawMessage(plate), Viewer: citizen("an")}
	if res, err = d.runner.Run(t.Context(), with); err != nil {
		t.Fatal(err)
	}
	if r, err := d.app.Get(t.Context(), dispatcher(), res.Case.ID); err != nil || r.Owner != "" {
		t.Errorf("a citizen on whose behalf the system acts came to own %+v, %v", r, err)
	}
}

// TestParallelRaises opens one report from twenty places at once.
func TestParallelRaises(t *testing.T) {
	t.Parallel()
	d := deskIn(t, worldOn(storetest.OnFiles(t)))
	var wg sync.WaitGroup
	got := make([]Standing, 20)
	for i := range got {
		wg.Go(func() {
			res, err := d.asSystem("signs", ActionRaise, "same", plate)
			if err != nil {
				t.Error(err)
				return
			}
			got[i] = res.Data.(Standing)
		})
	}
	wg.Wait()
	slices.SortFunc(got, func(a, b Standing) int { return strings.Compare(a.ID, b.ID) })
	if len(slices.Compact(got)) != 1 || len(docs(t, d.app.records.reports)) != 1 {
		t.Errorf("got %+v", got)
	}
}

func raiseCall(t testing.TB, system, input string) miniapps.Call {
	t.Helper()
	c := submitCall(t, system, input)
	c.Action, c.Key = ActionRaise, once.Scope("system:"+system, ID, ActionRaise, "key")
	c.Actor, c.Citizen = miniapps.Actor{Kind: miniapps.BySystem, ID: system}, miniapps.Citizen{}
	return c
}

// TestRaiseSurvivesAKillAtEachWrite kills the process while the system opens a report and the relay works on it.
func TestRaiseSurvivesAKillAtEachWrite(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	raised := int64(0)
	for _, after := range []bool{false, true} {
		ended := false
		for n := 1; !ended && n < maxWrites; n++ {
			name := fmt.Sprintf("write %d, made %v", n, after)
			call := raiseCall(t, name, plate)
			call.Now = l.clock
			ended = l.die(n, after, call) == nil
			res, err := l.healthy.Do(t.Context(), call)
			if err != nil {
				t.Fatalf("%s: the repeat failed: %v", name, err)
			}
			carryAll(t, l.healthy)
			raised++
			s := res.Data.(Standing)
			if p, err := l.healthy.ByCode(t.Context(), string(s.Code)); err != nil || p.Code != s.Code {
				t.Errorf("%s: by its code: %+v, %v", name, p, err)
			}
			if got := statsOf(t, l.healthy); len(got) != 1 || got["2026-11/11311/unsure/received"] != raised {
				t.Errorf("%s: counts %v, want %d received", name, got, raised)
			}
			if r, err := l.healthy.Get(t.Context(), dispatcher(), s.ID); err != nil || len(r.Timeline) != 1 || r.RelayAt != nil {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
		}
		if !ended {
			t.Errorf("more than %d writes", maxWrites)
		}
	}
	if len(l.inbox.list) != 0 || len(docs(t, l.healthy.records.reports)) != int(raised) {
		t.Errorf("%d notices, %d reports for %d calls", len(l.inbox.list), len(docs(t, l.healthy.records.reports)), raised)
	}
	if now := l.clock; now.Sub(noon) < time.Hour {
		t.Errorf("the clock stood still: nobody died")
	}
}
