package account_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// expiry gives when the identities of a world go.
func (w *world) expiry(network string) (out []time.Duration) {
	w.t.Helper()
	for r, err := range store.Rows(w.t.Context(), w.store, "identities", "") {
		if err != nil {
			w.t.Fatal(err)
		}
		var x struct {
			Network   string    `bson:"network"`
			ExpiresAt time.Time `bson:"expires_at"`
		}
		if err := bson.Unmarshal(r.Doc, &x); err != nil {
			w.t.Fatal(err)
		}
		if x.Network == network {
			out = append(out, x.ExpiresAt.Sub(w.clock.Now()).Round(time.Hour))
		}
	}
	return out
}

const (
	week      = 7 * 24 * time.Hour
	fiveYears = 5 * 365 * 24 * time.Hour
)

// TestIdleVisitorsAreForgotten keeps those who only looked around for days, and those who did something for years.
func TestIdleVisitorsAreForgotten(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		who  account.Identity
		do   func(w *world, v account.Viewer)
		want time.Duration
	}{
		{"a visitor who looked around", onWeb, func(*world, account.Viewer) {}, week},
		{"a visitor who typed a wrong code", onWeb, func(w *world, v account.Viewer) { _, _ = w.TakeCode(w.t.Context(), v, "7K3M9QXD", "") }, week},
		{"a visitor who made something", onWeb, func(w *world, v account.Viewer) {
			for range 2 {
				if err := w.Keep(w.t.Context(), v); err != nil {
					w.t.Fatal(err)
				}
			}
		}, fiveYears},
		{"a visitor who signed in", onWeb, func(w *world, v account.Viewer) { w.mustLink(v, phone) }, fiveYears},
		{"somebody on Zalo", onZalo, func(*world, account.Viewer) {}, fiveYears},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.do(w, w.meet(tt.who, ""))
			if got := w.expiry(tt.who.Network); !slices.Equal(got, []time.Duration{tt.want}) {
				t.Errorf("kept for %v, want %v", got, tt.want)
			}
			w.clock.Add(25 * time.Hour)
			w.meet(tt.who, "")
			if got := w.expiry(tt.who.Network); tt.who.Network == "web" && got[0] != tt.want {
				t.Errorf("seen again: kept for %v", got)
			}
		})
	}
}

// TestRefusalsOfGuestsAreKeptForDays types a wrong code as a guest, and one for a phone that has an account.
func TestRefusalsOfGuestsAreKeptForDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.signIn(phone)
	guest := w.meet(onWeb, "")
	if _, err := w.TakeCode(t.Context(), guest, "7K3M9QXD", "k"); fault.CodeOf(err) != fault.Invalid {
		t.Fatal(err)
	}
	id, code := w.askChat(guest, phone)
	if _, err := w.SignInChat(t.Context(), guest, id, other(code, 1), "k"); fault.CodeOf(err) != fault.Invalid {
		t.Fatal(err)
	}
	count := 0
	for r, err := range store.Rows(t.Context(), w.store, "link_events", "") {
		if err != nil {
			t.Fatal(err)
		}
		var x struct {
			Subject   string    `bson:"subject"`
			ExpiresAt time.Time `bson:"expires_at"`
		}
		if err := bson.Unmarshal(r.Doc, &x); err != nil {
			t.Fatal(err)
		}
		want := week
		if x.Subject == owner.Account {
			want = 730 * 24 * time.Hour
		}
		if got := x.ExpiresAt.Sub(w.clock.Now()); got != want {
			t.Errorf("an event of %v is kept for %v", x.Subject == owner.Account, got)
		}
		count++
	}
	if count != 3 {
		t.Errorf("%d events", count)
	}
}

// TestChatInABrowserLapses leaves a linked chat alone: in a browser it is a guest again, on a network it is not.
func TestChatInABrowserLapses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLink(w.meet(onWeb, ""), phone)
	w.mustLink(w.meet(onZalo, ""), phone)
	for range 3 { // as long as it is used it stays
		w.clock.Add(20 * 24 * time.Hour)
		if v := w.meet(onWeb, ""); !v.SignedIn() {
			t.Fatal("a chat that is used lapsed")
		}
	}
	w.clock.Add(w.cfg.SessionIdle)
	for range 2 {
		if v := w.meet(onWeb, ""); v.SignedIn() || v.Assurance != account.Guest {
			t.Errorf("after %v it is %+v", w.cfg.SessionIdle, v)
		}
	}
	if v := w.meet(onZalo, ""); !v.SignedIn() {
		t.Error("a chat on a network lapsed")
	}
	owner := w.signIn(phone).Viewer
	if all, err := w.Identities(t.Context(), owner); err != nil || len(all) != 1 || all[0].Network != "zalo" {
		t.Errorf("the account has %+v, %v", all, err)
	}
}

// TestKilledLapse kills the program at each write of a lapse, before and after the time in which an end of the link is its undo: when the browser comes back,
// nothing of the chat is left with the account.
func TestKilledLapse(t *testing.T) {
	t.Parallel()
	for _, idle := range []time.Duration{20 * 24 * time.Hour, 40 * 24 * time.Hour} {
		t.Run(fmt.Sprint(idle), func(t *testing.T) {
			t.Parallel()
			for at, done := 1, false; !done; at++ {
				w := newWorld(t, func(c *account.Config) { c.SessionIdle = idle })
				w.mustLink(w.meet(onWeb, ""), phone)
				browser := w.meet(onWeb, "")
				w.clock.Add(idle)
				w.life.EndAt(at, true)
				_, err := w.Guest(t.Context(), onWeb, "")
				if done = !w.life.Dead(); done != (err == nil) {
					t.Fatalf("write %d: %v", at, err)
				}
				w.restart()
				if v := w.meet(onWeb, ""); v.SignedIn() {
					t.Errorf("write %d: it is %+v", at, v)
				}
				if !w.left.has(browser.Identity) {
					t.Errorf("write %d: what the browser registered stays", at)
				}
				if n := w.ties(); n != 0 {
					t.Errorf("write %d: %d ties", at, n)
				}
			}
		})
	}
}

