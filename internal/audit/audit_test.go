package audit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/audit"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var noon = time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC)

func open(t *testing.T) (*audit.Trail, store.Engine) {
	t.Helper()
	e := storetest.OnFiles(t)
	trail, err := audit.New(t.Context(), e, audit.Config{Retention: 24 * time.Hour}, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return trail, e
}

func look(subject string, at time.Time) audit.Access {
	return audit.Access{Subject: subject, Actor: "officer", Unit: "ward-1", Purpose: "gọi lại", Claims: []string{"phone"}, Case: "c", At: at}
}

func TestCitizenSeesWhoLooked(t *testing.T) {
	t.Parallel()
	trail, engine := open(t)
	ctx := t.Context()
	for i := range 5 { // over both subjects of one account, and one of a stranger
		if err := trail.Record(ctx, look(fmt.Sprint("s", i%2), noon.Add(time.Duration(i)*time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	if err := trail.Record(ctx, look("stranger", noon)); err != nil {
		t.Fatal(err)
	}
	me := account.Viewer{Account: "s0", Subject: "s0", Subjects: []string{"s0", "s1"}}
	var seen []time.Time
	var after store.Cursor
	for {
		page, err := trail.List(ctx, me, 2, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Items {
			if a.Subject == "stranger" || a.Purpose != "gọi lại" || a.Unit != "ward-1" || a.Claims[0] != "phone" || a.ID == "" {
				t.Errorf("got %+v", a)
			}
			seen = append(seen, a.At)
		}
		if !page.HasNext {
			break
		}
		after = page.Cursors[len(page.Cursors)-1]
	}
	if len(seen) != 5 {
		t.Fatalf("saw %d looks, want 5", len(seen))
	}
	for i := range 4 {
		if !seen[i].After(seen[i+1]) {
			t.Errorf("not the latest first: %v", seen)
		}
	}
	if _, err := trail.List(ctx, account.Viewer{}, 10, ""); fault.CodeOf(err) != fault.Unauthorized {
		t.Errorf("guest: got %v", err)
	}
	if n, err := engine.Sweep(ctx, noon.Add(25*time.Hour), 100); err != nil || n != 6 {
		t.Errorf("after the retention: swept %d, %v; want 6", n, err)
	}
}

func TestRecordNeedsWhoWhatAndWhy(t *testing.T) {
	t.Parallel()
	trail, _ := open(t)
	for name, change := range map[string]func(*audit.Access){
		"subject": func(a *audit.Access) { a.Subject = "" }, "actor": func(a *audit.Access) { a.Actor = "" },
		"purpose": func(a *audit.Access) { a.Purpose = "" }, "claims": func(a *audit.Access) { a.Claims = nil },
	} {
		a := look("s", noon)
		change(&a)
		if err := trail.Record(t.Context(), a); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("no %s: got %v", name, err)
		}
	}
}

func TestSameLookIsOneRecord(t *testing.T) {
	t.Parallel()
	trail, _ := open(t)
	ctx := t.Context()
	l := miniapps.Look{
		ID: "key-of-call", Subject: "s", App: "feedback", Actor: miniapps.Actor{Unit: "ward-1"}, Claims: []string{"phone", "name"},
		Purpose: []string{"liên hệ", "liên hệ"}, Case: miniapps.CaseRef{App: "feedback", ID: "c"},
	}
	for range 3 {
		if err := trail.Look(ctx, l); err != nil {
			t.Fatal(err)
		}
	}
	l.ID = "" // a read-only action: each look counts
	for range 2 {
		if err := trail.Look(ctx, l); err != nil {
			t.Fatal(err)
		}
	}
	page, err := trail.List(ctx, account.Viewer{Account: "s", Subjects: []string{"s"}}, 10, "")
	if err != nil || len(page.Items) != 3 {
		t.Fatalf("got %d records, %v; want 3", len(page.Items), err)
	}
	if a := page.Items[0]; a.App != "feedback" || a.Actor != "feedback" || a.Purpose != "liên hệ" || !a.At.Equal(noon) {
		t.Errorf("got %+v", a)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := (audit.Config{}).Validate(); err == nil {
		t.Error("no retention was accepted")
	}
}
