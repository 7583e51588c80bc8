package miniapps_test

import (
	"testing"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/miniapps"
)

// TestALinkDoesNotChangeKeys makes the same call before and after a chat was linked with an account: it is still the same call, and what it makes is the
// account's.
func TestALinkDoesNotChangeKeys(t *testing.T) {
	t.Parallel()
	var rec recorder
	r := newRig(t, limits(), nil, newStub(t, "notes", rec.do))
	guest := account.Viewer{Subject: "g", Subjects: []string{"g"}, Identity: "i", Assurance: account.Phone}
	linked := account.Viewer{Account: "a", Subject: "a", Subjects: []string{"a", "g"}, Scope: "g", Identity: "i", Assurance: account.Phone}
	var calls []miniapps.Call
	for _, v := range []account.Viewer{guest, linked} {
		req := write("k")
		req.Viewer = v
		if _, err := r.Run(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, rec.last(t))
	}
	before, after := calls[0], calls[1]
	if before.Key != after.Key || before.Citizen.Scope != "g" || after.Citizen.Scope != "g" {
		t.Errorf("the key went from %s (%s) to %s (%s)", before.Key, before.Citizen.Scope, after.Key, after.Citizen.Scope)
	}
	if after.Citizen.Subject != "a" || after.Actor.ID != "a" || after.Citizen.Identity != "i" {
		t.Errorf("a linked chat makes things as %+v", after.Citizen)
	}
}
