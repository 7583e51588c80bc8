package account_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store/storetest"
)

// start asks for a recovery from a chat.
func (w *world) start(v account.Viewer, number string) (account.Recovery, error) {
	w.t.Helper()
	id, code := w.askChat(v, number)
	return w.StartRecovery(w.t.Context(), v, id, code, "k-"+id)
}

// confirm finishes one.
func (w *world) confirm(v account.Viewer, number string) (account.Recovery, error) {
	w.t.Helper()
	id, code := w.askChat(v, number)
	return w.ConfirmRecovery(w.t.Context(), v, id, code, "k-"+id)
}

// renews tells whether a session gets new tokens.
func (w *world) renews(g account.Grant) bool {
	w.t.Helper()
	_, err := w.Refresh(w.t.Context(), account.RefreshRequest{Token: g.RefreshToken})
	if err != nil && fault.CodeOf(err) != fault.Unauthorized {
		w.t.Error(err)
	}
	return err == nil
}

// TestLostPhone recovers an account from a linked chat.
func TestLostPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	w.mustLink(w.meet(onZalo, ""), phone)
	v := w.meet(onZalo, "")
	r, err := w.start(v, phone2)
	if err != nil || r.Kind != account.ReplacePhone || !r.Own || r.Phone != "098••••321" || !r.Ready.Equal(w.clock.Now().Add(72*time.Hour)) {
		t.Fatalf("got %+v, %v", r, err)
	}
	if got := w.told(g.Account); !slices.Contains(got, account.NoticeRecoveryStarted) {
		t.Errorf("the owner was told %v", got)
	}
	if got := w.lastTo("+84912345678"); !strings.Contains(got, "từ Zalo có yêu cầu đổi tài khoản của bà con sang số khác") || !strings.Contains(got, "72 giờ") {
		t.Errorf("the lost phone got %q", got)
	}
	for _, who := range []account.Viewer{v, w.session(g)} {
		if all, err := w.Recoveries(t.Context(), who); err != nil || len(all) != 1 || all[0].ID != r.ID || all[0].Own != (who.Identity != "") {
			t.Errorf("got %+v, %v", all, err)
		}
	}
	w.clock.Add(71 * time.Hour)
	if _, err := w.confirm(v, phone2); key(err) != "account.recovery_early" || fault.Of(err).Params["hours"] != 1 {
		t.Errorf("an hour early: %v", err)
	}
	if p, err := w.PhoneOf(t.Context(), g.Account); err != nil || p != "+84912345678" {
		t.Errorf("the phone is %q, %v", p, err)
	}
	g = w.signIn(phone) // whoever has the lost phone
	w.clock.Add(2 * time.Hour)
	late := w.signIn(phone) // once more, when nothing but the last step is missing
	if _, err := w.confirm(v, phone3); key(err) != "account.no_recovery" {
		t.Errorf("with another phone: %v", err)
	}
	id, code := w.askChat(v, phone2)
	for range 2 {
		if done, err := w.ConfirmRecovery(t.Context(), v, id, code, "k"); err != nil || done.ID != r.ID {
			t.Fatalf("got %+v, %v", done, err)
		}
	}
	if w.in(late) || w.renews(late) || w.renews(g) {
		t.Error("the lost phone is still signed in")
	}
	if got := w.signIn(phone2); got.Account != v.Account {
		t.Error("the new phone does not lead to the account")
	}
	if got := w.signIn(phone); got.Account == v.Account {
		t.Error("the lost phone still leads to the account")
	}
	want := []account.Notice{account.NoticeLinked, account.NoticeRecoveryStarted, account.NoticeRecoveryDone}
	if got := w.told(v.Account); !slices.Equal(got, want) || w.over(v.Account) != account.NoticeRecoveryStarted {
		t.Errorf("told %v, which ended %q", got, w.over(v.Account))
	}
}

