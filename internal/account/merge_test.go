package account_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

// TestOtherIdentity plays a number that went to a new holder, who chats on the network where the former one has a chat.
func TestOtherIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	l := w.mustLink(w.meet(onZalo, ""), phone)
	former, newcomer := w.meet(onZalo, ""), w.meet(onZalo2, "")
	if _, err := w.linkBy(newcomer, phone); fault.CodeOf(err) != fault.Conflict || key(err) != "account.other_identity" {
		t.Fatalf("got %v", err)
	}
	if v := w.meet(onZalo2, ""); v.SignedIn() || v.Owns(former.Subject) {
		t.Errorf("the newcomer is %+v", v)
	}
	if got := w.events(former); !slices.Equal(got, []string{"joined", "refused conflict"}) {
		t.Errorf("the owner sees %v", got)
	}
	// A session, and a chat elsewhere, that the phone alone opened just now prove nothing more than the phone.
	fresh := w.signIn(phone)
	c, err := w.OfferCode(ctx, fresh.Viewer, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.TakeCode(ctx, newcomer, c.Code, "k"); key(err) != "account.other_identity" {
		t.Errorf("by a session of today: %v", err)
	}
	w.mustLink(w.meet(onMessenger, ""), phone)
	if c, err = w.OfferCode(ctx, w.meet(onMessenger, ""), "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.TakeCode(ctx, newcomer, c.Code, "k2"); key(err) != "account.other_identity" {
		t.Errorf("by a chat of today: %v", err)
	}
	// What has been the account's for longer does.
	w.clock.Add(long)
	if c, err = w.OfferCode(ctx, w.meet(onZalo, ""), "later"); err != nil {
		t.Fatal(err)
	}
	both, err := w.TakeCode(ctx, newcomer, c.Code, "k3")
	if err != nil || both.Account != l.Account {
		t.Errorf("with both sides proved: %+v, %v", both, err)
	}
	if v := w.meet(onZalo2, ""); v.Account != l.Account || !v.Owns(former.Subject) {
		t.Errorf("the second chat is %+v", v)
	}
}

// TestOtherIdentityByLink shows the conflict before anything is typed, and an old session settles it.
func TestOtherIdentityByLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	w.mustLink(w.meet(onZalo, ""), phone)
	w.clock.Add(long)
	l, err := w.OfferLink(t.Context(), w.meet(onZalo2, ""), "k")
	if err != nil {
		t.Fatal(err)
	}
	o, err := w.OpenLink(t.Context(), g.Viewer, l.Token, "k")
	if err != nil || !o.Conflict {
		t.Fatalf("got %+v, %v", o, err)
	}
	if _, err := w.TakeCode(t.Context(), w.meet(onZalo2, ""), o.Code, "k"); err != nil {
		t.Errorf("by a session that is %s old: %v", long, err)
	}
}

// TestUnlinkParts undoes a link: each side has its own again, and nothing else.
func TestUnlinkParts(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"session", "chat"} {
		w := newWorld(t)
		g, guest := w.signIn(phone), w.meet(onZalo, "")
		w.mustLink(guest, phone)
		v := w.session(g)
		all, err := w.Identities(t.Context(), v)
		if err != nil || len(all) != 1 || all[0].Network != "zalo" || all[0].Current || all[0].LinkedAt.IsZero() || all[0].SeenAt.IsZero() {
			t.Fatalf("got %+v, %v", all, err)
		}
		if by == "chat" {
			v = w.meet(onZalo, "")
			if all, err = w.Identities(t.Context(), v); err != nil || !all[0].Current {
				t.Errorf("got %+v, %v", all, err)
			}
		}
		for range 2 {
			if err := w.Unlink(t.Context(), v, all[0].ID, "k"); err != nil {
				t.Fatal(err)
			}
		}
		if back := w.meet(onZalo, ""); !reflect.DeepEqual(back, guest) {
			t.Errorf("the chat came back as %+v, was %+v", back, guest)
		}
		if own := w.session(g); own.Owns(guest.Subject) || len(own.Subjects) != 1 {
			t.Errorf("the account kept what was not its own: %+v", own)
		}
		if all, err := w.Identities(t.Context(), w.session(g)); err != nil || len(all) != 0 {
			t.Errorf("after: %+v, %v", all, err)
		}
		if err := w.Unlink(t.Context(), w.session(g), all[0].ID, "k2"); key(err) != "account.no_link" {
			t.Errorf("another request: %v", err)
		}
		if got := w.told(g.Account); !slices.Equal(got, []account.Notice{account.NoticeLinked, account.NoticeUnlinked}) {
			t.Errorf("told %v", got)
		}
		if got := w.events(w.session(g)); !slices.Equal(got, []string{"joined", "parted"}) {
			t.Errorf("events %v", got)
		}
		w.mustLink(w.meet(onZalo, ""), phone)
		if again := w.meet(onZalo, ""); again.Account != g.Account || !again.Owns(guest.Subject) {
			t.Errorf("linked anew: %+v", again)
		}
	}
}

