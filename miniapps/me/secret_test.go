package me_test

import (
	"slices"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/me"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

// TestCodesAreSecret: whoever else reads the chat sees neither the codes that are shown nor those that are typed.
func TestCodesAreSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	res := w.must(w.linked(), "show_code", "k", nil)
	for _, b := range res.Blocks {
		if x, ok := b.(message.Words); !ok || !x.Secret {
			t.Errorf("%#v is no secret", b)
		}
	}
	c := miniapptest.NewRunner(t, nil, w.app).Catalogue()
	for _, a := range w.app.Manifest().Actions {
		in, ok := c.Input(me.ID, a.ID)
		for name, field := range in.Properties {
			if code := slices.Contains([]string{"code", "link"}, name); ok && code != miniapps.KeywordsOf(field).Secret {
				t.Errorf("%s: %s is a secret: %v", a.ID, name, !code)
			}
		}
	}
}