// TestRecoveryIsStopped lets each way into the account stop it.
func TestRecoveryIsStopped(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"session", "other chat", "the chat that asked"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			g := w.signIn(phone)
			w.mustLink(w.meet(onZalo, ""), phone)
			w.mustLink(w.meet(onMessenger, ""), phone)
			v := w.meet(onZalo, "")
			w.clock.Add(time.Second)
			r, err := w.start(v, phone2)
			if err != nil {
				t.Fatal(err)
			}
			w.clock.Add(time.Second)
			if err := w.CancelRecovery(t.Context(), w.signIn(phone3).Viewer, r.ID, "k"); key(err) != "account.no_recovery" {
				t.Errorf("by a stranger: %v", err)
			}
			who := map[string]account.Viewer{"session": w.session(g), "other chat": w.meet(onMessenger, ""), "the chat that asked": v}[by]
			for range 2 {
				if err := w.CancelRecovery(t.Context(), who, r.ID, "k"); err != nil {
					t.Fatal(err)
				}
			}
			w.clock.Add(72 * time.Hour)
			if _, err := w.confirm(v, phone2); key(err) != "account.no_recovery" {
				t.Errorf("after it was stopped: %v", err)
			}
			want := []account.Notice{account.NoticeLinked, account.NoticeLinked, account.NoticeRecoveryStarted, account.NoticeRecoveryCancelled}
			if got := w.told(g.Account); !slices.Equal(got, want) || w.over(g.Account) != account.NoticeRecoveryStarted {
				t.Errorf("told %v, which ended %q", got, w.over(g.Account))
			}
			if got := w.events(v); !slices.Equal(got[len(got)-2:], []string{"recovery_started", "recovery_cancelled"}) {
				t.Errorf("events %v", got)
			}
		})
	}
}

func TestRecoveryRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.mustLink(w.meet(onZalo, ""), phone)
	messenger := w.mustLink(w.meet(onMessenger, ""), phone)
	w.signIn(phone2)
	v := w.meet(onZalo, "")
	guest := w.meet(onWeb, "")
	for name, tt := range map[string]struct {
		who    account.Viewer
		number string
		want   string
	}{
		"a phone of another account": {v, phone2, "account.phone_taken"},
		"its own phone":              {v, phone, "account.nothing_to_recover"},
		"a phone of nobody":          {guest, phone3, "account.nothing_to_recover"},
		"a chat that can sign in":    {guest, phone, "account.nothing_to_recover"},
	} {
		if _, err := w.start(tt.who, tt.number); key(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.StartRecovery(ctx, w.signIn(phone).Viewer, "x", "123456", "k"); key(err) != "account.chat_only" {
		t.Errorf("in the app: %v", err)
	}
	// Those who could object are not put out of the way first, nor meanwhile.
	r, err := w.start(v, phone3)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Unlink(ctx, v, messenger.ID, "k"); key(err) != "account.recovery_waits" {
		t.Errorf("the other chat was unlinked meanwhile: %v", err)
	}
	if _, err := w.start(w.meet(onMessenger, ""), phone3); key(err) != "account.recovery_waits" {
		t.Errorf("two at once: %v", err)
	}
	if err := w.CancelRecovery(ctx, v, r.ID, "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.start(v, phone3); key(err) != "account.recovery_later" {
		t.Errorf("right after it was cancelled: %v", err)
	}
	w.clock.Add(long)
	if err := w.Unlink(ctx, v, messenger.ID, "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.start(v, phone3); key(err) != "account.recovery_later" {
		t.Errorf("right after the other chat was unlinked: %v", err)
	}
	w.clock.Add(long)
	if _, err := w.AddStaff(ctx, phone, []account.Role{account.Dispatcher}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.start(v, phone3); key(err) != "account.recovery_staff" {
		t.Errorf("an account of staff: %v", err)
	}
}

// TestRecoveryIsVoidAfterAMove changes the phone while a recovery waits: it then brings nothing.
func TestRecoveryIsVoidAfterAMove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	w.mustLink(w.meet(onZalo, ""), phone)
	v := w.meet(onZalo, "")
	if _, err := w.start(v, phone2); err != nil {
		t.Fatal(err)
	}
	if _, err := w.move(g.Viewer, phone3, "k"); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(long)
	if _, err := w.confirm(v, phone2); key(err) != "account.no_recovery" {
		t.Errorf("got %v", err)
	}
	if w.signIn(phone3).Account != g.Account || w.signIn(phone2).Account == g.Account {
		t.Error("the phone was taken all the same")
	}
}

// TestEveryPhoneIsTold begins a recovery of an account that two phones lead to.
func TestEveryPhoneIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.signIn(phone), w.signIn(phone3)
	c, err := w.OfferCode(t.Context(), a.Viewer, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.JoinAccounts(t.Context(), b.Viewer, c.Code, "k"); err != nil {
		t.Fatal(err)
	}
	w.mustLink(w.meet(onZalo, ""), phone)
	if _, err := w.start(w.meet(onZalo, ""), phone2); err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{"+84912345678", "+84333222111"} {
		if got := w.lastTo(number); !strings.Contains(got, "sang số khác") {
			t.Errorf("%s got %q", number, got)
		}
	}
	w.clock.Add(72 * time.Hour)
	if got := len(w.sent()); got == 0 {
		t.Fatal("nothing was kept")
	}
	if got := w.lastTo("+84912345678"); strings.Contains(got, "sang số khác") {
		t.Error("it is sent when nothing can be stopped any more")
	}
}

// TestPartingMakesARecoveryVoid has a second chat of a thief's put the owner's out of the way while the first one waits.
func TestPartingMakesARecoveryVoid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	w.mustLink(w.meet(onZalo, ""), phone)
	w.mustLink(w.meet(onMessenger, ""), phone)
	owners := w.mustLink(w.meet(onWeb, ""), phone)
	if _, err := w.start(w.meet(onZalo, ""), phone2); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(time.Minute)
	if err := w.Unlink(t.Context(), w.meet(onMessenger, ""), owners.ID, "k"); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(long)
	if _, err := w.confirm(w.meet(onZalo, ""), phone2); key(err) != "account.no_recovery" {
		t.Errorf("got %v", err)
	}
	if w.signIn(phone).Account != g.Account {
		t.Error("the phone was taken all the same")
	}
}

