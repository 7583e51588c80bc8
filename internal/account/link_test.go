package account_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Chats of the tests.
var (
	onZalo2     = account.Identity{Network: "zalo", Account: onZalo.Account, User: "3000000000000000004"}
	onMessenger = account.Identity{Network: "messenger", Account: "1001", User: "5001"}
	onWeb       = account.Identity{Network: "web", User: "visitor"}
)

const long = 80 * time.Hour // longer than the waiting time of a recovery

// askChat has a code sent to a phone that was named in a chat.
func (w *world) askChat(v account.Viewer, number string) (id, code string) {
	w.t.Helper()
	c, err := w.RequestChatCode(w.t.Context(), v, number, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return c.ID, w.code()
}

// linkBy links a chat by a one-time code.
func (w *world) linkBy(v account.Viewer, number string) (account.Linked, error) {
	w.t.Helper()
	id, code := w.askChat(v, number)
	return w.SignInChat(w.t.Context(), v, id, code, "k-"+id)
}

func (w *world) mustLink(v account.Viewer, number string) account.Linked {
	w.t.Helper()
	l, err := w.linkBy(v, number)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// again gives the viewer as they are now.
func (w *world) session(g account.Grant) account.Viewer {
	w.t.Helper()
	v, err := w.Authenticate(w.t.Context(), g.AccessToken)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// events gives what a viewer reads of joining, latest last, as "kind reason".
func (w *world) events(v account.Viewer) []string {
	w.t.Helper()
	p, err := w.LinkEvents(w.t.Context(), v, 100, "")
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, e := range slices.Backward(p.Items) {
		out = append(out, strings.TrimSpace(string(e.Kind)+" "+e.Reason))
	}
	return out
}

func TestSignInChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.meet(onZalo, "")
	id, code := w.askChat(guest, phone)
	l, err := w.SignInChat(t.Context(), guest, id, code, "k")
	if err != nil || l.Network != "zalo" || l.Account == "" || !l.UndoUntil.Equal(l.At.Add(30*24*time.Hour)) {
		t.Fatalf("got %+v, %v", l, err)
	}
	v := w.meet(onZalo, "")
	if v.Account != l.Account || v.Subject != l.Account || v.Assurance != account.Phone || v.Session != "" || v.IsStaff() {
		t.Errorf("the linked chat is %+v", v)
	}
	if !v.Owns(guest.Subject) || !v.Owns(l.Account) || v.Identity != guest.Identity || v.Identity == "" {
		t.Errorf("reads do not expand: %+v", v)
	}
	if v.KeyScope() != guest.Subject || guest.KeyScope() != guest.Subject {
		t.Errorf("the scope of keys went from %s to %s", guest.KeyScope(), v.KeyScope())
	}
	g := w.signIn(phone)
	if g.Account != l.Account || !g.Viewer.Owns(guest.Subject) || g.Viewer.Subject != l.Account || g.Viewer.KeyScope() != l.Account {
		t.Errorf("the session is %+v", g.Viewer)
	}
	for name, who := range map[string]account.Viewer{"before the link": guest, "after it": v} {
		again, err := w.SignInChat(t.Context(), who, id, code, "k")
		if err != nil || again != l {
			t.Errorf("repeat by the chat as it was %s: %+v, %v", name, again, err)
		}
	}
	if got := w.told(l.Account); !slices.Equal(got, []account.Notice{account.NoticeLinked}) {
		t.Errorf("the owner was told %v", got)
	}
	if got := w.events(v); !slices.Equal(got, []string{"joined"}) {
		t.Errorf("events: %v", got)
	}
	if claims, err := w.Claims(t.Context(), v, []string{"phone"}); err != nil || claims["phone"] != "+84912345678" {
		t.Errorf("claims of a linked chat: %v, %v", claims, err)
	}
	if _, err := w.ChangePhone(t.Context(), v, id, code, "k"); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("a chat changes the phone without waiting: %v", err)
	}
}

// TestLinkedChatIsNeverStaff links a chat with an officer's account.
func TestLinkedChatIsNeverStaff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.AddStaff(t.Context(), phone, []account.Role{account.Administrator}, ""); err != nil {
		t.Fatal(err)
	}
	w.mustLink(w.meet(onZalo, ""), phone)
	if v := w.meet(onZalo, ""); !v.SignedIn() || v.IsStaff() || v.Unit != "" {
		t.Errorf("the chat is %+v", v)
	}
}

