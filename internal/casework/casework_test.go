package casework

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

var noon = time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC)

func TestConfigValidate(t *testing.T) {
	if err := (Config{CodeReservation: time.Hour}).Validate(); err != nil {
		t.Errorf("got %v, want none", err)
	}
	if err := (Config{}).Validate(); err == nil || !strings.Contains(err.Error(), "code_reservation: must be positive") {
		t.Errorf("got %v, want the key named", err)
	}
}

func TestMoves(t *testing.T) {
	ms := Moves{
		{From: "new", To: "done", Roles: []account.Role{account.Officer}},
		{From: "new", To: "refused", Reason: true},
		{From: "new", To: "new"},
	}
	officer, dispatcher := Reach{Roles: []account.Role{account.Officer}}, Reach{Roles: []account.Role{account.Dispatcher}}
	tests := []struct {
		name     string
		from, to Status
		by       Reach
		code     fault.Code
	}{
		{"allowed role", "new", "done", officer, ""},
		{"other role", "new", "done", dispatcher, fault.Forbidden},
		{"every role", "new", "refused", dispatcher, ""},
		{"no role", "new", "refused", Reach{}, fault.Forbidden},
		{"the system", "new", "done", Reach{System: true}, ""},
		{"no such move", "done", "new", officer, fault.Conflict},
		{"unknown state", "nowhere", "new", officer, fault.Conflict},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := ms.Find(tt.from, tt.to)
			if err == nil {
				err = m.Allows(tt.by)
			}
			if fault.CodeOf(err) != tt.code {
				t.Errorf("got %v, want %q", err, tt.code)
			}
		})
	}
	var f *fault.Error
	if _, err := ms.Find("done", "new"); !errors.As(err, &f) || f.Params["from"] != "done" || f.Params["to"] != "new" {
		t.Errorf("got %v, want an error that names both states", err)
	}
	if got := ms.Next("new"); !slices.Equal(got, []Status{"done", "refused"}) {
		t.Errorf("next: got %v", got)
	}
}

func TestReach(t *testing.T) {
	c := &Case{Owner: "subject-1", Unit: "ward-1"}
	tests := []struct {
		name        string
		reach       Reach
		works, sees bool
	}{
		{"nobody", Reach{}, false, false},
		{"the owner", Reach{Subjects: []string{"subject-1"}}, false, true},
		{"the owner by another subject of the account", Reach{Subjects: []string{"subject-2", "subject-1"}}, false, true},
		{"another citizen", Reach{Subjects: []string{"subject-2"}}, false, false},
		{"an officer of the unit", Reach{Roles: []account.Role{account.Officer}, Unit: "ward-1"}, true, true},
		{"an officer of another unit", Reach{Roles: []account.Role{account.Officer}, Unit: "ward-2"}, false, false},
		{"an officer without a unit", Reach{Roles: []account.Role{account.Officer}}, false, false},
		{"a unit without a role", Reach{Unit: "ward-1"}, false, false},
		{"a dispatcher", Reach{Roles: []account.Role{account.Dispatcher}, Unit: "ward-2"}, true, true},
		{"an administrator", Reach{Roles: []account.Role{account.Administrator}}, true, true},
		{"the system", Reach{System: true}, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.reach.Works(c); got != tt.works {
				t.Errorf("works: got %v, want %v", got, tt.works)
			}
			if got := tt.reach.Sees(c); got != tt.sees {
				t.Errorf("sees: got %v, want %v", got, tt.sees)
			}
		})
	}
	nobodys := &Case{}
	if (Reach{Subjects: []string{""}}).Owns(nobodys) || (Reach{Roles: []account.Role{account.Officer}}).Works(nobodys) {
		t.Error("a case without owner and unit belongs to a guest or an officer without a unit")
	}
}

func TestCheckReason(t *testing.T) {
	tests := []struct {
		name, reason string
		needed       bool
		code         fault.Code
	}{
		{"none needed", "", false, ""},
		{"needed", "", true, fault.Invalid},
		{"longest", strings.Repeat("đ", MaxText), true, ""},
		{"too long", strings.Repeat("đ", MaxText+1), false, fault.Invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckReason(tt.reason, tt.needed, "reason")
			if fault.CodeOf(err) != tt.code {
				t.Errorf("got %v, want %q", err, tt.code)
			}
		})
	}
}

