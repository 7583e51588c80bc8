package account_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/store/storetest"
)

func ptr[T any](v T) *T { return &v }

func TestUpdateMe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	v := w.signIn(phone).Viewer
	tests := []struct {
		name  string
		patch account.Patch
		want  string // display name afterwards
		field string // of the error; "" for none
	}{
		{"name", account.Patch{DisplayName: ptr("  Nguyễn   Thị Lan ")}, "Nguyễn Thị Lan", ""},
		{"decomposed letters", account.Patch{DisplayName: ptr("Nguye\u0302\u0303n")}, "Nguyễn", ""},
		{"nothing", account.Patch{}, "Nguyễn", ""},
		{"80 letters", account.Patch{DisplayName: ptr(strings.Repeat("ễ", 80))}, strings.Repeat("ễ", 80), ""},
		{"81 letters", account.Patch{DisplayName: ptr(strings.Repeat("ễ", 81))}, strings.Repeat("ễ", 80), "displayName"},
		{"a megabyte", account.Patch{DisplayName: ptr(strings.Repeat("x", 1<<20))}, strings.Repeat("ễ", 80), "displayName"},
		{"turns the text around", account.Patch{DisplayName: ptr("Lan\u202eevil")}, strings.Repeat("ễ", 80), "displayName"},
		{"unseen", account.Patch{DisplayName: ptr("Lan\u200b\x00")}, strings.Repeat("ễ", 80), "displayName"},
		{"no text", account.Patch{DisplayName: ptr("Lan\xff")}, strings.Repeat("ễ", 80), "displayName"},
		{"unknown language", account.Patch{Lang: ptr(message.Lang("fr"))}, strings.Repeat("ễ", 80), "language"},
		{"removed", account.Patch{DisplayName: ptr("")}, "", ""},
	}
	for _, tt := range tests {
		_, err := w.UpdateMe(ctx, v, tt.patch, "")
		field := ""
		if f := fault.Of(err); f != nil && len(f.Fields) > 0 {
			field = f.Fields[0].Path[0]
		}
		if field != tt.field || tt.field == "" && err != nil {
			t.Errorf("%s: got %v, want field %q", tt.name, err, tt.field)
		}
		if p, err := w.Me(ctx, v); err != nil || p.DisplayName != tt.want {
			t.Errorf("%s: name %q, %v; want %q", tt.name, p.DisplayName, err, tt.want)
		}
	}
	if p, err := w.UpdateMe(ctx, v, account.Patch{Lang: ptr(message.English)}, ""); err != nil || p.Lang != message.English {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := w.UpdateMe(ctx, account.Viewer{}, account.Patch{}, ""); fault.CodeOf(err) != fault.Unauthorized {
		t.Errorf("guest: got %v", err)
	}
	if _, err := w.UpdateMe(ctx, v, account.Patch{}, strings.Repeat("k", 129)); key(err) != "account.key_too_long" {
		t.Errorf("long key: got %v", err)
	}
}

func TestUpdateMeTwiceIsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	v := w.signIn(phone).Viewer
	lan, hoa := account.Patch{DisplayName: ptr("Lan")}, account.Patch{DisplayName: ptr("Hoa")}
	for i, step := range []struct {
		patch account.Patch
		key   string
		want  string
		code  fault.Code
	}{{lan, "1", "Lan", ""}, {hoa, "2", "Hoa", ""}, {lan, "1", "Hoa", ""}, {hoa, "1", "Hoa", fault.Conflict}, {lan, "3", "Lan", ""}} {
		_, err := w.UpdateMe(ctx, v, step.patch, step.key)
		p, _ := w.Me(ctx, v)
		if fault.CodeOf(err) != step.code || p.DisplayName != step.want {
			t.Errorf("step %d: name %q, %v; want %q", i, p.DisplayName, err, step.want)
		}
	}
}

func TestNamesAndClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b := w.signIn(phone).Viewer, w.signIn(phone2).Viewer
	if _, err := w.UpdateMe(ctx, a, account.Patch{DisplayName: ptr("Lan")}, ""); err != nil {
		t.Fatal(err)
	}
	names, err := w.Names(ctx, []string{a.Account, b.Account, "no-such"})
	if err != nil || len(names) != 1 || names[a.Account] != "Lan" {
		t.Errorf("got %v, %v", names, err)
	}
	claims, err := w.Claims(ctx, a, []string{"phone", "name", "income"})
	if err != nil || len(claims) != 2 || claims["phone"] != "+84912345678" || claims["name"] != "Lan" {
		t.Errorf("got %v, %v", claims, err)
	}
	if claims, err = w.Claims(ctx, a, []string{"name"}); err != nil || len(claims) != 1 {
		t.Errorf("got more than was asked for: %v, %v", claims, err)
	}
	if _, err := w.Claims(ctx, account.Viewer{}, []string{"phone"}); fault.CodeOf(err) != fault.Unauthorized {
		t.Errorf("guest: got %v", err)
	}
}

