package feedback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
)

func TestWorkOnAReport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.submit(citizen("an"), "k", dark).ID
	steps := []struct {
		action string
		more   map[string]any
		want   casework.Status
	}{
		{"assign", map[string]any{"unit": operaUnit}, Assigned},
		{"transition", map[string]any{"status": "in_progress"}, InProgress},
		{"transition", map[string]any{"status": "resolved", "reason": "Đã thay bóng đèn"}, Resolved},
		{"transition", map[string]any{"status": "closed"}, Closed},
	}
	for i, s := range steps {
		d.clock = d.clock.Add(time.Hour)
		r, err := d.do(officer(operaUnit), s.action, id, fmt.Sprint(i), s.more)
		if err != nil || r.Status != s.want || !r.UpdatedAt.Equal(d.clock) {
			t.Fatalf("step %d: got %+v, %v", i, r, err)
		}
	}
	d.carry()
	if got := d.inbox.kinds(); !slices.Equal(got, []string{"received", "assigned", "in_progress", "resolved", "closed"}) {
		t.Errorf("notices: %v", got)
	}
	if got := d.inbox.list[3].Values()["reason"]; got != "Đã thay bóng đèn" {
		t.Errorf("the citizen is told %v", got)
	}
	if got := fmt.Sprint(statsOf(t, d.app)); got != "map[2026-11/11311/street-light-out/closed:1]" {
		t.Errorf("counts: %s", got)
	}
	r, err := d.app.Get(t.Context(), citizen("an"), id)
	if err != nil || len(r.Timeline) != 5 || r.Timeline[2].Actor != "officer-"+operaUnit || r.Timeline[2].By != casework.Staff {
		t.Errorf("time-line: %+v, %v", r, err)
	}
	if r.ExpiresAt == nil || r.ExpiresAt.Sub(d.clock) != 5*365*24*time.Hour {
		t.Errorf("kept until %v", r.ExpiresAt)
	}
}

func TestAssignElsewhereWithACategory(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r0 := d.submit(citizen("an"), "k", `{"description": "Không biết việc của ai", "category": "unsure", "place": `+opera+`}`)
	if r0.Category != "" {
		t.Fatalf("got category %q", r0.Category)
	}
	d.clock = d.clock.Add(2 * time.Hour)
	more := map[string]any{"unit": "power", "category": cut, "reason": "Chuyển Điện lực"}
	r, err := d.do(officer(operaUnit), "assign", r0.ID, "k", more)
	if err != nil || r.Unit != "power" || r.Category != cut || r.Status != Assigned || !r.DueAt.Before(r0.DueAt) {
		t.Fatalf("got %+v, %v", r, err)
	}
	if want := d.app.due(cut, r0.CreatedAt); !r.DueAt.Equal(want) {
		t.Errorf("due at %v, want %v: the time runs from when the citizen wrote", r.DueAt, want)
	}
	again, err := d.do(officer(operaUnit), "assign", r0.ID, "k", more) // the answer was lost; the report is out of reach now
	if err != nil || again.ID != r.ID || again.Entries != r.Entries {
		t.Errorf("a repeat: got %+v, %v", again, err)
	}
	_, err = d.do(officer(operaUnit), "transition", r0.ID, "k2", map[string]any{"status": "in_progress"})
	wantCode(t, err, fault.NotFound)
	if r, err = d.do(officer("power"), "transition", r0.ID, "k2", map[string]any{"status": "in_progress"}); err != nil || r.Status != InProgress {
		t.Errorf("got %+v, %v", r, err)
	}
	d.carry()
	if got := fmt.Sprint(statsOf(t, d.app)); got != "map[2026-11/11311/power-cut/in_progress:1]" {
		t.Errorf("counts: %s", got)
	}
}

func TestWhoMayWork(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.submit(citizen("an"), "k", dark).ID
	owner := citizen("an")
	ownerOfficer := officer("ward-11317")
	ownerOfficer.Subject, ownerOfficer.Subjects = "an", []string{"an"}
	admin := citizen("admin")
	admin.Roles = []account.Role{account.Administrator}
	tests := []struct {
		name string
		who  account.Viewer
		code fault.Code
	}{
		{"guest", account.Viewer{}, fault.Unauthorized},
		{"another citizen", citizen("binh"), fault.Forbidden},
		{"the owner", owner, fault.Forbidden},
		{"officer of another unit", officer("ward-11317"), fault.NotFound},
		{"officer of another unit who sent it", ownerOfficer, fault.NotFound},
		{"officer without a unit", officer(""), fault.NotFound},
		{"officer of the unit", officer(operaUnit), ""},
		{"dispatcher", dispatcher(), ""},
		{"administrator", admin, ""},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			unit := []string{operaUnit, "power"}[i%2] // another one each time, so that each assigning changes something
			r, err := d.do(tt.who, "assign", id, fmt.Sprint(i), map[string]any{"unit": unit})
			if fault.CodeOf(err) != tt.code {
				t.Errorf("got %+v, %v, want %q", r, err, tt.code)
			}
			if tt.code == "" {
				return
			}
			if r, _ := d.app.Get(t.Context(), owner, id); r.Status != Received {
				t.Errorf("a refused call moved the report to %s", r.Status)
			}
		})
	}
	_, err := d.do(dispatcher(), "transition", "an/nothing", "x", map[string]any{"status": "resolved"})
	wantCode(t, err, fault.NotFound)
}