func TestRecord(t *testing.T) {
	c := &Case{}
	if n := c.Record(noon, Entry{Kind: Opened, To: "new", Unit: "ward-1"}); n != 1 {
		t.Errorf("first entry: got %d", n)
	}
	c.Record(noon.Add(-time.Minute), Entry{Kind: Moved, From: "new", To: "done", Unit: "ward-2"})
	if c.Status != "done" || c.Unit != "ward-2" || c.Entries != 2 {
		t.Errorf("got %+v", c)
	}
	if !c.UpdatedAt.Equal(noon) {
		t.Errorf("a clock that is behind set UpdatedAt back to %s", c.UpdatedAt)
	}
	if c.RelayAt != nil {
		t.Error("the relay was called for nothing")
	}
}

// TestLongHistory runs a case through hundreds of entries of every length, with a relay that comes now and then: it never holds more than it
// may, and no entry is lost or told twice.
func TestLongHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &Case{ID: "o/1"}
		var archived []int
		carry := func() {
			done := copyOf(c)
			for _, e := range done.Spill() {
				archived = append(archived, e.Seq)
			}
			c.Settle(done, nil)
		}
		for range rapid.IntRange(1, 150).Draw(t, "entries") {
			if rapid.IntRange(0, 5).Draw(t, "relay") == 0 {
				carry()
			}
			if c.Room() != nil {
				carry()
				if err := c.Room(); err != nil {
					t.Fatalf("no room after the relay: %v", err)
				}
			}
			n := c.Record(noon, Entry{Reason: strings.Repeat("x", rapid.IntRange(0, 4*MaxText).Draw(t, "length"))})
			c.Tell(Notice{ID: fmt.Sprint(n), At: noon})
			if len(c.Timeline) > maxEntries || textBytes(c.Timeline) > maxBytes+4*MaxText || len(c.Pending) > MaxNotices {
				t.Fatalf("%d entries, %d bytes, %d notices", len(c.Timeline), textBytes(c.Timeline), len(c.Pending))
			}
		}
		for range 3 {
			carry()
		}
		if c.RelayAt != nil || len(c.Spill()) > 0 {
			t.Fatal("the relay has not come to an end")
		}
		all := archived
		for _, e := range c.Timeline {
			all = append(all, e.Seq)
		}
		for i, seq := range all {
			if seq != i+1 {
				t.Fatalf("entry %d stands at place %d", seq, i+1)
			}
		}
		if len(all) != c.Entries {
			t.Fatalf("%d entries are left of %d", len(all), c.Entries)
		}
	})
}

func TestSettleKeepsWhatCameMeanwhile(t *testing.T) {
	c := &Case{}
	c.Tell(Notice{ID: "1", At: noon})
	c.Count(noon, Count{ID: "1", To: "a"})
	carried := copyOf(c)
	c.Tell(Notice{ID: "2", At: noon})
	c.Count(noon, Count{ID: "2", From: "a", To: "b"})
	c.Settle(carried, nil)
	if len(c.Pending) != 1 || c.Pending[0].ID != "2" || len(c.Counts) != 1 || c.Counts[0].ID != "2" || c.RelayAt == nil {
		t.Errorf("got %+v", c.Outbound)
	}
	c.Settle(copyOf(c), nil)
	if len(c.Pending)+len(c.Counts) != 0 || c.RelayAt != nil {
		t.Errorf("got %+v, want nothing left", c.Outbound)
	}
}

func TestCountThatMovesNothing(t *testing.T) {
	o := &Outbound{}
	o.Count(noon, Count{ID: "1", From: "a", To: "a"})
	if len(o.Counts) != 0 || o.RelayAt != nil {
		t.Errorf("got %+v", o)
	}
}

func TestPostpone(t *testing.T) {
	o := &Outbound{}
	o.Tell(Notice{ID: "1", At: noon})
	var waits []time.Duration
	for range 9 {
		o.Postpone(noon)
		waits = append(waits, o.RelayAt.Sub(noon))
	}
	want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60}
	for i := range want {
		if waits[i] != want[i]*time.Second {
			t.Errorf("attempt %d: waits %s, want %ds", i+1, waits[i], want[i])
		}
	}
	o.Tell(Notice{ID: "2", At: noon})
	if !o.RelayAt.After(noon) {
		t.Error("a new notice brought the relay back at once to what keeps failing")
	}
}

func TestNoticeValues(t *testing.T) {
	n := Notice{Params: map[string]string{"code": "X"}, Times: map[string]time.Time{"due": noon}}
	if got := n.Values(); got["code"] != "X" || got["due"] != noon || len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

// copyOf gives the case as a relay that read it a moment ago holds it.
func copyOf(c *Case) *Case {
	d := *c
	d.Timeline, d.Pending, d.Counts = slices.Clone(c.Timeline), slices.Clone(c.Pending), slices.Clone(c.Counts)
	return &d
}
