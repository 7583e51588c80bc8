package signs

import (
	"fmt"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

// TestDamageIsToldWithinBounds: neither one person nor one place sends units out to plate after plate, whatever face they tell by; nor is anything used up by
// what does not count.
func TestDamageIsToldWithinBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := miniapptest.NewRunner(t, func() time.Time { return noon }, w.app)
	n := 0
	tell := func(subject, origin, key, note string) fault.Code {
		t.Helper()
		n++
		if key == "" {
			key = fmt.Sprint(n)
		}
		_, err := run.Run(t.Context(), miniapps.Request{
			App: ID, Action: ActionDamaged, Input: []byte(`{"sign": "` + number + `", "kind": "damaged", "note": "` + note + `"}`), Key: key,
			Viewer: account.Viewer{Subject: subject, Subjects: []string{subject}, Origin: origin, Assurance: account.Guest},
		})
		return fault.CodeOf(err)
	}
	for i := range 10 {
		if code := tell("a", fmt.Sprint("café ", i), "", ""); code != "" {
			t.Fatalf("%d: %s", i, code)
		}
	}
	if code := tell("a", "home", "", ""); code != fault.RateLimited {
		t.Errorf("an eleventh: %q", code)
	}
	if code := tell("b", "home", "", ""); code != "" {
		t.Errorf("somebody else: %q", code)
	}
	for range 20 {
		if code := tell("b", "home", "b", ""); code != "" {
			t.Errorf("a repeat: %q", code)
		}
		if code := tell("b", "home", "b", "Gãy chân"); code != fault.Conflict {
			t.Errorf("what clashes: %q", code)
		}
	}
	refused := 0
	for i := range 40 {
		who := PasserBy
		if i%2 == 0 {
			who = fmt.Sprint("guest ", i)
		}
		if tell(who, "bus", "", "") == fault.RateLimited {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d of 40 from one place were refused", refused)
	}
}