func TestStaff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	g := w.signIn(phone)
	for name, tt := range map[string]struct {
		roles []account.Role
		unit  string
	}{"no role": {nil, "u"}, "unknown role": {[]account.Role{"king"}, "u"}, "officer without unit": {[]account.Role{account.Officer}, ""}} {
		if _, err := w.AddStaff(ctx, phone, tt.roles, tt.unit); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := w.AddStaff(ctx, phone, []account.Role{account.Officer}, "ward-1"); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(time.Second)
	if _, err := w.AddStaff(ctx, phone2, []account.Role{account.Dispatcher}, ""); err != nil {
		t.Fatal(err)
	}
	v, err := w.Authenticate(ctx, g.AccessToken) // the token from before
	if err != nil || !v.Has(account.Officer) || v.Unit != "ward-1" {
		t.Errorf("roles are not read anew: %+v, %v", v, err)
	}
	if got := w.signIn(phone2).Viewer; !got.Has(account.Dispatcher) {
		t.Error("a phone that had no account was not made staff")
	}
	list, err := w.ListStaff(ctx)
	if err != nil || len(list) != 2 || list[0].ID != g.Account || list[0].MaskedPhone != "091••••678" {
		t.Errorf("got %+v, %v", list, err)
	}
	w.clock.Add(12 * time.Hour)
	if w.in(g) {
		t.Error("a member of staff is signed in for longer than a working day")
	}
	_, err = w.refresh(g.RefreshToken, "")
	refusedToken(t, "a member of staff refreshes after a working day", err)
	g = w.signIn(phone)
	if err := w.RemoveStaff(ctx, phone); err != nil {
		t.Fatal(err)
	}
	if v, err := w.Authenticate(ctx, g.AccessToken); err != nil || v.IsStaff() || v.Unit != "" {
		t.Errorf("after removal: %+v, %v", v, err)
	}
	if list, _ := w.ListStaff(ctx); len(list) != 1 {
		t.Errorf("%d members, want 1", len(list))
	}
}

func TestReadContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	citizen := w.signIn(phone)
	if _, err := w.UpdateMe(ctx, citizen.Viewer, account.Patch{DisplayName: ptr("Lan")}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddStaff(ctx, phone2, []account.Role{account.Officer}, "ward-1"); err != nil {
		t.Fatal(err)
	}
	officer := w.signIn(phone2).Viewer
	c, err := w.ReadContact(ctx, officer, citizen.Account, "gọi lại về phản ánh", "case-1")
	if err != nil || c != (account.Contact{Name: "Lan", Phone: "+84912345678"}) {
		t.Errorf("got %+v, %v", c, err)
	}
	if len(w.looks.all) != 1 {
		t.Fatalf("%d records, want 1", len(w.looks.all))
	}
	if l := w.looks.all[0]; l.Subject != citizen.Account || l.Actor != officer.Account || l.Unit != "ward-1" || l.Purpose != "gọi lại về phản ánh" || l.Case != "case-1" || len(l.Claims) != 2 || l.At.IsZero() {
		t.Errorf("record %+v", l)
	}
	w.looks.err = fault.Wrap(fault.Unavailable, errors.New("down"))
	for name, tt := range map[string]struct {
		who              account.Viewer
		subject, purpose string
		want             fault.Code
	}{
		"record fails": {officer, citizen.Account, "why", fault.Unavailable}, "citizen": {citizen.Viewer, citizen.Account, "why", fault.Forbidden},
		"guest": {account.Viewer{}, citizen.Account, "why", fault.Forbidden}, "no purpose": {officer, citizen.Account, " ", fault.Invalid},
		"purpose that says nothing": {officer, citizen.Account, "x\u200b\u200b", fault.Invalid},
		"endless purpose":           {officer, citizen.Account, strings.Repeat("vì", 101), fault.Invalid},
		"nobody":                    {officer, "no-such", "why", fault.NotFound},
	} {
		c, err := w.ReadContact(ctx, tt.who, tt.subject, tt.purpose, "")
		if fault.CodeOf(err) != tt.want || c != (account.Contact{}) {
			t.Errorf("%s: got %+v, %v; want %s and nothing shown", name, c, err, tt.want)
		}
	}
}