// TestNothingJoinsWithoutProof tries what proves nothing. Each must leave the chat a guest and the account as it was.
func TestNothingJoinsWithoutProof(t *testing.T) {
	t.Parallel()
	type try struct {
		name string
		do   func(w *world, owner account.Grant, chat account.Viewer) error
		want string // key of the refusal; "" for none
	}
	tests := []try{
		{"an equal name", func(w *world, _ account.Grant, _ account.Viewer) error {
			_, err := w.AddCitizen(w.t.Context(), phone2, "Nguyễn Văn A", "vi")
			return err
		}, ""},
		{"a phone that was only named", func(w *world, _ account.Grant, chat account.Viewer) error {
			_, err := w.RequestChatCode(w.t.Context(), chat, phone, "")
			return err
		}, ""},
		{"a guessed one-time code", func(w *world, _ account.Grant, chat account.Viewer) error {
			id, code := w.askChat(chat, phone)
			_, err := w.SignInChat(w.t.Context(), chat, id, other(code, 0), "k")
			return err
		}, "account.code_wrong"},
		{"an expired one-time code", func(w *world, _ account.Grant, chat account.Viewer) error {
			id, code := w.askChat(chat, phone)
			w.clock.Add(5 * time.Minute)
			_, err := w.SignInChat(w.t.Context(), chat, id, code, "k")
			return err
		}, "account.code_ended"},
		{"a code that another chat asked for", func(w *world, _ account.Grant, chat account.Viewer) error {
			id, code := w.askChat(w.meet(onMessenger, ""), phone)
			_, err := w.SignInChat(w.t.Context(), chat, id, code, "k")
			return err
		}, "account.code_ended"},
		{"a code that an app asked for", func(w *world, _ account.Grant, chat account.Viewer) error {
			c, code := w.ask(phone)
			_, err := w.SignInChat(w.t.Context(), chat, c.ID, code, "k")
			return err
		}, "account.code_ended"},
		{"a guessed typed code", func(w *world, owner account.Grant, chat account.Viewer) error {
			if _, err := w.OfferCode(w.t.Context(), owner.Viewer, "k"); err != nil {
				return err
			}
			_, err := w.TakeCode(w.t.Context(), chat, "7K3M9QXD", "k")
			return err
		}, "account.link_code_refused"},
		{"an expired typed code", func(w *world, owner account.Grant, chat account.Viewer) error {
			c, err := w.OfferCode(w.t.Context(), owner.Viewer, "k")
			if err != nil {
				return err
			}
			w.clock.Add(10 * time.Minute)
			_, err = w.TakeCode(w.t.Context(), chat, c.Code, "k")
			return err
		}, "account.link_code_refused"},
		{"a used typed code", func(w *world, owner account.Grant, chat account.Viewer) error {
			c, err := w.OfferCode(w.t.Context(), owner.Viewer, "k")
			if err != nil {
				return err
			}
			if _, err = w.TakeCode(w.t.Context(), w.meet(onWeb, ""), c.Code, "k"); err != nil {
				return err
			}
			_, err = w.TakeCode(w.t.Context(), chat, c.Code, "k")
			return err
		}, "account.link_code_refused"},
		{"what is no typed code", func(w *world, _ account.Grant, chat account.Viewer) error {
			_, err := w.TakeCode(w.t.Context(), chat, "mã của tôi", "k")
			return err
		}, "account.link_code_format"},
		{"a link that was opened, and nothing typed", func(w *world, owner account.Grant, chat account.Viewer) error {
			l, err := w.OfferLink(w.t.Context(), chat, "k")
			if err != nil {
				return err
			}
			_, err = w.OpenLink(w.t.Context(), owner.Viewer, l.Token, "k")
			return err
		}, ""},
		{"the code of a link, typed in another chat", func(w *world, owner account.Grant, chat account.Viewer) error {
			l, err := w.OfferLink(w.t.Context(), w.meet(onMessenger, ""), "k")
			if err != nil {
				return err
			}
			o, err := w.OpenLink(w.t.Context(), owner.Viewer, l.Token, "k")
			if err != nil {
				return err
			}
			_, err = w.TakeCode(w.t.Context(), chat, o.Code, "k")
			return err
		}, "account.link_code_refused"},
		{"an expired link", func(w *world, owner account.Grant, chat account.Viewer) error {
			l, err := w.OfferLink(w.t.Context(), chat, "k")
			if err != nil {
				return err
			}
			w.clock.Add(10 * time.Minute)
			_, err = w.OpenLink(w.t.Context(), owner.Viewer, l.Token, "k")
			return err
		}, "account.link_gone"},
		{"a made-up link", func(w *world, owner account.Grant, _ account.Viewer) error {
			_, err := w.OpenLink(w.t.Context(), owner.Viewer, strings.Repeat("A", 43), "k")
			return err
		}, "account.link_gone"},
		{"a link opened by a chat", func(w *world, _ account.Grant, chat account.Viewer) error {
			l, err := w.OfferLink(w.t.Context(), chat, "k")
			if err != nil {
				return err
			}
			_, err = w.OpenLink(w.t.Context(), chat, l.Token, "k")
			return err
		}, "account.signed_out"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			owner := w.signIn(phone)
			chat := w.meet(onZalo, "")
			if got := key(tt.do(w, owner, chat)); got != tt.want {
				t.Errorf("refused with %q, want %q", got, tt.want)
			}
			if v := w.meet(onZalo, ""); v.SignedIn() || !reflect.DeepEqual(v.Subjects, chat.Subjects) {
				t.Errorf("the chat became %+v", v)
			}
			if slices.Contains(w.session(w.signIn(phone)).Subjects, chat.Subject) {
				t.Error("the account got what the chat made")
			}
			if codes := []string{"code_wrong", "code_ended", "link_code_refused", "link_gone"}; slices.Contains(codes, strings.TrimPrefix(tt.want, "account.")) {
				all := append(w.events(chat), w.events(owner.Viewer)...)
				if !slices.ContainsFunc(all, func(e string) bool { return strings.HasPrefix(e, "refused ") }) {
					t.Errorf("nobody can see that this was tried: %v", all)
				}
			}
		})
	}
}

func TestTypedCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	c, err := w.OfferCode(t.Context(), g.Viewer, "k")
	if err != nil || len(c.Code) != 8 {
		t.Fatalf("got %+v, %v", c, err)
	}
	if again, err := w.OfferCode(t.Context(), g.Viewer, "k"); err != nil || again != c {
		t.Errorf("repeat: %+v, %v", again, err)
	}
	if next, err := w.OfferCode(t.Context(), g.Viewer, "k2"); err != nil || next.Code == c.Code {
		t.Errorf("another key: %+v, %v", next, err)
	}
	for _, r := range w.rows("link_offers") {
		if bytes.Contains(r.Doc, []byte(c.Code)) || strings.Contains(r.ID, c.Code) {
			t.Error("the store can be read for codes")
		}
	}
	guest := w.meet(onZalo, "")
	written := strings.ToLower(strings.NewReplacer("0", "O", "1", "l").Replace(account.GroupCode(c.Code)))
	l, err := w.TakeCode(t.Context(), guest, " "+written+" ", "k")
	if err != nil || l.Account != g.Account {
		t.Fatalf("got %+v, %v", l, err)
	}
	v := w.meet(onZalo, "")
	if again, err := w.TakeCode(t.Context(), v, c.Code, "k"); err != nil || again != l {
		t.Errorf("repeat after the link: %+v, %v", again, err)
	}
	if _, err := w.TakeCode(t.Context(), v, "7K3M9QXD", "k"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("same key, other code: %v", err)
	}
	if _, err := w.OfferCode(t.Context(), guest, "k"); fault.CodeOf(err) != fault.Unauthorized {
		t.Errorf("a guest offers a code: %v", err)
	}
	if _, err := w.TakeCode(t.Context(), g.Viewer, c.Code, "k"); key(err) != "account.chat_only" {
		t.Errorf("typed in the app: %v", err)
	}
}