// TestLastWayStays keeps a chat that alone leads to an account without a phone.
func TestLastWayStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.mustLink(w.meet(onZalo, ""), phone)
	newcomer := w.meet(onZalo2, "")
	if _, err := w.start(newcomer, phone); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(72 * time.Hour)
	if _, err := w.confirm(newcomer, phone); err != nil {
		t.Fatal(err)
	}
	if err := w.Unlink(t.Context(), w.meet(onZalo, ""), l.ID, "k"); key(err) != "account.last_link" {
		t.Errorf("got %v", err)
	}
	if _, err := w.start(w.meet(onZalo, ""), phone2); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(72 * time.Hour)
	if _, err := w.confirm(w.meet(onZalo, ""), phone2); err != nil {
		t.Fatal(err)
	}
	if err := w.Unlink(t.Context(), w.meet(onZalo, ""), l.ID, "k2"); err != nil {
		t.Errorf("with a phone: %v", err)
	}
}

// TestSignInMeetsARecovery has one replica take the old phone from the account between the proof and the session of a sign-in on another one.
func TestSignInMeetsARecovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLink(w.meet(onZalo, ""), phone)
	owner := w.meet(onZalo, "")
	if _, err := w.start(owner, phone2); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(72 * time.Hour)
	id, code := w.askChat(owner, phone2)
	c, old := w.ask(phone)
	confirm := sync.OnceFunc(func() {
		if _, err := w.ConfirmRecovery(t.Context(), owner, id, code, "k"); err != nil {
			t.Error(err)
		}
	})
	taken := &storetest.Watched{Engine: w.store, Before: func(c storetest.Call) error {
		if c.Op == storetest.Insert && c.Kind == "sessions" {
			confirm()
		}
		return nil
	}}
	late, err := account.New(t.Context(), taken, w.cfg, w.deps(w.box))
	if err != nil {
		t.Fatal(err)
	}
	r := account.VerifyRequest{ChallengeID: c.ID, Code: old, Device: "device-1", Key: "k"}
	if _, err := late.VerifyOTP(t.Context(), r); key(err) != "account.code_ended" {
		t.Errorf("the lost phone: %v", err)
	}
	if g, err := late.VerifyOTP(t.Context(), r); err != nil || g.Account == owner.Account {
		t.Errorf("a repeat does not lead to an account of the lost phone's own: %v", err)
	}
	if all, err := w.Sessions(t.Context(), owner); err != nil || len(all) != 0 {
		t.Errorf("sessions: %v, %v", all, err)
	}
}