// ties counts the links that accounts remember.
func (w *world) ties() (n int) {
	w.t.Helper()
	for r, err := range store.Rows(w.t.Context(), w.store, "accounts", "") {
		if err != nil {
			w.t.Fatal(err)
		}
		var x struct {
			Ties []bson.Raw `bson:"ties"`
		}
		if err := bson.Unmarshal(r.Doc, &x); err != nil {
			w.t.Fatal(err)
		}
		n += len(x.Ties)
	}
	return n
}

// TestActsFor asks for whom chats act, as those do who send something there: nobody is kept by that, and a link that has ended has ended.
func TestActsFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acts := func(who account.Identity) string {
		t.Helper()
		subject, err := w.ActsFor(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		return subject
	}
	if got := acts(onZalo); got != "" {
		t.Errorf("somebody unknown acts for %s", got)
	}
	guest := w.meet(onZalo, "")
	if got := acts(onZalo); got != guest.Subject {
		t.Errorf("a guest acts for %s", got)
	}
	link := w.mustLink(guest, phone)
	w.mustLink(w.meet(onWeb, ""), phone)
	owner := w.signIn(phone).Viewer
	if acts(onZalo) != owner.Subject || acts(onWeb) != owner.Subject {
		t.Errorf("linked chats act for %s and %s", acts(onZalo), acts(onWeb))
	}
	if err := w.Unlink(t.Context(), owner, link.ID, "k"); err != nil {
		t.Fatal(err)
	}
	if got := acts(onZalo); got != guest.Subject {
		t.Errorf("a chat whose link has ended acts for %s", got)
	}
	w.clock.Add(w.cfg.SessionIdle - time.Hour)
	if got := acts(onWeb); got != owner.Subject {
		t.Errorf("a browser acts for %s", got)
	}
	w.clock.Add(time.Hour)
	if got := acts(onWeb); got != "" {
		t.Errorf("a browser that nobody used acts for %s", got)
	}
}

// left notes who acts for an account no more.
type left struct {
	mu  sync.Mutex
	all []string
}

func (l *left) tell(_ context.Context, by string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, by)
	return nil
}

func (l *left) has(by string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Contains(l.all, by)
}

// TestLostPhoneLeavesNothingIn replaces a lost phone from Zalo, killed at each write and asked for again: its session and its chat in a browser end, with what
// they have registered; the chat that asked stays.
func TestLostPhoneLeavesNothingIn(t *testing.T) {
	t.Parallel()
	for at, done := 1, false; !done; at++ {
		w := newWorld(t)
		ctx := t.Context()
		lost := w.signIn(phone)
		w.mustLink(w.meet(onZalo, ""), phone)
		w.mustLink(w.meet(onWeb, ""), phone)
		browser := w.meet(onWeb, "")
		v := w.meet(onZalo, "")
		id, code := w.askChat(v, phone2)
		if _, err := w.StartRecovery(ctx, v, id, code, "k"); err != nil {
			t.Fatal(err)
		}
		w.clock.Add(long)
		id, code = w.askChat(v, phone2)
		w.life.EndAt(at, true)
		_, err := w.ConfirmRecovery(ctx, v, id, code, "k2")
		if done = !w.life.Dead(); done != (err == nil) {
			t.Fatalf("write %d: %v", at, err)
		}
		w.restart()
		if _, err := w.ConfirmRecovery(ctx, v, id, code, "k2"); err != nil {
			t.Fatalf("write %d, again: %v", at, err)
		}
		for what, by := range map[string]string{"the session": lost.Session, "the browser's chat": browser.Identity} {
			if !w.left.has(by) {
				t.Errorf("write %d: what %s registered stays", at, what)
			}
		}
		if w.left.has(v.Identity) {
			t.Errorf("write %d: what the chat that asked registered goes", at)
		}
		if got := w.meet(onWeb, ""); got.SignedIn() {
			t.Errorf("write %d: the browser of the lost phone is %+v", at, got)
		}
		if got := w.meet(onZalo, ""); !got.SignedIn() {
			t.Errorf("write %d: the chat that asked is out", at)
		}
	}
}

// TestEndedSessionsLeave ends sessions by every way there is.
func TestEndedSessionsLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.MaxSessions = 2 })
	ctx := t.Context()
	a, b := w.signIn(phone), w.signIn(phone)
	w.clock.Add(time.Second)
	c := w.signIn(phone) // one too many: the oldest goes
	if err := w.RevokeSession(ctx, c.Viewer, b.Session); err != nil {
		t.Log(err) // it may have been the oldest
	}
	if err := w.SignOut(ctx, c.Viewer); err != nil {
		t.Fatal(err)
	}
	_ = w.RevokeSession(ctx, c.Viewer, a.Session)
	for what, g := range map[string]account.Grant{"first": a, "second": b, "third": c} {
		if !w.left.has(g.Session) {
			t.Errorf("the %s session leaves its devices", what)
		}
	}
}
