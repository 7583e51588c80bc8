package main

import (
	"slices"
	"testing"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/notify"
)

// TestForgottenDevicesGetNoPush has people whose chat is forgotten: what was registered for the chat is gone with it, from the topics of the network too, and what
// an account has, which the chat was linked to, stays.
func TestForgottenDevicesGetNoPush(t *testing.T) {
	leaktest.Check(t)
	for name, linked := range map[string]bool{"a guest": false, "linked to an account": true} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, forenoon)
			ctx := t.Context()
			const hello = "xin chào thành phố"
			w.says("zalo", "Rút", hello)
			chat := w.guest(hello)
			areas := []string{w.system.city.Wards()[0].Code}
			_, err := w.notices.SetPreferences(ctx, chat, notify.Patch{Areas: &areas}, "")
			must(t, err)
			w.owns(chat, "fcm", "chat phone")
			want := []string{"chat phone"}
			if linked {
				owner := w.citizen("0912345677")
				w.joins(owner, hello)
				w.owns(owner, "fcm", "account phone")
				want = append(want, "account phone")
			}
			w.pass()
			for _, phone := range want {
				if got := w.city.FCM.Topics(phone); !slices.Contains(got, "city") {
					t.Fatalf("%s follows %v", phone, got)
				}
			}
			for range 2 { // a repeat finds nothing more
				must(t, w.forget(ctx, w.guest(hello), w.heard[hello]))
			}
			w.pass()
			if got := w.city.FCM.Topics("chat phone"); len(got) != 0 {
				t.Errorf("the chat's phone still follows %v", got)
			}
			if got := w.city.FCM.Topics("account phone"); linked && !slices.Contains(got, "city") {
				t.Errorf("the account's phone follows %v", got)
			}
			left, err := w.devices.List(ctx, account.Viewer{Subject: chat.Subject, Subjects: []string{chat.Subject}})
			must(t, err)
			if len(left) != 0 {
				t.Errorf("the chat still has %+v", left)
			}
		})
	}
}
