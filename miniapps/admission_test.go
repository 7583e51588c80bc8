package miniapps_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/miniapps"
)

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	guest := account.Viewer{}
	known := account.Viewer{Subject: "z1", Subjects: []string{"z1"}, Assurance: account.Guest} // known to a network only
	officer, dispatcher := citizen(), citizen()
	officer.Roles, dispatcher.Roles = []account.Role{account.Officer}, []account.Role{account.Dispatcher}
	eid := citizen()
	eid.Assurance = account.EID
	tests := []struct {
		name   string
		req    miniapps.Request
		change func(*miniapps.Action)
		code   fault.Code
		key    string
	}{
		{"unknown app", miniapps.Request{App: "none", Action: "write", Viewer: citizen()}, nil, fault.NotFound, "runner.no_app"},
		{"unknown action", miniapps.Request{App: "notes", Action: "none", Viewer: citizen()}, nil, fault.NotFound, "runner.no_action"},
		{"citizen writes", write("k"), nil, "", ""},
		{"guest reads what is open", miniapps.Request{App: "notes", Action: "kinds", Viewer: guest}, nil, "", ""},
		{"guest writes", with(write("k"), guest), nil, fault.Unauthorized, ""},
		{"guest sees no schema", with(miniapps.Request{App: "notes", Action: "write", Input: []byte(`{"x":1}`)}, guest), nil, fault.Unauthorized, ""},
		{"known to a network only", with(write("k"), known), nil, fault.Unauthorized, ""},
		{"guest writes where guests may, but has no subject", with(write("k"), guest), func(a *miniapps.Action) { a.Assurance = account.Guest }, fault.Unauthorized, ""},
		{"guest of a network writes where guests may", with(write("k"), known), func(a *miniapps.Action) { a.Assurance = account.Guest }, "", ""},
		{"phone where eID is needed", write("k"), func(a *miniapps.Action) { a.Assurance = account.EID }, fault.Forbidden, "runner.step_up"},
		{"eID where eID is needed", with(write("k"), eid), func(a *miniapps.Action) { a.Assurance = account.EID }, "", ""},
		{"citizen calls an action of staff", closing(citizen()), nil, fault.Forbidden, "runner.staff_only"},
		{"guest calls an action of staff", closing(guest), nil, fault.Unauthorized, ""},
		{"officer calls an action of dispatchers", closing(officer), nil, fault.Forbidden, "runner.other_role"},
		{"dispatcher", closing(dispatcher), nil, "", ""},
		{"officer writes as a citizen", with(write("k"), officer), nil, "", ""},
		{"dispatcher calls an action of the system", miniapps.Request{App: "notes", Action: "expire", Viewer: dispatcher, Key: "k"}, nil, fault.Forbidden, "runner.other_audience"},
		{"system", miniapps.Request{App: "notes", Action: "expire", System: "timer", Key: "k"}, nil, "", ""},
		{"system calls an action of citizens", miniapps.Request{App: "notes", Action: "write", System: "timer", Key: "k", Input: []byte(goodInput)}, nil, fault.Forbidden, "runner.other_audience"},
		{"case of another app", miniapps.Request{App: "notes", Action: "amend", Viewer: citizen(), Key: "k", Input: []byte(goodInput), Case: miniapps.CaseRef{App: "signs", ID: "1"}}, nil, fault.Invalid, "runner.other_case"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var rec recorder
			app := newStub(t, "notes", rec.do)
			if tt.change != nil {
				tt.change(&app.manifest.Actions[0])
			}
			g := newRig(t, limits(), nil, app)
			_, err := g.Run(t.Context(), tt.req)
			if got := fault.CodeOf(err); got != tt.code {
				t.Fatalf("got %v, want code %q", err, tt.code)
			}
			if err != nil && fault.Of(err).Key != tt.key {
				t.Errorf("got key %q, want %q", fault.Of(err).Key, tt.key)
			}
			if (len(rec.calls) > 0) != (tt.code == "") {
				t.Errorf("the app was called %d times", len(rec.calls))
			}
		})
	}
}

func with(r miniapps.Request, v account.Viewer) miniapps.Request {
	r.Viewer = v
	return r
}

func closing(v account.Viewer) miniapps.Request {
	return miniapps.Request{App: "notes", Action: "close", Viewer: v, Key: "k", Case: miniapps.CaseRef{ID: "1"}}
}

func TestKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key, want string
	}{
		{"missing", "", "runner.key_missing"},
		{"longest", strings.Repeat("k", 128), ""},
		{"too long", strings.Repeat("k", 129), "runner.key_too_long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newRig(t, limits(), nil, answers(t, miniapps.Result{}, nil)).Run(t.Context(), write(tt.key))
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			f := fault.Of(err)
			if f == nil || f.Code != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Key != tt.want || !slices.Equal(f.Fields[0].Path, []string{"idempotencyKey"}) {
				t.Errorf("got %v, want INVALID %s at idempotencyKey", err, tt.want)
			}
		})
	}
}

func TestScopeOfKey(t *testing.T) {
	t.Parallel()
	var rec recorder
	g := newRig(t, limits(), nil, newStub(t, "notes", rec.do), newStub(t, "signs", rec.do))
	key := func(change func(*miniapps.Request)) miniapps.Call {
		t.Helper()
		req := write("k")
		change(&req)
		if _, err := g.Run(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		return rec.last(t)
	}
	base := key(func(*miniapps.Request) {})
	if want := once.Scope(citizen().Subject, "notes", "write", "k"); base.Key != want {
		t.Errorf("got %q, want the scope %q", base.Key, want)
	}
	if got := key(func(r *miniapps.Request) { r.Viewer.Account = "survivor of a merge" }); got.Key != base.Key {
		t.Error("the account is part of the scope: a merge would make a repeat a second effect")
	}
	if got := key(func(r *miniapps.Request) { r.Viewer.Session, r.Viewer.Lang = "other", message.English }); got.Key != base.Key || got.InputHash != base.InputHash {
		t.Error("session or language is part of the scope")
	}
	if got := key(func(r *miniapps.Request) { r.Input = []byte("{ \"text\" :\"mua vé xe buýt\"}\n") }); got.InputHash != base.InputHash {
		t.Error("blanks are part of the input's hash")
	}
	if got := key(func(r *miniapps.Request) { r.Input = []byte(`{"text": "mua vé xe buýt", "kind": null}`) }); got.InputHash != base.InputHash {
		t.Error("a field with null is part of the input's hash")
	}
	others := map[string]func(*miniapps.Request){
		"subject": func(r *miniapps.Request) { r.Viewer.Subject = "other" },
		"app":     func(r *miniapps.Request) { r.App = "signs" },
		"key":     func(r *miniapps.Request) { r.Key = "l" },
		"action":  func(r *miniapps.Request) { r.Action = "amend" },
		"system": func(r *miniapps.Request) {
			*r = miniapps.Request{App: "notes", Action: "expire", System: "timer", Key: "k"}
		},
		"a person who calls itself the system": func(r *miniapps.Request) { r.Viewer.Subject = "system:timer" },
	}
	seen := map[string]string{base.Key: "base"}
	for name, change := range others {
		k := key(change).Key
		if seen[k] != "" {
			t.Errorf("%s and %s share a scope", name, seen[k])
		}
		seen[k] = name
	}
	if got := key(func(r *miniapps.Request) { r.Case.ID = "1" }); got.InputHash == base.InputHash || got.Key != base.Key {
		t.Error("another case is not another input")
	}
	if got := key(func(r *miniapps.Request) { r.Action, r.Input = "kinds", nil }); got.Key != "" {
		t.Error("a read-only action got a key")
	}
}

func TestCall(t *testing.T) {
	t.Parallel()
	var rec recorder
	at := time.Date(2026, 8, 3, 9, 0, 0, 0, time.FixedZone("", 7*3600))
	g := newRig(t, limits(), func(d *miniapps.Deps) { d.Now = func() time.Time { return at } }, newStub(t, "notes", rec.do))
	officer := citizen()
	officer.Roles, officer.Unit, officer.Lang = []account.Role{account.Dispatcher}, "u1", message.English

	req := with(write("k"), officer)
	req.Input, req.Case = []byte(`{"text": "một hai ba bốn", "text": "năm sáu bảy tám"}`), miniapps.CaseRef{ID: "7"}
	if _, err := g.Run(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	for i := range req.Input {
		req.Input[i] = 'x' // a server reuses its buffers
	}
	c := rec.last(t)
	if string(c.Input) != `{"text":"năm sáu bảy tám"}` {
		t.Errorf("got input %s", c.Input)
	}
	if c.Actor.Kind != miniapps.ByCitizen || c.Actor.Unit != "u1" || c.Citizen.Subject != officer.Subject || c.Citizen.Assurance != account.Phone {
		t.Errorf("an officer as a citizen: got %+v %+v", c.Actor, c.Citizen)
	}
	if c.Case != (miniapps.CaseRef{App: "notes", ID: "7"}) || c.Lang != message.English || c.Now.Location() != time.UTC || !c.Now.Equal(at) {
		t.Errorf("got %+v %s %s", c.Case, c.Lang, c.Now)
	}

	if _, err := g.Run(t.Context(), closing(officer)); err != nil {
		t.Fatal(err)
	}
	if c = rec.last(t); c.Actor.Kind != miniapps.ByStaff || c.Citizen.Subject != "" || string(c.Input) != "{}" {
		t.Errorf("an officer at work: got %+v %+v %s", c.Actor, c.Citizen, c.Input)
	}

	if _, err := g.Run(t.Context(), miniapps.Request{App: "notes", Action: "expire", System: "timer", Viewer: citizen(), Key: "k"}); err != nil {
		t.Fatal(err)
	}
	if c = rec.last(t); c.Actor.Kind != miniapps.BySystem || c.Actor.ID != "timer" || c.Actor.Roles != nil || c.Citizen.Subject != citizen().Subject {
		t.Errorf("the system for a citizen: got %+v %+v", c.Actor, c.Citizen)
	}
}

// data is a ledger of consents, an account's claims and a trail.
type data struct {
	granted map[string]bool
	err     error
	looks   []miniapps.Look
	lookErr error
}

func (d *data) Granted(_ context.Context, subject, app, claim, hash string) (bool, error) {
	return d.granted[subject+app+claim+hash], d.err
}

func (d *data) Claims(context.Context, account.Viewer, []string) (map[string]string, error) {
	return map[string]string{"phone": "0912", "name": "An"}, nil
}

func (d *data) Look(_ context.Context, l miniapps.Look) error {
	d.looks = append(d.looks, l)
	return d.lookErr
}

func TestConsent(t *testing.T) {
	t.Parallel()
	scope := miniapps.Scope{Claim: "phone", Purpose: message.Text{"vi": "Để gọi lại", "en": "To call back"}, Retention: "P1Y"}
	reworded := scope
	reworded.Purpose = message.Text{"vi": "Để quảng cáo", "en": "To advertise"}
	down := errors.New("ledger down")
	tests := []struct {
		name  string
		data  data
		code  fault.Code
		looks int
	}{
		{"granted", data{granted: map[string]bool{citizen().Subject + "notes" + "phone" + scope.Hash(): true}}, "", 1},
		{"not granted", data{}, fault.Forbidden, 0},
		{"granted for another purpose", data{granted: map[string]bool{citizen().Subject + "notes" + "phone" + reworded.Hash(): true}}, fault.Forbidden, 0},
		{"ledger fails", data{err: down}, fault.Internal, 0},
		{"no trace, no data", data{granted: map[string]bool{citizen().Subject + "notes" + "phone" + scope.Hash(): true}, lookErr: down}, fault.Internal, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var rec recorder
			app := newStub(t, "notes", rec.do)
			app.manifest.Actions[0].Scopes = []miniapps.Scope{scope}
			d := tt.data
			g := newRig(t, limits(), func(deps *miniapps.Deps) { deps.Consents, deps.Claims, deps.Trail = &d, &d, &d }, app)
			_, err := g.Run(t.Context(), write("k"))
			if fault.CodeOf(err) != tt.code || len(d.looks) != tt.looks {
				t.Fatalf("got %v and %d looks, want code %q and %d", err, len(d.looks), tt.code, tt.looks)
			}
			if tt.code != "" {
				if len(rec.calls) > 0 {
					t.Error("the app was called")
				}
				return
			}
			c := rec.last(t)
			if len(c.Citizen.Claims) != 1 || c.Citizen.Claims["phone"] != "0912" {
				t.Errorf("got claims %v, want the phone only", c.Citizen.Claims)
			}
			if l := d.looks[0]; l.Subject != citizen().Subject || l.ID != c.Key || !slices.Equal(l.Claims, []string{"phone"}) {
				t.Errorf("got look %+v", l)
			}
		})
	}
}

func TestConsentNeededSaysForWhat(t *testing.T) {
	t.Parallel()
	app := answers(t, miniapps.Result{}, nil)
	app.manifest.Actions[0].Scopes = []miniapps.Scope{{Claim: "name", Purpose: message.Text{"vi": "a", "en": "b"}, Retention: "P1D"}}
	g := newRig(t, limits(), func(d *miniapps.Deps) { d.Consents, d.Claims, d.Trail = &data{}, &data{}, &data{} }, app)
	_, err := g.Run(t.Context(), write("k"))
	f := fault.Of(err)
	got, _ := json.Marshal(f.Params)
	if f.Key != "runner.consent_needed" || string(got) != `{"action":"write","app":"notes","claims":["name"]}` {
		t.Errorf("got %s %s", f.Key, got)
	}
}
