package account_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/outbox"
)

// move changes the viewer's phone.
func (w *world) move(v account.Viewer, number, key string) (account.Profile, error) {
	w.t.Helper()
	c, code := w.ask(number)
	return w.ChangePhone(w.t.Context(), v, c.ID, code, key)
}

func TestChangePhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	g := w.signIn(phone)
	c, code := w.ask(phone2)
	p, err := w.ChangePhone(ctx, g.Viewer, c.ID, code, "k")
	if err != nil || p.MaskedPhone != "098••••321" || p.ID != g.Account {
		t.Fatalf("got %+v, %v", p, err)
	}
	all := w.sent()
	if last := all[len(all)-1]; !strings.HasPrefix(last, "+84912345678 ") || codeRE.MatchString(last) {
		t.Errorf("the old phone was told %q", last)
	}
	if in := w.mail.intents[len(w.mail.intents)-1]; in.Lane != outbox.Urgent {
		t.Errorf("the old phone is told in lane %s", in.Lane)
	}
	sent := len(all)
	if again, err := w.ChangePhone(ctx, g.Viewer, c.ID, code, "k"); err != nil || again.MaskedPhone != p.MaskedPhone {
		t.Errorf("repeat: got %+v, %v", again, err)
	}
	if len(w.sent()) != sent {
		t.Error("the repeat told the old phone again")
	}
	if !w.in(g) {
		t.Error("the session that changed the phone was ended")
	}
	if got := w.signIn(phone2); got.Account != g.Account {
		t.Error("the new phone does not sign in to the account")
	}
	if got := w.signIn(phone); got.Account == g.Account {
		t.Error("the old phone still signs in to the account")
	}
	w.clock.Add(48 * time.Hour)
	if _, err := w.store.Sweep(ctx, w.clock.Now(), 1000); err != nil {
		t.Fatal(err)
	}
	if got := w.signIn(phone2); got.Account != g.Account {
		t.Error("after the sweep the new phone does not sign in to the account")
	}
	c2, code2 := w.ask(phone3)
	if _, err := w.ChangePhone(ctx, w.signIn(phone2).Viewer, c2.ID, code2, "k"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("same key, other challenge: got %v, want CONFLICT", err)
	}
}

func TestChangePhoneRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	g, other := w.signIn(phone), w.signIn(phone2)
	c, code := w.ask(phone3)
	if _, err := w.ChangePhone(ctx, account.Viewer{}, c.ID, code, ""); fault.CodeOf(err) != fault.Unauthorized {
		t.Errorf("guest: got %v", err)
	}
	if _, err := w.ChangePhone(ctx, g.Viewer, c.ID, otherCode(code), ""); key(err) != "account.code_wrong" {
		t.Errorf("wrong code: got %v", err)
	}
	if _, err := w.move(g.Viewer, phone2, ""); fault.CodeOf(err) != fault.Conflict || key(err) != "account.phone_taken" {
		t.Errorf("phone of another account: got %v", err)
	}
	if got := w.signIn(phone2); got.Account != other.Account {
		t.Error("the other account lost its phone")
	}
	if got := w.signIn(phone); got.Account != g.Account {
		t.Error("the account lost its phone")
	}
	if p, err := w.move(g.Viewer, phone, ""); err != nil || p.MaskedPhone != "091••••678" {
		t.Errorf("its own phone: got %+v, %v", p, err)
	}
	// A code that was used to change a phone signs in to nothing, and the reverse.
	c, code = w.ask(phone3)
	if _, err := w.ChangePhone(ctx, g.Viewer, c.ID, code, "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.VerifyOTP(ctx, account.VerifyRequest{ChallengeID: c.ID, Code: code, Device: "device-1", Key: "k"}); key(err) != "account.code_ended" {
		t.Errorf("code used twice: got %v", err)
	}
	if _, err := w.ChangePhone(ctx, other.Viewer, c.ID, code, "k"); key(err) != "account.code_ended" {
		t.Errorf("code used by another account: got %v", err)
	}
}

func otherCode(code string) string { return other(code, 0) }

// TestMovesBackAndForth moves two accounts over three phones: each phone leads to one account at most, and no account is lost.
func TestMovesBackAndForth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.signIn(phone), w.signIn(phone2)
	for i, step := range []struct {
		who account.Viewer
		to  string
		ok  bool
	}{
		{a.Viewer, phone3, true}, {b.Viewer, phone, true}, {a.Viewer, phone, false}, {a.Viewer, phone2, true}, {b.Viewer, phone3, true},
		{a.Viewer, phone, true}, {b.Viewer, phone2, true},
	} {
		if _, err := w.move(step.who, step.to, ""); (err == nil) != step.ok {
			t.Fatalf("step %d: got %v", i, err)
		}
	}
	if w.signIn(phone).Account != a.Account || w.signIn(phone2).Account != b.Account {
		t.Error("a phone leads to the wrong account")
	}
	if c := w.signIn(phone3).Account; c == a.Account || c == b.Account {
		t.Error("the phone that both left still leads to one of them")
	}
}

// TestKilledChange kills the program at each write of a change of phone and lets one of three go on: the same request, a sign-in with the new phone, or
// one with the old phone. In the end each phone leads to one account, and the account has one of the two phones.
func TestKilledChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for at, done := 1, false; !done; at++ {
		for how := range 3 {
			from, to := fmt.Sprintf("09123%05d", at*10+how), fmt.Sprintf("09876%05d", at*10+how)
			w.restart()
			w.mail.intents = nil
			g := w.signIn(from)
			c, code := w.ask(to)
			w.life.EndAt(at, true)
			_, err := w.ChangePhone(t.Context(), g.Viewer, c.ID, code, "k")
			done = !w.life.Dead()
			w.restart()
			if err != nil {
				w.resume(how, g, c, code, from, to)
			}
			w.settled(fmt.Sprintf("write %d, then %d", at, how), g, from, to)
		}
	}
}

// resume is what happens after the kill.
func (w *world) resume(how int, g account.Grant, c account.Challenge, code, from, to string) {
	w.t.Helper()
	switch how {
	case 0:
		if _, err := w.ChangePhone(w.t.Context(), g.Viewer, c.ID, code, "k"); err != nil {
			w.t.Errorf("repeat: %v", err)
		}
	case 1:
		w.signIn(to)
	case 2:
		w.signIn(from)
	}
}

// settled checks where two phones lead. The new one comes first: signing in with it completes a change that is still on its way.
func (w *world) settled(name string, g account.Grant, from, to string) {
	w.t.Helper()
	two, one := w.signIn(to).Account, w.signIn(from).Account
	if one == two || one != g.Account && two != g.Account {
		w.t.Errorf("%s: old phone → %s, new phone → %s, account %s", name, one, two, g.Account)
	}
	if w.signIn(to).Account != two {
		w.t.Errorf("%s: the new phone leads elsewhere the second time", name)
	}
	p, err := w.Me(w.t.Context(), g.Viewer)
	if err != nil {
		w.t.Fatal(err)
	}
	wantEnd := from[len(from)-3:]
	if two == g.Account {
		wantEnd = to[len(to)-3:]
	}
	if !strings.HasSuffix(p.MaskedPhone, wantEnd) || p.MaskedPhone[:3] != map[bool]string{true: to[:3], false: from[:3]}[two == g.Account] {
		w.t.Errorf("%s: the account shows %s", name, p.MaskedPhone)
	}
	told := 0
	for _, m := range w.sent() {
		if strings.HasPrefix(m, "+84"+from[1:]+" ") && !codeRE.MatchString(m) {
			told++
		}
	}
	if moved := two == g.Account; moved && told != 1 || !moved && told != 0 {
		w.t.Errorf("%s: moved: %v, the old phone was told %d times", name, moved, told)
	}
}

// TestAbandonedMoveIsNotGivenToTheNextHolder kills a change right after the new phone's claim was reserved, and lets that phone sign in much later, when
// the number may be another person's.
func TestAbandonedMoveIsNotGivenToTheNextHolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	c, code := w.ask(phone2)
	w.life.EndAt(3, true) // the count of tries, the proof, the claim
	if _, err := w.ChangePhone(t.Context(), g.Viewer, c.ID, code, "k"); err == nil {
		t.Fatal("not killed")
	}
	w.restart()
	w.clock.Add(11 * time.Minute)
	if got := w.signIn(phone2); got.Account == g.Account {
		t.Error("the next holder of the number got into the account")
	}
	if got := w.signIn(phone); got.Account != g.Account {
		t.Error("the owner lost the account")
	}
}

// TestChangesAtOnce lets two accounts and a newcomer reach for the same phone, on two replicas.
func TestChangesAtOnce(t *testing.T) {
	t.Parallel()
	for round := range 4 {
		w := newWorld(t)
		replicas := []*account.Accounts{w.Accounts, w.replica()}
		grants := []account.Grant{w.signIn(phone), w.signIn(phone2)}
		var ids, codes [3]string
		for i := range ids {
			c, code := w.ask(phone3)
			ids[i], codes[i] = c.ID, code
		}
		var mu sync.Mutex
		winners := map[string]bool{}
		parallel(3, func(i int) {
			a := replicas[(i+round)%2]
			var err error
			who := "newcomer"
			if i < 2 {
				who = grants[i].Account
				_, err = a.ChangePhone(t.Context(), grants[i].Viewer, ids[i], codes[i], "k")
			} else {
				var g account.Grant
				if g, err = a.VerifyOTP(t.Context(), account.VerifyRequest{ChallengeID: ids[i], Code: codes[i], Device: "device-1"}); err == nil {
					who = g.Account
				}
			}
			if err != nil && fault.CodeOf(err) != fault.Conflict {
				t.Errorf("%d: %v", i, err)
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				winners[who] = true
			}
		})
		final := w.signIn(phone3).Account
		if len(winners) != 1 || !winners[final] {
			t.Errorf("winners %v, but the phone leads to %s", winners, final)
		}
		for i, number := range []string{phone, phone2} {
			if got := w.signIn(number).Account; (got == grants[i].Account) == (final == grants[i].Account) {
				t.Errorf("account %d has lost its phone, or has two", i)
			}
		}
	}
}
