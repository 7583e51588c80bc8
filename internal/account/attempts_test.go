package account_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
)

// TestOwnerSeesWrongCodes types wrong codes for somebody's phone in strangers' chats: its owner sees that, once for each code that was sent, and at most
// five times a day.
func TestOwnerSeesWrongCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.signIn(phone)
	chats := func(i int) account.Viewer { return w.meet(account.Identity{Network: "web", User: fmt.Sprint(i)}, "") }
	for i := range 8 {
		id, code := w.askChat(chats(i), phone)
		for n := range 6 { // the sixth finds the code exhausted
			if _, err := w.SignInChat(t.Context(), chats(i), id, other(code, n), fmt.Sprint(n)); fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("chat %d, try %d: %v", i, n, err)
			}
		}
		if want := min(i+1, 5); len(w.events(owner.Viewer)) != want {
			t.Fatalf("after %d chats the owner sees %v", i+1, w.events(owner.Viewer))
		}
	}
	page, err := w.LinkEvents(t.Context(), owner.Viewer, 1, "")
	if e := page.Items[0]; err != nil || e.Kind != account.LinkRefused || e.Flow != account.ByPhoneCode || e.Reason != "wrong" || e.Network != "web" {
		t.Errorf("the owner sees %+v, %v", e, err)
	}
	w.clock.Add(24 * time.Hour)
	id, code := w.askChat(chats(0), phone)
	if _, err := w.StartRecovery(t.Context(), chats(0), id, other(code, 0), "r"); err == nil || len(w.events(owner.Viewer)) != 6 {
		t.Errorf("a day later the owner sees %v", w.events(owner.Viewer))
	}
}

// TestOwnerIsNotBlamed types codes wrongly where that concerns nobody else.
func TestOwnerIsNotBlamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.signIn(phone)
	guest := w.meet(onZalo, "")
	theirs, code := w.askChat(w.meet(onMessenger, ""), phone)
	if _, err := w.SignInChat(t.Context(), guest, theirs, other(code, 0), "1"); err == nil {
		t.Error("another chat's question was answered")
	}
	id, code := w.askChat(guest, phone3)
	if _, err := w.SignInChat(t.Context(), guest, id, other(code, 0), "2"); err == nil {
		t.Error("a wrong code was taken")
	}
	w.mustLink(guest, phone)
	own := w.meet(onZalo, "")
	id, code = w.askChat(own, phone)
	if _, err := w.StartRecovery(t.Context(), own, id, other(code, 0), "3"); err == nil {
		t.Error("a wrong code was taken")
	}
	want := []string{"joined", "refused wrong", "refused wrong", "refused wrong"} // all by the chat itself, which is the owner's now
	if got := slices.Sorted(slices.Values(w.events(w.session(owner)))); !slices.Equal(got, want) {
		t.Errorf("the owner sees %v", got)
	}
}

