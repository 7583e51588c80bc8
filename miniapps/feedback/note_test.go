package feedback

import (
	"fmt"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/miniapps"
)

func noteOn(id, text string) string { return fmt.Sprintf(`{"id": %q, "text": %q}`, id, text) }

func (d *desk) commentsOf(id string) []Comment {
	d.t.Helper()
	page, err := d.app.Comments(d.t.Context(), dispatcher(), id, 100, "")
	if err != nil {
		d.t.Fatal(err)
	}
	return page.Items
}

// TestNote: staff read what the system adds, watchers hear of it, and nobody else is told.
func TestNote(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	s := d.raise("k", plate)
	d.carry()
	before := len(d.signals)
	for range 2 {
		res, err := d.asSystem("signs", ActionNote, "n", noteOn(s.ID, " Nay bị dán đè mã lạ. "))
		if got, ok := res.Data.(Standing); err != nil || !ok || got != s || res.Case != caseRef(s.ID) {
			t.Fatalf("got %+v, %v", res, err)
		}
	}
	got := d.commentsOf(s.ID)
	if len(got) != 1 || got[0].Text != "Nay bị dán đè mã lạ." || got[0].By != casework.System || got[0].Unit != "" || got[0].Actor != "signs" {
		t.Errorf("got %+v", got)
	}
	d.carry()
	if len(d.signals) == before || len(d.inbox.list) != 0 {
		t.Errorf("%d signals, notices %+v", len(d.signals)-before, d.inbox.list)
	}
	_, err := d.asSystem("signs", ActionNote, "n", noteOn(s.ID, "khác"))
	wantCode(t, err, fault.Conflict)
	if _, err = d.asSystem("signs", ActionNote, "m", noteOn(s.ID, "Nay bị mờ")); err != nil || len(d.commentsOf(s.ID)) != 2 {
		t.Errorf("another note: %v", err)
	}
}

func TestNoteRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id, own := d.raise("k", plate).ID, d.submit(citizen("an"), "k", dark).ID
	for name, tt := range map[string]struct {
		input string
		want  fault.Code
	}{
		"no report": {noteOn("system:signs/none", "x"), fault.NotFound}, "a citizen's": {noteOn(own, "x"), fault.NotFound},
		"blanks": {noteOn(id, "   "), fault.Invalid}, "too long": {noteOn(id, strings.Repeat("ă", maxComment+1)), fault.Invalid}, "nothing": {noteOn(id, ""), fault.Invalid},
	} {
		if _, err := d.asSystem("signs", ActionNote, name, tt.input); fault.CodeOf(err) != tt.want {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
	_, err := d.asSystem("signs", ActionNote, "", noteOn(id, "x"))
	wantCode(t, err, fault.Invalid)
	admin := citizen("admin")
	admin.Roles = []account.Role{account.Administrator}
	for _, v := range []account.Viewer{{}, citizen("an"), officer("construction"), dispatcher(), admin} {
		_, err := d.run(v, ActionNote, "x", noteOn(id, "x"))
		wantCode(t, err, fault.Forbidden)
	}
	for _, c := range []miniapps.Call{submitCall(t, "an", noteOn(id, "x")), raiseCall(t, "", noteOn(id, "x"))} { // past the Runner
		c.Action = ActionNote
		_, err := d.app.Do(t.Context(), c)
		wantCode(t, err, fault.Forbidden)
	}
	if n := len(docs(t, d.app.records.comments)); n != 0 {
		t.Errorf("%d notes were stored", n)
	}
}

// TestNoteSurvivesAKillAtEachWrite kills the process while the system adds a note and the relay works on it.
func TestNoteSurvivesAKillAtEachWrite(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	raise := raiseCall(t, "signs", plate)
	raise.Now = l.clock
	res, err := l.healthy.Do(t.Context(), raise)
	if err != nil {
		t.Fatal(err)
	}
	carryAll(t, l.healthy)
	notes := 0
	for _, after := range []bool{false, true} {
		ended := false
		for n := 1; !ended && n < maxWrites; n++ {
			name := fmt.Sprintf("write %d, made %v", n, after)
			call := raiseCall(t, "signs", noteOn(res.Case.ID, name))
			call.Action, call.Key, call.Now = ActionNote, once.Scope("system:signs", ID, ActionNote, name), l.clock
			ended = l.die(n, after, call) == nil
			if _, err := l.healthy.Do(t.Context(), call); err != nil {
				t.Fatalf("%s: the repeat failed: %v", name, err)
			}
			carryAll(t, l.healthy)
			notes++
			found := docs(t, l.healthy.records.comments)
			if len(found) != notes {
				t.Errorf("%s: %d notes of %d", name, len(found), notes)
			}
		}
		if !ended {
			t.Errorf("more than %d writes", maxWrites)
		}
	}
	if len(l.inbox.list) != 0 || notes < 4 {
		t.Errorf("%d notices, %d notes", len(l.inbox.list), notes)
	}
}