// TestLateUnlinkKeeps ends a link after the time in which it can be undone.
func TestLateUnlinkKeeps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.meet(onZalo, "")
	l := w.mustLink(guest, phone)
	w.clock.Add(30 * 24 * time.Hour)
	v := w.meet(onZalo, "")
	for range 2 {
		if err := w.Unlink(t.Context(), v, l.ID, "k"); err != nil {
			t.Fatal(err)
		}
	}
	after := w.meet(onZalo, "")
	if after.SignedIn() || after.Owns(guest.Subject) || after.Subject == guest.Subject {
		t.Errorf("the chat is %+v", after)
	}
	if own := w.signIn(phone).Viewer; !own.Owns(guest.Subject) || own.Owns(after.Subject) {
		t.Errorf("the account is %+v", own)
	}
}

func TestJoinAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b := w.signIn(phone), w.signIn(phone2)
	chat := w.meet(onZalo, "")
	w.mustLink(chat, phone2)
	c, err := w.OfferCode(ctx, a.Viewer, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.TakeCode(ctx, w.meet(onZalo, ""), c.Code, "k"); key(err) != "account.linked_elsewhere" {
		t.Errorf("a typed code joins accounts unasked: %v", err)
	}
	if _, err := w.JoinAccounts(ctx, a.Viewer, c.Code, "k"); key(err) != "account.own_code" {
		t.Errorf("its own code: %v", err)
	}
	l, err := w.JoinAccounts(ctx, w.session(b), c.Code, "k")
	if err != nil || l.Account != a.Account || l.Network != "phone" {
		t.Fatalf("got %+v, %v", l, err)
	}
	if got := w.signIn(phone2); got.Account != a.Account || got.Viewer.Subject != a.Account || !got.Viewer.Owns(b.Account) || !got.Viewer.Owns(chat.Subject) {
		t.Errorf("the other phone signs in to %+v", got.Viewer)
	}
	if v := w.meet(onZalo, ""); v.Account != a.Account || v.Subject != a.Account || v.KeyScope() != chat.Subject {
		t.Errorf("the other's chat is %+v", v)
	}
	for name, err := range map[string]error{
		"access token":  second(w.Authenticate(ctx, b.AccessToken)),
		"refresh token": second(w.Refresh(ctx, account.RefreshRequest{Token: b.RefreshToken})),
	} {
		if fault.CodeOf(err) != fault.Unauthorized {
			t.Errorf("%s of the account that joined: %v", name, err)
		}
	}
	all, err := w.Identities(ctx, w.session(a))
	if err != nil || len(all) != 2 {
		t.Fatalf("got %+v, %v", all, err)
	}
	i := slices.IndexFunc(all, func(x account.LinkedIdentity) bool { return x.Network == "phone" })
	if all[i].Phone != "098••••321" {
		t.Errorf("got %+v", all[i])
	}
	for _, s := range []string{a.Account, b.Account, chat.Subject} {
		if p, err := w.Person(ctx, s); err != nil || p.Account != a.Account || len(p.Subjects) != 3 || p.Subject != s {
			t.Errorf("person of %s: %+v, %v", s, p, err)
		}
	}
	if p, err := w.PhoneOf(ctx, b.Account); err != nil || p != "+84912345678" {
		t.Errorf("phone: %q, %v", p, err)
	}
	if _, err := w.AddStaff(ctx, phone2, []account.Role{account.Administrator}, ""); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("two phones lead to one member of staff: %v", err)
	}
	// Parted: each has its own again.
	if err := w.Unlink(ctx, w.session(a), all[i].ID, "k"); err != nil {
		t.Fatal(err)
	}
	if own := w.session(a); len(own.Subjects) != 1 {
		t.Errorf("the survivor kept %v", own.Subjects)
	}
	if w.in(b) || w.renews(b) {
		t.Error("the sessions from before came back")
	}
	if back := w.signIn(phone2); back.Account != b.Account || !back.Viewer.Owns(chat.Subject) || len(back.Viewer.Subjects) != 2 {
		t.Errorf("the other came back as %+v", back.Viewer)
	}
	if v := w.meet(onZalo, ""); v.Account != b.Account {
		t.Errorf("its chat came back as %+v", v)
	}
}