// TestReleasedPhone gives a number to its new holder after the waiting time, and nothing else.
func TestReleasedPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	w.mustLink(w.meet(onZalo, ""), phone)
	newcomer := w.meet(onZalo2, "")
	if _, err := w.linkBy(newcomer, phone); key(err) != "account.other_identity" {
		t.Fatalf("got %v", err)
	}
	r, err := w.start(newcomer, phone)
	if err != nil || r.Kind != account.ReleasePhone || !r.Own {
		t.Fatalf("got %+v, %v", r, err)
	}
	if got := w.told(g.Account); !slices.Contains(got, account.NoticeReleaseStarted) {
		t.Errorf("told %v", got)
	}
	if got := w.lastTo("+84912345678"); !strings.Contains(got, "có người xin nhận số này") {
		t.Errorf("the phone got %q", got)
	}
	w.clock.Add(time.Second)
	prying := w.signIn(phone) // the new holder, in the app: the phone still leads to the former one's account
	if _, err := w.confirm(newcomer, phone); key(err) != "account.recovery_early" {
		t.Errorf("at once: %v", err)
	}
	w.clock.Add(72 * time.Hour)
	id, code := w.askChat(newcomer, phone)
	for _, who := range []func() account.Viewer{func() account.Viewer { return newcomer }, func() account.Viewer { return w.meet(onZalo2, "") }} {
		if _, err := w.ConfirmRecovery(t.Context(), who(), id, code, "k"); err != nil {
			t.Fatal(err)
		}
	}
	if own, since := w.renews(g), w.renews(prying); !own || since {
		t.Errorf("the former holder is signed in: %v; who held the phone since: %v", own, since)
	}
	v := w.meet(onZalo2, "")
	if !v.SignedIn() || v.Account == g.Account || len(v.Subjects) != 2 || !v.Owns(newcomer.Subject) {
		t.Errorf("the new holder is %+v", v)
	}
	if got := w.signIn(phone); got.Account != v.Account {
		t.Error("the phone does not lead to its new holder")
	}
	former := w.meet(onZalo, "")
	if former.Account != g.Account {
		t.Errorf("the former holder is %+v", former)
	}
	if p, err := w.Me(t.Context(), former); err != nil || p.MaskedPhone != "" {
		t.Errorf("the former holder's profile: %+v, %v", p, err)
	}
	if _, err := w.PhoneOf(t.Context(), g.Account); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("the former holder is still written to: %v", err)
	}
	// Without a phone, the account gets one by the same waiting.
	if _, err := w.start(former, phone2); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(72 * time.Hour)
	if _, err := w.confirm(former, phone2); err != nil {
		t.Fatal(err)
	}
	if got := w.signIn(phone2); got.Account != g.Account {
		t.Error("the new phone does not lead to the account")
	}
}

