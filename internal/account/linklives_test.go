package account_test

import (
	"context"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

func TestLinksLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, chat := t.Context(), w.meet(onZalo, "")
	link, err := w.OfferLink(ctx, chat, "k")
	if err != nil {
		t.Fatal(err)
	}
	form, end, err := w.SaveDraft(ctx, chat, account.Draft{App: "feedback", Action: "submit"}, "k")
	if err != nil {
		t.Fatal(err)
	}
	want := func(why string, lives func(context.Context, string) error, token string, code fault.Code) {
		t.Helper()
		if err := lives(ctx, token); fault.CodeOf(err) != code {
			t.Errorf("%s: got %v, want %q", why, err, code)
		}
	}
	want("link", w.LinkLives, link.Token, "")
	want("form", w.FormLives, form, "")
	want("a form's token is no link's", w.LinkLives, form, fault.NotFound)
	want("no token", w.LinkLives, "", fault.NotFound)
	want("another", w.FormLives, link.Token[:42]+"x", fault.NotFound)
	w.clock.Add(link.ExpiresAt.Sub(w.clock.Now()))
	want("link that is over", w.LinkLives, link.Token, fault.NotFound)
	want("form that is not", w.FormLives, form, "")
	w.clock.Add(end.Sub(w.clock.Now()) + time.Second)
	want("form that is over", w.FormLives, form, fault.NotFound)
}