func TestRefusedSteps(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.submit(citizen("an"), "k", dark).ID
	_, err := d.do(dispatcher(), "assign", id, "1", map[string]any{"unit": "nobody"})
	wantField(t, err, "unit", "feedback.unknown_unit")
	for _, status := range []string{"received", "assigned"} {
		_, err = d.do(dispatcher(), "transition", id, "1"+status, map[string]any{"status": status})
		wantCode(t, err, fault.Invalid)
	}
	_, err = d.do(dispatcher(), "assign", id, "2", map[string]any{"unit": "power", "category": "nonsense"})
	wantField(t, err, "category", "feedback.unknown_category")
	_, err = d.do(dispatcher(), "transition", id, "3", map[string]any{"status": "rejected", "reason": " \t"})
	wantField(t, err, "reason", "casework.reason_needed")
	_, err = d.do(dispatcher(), "transition", id, "4", map[string]any{"status": "assigned"})
	wantField(t, err, "status", "schema.choice")
	_, err = d.do(dispatcher(), "transition", id, "5", map[string]any{"status": "resolved"})
	wantCode(t, err, fault.Conflict)
	text := configstest.Texts(t).Fault(message.Vietnamese, fault.Of(err))
	if !strings.Contains(text, "Đã tiếp nhận") || !strings.Contains(text, "Đã xử lý xong") {
		t.Errorf("the error does not name both states: %s", text)
	}
	if _, err := d.do(dispatcher(), "transition", id, "6", map[string]any{"status": "rejected", "reason": "Trùng"}); err != nil {
		t.Error(err)
	}
	_, err = d.do(dispatcher(), "assign", id, "7", map[string]any{"unit": "power"})
	wantCode(t, err, fault.Conflict)
}

// TestOneOfTwoOfficers lets many officers take the same step at once, each with a key of their own: one wins, the others hear that it is done.
func TestOneOfTwoOfficers(t *testing.T) {
	t.Parallel()
	d := deskIn(t, worldOn(storetest.OnFiles(t)))
	id := d.submit(citizen("an"), "k", dark).ID
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = d.do(officer(operaUnit), "transition", id, fmt.Sprint(i), map[string]any{"status": "rejected", "reason": "Trùng"})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if fault.CodeOf(err) != fault.Conflict {
			t.Error(err)
		}
	}
	d.carry()
	if got := d.inbox.kinds(); won != 1 || !slices.Equal(got, []string{"received", "rejected"}) {
		t.Errorf("%d won, notices %v", won, got)
	}
}

// TestBusyCase changes a case more often than its document can hold while the relay stands still.
func TestBusyCase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.submit(citizen("an"), "k", dark).ID
	var err error
	changes := 0
	for err == nil {
		_, err = d.do(dispatcher(), "assign", id, fmt.Sprint(changes), map[string]any{"unit": []string{"power", operaUnit}[changes%2]})
		changes++
	}
	if f := fault.Of(err); f.Code != fault.RateLimited || f.RetryAfter <= 0 || changes != casework.MaxNotices {
		t.Fatalf("after %d changes: %v", changes, err)
	}
	d.carry()
	for i := range 54 { // more than fit into the document
		if _, err := d.do(dispatcher(), "assign", id, fmt.Sprintf("m%d", i), map[string]any{"unit": []string{operaUnit, "power"}[(i+changes)%2], "reason": "lần nữa"}); err != nil {
			t.Fatal(err)
		}
		d.carry()
	}
	r, err := d.app.Get(t.Context(), citizen("an"), id)
	if err != nil {
		t.Fatal(err)
	}
	old, err := d.app.History(t.Context(), citizen("an"), id, 0, 1000)
	if err != nil || len(r.Timeline) != 50 || len(old)+50 != r.Entries || old[0].Kind != casework.Opened {
		t.Errorf("%d entries in the case, %d in the archive of %d, %v", len(r.Timeline), len(old), r.Entries, err)
	}
	if got := len(d.inbox.list); got != r.Entries {
		t.Errorf("%d notices for %d entries", got, r.Entries)
	}
	_, err = d.app.History(t.Context(), citizen("binh"), id, 0, 10)
	wantCode(t, err, fault.NotFound)
}

