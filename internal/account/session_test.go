package account_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

// refresh shows a token.
func (w *world) refresh(token, key string) (account.Grant, error) {
	return w.Refresh(w.t.Context(), account.RefreshRequest{Token: token, Device: "device-1", Address: "203.0.113.7", Key: key})
}

// in tells whether an access token is good.
func (w *world) in(g account.Grant) bool {
	w.t.Helper()
	_, err := w.Authenticate(w.t.Context(), g.AccessToken)
	if err != nil && fault.CodeOf(err) != fault.Unauthorized {
		w.t.Error(err)
	}
	return err == nil
}

func refusedToken(t *testing.T, name string, err error) {
	t.Helper()
	if fault.CodeOf(err) != fault.Unauthorized || key(err) != "account.signed_out" {
		t.Errorf("%s: got %v, want signed out", name, err)
	}
}

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	seen := map[string]bool{g.RefreshToken: true}
	for i := range 5 {
		w.clock.Add(time.Hour)
		next, err := w.refresh(g.RefreshToken, "")
		if err != nil {
			t.Fatal(err)
		}
		if seen[next.RefreshToken] || next.Session != g.Session || next.Account != g.Account || !w.in(next) {
			t.Fatalf("%d: got %+v", i, next.Session)
		}
		seen[next.RefreshToken] = true
		g = next
	}
}

func TestReuseEndsTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.signIn(phone)
	elsewhere := w.signIn(phone)
	second, err := w.refresh(first.RefreshToken, "")
	if err != nil {
		t.Fatal(err)
	}
	third, err := w.refresh(second.RefreshToken, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.refresh(first.RefreshToken, "")
	refusedToken(t, "first token again", err)
	_, err = w.refresh(third.RefreshToken, "")
	refusedToken(t, "newest token afterwards", err)
	if w.in(third) {
		t.Error("the access token of the session is still good")
	}
	if !w.in(elsewhere) {
		t.Error("another session was ended too")
	}
	if !strings.Contains(w.log.String(), "used twice") || strings.Contains(w.log.String(), first.RefreshToken) {
		t.Errorf("log: %s", w.log.String())
	}
}

func TestLostAnswerCanBeAskedForAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		repeat func(w *world, first, second account.Grant) (account.Grant, error)
		same   bool // the repeat gives the second token again; else it ends the session
	}{
		{"same key at once", func(w *world, first, _ account.Grant) (account.Grant, error) {
			return w.refresh(first.RefreshToken, "k")
		}, true},
		{"same key within a minute", func(w *world, first, _ account.Grant) (account.Grant, error) {
			w.clock.Add(59 * time.Second)
			return w.refresh(first.RefreshToken, "k")
		}, true},
		{"same key after a minute", func(w *world, first, _ account.Grant) (account.Grant, error) {
			w.clock.Add(time.Minute)
			return w.refresh(first.RefreshToken, "k")
		}, false},
		{"other key", func(w *world, first, _ account.Grant) (account.Grant, error) {
			return w.refresh(first.RefreshToken, "x")
		}, false},
		{"no key", func(w *world, first, _ account.Grant) (account.Grant, error) {
			return w.refresh(first.RefreshToken, "")
		}, false},
		{"after the new token was used", func(w *world, first, second account.Grant) (account.Grant, error) {
			if _, err := w.refresh(second.RefreshToken, "k2"); err != nil {
				return account.Grant{}, err
			}
			return w.refresh(first.RefreshToken, "k")
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			first := w.signIn(phone)
			second, err := w.refresh(first.RefreshToken, "k")
			if err != nil {
				t.Fatal(err)
			}
			again, err := tt.repeat(w, first, second)
			if tt.same {
				if err != nil || again.RefreshToken != second.RefreshToken || !w.in(second) {
					t.Errorf("got %v, want the same token again", err)
				}
				return
			}
			refusedToken(t, "repeat", err)
			if w.in(second) {
				t.Error("the session goes on")
			}
		})
	}
}

func TestWithoutKeyNoRepeatEvenWithoutKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	if _, err := w.refresh(g.RefreshToken, ""); err != nil {
		t.Fatal(err)
	}
	_, err := w.refresh(g.RefreshToken, "")
	refusedToken(t, "repeat without key", err)
}

// TestParallelRefresh proves that of many uses of a token at once one makes the next: with the same key all get that one, without they end the session.
func TestParallelRefresh(t *testing.T) {
	t.Parallel()
	for _, k := range []string{"k", ""} {
		t.Run(fmt.Sprintf("key %q", k), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			replicas := []*account.Accounts{w.Accounts, w.replica()}
			g := w.signIn(phone)
			var mu sync.Mutex
			tokens, good := map[string]bool{}, 0
			parallel(16, func(i int) {
				next, err := replicas[i%2].Refresh(t.Context(), account.RefreshRequest{Token: g.RefreshToken, Key: k})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					good++
					tokens[next.RefreshToken] = true
				} else if fault.CodeOf(err) != fault.Unauthorized {
					t.Errorf("got %v", err)
				}
			})
			if len(tokens) != 1 {
				t.Errorf("%d different tokens, want 1", len(tokens))
			}
			if k == "" && (good != 1 || w.in(g)) {
				t.Errorf("%d were let through, session alive: %v; want 1 and an ended session", good, w.in(g))
			}
			if k != "" && (good != 16 || !w.in(g)) {
				t.Errorf("%d of 16 were let through, session alive: %v", good, w.in(g))
			}
		})
	}
}