// TestLinkProvesBothSides goes the whole way: link in the chat, opened in the app, code typed in the chat.
func TestLinkProvesBothSides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	owner, thief := w.signIn(phone), w.signIn(phone2)
	chat := w.meet(onZalo, "")
	l, err := w.OfferLink(ctx, chat, "k")
	if err != nil || len(l.Token) != 43 {
		t.Fatalf("got %+v, %v", l, err)
	}
	if again, err := w.OfferLink(ctx, chat, "k"); err != nil || again != l {
		t.Errorf("repeat: %+v, %v", again, err)
	}
	o, err := w.OpenLink(ctx, owner.Viewer, l.Token, "k")
	if err != nil || o.Network != "zalo" || o.Name != "Zalo" || o.Conflict || !o.ExpiresAt.Equal(l.ExpiresAt) {
		t.Fatalf("got %+v, %v", o, err)
	}
	if again, err := w.OpenLink(ctx, owner.Viewer, l.Token, "other"); err != nil || again != o {
		t.Errorf("opened again: %+v, %v", again, err)
	}
	if _, err := w.OpenLink(ctx, thief.Viewer, l.Token, "k"); key(err) != "account.link_gone" || fault.CodeOf(err) != fault.NotFound {
		t.Errorf("another account opens it: %v", err)
	}
	if got := w.events(chat); !slices.Equal(got, []string{"refused other_account"}) {
		t.Errorf("the chat's owner sees %v", got)
	}
	if _, err := w.TakeCode(ctx, w.meet(onZalo2, ""), o.Code, "k"); key(err) != "account.link_code_refused" {
		t.Errorf("typed in another chat: %v", err)
	}
	linked, err := w.TakeCode(ctx, chat, o.Code, "k")
	if err != nil || linked.Account != owner.Account {
		t.Fatalf("got %+v, %v", linked, err)
	}
	if _, err := w.OpenLink(ctx, owner.Viewer, l.Token, "k3"); key(err) != "account.link_gone" {
		t.Errorf("opened after it was used: %v", err)
	}
	if _, err := w.TakeCode(ctx, w.meet(onZalo, ""), o.Code, "replay"); key(err) != "account.link_code_refused" {
		t.Errorf("typed again: %v", err)
	}
	for _, kind := range []string{"link_tokens", "link_offers"} {
		for _, r := range w.rows(kind) {
			if bytes.Contains(r.Doc, []byte(l.Token)) || strings.Contains(r.ID, l.Token) || bytes.Contains(r.Doc, []byte(o.Code)) {
				t.Errorf("%s can be read", kind)
			}
		}
	}
}

// TestLinkCodeTriesEnd lets other chats try the code of a link: it ends before they could get anywhere, also for the right chat.
func TestLinkCodeTriesEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, chat := w.signIn(phone), w.meet(onZalo, "")
	l, err := w.OfferLink(t.Context(), chat, "k")
	if err != nil {
		t.Fatal(err)
	}
	o, err := w.OpenLink(t.Context(), owner.Viewer, l.Token, "k")
	if err != nil {
		t.Fatal(err)
	}
	replicas := []*account.Accounts{w.Accounts, w.replica()}
	parallel(5, func(i int) {
		x := w.meet(account.Identity{Network: "web", User: fmt.Sprint(i)}, "")
		if _, err := replicas[i%2].TakeCode(t.Context(), x, o.Code, "k"); key(err) != "account.link_code_refused" {
			t.Errorf("%d: %v", i, err)
		}
	})
	if _, err := w.TakeCode(t.Context(), chat, o.Code, "k"); key(err) != "account.link_code_refused" {
		t.Errorf("after five tries by others: %v", err)
	}
}