// TestNetworksAreBraked lets more people of one network ask for codes and type link codes than a network may: other networks and the app go on.
func TestNetworksAreBraked(t *testing.T) {
	t.Parallel()
	few := limit.Rule{Max: 3, Per: time.Hour}
	w := newWorld(t, func(c *account.Config) { c.Limits.SendNetwork, c.Limits.SendWeb, c.Limits.TypedNetwork = few, few, few })
	ctx := t.Context()
	visitor := func(i int) account.Viewer { return w.meet(account.Identity{Network: "web", User: fmt.Sprint(i)}, "") }
	number := func(i int) string { return fmt.Sprintf("09123456%02d", i) }
	owner := w.signIn(phone)
	for i := range 4 {
		_, sendErr := w.RequestChatCode(ctx, visitor(i), number(i), "")
		_, typeErr := w.TakeCode(ctx, visitor(i), "7K3M9QXD", "")
		if over := i == 3; (fault.CodeOf(sendErr) == fault.RateLimited) != over || (fault.CodeOf(typeErr) == fault.RateLimited) != over {
			t.Errorf("person %d: %v, %v", i, sendErr, typeErr)
		}
	}
	code, err := w.OfferCode(ctx, owner.Viewer, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.TakeCode(ctx, visitor(9), code.Code, ""); fault.CodeOf(err) != fault.RateLimited {
		t.Errorf("the right code: %v", err)
	}
	if _, err := w.TakeCode(ctx, w.meet(onZalo, ""), code.Code, ""); err != nil {
		t.Errorf("on another network: %v", err)
	}
	if _, err := w.RequestChatCode(ctx, w.meet(onMessenger, ""), phone2, ""); err != nil {
		t.Errorf("on another network: %v", err)
	}
	for i := range 3 { // one was the owner's own
		_, err := w.RequestOTP(ctx, account.OTPRequest{Phone: number(20 + i), Device: fmt.Sprint(i), Address: "203.0.113.9"})
		if over := i == 2; (fault.CodeOf(err) == fault.RateLimited) != over {
			t.Errorf("request %d of an app: %v", i, err)
		}
	}
	w.clock.Add(time.Hour)
	if _, err := w.RequestChatCode(ctx, visitor(3), number(3), ""); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// TestStrangersDoNotFillTheList opens somebody's link and form again and again from another account: that is one entry each.
func TestStrangersDoNotFillTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	owner, thief, chat := w.signIn(phone), w.signIn(phone2), w.meet(onZalo, "")
	link, err := w.OfferLink(ctx, chat, "k")
	if err != nil {
		t.Fatal(err)
	}
	form, _, err := w.SaveDraft(ctx, chat, account.Draft{App: "feedback", Action: "submit"}, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.OpenLink(ctx, owner.Viewer, link.Token, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.OpenDraft(ctx, owner.Viewer, form); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := w.OpenLink(ctx, thief.Viewer, link.Token, ""); key(err) != "account.link_gone" {
			t.Errorf("the link: %v", err)
		}
		if _, err := w.OpenDraft(ctx, thief.Viewer, form); key(err) != "account.draft_gone" {
			t.Errorf("the form: %v", err)
		}
		if _, err := w.OpenDraft(ctx, thief.Viewer, strings.Repeat("A", 43)); key(err) != "account.draft_gone" {
			t.Errorf("a made-up form: %v", err)
		}
	}
	want := []string{"refused other_account", "refused other_account"}
	if got := w.events(chat); !slices.Equal(got, want) {
		t.Errorf("the chat's owner sees %v", got)
	}
	if got := slices.Sorted(slices.Values(w.events(thief.Viewer))); !slices.Equal(got, append(want, "refused wrong")) {
		t.Errorf("who tried sees %v", got)
	}
}

// TestFormOfALinkedChat is for the account of that chat, whoever opens it first.
func TestFormOfALinkedChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.mustLink(w.meet(onZalo, ""), phone)
	form, _, err := w.SaveDraft(ctx, w.meet(onZalo, ""), account.Draft{App: "feedback", Action: "submit"}, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.OpenDraft(ctx, w.signIn(phone2).Viewer, form); key(err) != "account.draft_gone" {
		t.Errorf("another account was first: %v", err)
	}
	if _, err := w.OpenDraft(ctx, w.signIn(phone).Viewer, form); err != nil {
		t.Errorf("the chat's own account: %v", err)
	}
}

// TestOwnerSeesACodeGoneAstray types the code of an account in a chat of another one.
func TestOwnerSeesACodeGoneAstray(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.signIn(phone)
	w.mustLink(w.meet(onZalo, ""), phone2)
	c, err := w.OfferCode(t.Context(), owner.Viewer, "k")
	if err != nil {
		t.Fatal(err)
	}
	chat := w.meet(onZalo, "")
	if _, err := w.TakeCode(t.Context(), chat, c.Code, "k"); key(err) != "account.linked_elsewhere" {
		t.Errorf("got %v", err)
	}
	for _, who := range []account.Viewer{owner.Viewer, chat} {
		if got := w.events(who); !slices.Contains(got, "refused conflict") {
			t.Errorf("seen: %v", got)
		}
	}
}

// TestRefusalsNameTheNetwork refuses what is typed in chats: whoever reads of it is told where it was tried.
func TestRefusalsNameTheNetwork(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		reason string
		try    func(w *world, chat account.Viewer, code string) error
	}{
		"wrong": {"wrong", func(w *world, chat account.Viewer, _ string) error {
			_, err := w.TakeCode(w.t.Context(), chat, "AAAA-BBBB", "1")
			return err
		}},
		"ended": {"ended", func(w *world, chat account.Viewer, code string) error {
			w.clock.Add(time.Hour)
			_, err := w.LookAtCode(w.t.Context(), chat, code, "1")
			return err
		}},
		"one-time code": {"wrong", func(w *world, chat account.Viewer, _ string) error {
			id, code := w.askChat(chat, phone3)
			_, err := w.SignInChat(w.t.Context(), chat, id, other(code, 0), "1")
			return err
		}},
		"to join accounts": {"wrong", func(w *world, chat account.Viewer, _ string) error {
			w.mustLink(chat, phone2)
			w.clock.Add(time.Second) // what happened last is read first
			_, err := w.LookAtJoin(w.t.Context(), w.meet(onMessenger, ""), "AAAA-BBBB", "1")
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			owner := w.signIn(phone)
			c, err := w.OfferCode(t.Context(), owner.Viewer, "k")
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.try(w, w.meet(onMessenger, ""), c.Code); fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("got %v", err)
			}
			readers := []account.Viewer{w.meet(onMessenger, "")}
			if tt.reason == "ended" {
				readers = append(readers, owner.Viewer)
			}
			for _, who := range readers {
				page, err := w.LinkEvents(t.Context(), who, 1, "")
				if err != nil || len(page.Items) != 1 || page.Items[0].Reason != tt.reason || page.Items[0].Network != "messenger" {
					t.Errorf("seen: %+v, %v", page.Items, err)
				}
			}
		})
	}
}

// FuzzTakeCode types anything at all: nothing is linked, and nothing but the typed words is to blame.
func FuzzTakeCode(f *testing.F) {
	for _, s := range []string{"7K3M-9QXD", " 7k3m 9qxd ", "OIL0-1234", "mã của tôi", "７Ｋ３Ｍ９ＱＸＤ", "\x00", "7K3M-9QXD-", "ſſſſſſſſ"} {
		f.Add(s)
	}
	n := 0
	w := newWorld(f, func(c *account.Config) { c.Limits.TypedNetwork = limit.Rule{Max: 1 << 30, Per: time.Hour} })
	f.Fuzz(func(t *testing.T, code string) {
		n++
		chat := w.on(t).meet(account.Identity{Network: "web", User: fmt.Sprint(n)}, "")
		_, err := w.TakeCode(t.Context(), chat, code, "")
		if k := key(err); k != "account.link_code_format" && k != "account.link_code_refused" {
			t.Errorf("%q: %v", code, err)
		}
	})
}