// TestForgedRefreshTokens proves that who only knows ids can neither refresh nor end a session.
func TestForgedRefreshTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.signIn(phone)
	g, err := w.refresh(first.RefreshToken, "")
	if err != nil {
		t.Fatal(err)
	}
	flip := func(s string, i int) string {
		c := byte('A')
		if s[i] == c {
			c = 'B'
		}
		return s[:i] + string(c) + s[i+1:]
	}
	other := w.signIn(phone2).RefreshToken
	for name, token := range map[string]string{
		"empty": "", "noise": "xyz", "secret changed": flip(g.RefreshToken, 80), "old one changed": flip(first.RefreshToken, 80),
		"account changed": flip(g.RefreshToken, 5), "session changed": flip(g.RefreshToken, 30), "generation changed": flip(g.RefreshToken, 46),
		"version changed": flip(g.RefreshToken, 0), "longer": g.RefreshToken + "A", "access token": g.AccessToken,
		"secret of another session": g.RefreshToken[:50] + other[50:],
	} {
		_, err := w.refresh(token, "k")
		refusedToken(t, name, err)
	}
	if _, err := w.refresh(g.RefreshToken, ""); err != nil {
		t.Errorf("the real token afterwards: %v", err)
	}
}

func TestSessionsEndWithTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.SessionIdle, c.SessionMax = 30*time.Hour, 50*time.Hour })
	idle, busy := w.signIn(phone), w.signIn(phone)
	var err error
	for range 2 {
		w.clock.Add(20 * time.Hour)
		if busy, err = w.refresh(busy.RefreshToken, ""); err != nil {
			t.Fatal(err)
		}
	}
	_, err = w.refresh(idle.RefreshToken, "")
	refusedToken(t, "idle", err)
	w.clock.Add(10 * time.Hour)
	_, err = w.refresh(busy.RefreshToken, "")
	refusedToken(t, "at the end", err)
}

func TestSessionList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.MaxSessions = 3 })
	ctx := t.Context()
	var grants []account.Grant
	for i := range 4 {
		w.clock.Add(time.Minute)
		c, code := w.ask(phone)
		g, err := w.VerifyOTP(ctx, account.VerifyRequest{ChallengeID: c.ID, Code: code, Device: "device-1", DeviceName: fmt.Sprint("Máy\u202e ", i, strings.Repeat("x", 80))})
		if err != nil {
			t.Fatal(err)
		}
		grants = append(grants, g)
	}
	if w.in(grants[0]) || !w.in(grants[1]) {
		t.Error("the oldest session should have ended, and no other")
	}
	me := grants[3].Viewer
	list, err := w.Sessions(ctx, me)
	if err != nil || len(list) != 3 {
		t.Fatalf("got %d, %v", len(list), err)
	}
	if !list[0].Current || list[1].Current || !strings.HasPrefix(list[0].DeviceName, "Máy 3x") || len([]rune(list[0].DeviceName)) != 64 {
		t.Errorf("got %+v", list[0])
	}
	stranger := w.signIn(phone2)
	for _, id := range []string{stranger.Session, "", "../" + stranger.Account + "/" + stranger.Session, stranger.Account + "/" + stranger.Session, "no-such"} {
		if err := w.RevokeSession(ctx, me, id); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%q: got %v, want NOT_FOUND", id, err)
		}
	}
	if !w.in(stranger) {
		t.Error("a stranger's session was ended")
	}
	for range 2 { // twice is no error
		if err := w.RevokeSession(ctx, me, grants[1].Session); err != nil {
			t.Error(err)
		}
		if err := w.SignOut(ctx, me); err != nil {
			t.Error(err)
		}
	}
	if w.in(grants[1]) || w.in(grants[3]) || !w.in(grants[2]) {
		t.Error("the wrong sessions ended")
	}
	_, err = w.refresh(grants[3].RefreshToken, "")
	refusedToken(t, "after sign-out", err)
	if err := w.SignOut(ctx, account.Viewer{}); err != nil {
		t.Errorf("a guest signs out: %v", err)
	}
	_, err = w.Sessions(ctx, account.Viewer{})
	refusedToken(t, "a guest lists sessions", err)
	refusedToken(t, "a guest ends a session", w.RevokeSession(ctx, account.Viewer{}, grants[2].Session))
}