// TestKilledRecovery kills the program at each write of the last step, of both kinds, and lets the same request come again, or a new one.
func TestKilledRecovery(t *testing.T) {
	t.Parallel()
	for _, kind := range []account.RecoveryKind{account.ReplacePhone, account.ReleasePhone} {
		for _, anew := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, anew), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				for at, done := 1, false; !done; at++ {
					c := w.next(at)
					w.mustLink(w.meet(c.zalo, ""), c.phone)
					owner := w.meet(c.zalo, "")
					who, number := c.zalo, c.phone2
					if kind == account.ReleasePhone {
						who, number = c.zalo2, c.phone
					}
					if _, err := w.start(w.meet(who, ""), number); err != nil {
						t.Fatal(err)
					}
					w.clock.Add(72 * time.Hour)
					id, code := w.askChat(w.meet(who, ""), number)
					v := w.meet(who, "")
					w.life.EndAt(at, true)
					_, err := w.ConfirmRecovery(t.Context(), v, id, code, "k")
					done = !w.life.Dead()
					w.restart()
					if err != nil {
						key := "k"
						if anew {
							w.clock.Add(time.Minute)
							key = "another"
							id, code = w.askChat(w.meet(who, ""), number)
						}
						if _, err := w.ConfirmRecovery(t.Context(), w.meet(who, ""), id, code, key); err != nil {
							t.Errorf("write %d, again: %v", at, err)
						}
					}
					got := w.signIn(number)
					if (got.Account == owner.Account) != (kind == account.ReplacePhone) || got.Account != w.meet(who, "").Account {
						t.Errorf("write %d: the phone leads to %s, of the chat %s", at, got.Account, w.meet(who, "").Account)
					}
					if w.meet(c.zalo, "").Account != owner.Account {
						t.Errorf("write %d: the owner's chat lost its account", at)
					}
				}
			})
		}
	}
}

func TestSignInProved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	p := account.Proved{Phone: "+84912345678", Provider: "firebase", ProviderID: "uid", Device: "device-1", DeviceName: "Điện thoại", Key: "k"}
	g, err := w.SignInProved(ctx, p)
	if err != nil || g.Viewer.Assurance != account.Phone {
		t.Fatalf("got %+v, %v", g, err)
	}
	if again, err := w.SignInProved(ctx, p); err != nil || again.Session != g.Session || again.RefreshToken != g.RefreshToken {
		t.Errorf("repeat: %v", err)
	}
	if w.signIn(phone).Account != g.Account {
		t.Error("the phone has two accounts")
	}
	p.Key = ""
	if next, err := w.SignInProved(ctx, p); err != nil || next.Session == g.Session {
		t.Errorf("without a key: %v", err)
	}
	p.Phone = "+12125550100"
	if _, err := w.SignInProved(ctx, p); key(err) != "account.bad_phone" {
		t.Errorf("a phone abroad: %v", err)
	}
	if _, err := w.SignInProved(ctx, account.Proved{Phone: phone}); fault.CodeOf(err) != fault.Internal {
		t.Errorf("proved by nobody: %v", err)
	}
}

func TestSignInMiniApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	guest := w.meet(onZalo, "")
	p := account.MiniAppProof{Network: "zalo", Account: onZalo.Account, User: onZalo.User, Phone: "84912345678", Device: "device-1", Key: "k"}
	p.Phone = "+84912345678"
	g, err := w.SignInMiniApp(ctx, p)
	if err != nil || !g.Viewer.Owns(guest.Subject) || g.Viewer.Session == "" {
		t.Fatalf("got %+v, %v", g, err)
	}
	if again, err := w.SignInMiniApp(ctx, p); err != nil || again.Session != g.Session || again.RefreshToken != g.RefreshToken {
		t.Errorf("repeat: %v", err)
	}
	if v := w.meet(onZalo, ""); v.Account != g.Account || v.Assurance != account.Phone {
		t.Errorf("the chat is %+v", v)
	}
	p.User, p.Key = onZalo2.User, "k2"
	if _, err := w.SignInMiniApp(ctx, p); key(err) != "account.other_identity" {
		t.Errorf("another person of the network with the same number: %v", err)
	}
	if v := w.meet(onZalo2, ""); v.SignedIn() {
		t.Errorf("joined all the same: %+v", v)
	}
}