func TestAddCitizen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := w.AddCitizen(t.Context(), phone, "Lan", "vi")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.AddCitizen(t.Context(), phone, "Hoa", "vi"); err != nil || again != id {
		t.Errorf("got %s, %v", again, err)
	}
	g := w.signIn(phone)
	if p, err := w.Me(t.Context(), g.Viewer); err != nil || p.ID != id || p.DisplayName != "Lan" {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestSMSHandler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask(phone)
	in := w.mail.intents[0]
	p := &phones{outcome: channels.Outcome{Status: channels.Later, Retry: 7 * time.Second}}
	handle := w.SMSHandler(p)
	if f := fault.Of(handle(t.Context(), in)); f.Code != fault.Unavailable || f.RetryAfter != 7*time.Second {
		t.Errorf("later: got %v", f)
	}
	reason := func(in outbox.Intent) string { return handle(t.Context(), in).Error() }
	p.outcome = channels.Outcome{Status: channels.Never, Reason: "blocked_recipient"}
	if got := reason(in); !strings.Contains(got, "blocked_recipient") {
		t.Errorf("never: got %q", got)
	}
	moved := in
	moved.ID = "code-other"
	if got := reason(moved); !strings.Contains(got, "sealed") {
		t.Errorf("payload of another intent: got %q", got)
	}
	before := len(p.got)
	w.clock.Add(5 * time.Minute)
	if got := reason(in); !strings.Contains(got, "expired") || len(p.got) != before {
		t.Errorf("ended code: got %q, sent %d", got, len(p.got)-before)
	}
}

// TestNothingPersonalIsStoredOrLogged goes through everything and then looks for it in the files and the log.
func TestNothingPersonalIsStoredOrLogged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := newWorldOn(t, storetest.OnFilesIn(t, dir))
	ctx := t.Context()
	c, code := w.ask(phone)
	g, err := w.VerifyOTP(ctx, account.VerifyRequest{ChallengeID: c.ID, Code: code, Device: "device-1", DeviceName: "Máy của Lan", Key: "key-of-client"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.UpdateMe(ctx, g.Viewer, account.Patch{DisplayName: ptr("Hoàng Thị Lan")}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.move(g.Viewer, phone2, "k"); err != nil {
		t.Fatal(err)
	}
	next, err := w.refresh(g.RefreshToken, "key-of-client")
	if err != nil {
		t.Fatal(err)
	}
	_, reuse := w.refresh(g.RefreshToken, "")
	_, wrong := w.RequestOTP(ctx, account.OTPRequest{Phone: "0225 3842 576"})
	var kept bytes.Buffer
	err = filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		kept.Write(raw)
		return err
	})
	if err != nil || kept.Len() == 0 {
		t.Fatalf("read %d bytes, %v", kept.Len(), err)
	}
	for _, in := range w.mail.intents {
		kept.Write(in.Payload)
		kept.WriteString(in.ID)
	}
	kept.WriteString(w.log.String() + reuse.Error() + wrong.Error())
	for name, s := range map[string]string{
		"phone": "912345678", "new phone": "987654321", "code": code, "name": "Thị Lan", "device's name": "Máy của", "device": "device-1",
		"refresh token": g.RefreshToken, "next refresh token": next.RefreshToken, "access token": g.AccessToken, "refused phone": "3842 576", "refused phone in digits": "3842576",
	} {
		if bytes.Contains(kept.Bytes(), []byte(s)) {
			t.Errorf("the %s can be read in the store, the outbox, the log or an error", name)
		}
	}
}

// TestTexts checks that every text that the code names is in the catalogues, and that a code fits one part of a message with Vietnamese letters.
func TestTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := regexp.MustCompile(`"(account\.[a-z_]+)"`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range keys.FindAllSubmatch(raw, -1) {
			found++
			if !w.texts.Has(string(m[1])) {
				t.Errorf("%s: no text %s", f, m[1])
			}
		}
	}
	if found < 15 {
		t.Errorf("found %d keys: the search is broken", found)
	}
	w.ask(phone)
	_, text, _ := strings.Cut(w.sent()[0], " ")
	if n := len([]rune(text)); n > 70 { // GSM 03.38: 70 UCS-2 characters in one part
		t.Errorf("the message with a code has %d characters: %s", n, text)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := config().Validate(); err != nil {
		t.Fatal(err)
	}
	err := account.Config{GuestRetention: time.Hour}.Validate()
	for _, want := range []string{
		"issuer:", "audience:", "access_ttl:", "staff_session_max:", "max_sessions:", "key_period:", "guest_retention:", "code.ttl:", "code.attempts:",
		"code.sends_per_hour:", "limits.send_address.max:", "limits.refresh_address.max:",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in %v", want, err)
		}
	}
}

func FuzzUpdateMe(f *testing.F) {
	w := newWorld(f)
	v := w.signIn(phone).Viewer
	for _, s := range []string{"Lan", "Nguyễn Thị\u202e", "\xff", "a\u0302\u0323\u0301", strings.Repeat("x", 400)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		p, err := w.UpdateMe(t.Context(), v, account.Patch{DisplayName: &name}, "")
		if err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Errorf("got %v", err)
		}
		if err == nil && len([]rune(p.DisplayName)) > 80 {
			t.Errorf("kept %d characters", len([]rune(p.DisplayName)))
		}
	})
}