// TestTriesAreStored counts tries by chat and by account, on two replicas and over a restart that forgets what is not stored.
func TestTriesAreStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.Code.SendsPerHour, c.Code.SendsPerDay = 12, 12 })
	chat, owner := w.meet(onZalo, ""), w.signIn(phone)
	replicas := []*account.Accounts{w.Accounts, w.replica()}
	parallel(10, func(i int) {
		if _, err := replicas[i%2].TakeCode(t.Context(), chat, fmt.Sprintf("7K3M9QX%d", i), ""); key(err) != "account.link_code_refused" {
			t.Errorf("try %d: %v", i, err)
		}
	})
	w.restart()
	c, err := w.OfferCode(t.Context(), owner.Viewer, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.TakeCode(t.Context(), chat, c.Code, ""); fault.CodeOf(err) != fault.RateLimited || fault.Of(err).RetryAfter <= 0 {
		t.Errorf("the eleventh try, with the right code: %v", err)
	}
	for i := range 19 {
		if _, err := w.OfferCode(t.Context(), owner.Viewer, fmt.Sprint("more", i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.OfferCode(t.Context(), owner.Viewer, "one too many"); fault.CodeOf(err) != fault.RateLimited {
		t.Errorf("the 21st code: %v", err)
	}
	if again, err := w.OfferCode(t.Context(), owner.Viewer, "k"); err != nil || again != c {
		t.Errorf("a repeat is no new code: %+v, %v", again, err)
	}
	w.clock.Add(24 * time.Hour)
	if _, err := w.TakeCode(t.Context(), chat, c.Code, ""); key(err) != "account.link_code_refused" {
		t.Errorf("a day later: %v", err)
	}
	for i := range 12 {
		if _, err := w.RequestChatCode(t.Context(), chat, fmt.Sprintf("09123456%02d", i), ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.RequestChatCode(t.Context(), chat, "0912345699", ""); fault.CodeOf(err) != fault.RateLimited {
		t.Errorf("the 13th message that a chat makes the city pay: %v", err)
	}
}

func TestDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	chat, owner, thief := w.meet(onZalo, ""), w.signIn(phone), w.signIn(phone2)
	d := account.Draft{App: "feedback", Action: "submit", Input: []byte(`{"description":"Đèn hỏng"}`), Case: "c"}
	token, end, err := w.SaveDraft(ctx, chat, d, "k")
	if err != nil || !end.Equal(w.clock.Now().Add(24*time.Hour)) {
		t.Fatalf("got %v, %v", end, err)
	}
	if again, _, err := w.SaveDraft(ctx, chat, d, "k"); err != nil || again != token {
		t.Errorf("repeat: %v", err)
	}
	if _, _, err := w.SaveDraft(ctx, chat, account.Draft{App: "feedback", Action: "submit"}, "k"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("same key, other form: %v", err)
	}
	if rows := w.rows("form_drafts"); len(rows) != 1 || bytes.Contains(rows[0].Doc, []byte("hỏng")) || strings.Contains(rows[0].ID, token) {
		t.Errorf("the store can be read: %v", rows)
	}
	if _, _, err := w.SaveDraft(ctx, w.meet(onMessenger, ""), d, "k"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a withdrawal takes along what began in that chat
		if err := w.Forget(ctx, onMessenger); err != nil || len(w.rows("form_drafts")) != 1 {
			t.Fatalf("%d forms are kept, %v", len(w.rows("form_drafts")), err)
		}
	}
	d.From = chat.Subject
	for _, sent := range []bool{false, false, true} {
		if d.Sent = sent; sent {
			if err := errors.Join(w.SentDraft(ctx, thief.Viewer, token), w.SentDraft(ctx, owner.Viewer, token), w.SentDraft(ctx, owner.Viewer, token)); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := w.OpenDraft(ctx, owner.Viewer, token); err != nil || !reflect.DeepEqual(got, d) {
			t.Fatalf("got %+v, %v", got, err)
		}
		if err := w.SentDraft(ctx, thief.Viewer, token); err != nil {
			t.Fatal(err)
		}
	}
	for name, err := range map[string]error{
		"another account": second(w.OpenDraft(ctx, thief.Viewer, token)), "made up": second(w.OpenDraft(ctx, owner.Viewer, token+"x")), "empty": second(w.OpenDraft(ctx, owner.Viewer, "")),
	} {
		if key(err) != "account.draft_gone" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.OpenDraft(ctx, chat, token); fault.CodeOf(err) != fault.Unauthorized {
		t.Errorf("in the chat: %v", err)
	}
	w.clock.Add(24 * time.Hour)
	if _, err := w.OpenDraft(ctx, owner.Viewer, token); key(err) != "account.draft_gone" {
		t.Errorf("a day later: %v", err)
	}
	w.clock.Add(2 * time.Hour)
	if _, err := store.SweepAll(ctx, w.store, w.clock.Now()); err != nil || len(w.rows("form_drafts")) != 0 {
		t.Errorf("forms stay for ever: %v", err)
	}
	if _, _, err := w.SaveDraft(ctx, chat, account.Draft{Input: []byte(`"` + strings.Repeat("x", 70<<10) + `"`)}, ""); key(err) != "account.draft_too_long" {
		t.Errorf("a long form: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }
