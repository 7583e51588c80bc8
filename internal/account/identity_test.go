package account_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store"
)

const chatter = "3000000000000000003" // a user id on a network

var onZalo = account.Identity{Network: "zalo", Account: "2000000000000000002", User: chatter}

// meet gives the viewer of an identity.
func (w *world) meet(who account.Identity, lang message.Lang) account.Viewer {
	w.t.Helper()
	v, err := w.Guest(w.t.Context(), who, lang)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// rows gives all documents of a kind.
func (w *world) rows(kind string) []store.Row {
	w.t.Helper()
	var out []store.Row
	for r, err := range store.Rows(w.t.Context(), w.store, kind, "") {
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func TestGuest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.meet(onZalo, message.English)
	if v.Subject == "" || v.Account != "" || v.SignedIn() || v.IsStaff() || v.Session != "" || v.Assurance != account.Guest || v.Lang != message.English {
		t.Errorf("got %+v", v)
	}
	if !v.Owns(v.Subject) || len(v.Subjects) != 1 {
		t.Errorf("a guest must own what they make: %+v", v)
	}
	if again := w.meet(onZalo, ""); !reflect.DeepEqual(again, v) {
		t.Errorf("the next message came from %+v, want %+v", again, v)
	}
	w.restart()
	if again := w.meet(onZalo, "fr"); !reflect.DeepEqual(again, v) {
		t.Errorf("after a restart: %+v", again)
	}
	if again := w.meet(onZalo, message.Vietnamese); again.Subject != v.Subject || again.Lang != message.Vietnamese {
		t.Errorf("in another language: %+v", again)
	}
	if again := w.meet(onZalo, ""); again.Lang != message.Vietnamese {
		t.Errorf("the language was not remembered: %+v", again)
	}
	seen := map[string]account.Identity{v.Subject: onZalo}
	for _, who := range []account.Identity{
		{Network: "zalo", Account: "1", User: chatter}, {Network: "messenger", Account: onZalo.Account, User: chatter},
		{Network: "zalo", Account: onZalo.Account, User: "4"}, {Network: "zalo", User: onZalo.Account + chatter},
	} {
		other := w.meet(who, "")
		if twin, taken := seen[other.Subject]; taken {
			t.Errorf("%v and %v are taken for one", who, twin)
		}
		if other.Lang != message.Vietnamese {
			t.Errorf("language of a new one: %q", other.Lang)
		}
		seen[other.Subject] = who
	}
	for _, who := range []account.Identity{{}, {Network: "zalo", Account: "1"}, {Account: "1", User: "1"}} {
		if _, err := w.Guest(t.Context(), who, ""); fault.CodeOf(err) != fault.Internal {
			t.Errorf("%v: %v", who, err)
		}
	}
}

// TestGuestHasNoPersonalData proves that the id on the network is nowhere to be read, and that a guest has nothing that an account has.
func TestGuestHasNoPersonalData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.meet(onZalo, "")
	rows := w.rows("identities")
	if len(rows) != 1 || bytes.Contains(rows[0].Doc, []byte(chatter)) || strings.Contains(rows[0].ID, chatter) {
		t.Errorf("the store can be read: %v", rows)
	}
	sealed := rows[0].Doc.Lookup("user")
	_, data, _ := sealed.BinaryOK()
	if plain, err := w.box.Unseal(data, "account identity/"+rows[0].ID); err != nil || string(plain) != chatter {
		t.Errorf("the address is lost: %q, %v", plain, err)
	}
	if strings.Contains(w.log.String(), chatter) {
		t.Error("the log holds the id")
	}
	if names, err := w.Names(t.Context(), []string{v.Subject}); err != nil || len(names) != 0 {
		t.Errorf("names: %v, %v", names, err)
	}
	if claims, err := w.Claims(t.Context(), v, []string{"name", "phone"}); err != nil || claims == nil || len(claims) != 0 {
		t.Errorf("claims: %v, %v", claims, err)
	}
	for what, f := range map[string]func() error{
		"me":        func() error { _, err := w.Me(t.Context(), v); return err },
		"update me": func() error { _, err := w.UpdateMe(t.Context(), v, account.Patch{}, "k"); return err },
		"phone":     func() error { _, err := w.ChangePhone(t.Context(), v, "c", "123456", "k"); return err },
		"sessions":  func() error { _, err := w.Sessions(t.Context(), v); return err },
	} {
		if err := f(); fault.CodeOf(err) != fault.Unauthorized {
			t.Errorf("%s: got %v, want UNAUTHORIZED", what, err)
		}
	}
}

func TestManyFirstMessagesMakeOneGuest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	replicas := []*account.Accounts{w.Accounts, w.replica()}
	subjects := make([]string, 20)
	parallel(len(subjects), func(i int) {
		v, err := replicas[i%2].Guest(t.Context(), onZalo, "")
		if err != nil {
			t.Error(err)
		}
		subjects[i] = v.Subject
	})
	for _, s := range subjects {
		if s == "" || s != subjects[0] {
			t.Fatalf("one person became %v", subjects)
		}
	}
	if n := len(w.rows("identities")); n != 1 {
		t.Errorf("%d documents", n)
	}
}

func TestGuestIsKnownAfterTheKeysChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.meet(onZalo, "")
	for _, rotate := range []func([]byte) ([]byte, error){secret.Replace, secret.Rotate, secret.Replace} {
		var err error
		if w.keys, err = rotate(w.keys); err != nil {
			t.Fatal(err)
		}
		w.unlock()
		w.restart()
		if again := w.meet(onZalo, ""); again.Subject != v.Subject {
			t.Fatal("a new key made another person")
		}
	}
	if n := len(w.rows("identities")); n != 1 {
		t.Errorf("%d documents", n)
	}
}

func TestKilledWhileMeeting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life.EndAt(1, true)
	if _, err := w.Guest(t.Context(), onZalo, ""); fault.CodeOf(err) != fault.Unavailable {
		t.Fatalf("got %v", err)
	}
	w.restart()
	w.meet(onZalo, "")
	if n := len(w.rows("identities")); n != 1 {
		t.Errorf("%d documents", n)
	}
}

func TestMeetingCostsLittle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	writes := w.life.Writes()
	w.meet(onZalo, "")
	calls := w.life.Calls()
	w.clock.Add(29 * 24 * time.Hour)
	w.meet(onZalo, message.Vietnamese)
	if calls, writes := w.life.Calls()-calls, w.life.Writes()-writes; calls != 1 || writes != 1 {
		t.Errorf("%d calls of the store, %d writes in all; want one read, and no write but the first", calls, writes)
	}
	w.clock.Add(24 * time.Hour)
	w.meet(onZalo, "")
	if n := w.life.Writes() - writes; n != 2 {
		t.Errorf("%d writes: a month later one remembers that somebody was there", n)
	}
}

// TestMeetingALinkedChatCostsLittle bounds what a message costs whose sender has an account: two reads.
func TestMeetingALinkedChatCostsLittle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLink(w.meet(onZalo, ""), phone)
	calls, writes := w.life.Calls(), w.life.Writes()
	w.meet(onZalo, "")
	if calls, writes := w.life.Calls()-calls, w.life.Writes()-writes; calls != 2 || writes != 0 {
		t.Errorf("%d calls of the store, %d of them writes; want two reads", calls, writes)
	}
}

func TestGuestIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.GuestRetention = 1440 * time.Hour })
	v := w.meet(onZalo, "")
	left := func() int {
		if _, err := store.SweepAll(t.Context(), w.store, w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		return len(w.rows("identities"))
	}
	w.clock.Add(31 * 24 * time.Hour)
	w.meet(onZalo, "")
	w.clock.Add(59 * 24 * time.Hour)
	if left() != 1 {
		t.Error("somebody seen 59 days ago was forgotten")
	}
	w.clock.Add(2 * 24 * time.Hour)
	if left() != 0 {
		t.Error("somebody seen 61 days ago is remembered")
	}
	if again := w.meet(onZalo, ""); again.Subject == v.Subject {
		t.Error("somebody forgotten came back as before")
	}
}