// TestWorkSurvivesAKillAtEachWrite kills the process while an officer rejects a report and the relay tells of it.
func TestWorkSurvivesAKillAtEachWrite(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rejected := int64(0)
	for _, after := range []bool{false, true} {
		ended := false
		for n := 1; !ended && n < maxWrites; n++ {
			name := fmt.Sprintf("write %d, made %v", n, after)
			call := submitCall(t, name, dark)
			res, err := l.healthy.Do(t.Context(), call)
			if err != nil {
				t.Fatal(err)
			}
			carryAll(t, l.healthy)
			call.Action, call.Key = "transition", once.Scope("dispatcher", ID, "transition", name)
			call.Input = fmt.Appendf(nil, `{"id": %q, "status": "rejected", "reason": "Trùng"}`, res.Case.ID)
			call.Actor.Kind, call.Actor.Roles = miniapps.ByStaff, []account.Role{account.Dispatcher}
			ended = l.die(n, after, call) == nil
			if _, err := l.healthy.Do(t.Context(), call); err != nil {
				t.Fatalf("%s: the repeat failed: %v", name, err)
			}
			carryAll(t, l.healthy)
			rejected++
			if got := l.inbox.of(name); !slices.Equal(got, []string{"received", "rejected"}) {
				t.Errorf("%s: notices %v", name, got)
			}
			if got := statsOf(t, l.healthy); len(got) != 1 || got["2026-11/11311/street-light-out/rejected"] != rejected {
				t.Errorf("%s: counts %v, want %d rejected", name, got, rejected)
			}
			if r, err := l.healthy.Get(t.Context(), citizen(name), res.Case.ID); err != nil || len(r.Timeline) != 2 || r.RelayAt != nil {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
		}
		if !ended {
			t.Errorf("more than %d writes", maxWrites)
		}
	}
}

// TestEverythingOfAReportExpires sweeps long after a report was closed.
func TestEverythingOfAReportExpires(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	open := d.submit(citizen("an"), "open", dark)
	r := d.submit(citizen("an"), "k", dark)
	comment := map[string]any{"text": "Xin cảm ơn"}
	for i := range 3 {
		if _, err := d.run(citizen("an"), "comment", fmt.Sprint(i), fmt.Sprintf(`{"id": %q, "text": %q}`, r.ID, comment["text"])); err != nil {
			t.Fatal(err)
		}
	}
	d.carry()
	if _, err := d.do(dispatcher(), "transition", r.ID, "1", map[string]any{"status": "rejected", "reason": "Trùng"}); err != nil {
		t.Fatal(err)
	}
	d.carry()
	if _, err := d.engine.Sweep(t.Context(), noon.AddDate(5, 1, 0), 1000); err != nil {
		t.Fatal(err)
	}
	_, err := d.app.ByCode(t.Context(), string(r.Code))
	wantCode(t, err, fault.NotFound)
	if len(docs(t, d.app.records.comments)) != 0 || len(docs(t, d.app.records.reports)) != 1 || len(docs(t, d.app.records.words)) != 1 {
		t.Error("something of the report was kept")
	}
	if _, err := d.app.ByCode(t.Context(), string(open.Code)); err != nil {
		t.Errorf("an open report is gone: %v", err)
	}
}

func TestRelayReportsAnInboxThatIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld()
	app := w.open(t, nil)
	if _, err := app.Do(t.Context(), submitCall(t, "an", dark)); err != nil {
		t.Fatal(err)
	}
	down := errors.New("down")
	app.deps.Deliver = func(context.Context, casework.Notice) error { return down }
	if err := carryOnce(t.Context(), app); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
	if ids, err := app.Relays()[ReportRelay].Due(t.Context(), 10); err != nil || len(ids) != 0 {
		t.Errorf("due again at once: %v, %v", ids, err)
	}
	w.clock = w.clock.Add(time.Minute)
	app = w.open(t, nil)
	carryAll(t, app)
	if got := w.inbox.kinds(); len(got) != 1 {
		t.Errorf("notices: %v", got)
	}
}