// TestPartedChatDoesNotGoBack ends the link of a chat that came with an account, then parts the account: the chat belongs to neither.
func TestPartedChatDoesNotGoBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b, chat := w.signIn(phone), w.signIn(phone2), w.meet(onZalo, "")
	of := w.mustLink(chat, phone2)
	c, err := w.OfferCode(t.Context(), a.Viewer, "k")
	if err != nil {
		t.Fatal(err)
	}
	joined, err := w.JoinAccounts(t.Context(), w.session(b), c.Code, "k")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{of.ID, joined.ID} {
		if err := w.Unlink(t.Context(), w.session(a), id, id); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []account.Viewer{w.session(a), w.signIn(phone2).Viewer} {
		if v.Owns(chat.Subject) {
			t.Errorf("%s still reads what the chat made", v.Account)
		}
	}
	if v := w.meet(onZalo, ""); v.SignedIn() || v.Subject != chat.Subject {
		t.Errorf("the chat is %+v", v)
	}
}

func TestStaffAccountsAreNotJoined(t *testing.T) {
	t.Parallel()
	for _, number := range []string{phone, phone2} {
		w := newWorld(t)
		a, b := w.signIn(phone), w.signIn(phone2)
		if _, err := w.AddStaff(t.Context(), number, []account.Role{account.Dispatcher}, ""); err != nil {
			t.Fatal(err)
		}
		c, err := w.OfferCode(t.Context(), w.session(a), "k")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.JoinAccounts(t.Context(), w.session(b), c.Code, "k"); key(err) != "account.staff_joined" {
			t.Errorf("%s is staff: %v", number, err)
		}
		if w.signIn(phone).Account != a.Account || w.signIn(phone2).Account != b.Account {
			t.Error("they were joined all the same")
		}
	}
}

// TestSixteenSubjects fills an account with web chats.
func TestSixteenSubjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 16 {
		_, err := w.linkBy(w.meet(account.Identity{Network: "web", User: fmt.Sprint(i)}, ""), phone)
		if (err == nil) != (i < 15) || err != nil && key(err) != "account.link_full" {
			t.Errorf("chat %d: %v", i, err)
		}
	}
	if n := len(w.signIn(phone).Viewer.Subjects); n != 16 {
		t.Errorf("%d subjects", n)
	}
}

// cast is whom one round of a test is about. Rounds share a world: opening one costs more than all that a round does in it.
type cast struct {
	phone, phone2 string
	zalo, zalo2   account.Identity
}

// next starts a new process for a round with people of its own.
func (w *world) next(n int) cast {
	w.t.Helper()
	w.restart()
	w.mail.intents = nil
	user := func(i int) account.Identity {
		return account.Identity{Network: "zalo", Account: onZalo.Account, User: fmt.Sprint(n, "-", i)}
	}
	return cast{fmt.Sprintf("09123%05d", n), fmt.Sprintf("09876%05d", n), user(1), user(2)}
}

// flow is a way to join that the tests below kill and repeat.
type flow struct {
	name  string
	begin func(w *world, c cast) func(v account.Viewer) error // prepares both sides and gives the step that joins
}

var flows = []flow{
	{"one-time code", func(w *world, c cast) func(account.Viewer) error {
		id, code := w.askChat(w.meet(c.zalo, ""), c.phone)
		return func(v account.Viewer) error {
			_, err := w.SignInChat(w.t.Context(), v, id, code, "k")
			return err
		}
	}},
	{"typed code", func(w *world, c cast) func(account.Viewer) error {
		code, err := w.OfferCode(w.t.Context(), w.signIn(c.phone).Viewer, "k")
		if err != nil {
			w.t.Fatal(err)
		}
		return func(v account.Viewer) error {
			_, err := w.TakeCode(w.t.Context(), v, code.Code, "k")
			return err
		}
	}},
}

// TestKilledLink kills the program at each write of a link. Whatever happens next, the chat is linked whole or not at all: the same request again links
// it, and a message that comes first finds one or the other.
func TestKilledLink(t *testing.T) {
	t.Parallel()
	for _, f := range flows {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for at, done := 1, false; !done; at++ {
				for i, repeats := range []bool{true, false} {
					c := w.next(2*at + i)
					g, guest := w.signIn(c.phone), w.meet(c.zalo, "")
					step := f.begin(w, c)
					before := len(w.rows("merges"))
					w.life.EndAt(at, true)
					err := step(guest)
					done = !w.life.Dead()
					w.restart()
					if err != nil && fault.CodeOf(err) != fault.Unavailable {
						t.Fatalf("write %d: %v", at, err)
					}
					v := w.meet(c.zalo, "")
					whole := v.SignedIn()
					if own := w.session(g); own.Owns(guest.Subject) != whole {
						t.Errorf("write %d: the chat is linked: %v, but the account reads %v", at, whole, own.Subjects)
					}
					if repeats {
						if err := step(v); err != nil {
							t.Errorf("write %d, repeated: %v", at, err)
						}
						v = w.meet(c.zalo, "")
						whole = true
					}
					if whole && (v.Account != g.Account || v.Subject != g.Account || !v.Owns(guest.Subject)) {
						t.Errorf("write %d: linked as %+v", at, v)
					}
					told := w.told(g.Account)
					if whole && !slices.Equal(told, []account.Notice{account.NoticeLinked}) {
						t.Errorf("write %d: linked, and the owner was told %v", at, told)
					}
					if n := len(w.rows("merges")) - before; whole && n != 1 {
						t.Errorf("write %d: %d merges", at, n)
					}
				}
			}
		})
	}
}

// TestKilledUnlink kills the program at each write of ending a link, early and late, of a chat and of an account.
func TestKilledUnlink(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{0, 31 * 24 * time.Hour} {
		for _, account2 := range []bool{false, true} {
			t.Run(fmt.Sprint(wait, account2), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				for at, done := 1, false; !done; at++ {
					c := w.next(at)
					g, other := w.signIn(c.phone), w.signIn(c.phone2)
					guest := w.meet(c.zalo, "")
					subject := guest.Subject
					var l account.Linked
					if account2 {
						code, err := w.OfferCode(t.Context(), g.Viewer, "k")
						if err != nil {
							t.Fatal(err)
						}
						if l, err = w.JoinAccounts(t.Context(), other.Viewer, code.Code, "k"); err != nil {
							t.Fatal(err)
						}
						subject = other.Account
					} else {
						l = w.mustLink(guest, c.phone)
					}
					w.clock.Add(wait)
					g = w.signIn(c.phone)
					w.life.EndAt(at, true)
					err := w.Unlink(t.Context(), g.Viewer, l.ID, "k")
					done = !w.life.Dead()
					w.restart()
					if err != nil {
						if err := w.Unlink(t.Context(), w.session(g), l.ID, "k"); err != nil {
							t.Errorf("write %d, repeated: %v", at, err)
						}
					}
					if own := w.session(g); own.Owns(subject) != (wait > 0) {
						t.Errorf("write %d: the account reads %v", at, own.Subjects)
					}
					if v := w.meet(c.zalo, ""); v.SignedIn() || v.Owns(guest.Subject) != (wait == 0 || account2) {
						t.Errorf("write %d: the chat is %+v", at, v)
					}
					if back := w.signIn(c.phone2); back.Account == g.Account || (back.Account == other.Account) != (wait == 0 || !account2) {
						t.Errorf("write %d: the other phone leads to %s", at, back.Account)
					}
					if n := len(w.told(g.Account)); n != 2 {
						t.Errorf("write %d: told %v", at, w.told(g.Account))
					}
				}
			})
		}
	}
}

