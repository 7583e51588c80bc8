package account_test

import (
	"slices"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
)

// TestPartedPhoneIsSignedOut parts an account that was joined: whoever signed in by its phone meanwhile is in the survivor no more, whichever side parted it.
func TestPartedPhoneIsSignedOut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		after time.Duration // from the joining to the parting
		by    func(survivor, joined account.Grant) account.Grant
	}{
		{name: "by the survivor", by: func(s, _ account.Grant) account.Grant { return s }},
		{name: "by who came with it", by: func(_, j account.Grant) account.Grant { return j }},
		{name: "when it cannot be undone any more", after: 31 * 24 * time.Hour, by: func(s, _ account.Grant) account.Grant { return s }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ctx := t.Context()
			a, b := w.signIn(phone), w.signIn(phone2)
			c, err := w.OfferCode(ctx, a.Viewer, "k")
			if err != nil {
				t.Fatal(err)
			}
			l, err := w.JoinAccounts(ctx, b.Viewer, c.Code, "k")
			if err != nil {
				t.Fatal(err)
			}
			w.clock.Add(tt.after)
			own, joined := w.signIn(phone), w.signIn(phone2)
			if joined.Account != a.Account {
				t.Fatalf("the joined phone signs in to %s", joined.Account)
			}
			for range 2 { // the second is a repeat
				if err := w.Unlink(ctx, tt.by(own, joined).Viewer, l.ID, "part"); err != nil {
					t.Fatal(err)
				}
			}
			if w.in(joined) || w.renews(joined) {
				t.Error("a phone that is the account's no more is still signed in")
			}
			if !w.in(own) {
				t.Error("the account's own phone was signed out")
			}
			list, err := w.Sessions(ctx, w.session(own))
			if err != nil || slices.ContainsFunc(list, func(s account.Session) bool { return s.ID == joined.Session }) {
				t.Errorf("sessions %+v, %v", list, err)
			}
			if back := w.signIn(phone2); back.Account == a.Account || back.Viewer.Owns(a.Account) {
				t.Errorf("the phone still leads to the survivor: %+v", back.Viewer)
			}
		})
	}
}

// TestPhonesOfAChain joins an account that others were joined to: each phone signs in to the last, and is signed out when the whole is parted from it.
func TestPhonesOfAChain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	first, second, last := w.signIn(phone), w.signIn(phone2), w.signIn(phone3)
	join := func(from, to account.Grant) account.Linked {
		t.Helper()
		c, err := w.OfferCode(ctx, to.Viewer, "k"+from.Account)
		if err != nil {
			t.Fatal(err)
		}
		l, err := w.JoinAccounts(ctx, from.Viewer, c.Code, "k")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	join(first, second)
	l := join(w.signIn(phone2), last)
	one, two := w.signIn(phone), w.signIn(phone2)
	if one.Account != last.Account || two.Account != last.Account {
		t.Fatalf("the phones sign in to %s and %s, not to %s", one.Account, two.Account, last.Account)
	}
	if err := w.Unlink(ctx, w.signIn(phone3).Viewer, l.ID, "part"); err != nil {
		t.Fatal(err)
	}
	if w.in(one) || w.in(two) {
		t.Errorf("who was parted is still signed in: %v, %v", w.in(one), w.in(two))
	}
	if back := w.signIn(phone2); back.Account == last.Account {
		t.Error("the phone that was parted still leads to the survivor")
	}
}
