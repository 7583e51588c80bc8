package me_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	miniapptest.Run(t, func(t *testing.T) miniapptest.Fixture {
		t.Helper()
		w := newWorld(t)
		return miniapptest.Fixture{App: w.app, Samples: w.samples(), Fingerprint: w.fingerprint, Count: w.count, Now: w.clock.Now}
	})
}

// fingerprint describes every document but the counts of tries: trying the same again is a try.
func (w *world) fingerprint(ctx context.Context) (string, error) {
	out := ""
	err := w.each(ctx, func(kind, id string, version int64) {
		if kind != "otp_phones" && kind != "link_counts" {
			out += fmt.Sprintln(kind, id, version)
		}
	})
	return out, err
}

// count counts what calls make. Counters and records of tries are not things.
func (w *world) count(ctx context.Context) (int, error) {
	n := 0
	err := w.each(ctx, func(kind, _ string, _ int64) {
		switch kind {
		case "merges", "link_offers", "link_tokens", "form_drafts", "otp_challenges", "recoveries", "accounts":
			n++
		}
	})
	return n, err
}

func (w *world) samples() []miniapptest.Sample {
	as := func(v func() account.Viewer, input func() (string, string)) func(testing.TB, miniapptest.Do, *miniapptest.Sample) {
		return func(_ testing.TB, _ miniapptest.Do, s *miniapptest.Sample) {
			s.Viewer = v()
			if input != nil {
				s.Input, s.Other = input()
			}
		}
	}
	fixed := func(in, other string) func() (string, string) { return func() (string, string) { return in, other } }
	challenge := func(number string) func() (string, string) {
		return func() (string, string) {
			id, code := w.ask(w.guest(), number)
			return fmt.Sprintf(`{"challenge": %q, "code": %q}`, id, code), ""
		}
	}
	typed := func() (string, string) {
		return fmt.Sprintf(`{"code": %q}`, w.offer()), fmt.Sprintf(`{"code": %q}`, w.offer())
	}
	answers := func() (string, string) { return fmt.Sprintf(`{"answers": {"code": %q}}`, w.offer()), "" }
	return []miniapptest.Sample{
		{Action: "signin", Prepare: as(w.guest, fixed(`{"phone": "0912 345 678"}`, `{"phone": "0987 654 321"}`))},
		{Name: "signed in", Action: "signin", Prepare: as(w.linked, fixed(`{"phone": "0912 345 678"}`, ""))},
		{Action: "code", Prepare: as(w.guest, challenge(phone))},
		{Name: "code that has ended", Action: "code", Prepare: as(w.guest, fixed(`{"challenge": "0197c5f0-0000-7000-8000-00000000c171", "code": "123456"}`, ""))},
		{Action: "link_code", Prepare: as(w.guest, typed)},
		{Action: "link_join", Prepare: as(w.guest, typed)},
		{Action: "check_code", Prepare: as(w.guest, answers)},
		{Action: "check_join", Prepare: as(w.linked, answers)},
		{Action: "join_code", Prepare: as(w.linked, func() (string, string) {
			link := w.offer()
			c, err := w.accounts.RequestJoinCode(w.t.Context(), w.linked(), "")
			if err != nil {
				w.t.Fatal(err)
			}
			return fmt.Sprintf(`{"link": %q, "challenge": %q, "code": %q}`, link, c.ID, w.code()), ""
		})},
		{Action: "link", Prepare: as(w.guest, nil)},
		{Action: "show_code", Prepare: as(w.linked, nil)},
		{Action: "join", Prepare: as(w.linked, typed)},
		{Action: "accounts", Prepare: as(w.linked, nil)},
		{Action: "linked", Prepare: as(w.linked, fixed(`{"answers": {}}`, ""))},
		{Name: "linked, of a guest", Action: "linked", Prepare: as(w.guest, nil)},
		{Action: "unlink", Prepare: as(w.linked, func() (string, string) { return fmt.Sprintf(`{"entry": %q}`, w.entry(w.linked())), "" })},
		{Name: "unlink, of a guest", Action: "unlink", Prepare: as(w.guest, fixed(`{"entry": "link:x"}`, ""))},
		{Action: "recover", Prepare: as(w.linked, fixed(`{"phone": "0987 654 321"}`, ""))},
		{Action: "recover_code", Prepare: as(w.linked, func() (string, string) {
			id, code := w.ask(w.linked(), phone2)
			return fmt.Sprintf(`{"challenge": %q, "code": %q}`, id, code), ""
		})},
		{Action: "cancel_recovery", Prepare: as(w.linked, func() (string, string) { w.recovery(); return "", "" })},
		{Action: "continue", Prepare: as(w.guest, fixed(
			`{"app": "feedback", "action": "submit", "input": {"description": "Đèn hỏng", "place": {"lat": 20.8}}, "case": {"app": "feedback", "id": "c"}}`,
			`{"app": "feedback", "action": "submit"}`,
		))},
		{Action: "check", Prepare: as(w.guest, fixed(`{"answers": {"phone": "0912 345 678", "other": 3}}`, ""))},
	}
}