// TestKilledJoin kills the program at each write of joining two accounts, and lets the other account's owner repeat it or sign in anew.
func TestKilledJoin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for at, done := 1, false; !done; at++ {
		people := w.next(at)
		a, b := w.signIn(people.phone), w.signIn(people.phone2)
		c, err := w.OfferCode(t.Context(), a.Viewer, "k")
		if err != nil {
			t.Fatal(err)
		}
		w.life.EndAt(at, true)
		_, killed := w.JoinAccounts(t.Context(), b.Viewer, c.Code, "k")
		done = !w.life.Dead()
		w.restart()
		if (killed == nil) != done {
			t.Errorf("write %d: %v", at, killed)
		}
		whole := w.session(a).Owns(b.Account)
		if v, err := w.Authenticate(t.Context(), b.AccessToken); (err != nil) != whole {
			t.Errorf("write %d: joined: %v, yet the other session gives %v", at, whole, err)
		} else if !whole {
			if _, err := w.JoinAccounts(t.Context(), v, c.Code, "k"); err != nil {
				t.Errorf("write %d, repeated: %v", at, err)
			}
		}
		if got := w.signIn(people.phone2); got.Account != a.Account || !got.Viewer.Owns(b.Account) {
			t.Errorf("write %d: the other phone leads to %+v", at, got.Viewer)
		}
		if got := w.told(a.Account); !slices.Equal(got, []account.Notice{account.NoticeLinked}) {
			t.Errorf("write %d: told %v", at, got)
		}
	}
}

// TestLinksAtOnce lets two accounts reach for one chat, and two chats for one account, on two replicas.
func TestLinksAtOnce(t *testing.T) {
	t.Parallel()
	for round := range 5 {
		w := newWorld(t)
		replicas := []*account.Accounts{w.Accounts, w.replica()}
		guest := w.meet(onZalo, "")
		grants := []account.Grant{w.signIn(phone), w.signIn(phone2)}
		var codes [2]account.LinkCode
		for i, g := range grants {
			var err error
			if codes[i], err = w.OfferCode(t.Context(), g.Viewer, "k"); err != nil {
				t.Fatal(err)
			}
		}
		var won [2]bool
		parallel(2, func(i int) {
			_, err := replicas[(i+round)%2].TakeCode(t.Context(), guest, codes[i].Code, "")
			if err != nil && fault.CodeOf(err) != fault.Conflict {
				t.Errorf("%d: %v", i, err)
			}
			won[i] = err == nil
		})
		v := w.meet(onZalo, "")
		for i, g := range grants {
			owns := w.session(g).Owns(guest.Subject)
			if owns != (v.Account == g.Account) || won[i] != owns {
				t.Errorf("account %d won: %v, reads the chat's: %v, the chat is linked with %q", i, won[i], owns, v.Account)
			}
		}
	}
}

func TestTwinsAtOnce(t *testing.T) {
	t.Parallel()
	for round := range 5 {
		w := newWorld(t)
		replicas := []*account.Accounts{w.Accounts, w.replica()}
		chats := []account.Viewer{w.meet(onZalo, ""), w.meet(onZalo2, "")}
		var ids, codes [2]string
		for i, v := range chats {
			ids[i], codes[i] = w.askChat(v, phone)
		}
		var won [2]bool
		parallel(2, func(i int) {
			_, err := replicas[(i+round)%2].SignInChat(t.Context(), chats[i], ids[i], codes[i], "k")
			if err != nil && key(err) != "account.other_identity" {
				t.Errorf("%d: %v", i, err)
			}
			won[i] = err == nil
		})
		if won[0] == won[1] {
			t.Errorf("won: %v", won)
		}
		own := w.signIn(phone).Viewer
		for i := range chats {
			if own.Owns(chats[i].Subject) != won[i] {
				t.Errorf("chat %d won: %v, but the account reads %v", i, won[i], own.Subjects)
			}
		}
	}
}