// TestPoisonNoticesDoNotBlockTheReport: notices that nobody takes any more are put aside, and staff go on.
func TestPoisonNoticesDoNotBlockTheReport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.submit(citizen("an"), "1", dark).ID
	type kept struct {
		relay string
		item  casework.Parked
	}
	var lot []kept
	d.app.deps.Park = func(_ context.Context, relay string, p casework.Parked) error {
		lot = append(lot, kept{relay, p})
		return nil
	}
	whole := d.app.deps.Deliver
	d.app.deps.Deliver = func(context.Context, casework.Notice) error { return fault.New(fault.Internal, "") }
	units := []string{"power", operaUnit}
	for i := 0; ; i++ {
		if _, err := d.do(dispatcher(), "assign", id, fmt.Sprint("fill", i), map[string]any{"unit": units[i%2]}); err != nil {
			wantCode(t, err, fault.RateLimited)
			break
		}
	}
	for range 10 {
		d.clock = d.clock.Add(time.Hour)
		_ = carryOnce(t.Context(), d.app)
	}
	if _, err := d.do(dispatcher(), "transition", id, "go on", map[string]any{"status": "in_progress"}); err != nil {
		t.Fatalf("the report is stuck: %v", err)
	}
	if len(lot) != casework.MaxNotices || lot[0].relay != ReportRelay {
		t.Fatalf("put aside: %v", lot)
	}
	if _, err := d.app.ByCode(t.Context(), string(d.submit(citizen("an"), "2", dark).Code)); err != nil {
		t.Errorf("another report: %v", err)
	}
	d.app.deps.Deliver = whole
	for _, x := range lot {
		if err := d.app.Relays()[x.relay].Again(t.Context(), x.item); err != nil {
			t.Error(err)
		}
	}
	if n := len(d.inbox.list); n != casework.MaxNotices {
		t.Errorf("%d notices arrived when the cause was mended", n)
	}
	diff, err := d.app.Rebuild(t.Context(), func(int) {})
	if err != nil || len(diff.Wrong) != 0 {
		t.Errorf("the counts were held up: %+v, %v", diff, err)
	}
}

// TestNoticesFitTheManifest sends every notice and compares its parameters with those that the manifest declares.
func TestNoticesFitTheManifest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id, other := d.submit(citizen("an"), "1", dark).ID, d.submit(citizen("an"), "2", dark).ID
	for i, more := range []map[string]any{{"status": "in_progress"}, {"status": "resolved"}, {"status": "closed"}} {
		if i == 0 {
			if _, err := d.do(dispatcher(), "assign", id, "a", map[string]any{"unit": "power"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := d.do(dispatcher(), "transition", id, fmt.Sprint(i), more); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.do(dispatcher(), "transition", other, "r", map[string]any{"status": "rejected", "reason": strings.Repeat("dài ", 100)}); err != nil {
		t.Fatal(err)
	}
	d.must(dispatcher(), "comment", "c", fmt.Sprintf(`{"id": %q, "text": %q}`, id, strings.Repeat("dài ", 300)))
	d.carry()
	sent := map[string]casework.Notice{}
	for _, n := range d.inbox.list {
		sent[n.Notice] = n
	}
	for _, want := range d.app.Manifest().Notices {
		var schema struct{ Required []string }
		if err := json.Unmarshal(want.Params, &schema); err != nil {
			t.Fatal(err)
		}
		n, ok := sent[want.ID]
		if values := n.Values(); !ok || !slices.Equal(slices.Sorted(maps.Keys(values)), slices.Sorted(slices.Values(schema.Required))) {
			t.Errorf("%s: sent %v, with %v, want %v", want.ID, ok, values, schema.Required)
		}
		for name, value := range n.Params {
			if len([]rune(value)) > noticeText {
				t.Errorf("%s: %s has %d characters", want.ID, name, len([]rune(value)))
			}
		}
		if ok && n.Names["unit"][message.English] == "" {
			t.Errorf("%s names no unit in English", want.ID)
		}
	}
	if len(sent) != len(d.app.Manifest().Notices) {
		t.Errorf("sent %d kinds of notice", len(sent))
	}
}

// TestWatchersAndRelaysAreWoken checks the signals, which also come when the process died before it could send its own.
func TestWatchersAndRelaysAreWoken(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.submit(citizen("an"), "1", dark).ID
	d.must(dispatcher(), "comment", "c", fmt.Sprintf(`{"id": %q, "text": "Đã nhận"}`, id))
	if !slices.Equal(d.nudges, []string{ReportRelay, CommentRelay}) {
		t.Errorf("nudged %v", d.nudges)
	}
	d.carry()
	if len(d.signals) != 2 || d.signals[0] != caseRef(id) || d.signals[1] != caseRef(id) {
		t.Errorf("signalled %v", d.signals)
	}
}
