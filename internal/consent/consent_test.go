package consent_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/internal/consent"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var noon = time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC)

func open(t *testing.T) *consent.Ledger {
	t.Helper()
	e := storetest.OnFiles(t)
	l, err := consent.New(t.Context(), e, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func entry(purpose string) consent.Entry {
	return consent.Entry{Subject: "s", App: "feedback", Claim: "phone", PurposeHash: purpose, Channel: "app"}
}

func TestLatestActCounts(t *testing.T) {
	t.Parallel()
	l := open(t)
	ctx := t.Context()
	granted := func(subject, app, claim, purpose string) bool {
		t.Helper()
		ok, err := l.Granted(ctx, subject, app, claim, purpose)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if granted("s", "feedback", "phone", "p1") {
		t.Error("granted before anybody asked")
	}
	for i, step := range []struct {
		act     func() error
		p1, p2  bool
		entries int
	}{
		{func() error { return l.Withdraw(ctx, entry("")) }, false, false, 0},
		{func() error { return l.Grant(ctx, entry("p1")) }, true, false, 1},
		{func() error { return l.Grant(ctx, entry("p1")) }, true, false, 1},
		{func() error { return l.Grant(ctx, entry("p2")) }, false, true, 2},
		{func() error { return l.Withdraw(ctx, entry("")) }, false, false, 3},
		{func() error { return l.Withdraw(ctx, entry("")) }, false, false, 3},
		{func() error { return l.Grant(ctx, entry("p2")) }, false, true, 4},
	} {
		if err := step.act(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		list, err := l.List(ctx, "s")
		if err != nil {
			t.Fatal(err)
		}
		if granted("s", "feedback", "phone", "p1") != step.p1 || granted("s", "feedback", "phone", "p2") != step.p2 || len(list) != step.entries {
			t.Errorf("step %d: %d entries", i, len(list))
		}
	}
	for _, foreign := range [][3]string{{"other", "feedback", "phone"}, {"s", "transit", "phone"}, {"s", "feedback", "name"}} {
		if granted(foreign[0], foreign[1], foreign[2], "p2") {
			t.Errorf("%v: granted by another's consent", foreign)
		}
	}
	if granted("s", "feedback", "phone", "") {
		t.Error("granted for no purpose")
	}
	list, _ := l.List(ctx, "s")
	if e := list[1]; e.Act != consent.Granted || e.PurposeHash != "p2" || e.Channel != "app" || !e.At.Equal(noon) {
		t.Errorf("proof %+v", e)
	}
}

func TestRefusesWhatProvesNothing(t *testing.T) {
	t.Parallel()
	l := open(t)
	for name, change := range map[string]func(*consent.Entry){
		"no subject": func(e *consent.Entry) { e.Subject = "" }, "no app": func(e *consent.Entry) { e.App = "" }, "no claim": func(e *consent.Entry) { e.Claim = "" },
		"no purpose": func(e *consent.Entry) { e.PurposeHash = "" }, "no channel": func(e *consent.Entry) { e.Channel = "" },
		"reaches into another's": func(e *consent.Entry) { e.Subject = "s/feedback" }, "long": func(e *consent.Entry) { e.App = strings.Repeat("x", 129) },
	} {
		e := entry("p")
		change(&e)
		if err := l.Grant(t.Context(), e); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := l.List(t.Context(), ""); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("list of nobody: got %v", err)
	}
}

// TestActsAtOnceHaveOneOrder lets many change their mind at once: what is kept alternates, and what counts is its last.
func TestActsAtOnceHaveOneOrder(t *testing.T) {
	t.Parallel()
	l := open(t)
	ctx := t.Context()
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			act := l.Grant
			if i%2 == 1 {
				act = l.Withdraw
			}
			if err := act(ctx, entry("p")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := l.List(ctx, "s")
	if err != nil || len(list) == 0 {
		t.Fatalf("got %d entries, %v", len(list), err)
	}
	for i, e := range list {
		if want := []consent.Act{consent.Granted, consent.Withdrawn}[i%2]; e.Act != want {
			t.Errorf("entry %d: %s, want %s", i, e.Act, want)
		}
	}
	ok, err := l.Granted(ctx, "s", "feedback", "phone", "p")
	if err != nil || ok != (list[len(list)-1].Act == consent.Granted) {
		t.Errorf("granted: %v, %v, but the last act is %s", ok, err, list[len(list)-1].Act)
	}
}