// TestJoinsAtOnce lets two accounts join each other: one of the two survives, or neither.
func TestJoinsAtOnce(t *testing.T) {
	t.Parallel()
	for round := range 5 {
		w := newWorld(t)
		replicas := []*account.Accounts{w.Accounts, w.replica()}
		grants := []account.Grant{w.signIn(phone), w.signIn(phone2)}
		var codes [2]account.LinkCode
		for i, g := range grants {
			var err error
			if codes[i], err = w.OfferCode(t.Context(), g.Viewer, "k"); err != nil {
				t.Fatal(err)
			}
		}
		var won [2]bool
		parallel(2, func(i int) {
			_, err := replicas[(i+round)%2].JoinAccounts(t.Context(), grants[i].Viewer, codes[1-i].Code, "")
			if code := fault.CodeOf(err); err != nil && code != fault.Conflict && code != fault.Unavailable {
				t.Errorf("%d: %v", i, err)
			}
			won[i] = err == nil
		})
		one, two := w.signIn(phone), w.signIn(phone2)
		if won[0] && won[1] || (one.Account == two.Account) != (won[0] || won[1]) {
			t.Errorf("won %v, the phones lead to %s and %s", won, one.Account, two.Account)
		}
		if n := len(one.Viewer.Subjects); n != map[bool]int{true: 2, false: 1}[won[0] || won[1]] {
			t.Errorf("won %v, %d subjects", won, n)
		}
	}
}

// TestManyEqualLinks sends the same request many times at once.
func TestManyEqualLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	replicas := []*account.Accounts{w.Accounts, w.replica()}
	guest := w.meet(onZalo, "")
	id, code := w.askChat(guest, phone)
	got := make([]account.Linked, 20)
	parallel(len(got), func(i int) {
		var err error
		if got[i], err = replicas[i%2].SignInChat(t.Context(), guest, id, code, "k"); err != nil {
			t.Error(err)
		}
	})
	for _, l := range got {
		if l.ID != got[0].ID || l.Account != got[0].Account {
			t.Fatalf("got %+v and %+v", got[0], l)
		}
	}
	if n := len(w.rows("merges")); n != 1 {
		t.Errorf("%d merges", n)
	}
	if got := w.told(got[0].Account); len(got) != 1 {
		t.Errorf("told %v", got)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	guest := w.meet(onZalo, "")
	linked := w.meet(onMessenger, "")
	l := w.mustLink(linked, phone)
	for _, who := range []account.Identity{onZalo, onMessenger, onWeb} {
		for range 2 {
			if err := w.Forget(ctx, who); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(w.rows("identities")); n != 0 {
		t.Errorf("%d identities are kept", n)
	}
	for _, s := range []string{guest.Subject, linked.Subject} {
		if _, err := w.Person(ctx, s); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("somebody can still be written to: %v", err)
		}
	}
	if v := w.meet(onZalo, ""); v.Subject == guest.Subject {
		t.Error("somebody forgotten came back as before")
	}
	if p, err := w.Person(ctx, l.Account); err != nil || len(p.Subjects) != 1 {
		t.Errorf("the account is %+v, %v", p, err)
	}
}

func TestPersonOfAGuest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.meet(onZalo, "en")
	if p, err := w.Person(t.Context(), v.Subject); err != nil || p.Account != "" || p.Subject != v.Subject || !slices.Equal(p.Subjects, v.Subjects) || p.Lang != "en" {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := w.Person(t.Context(), "nobody"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
	if _, err := w.PhoneOf(t.Context(), v.Subject); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
	w.mustLink(v, phone)
	if c, err := w.ReadContact(t.Context(), account.Viewer{Account: "s", Roles: []account.Role{account.Officer}, Unit: "u"}, v.Subject, "gọi lại", ""); err != nil || c.Phone != "+84912345678" {
		t.Errorf("an officer gets %+v, %v", c, err)
	}
}
