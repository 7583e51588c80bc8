package account_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/outbox"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	c, code := w.ask(phone)
	if want := w.clock.Now().Add(5 * time.Minute); !c.ExpiresAt.Equal(want) {
		t.Errorf("ends %v, want %v", c.ExpiresAt, want)
	}
	if in := w.mail.intents[0]; in.Lane != outbox.Codes || in.Kind != account.SMSKind || !in.Until.Equal(c.ExpiresAt) {
		t.Errorf("intent %+v", in)
	}
	if got := w.sent()[0]; !strings.HasPrefix(got, "+84912345678 ") {
		t.Errorf("sent %q", got)
	}
	g, err := w.VerifyOTP(ctx, account.VerifyRequest{ChallengeID: c.ID, Code: code, Device: "device-1", DeviceName: "Máy của Lan"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.Authenticate(ctx, "Bearer "+g.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if v.Account != g.Account || v.Subject != v.Account || len(v.Subjects) != 1 || v.Session != g.Session || v.Assurance != account.Phone || v.IsStaff() || v.Lang != "vi" {
		t.Errorf("viewer %+v", v)
	}
	p, err := w.Me(ctx, v)
	if err != nil || p.MaskedPhone != "091••••678" || p.ID != v.Account {
		t.Errorf("got %+v, %v", p, err)
	}
	if again := w.signIn("+84912345678"); again.Account != g.Account || again.Session == g.Session {
		t.Error("the second sign-in did not find the account, or shares the session")
	}
	if guest, err := w.Authenticate(ctx, ""); err != nil || guest.SignedIn() {
		t.Errorf("no token: got %+v, %v", guest, err)
	}
}

func TestPhones(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for in, want := range map[string]string{
		"0912345678": "+84912345678", "+84 912 345 678": "+84912345678", "84912345678": "+84912345678", "0084912345678": "+84912345678",
		"0333.222.111": "+84333222111", " 0912-345-678 ": "+84912345678",
		"": "", "0225 3842576": "", "19001234": "", "113": "", "+1 202 555 0123": "", "0912345678;ext=5": "", "091234567a": "", "tel:0912345678": "",
		"0912 345 678 ext 4": "", "09123456789": "", strings.Repeat("0", 41): "",
	} {
		_, err := w.RequestOTP(t.Context(), account.OTPRequest{Phone: in, Address: "203.0.113.7"})
		if want == "" {
			if fault.CodeOf(err) != fault.Invalid || key(err) != "account.bad_phone" {
				t.Errorf("%q: got %v, want a wrong phone", in, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if all := w.sent(); !strings.HasPrefix(all[len(all)-1], want+" ") {
			t.Errorf("%q: sent to %q", in, all[len(all)-1])
		}
	}
}

// TestKnownAndUnknownPhonesLookAlike compares what a request for a code answers and costs for both.
func TestKnownAndUnknownPhonesLookAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn(phone)
	w.ask(phone3) // the counters of phone and phone3 both exist now; only phone has an account
	cost := func(number string) (account.Challenge, int) {
		before := w.life.Calls()
		c, err := w.RequestOTP(t.Context(), account.OTPRequest{Phone: number, Address: "203.0.113.7"})
		if err != nil {
			t.Fatal(err)
		}
		return c, w.life.Calls() - before
	}
	known, a := cost(phone)
	unknown, b := cost(phone3)
	if a != b || known.ExpiresAt != unknown.ExpiresAt || known.ResendAfter != unknown.ResendAfter || len(known.ID) != len(unknown.ID) {
		t.Errorf("known: %+v in %d calls; unknown: %+v in %d calls", known, a, unknown, b)
	}
}

func TestRefusedCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	verify := func(id, code, device string) error {
		_, err := w.VerifyOTP(t.Context(), account.VerifyRequest{ChallengeID: id, Code: code, Device: device})
		return err
	}
	check := func(name string, err error, want string) {
		t.Helper()
		if fault.CodeOf(err) != fault.Invalid || key(err) != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	c, code := w.ask(phone)
	check("no such challenge", verify("018f0000-0000-7000-8000-000000000000", code, ""), "account.code_ended")
	check("no challenge", verify("", code, ""), "account.code_ended")
	check("letters", verify(c.ID, "12345a", ""), "account.code_format")
	check("too short", verify(c.ID, code[:5], ""), "account.code_format")
	check("other digits", verify(c.ID, "１２３４５６", ""), "account.code_format")
	check("another device", verify(c.ID, code, "device-2"), "account.code_ended")
	check("wrong", verify(c.ID, other(code, 0), "device-1"), "account.code_wrong")
	if err := verify(c.ID, " "+code+" ", "device-1"); err != nil {
		t.Errorf("right: %v", err)
	}
	check("used", verify(c.ID, code, "device-1"), "account.code_ended")

	c, code = w.ask(phone)
	c2, _ := w.ask(phone2)
	check("code of another challenge", verify(c2.ID, code, "device-1"), "account.code_wrong")
	w.clock.Add(5 * time.Minute)
	check("too late", verify(c.ID, code, "device-1"), "account.code_ended")

	c, code = w.ask(phone)
	for i := range 4 {
		check("wrong", verify(c.ID, other(code, i), "device-1"), "account.code_wrong")
	}
	check("wrong for the last time", verify(c.ID, other(code, 5), "device-1"), "account.code_exhausted")
	check("right, too late", verify(c.ID, code, "device-1"), "account.code_exhausted")
}

// TestParallelGuesses proves that guesses at the same time, on two replicas, get no more than five tries.
func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := w.replica()
	c, code := w.ask(phone)
	var mu sync.Mutex
	got := map[string]int{}
	parallel(40, func(i int) {
		a := w.Accounts
		if i%2 == 1 {
			a = second
		}
		_, err := a.VerifyOTP(t.Context(), account.VerifyRequest{ChallengeID: c.ID, Code: other(code, i), Device: "device-1"})
		mu.Lock()
		defer mu.Unlock()
		got[fmt.Sprint(fault.CodeOf(err), " ", key(err))]++
	})
	if got["INVALID account.code_wrong"] > 4 {
		t.Errorf("got %v: more than five guesses were compared", got)
	}
	_, err := w.VerifyOTP(t.Context(), account.VerifyRequest{ChallengeID: c.ID, Code: code, Device: "device-1"})
	if key(err) != "account.code_exhausted" {
		t.Errorf("the right code afterwards: got %v", err)
	}
}

// TestParallelRightCodes proves that a code is used once.
func TestParallelRightCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, code := w.ask(phone)
	var mu sync.Mutex
	grants := 0
	parallel(20, func(int) {
		_, err := w.VerifyOTP(t.Context(), account.VerifyRequest{ChallengeID: c.ID, Code: code, Device: "device-1"})
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			grants++
		} else if key(err) != "account.code_ended" && fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("got %v", err)
		}
	})
	if grants != 1 {
		t.Errorf("%d grants, want 1", grants)
	}
}

// TestFirstSignInsAtOnce proves that two first sign-ins of a phone, on two replicas, make one account.
func TestFirstSignInsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	replicas := []*account.Accounts{w.Accounts, w.replica()}
	const n = 12
	var ids, codes [n]string
	for i := range n {
		c, code := w.ask(phone)
		ids[i], codes[i] = c.ID, code
	}
	var accounts [n]string
	parallel(n, func(i int) {
		g, err := replicas[i%2].VerifyOTP(t.Context(), account.VerifyRequest{ChallengeID: ids[i], Code: codes[i], Device: "device-1"})
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
		accounts[i] = g.Account
	})
	for _, a := range accounts {
		if a != accounts[0] {
			t.Fatalf("several accounts: %v", accounts)
		}
	}
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	ask := account.OTPRequest{Phone: phone, Device: "device-1", Address: "203.0.113.7", Key: "k1"}
	c, err := w.RequestOTP(ctx, ask)
	if err != nil {
		t.Fatal(err)
	}
	parallel(8, func(int) {
		if again, err := w.RequestOTP(ctx, ask); err != nil || again != c {
			t.Errorf("repeat: got %+v, %v; want %+v", again, err, c)
		}
	})
	if got := w.sent(); len(got) != 1 {
		t.Errorf("sent %d messages, want 1", len(got))
	}
	clash := ask
	clash.Phone = phone2
	if _, err := w.RequestOTP(ctx, clash); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("same key, other phone: got %v, want CONFLICT", err)
	}
	elsewhere := ask
	elsewhere.Device = "device-2"
	if other, err := w.RequestOTP(ctx, elsewhere); err != nil || other.ID == c.ID {
		t.Errorf("same key on another device: got the same challenge, or %v", err)
	}

	code := codeRE.FindString(w.sent()[0])
	answer := account.VerifyRequest{ChallengeID: c.ID, Code: code, Device: "device-1", Key: "k2"}
	g, err := w.VerifyOTP(ctx, answer)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.VerifyOTP(ctx, answer)
	if err != nil || again.RefreshToken != g.RefreshToken || again.Session != g.Session || again.Account != g.Account {
		t.Errorf("repeat: got %+v, %v; want the same session and refresh token", again, err)
	}
	for name, change := range map[string]func(*account.VerifyRequest){
		"other key": func(r *account.VerifyRequest) { r.Key = "k3" }, "no key": func(r *account.VerifyRequest) { r.Key = "" },
		"other code": func(r *account.VerifyRequest) { r.Code = other(code, 0) }, "other device": func(r *account.VerifyRequest) { r.Device = "device-2" },
	} {
		r := answer
		change(&r)
		if _, err := w.VerifyOTP(ctx, r); key(err) != "account.code_ended" {
			t.Errorf("%s: got %v, want an ended code", name, err)
		}
	}
	if _, err := w.Refresh(ctx, account.RefreshRequest{Token: g.RefreshToken}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.VerifyOTP(ctx, answer); key(err) != "account.code_ended" {
		t.Errorf("after the session moved on: got %v, want an ended code", err)
	}
}

func TestRepeatEndsWithTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, code := w.ask(phone)
	answer := account.VerifyRequest{ChallengeID: c.ID, Code: code, Device: "device-1", Key: "k"}
	if _, err := w.VerifyOTP(t.Context(), answer); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(10 * time.Minute)
	if _, err := w.VerifyOTP(t.Context(), answer); key(err) != "account.code_ended" {
		t.Errorf("got %v, want an ended code", err)
	}
}

func TestLimitsOfAPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) {
		c.Code.ResendAfter, c.Code.SendsPerHour, c.Code.SendsPerDay, c.Code.ChecksPerDay = time.Minute, 3, 4, 6
	})
	n := 0
	ask := func() error { // each from another address and device: the phone's limits hold all the same
		n++
		_, err := w.RequestOTP(t.Context(), account.OTPRequest{Phone: phone, Device: fmt.Sprint("d", n), Address: fmt.Sprint("198.51.100.", n)})
		return err
	}
	refused := func(err error, wait time.Duration) {
		t.Helper()
		if f := fault.Of(err); f == nil || f.Code != fault.RateLimited || f.RetryAfter != wait {
			t.Errorf("got %v, want refused for %v", err, wait)
		}
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	refused(ask(), time.Minute)
	w.clock.Add(45 * time.Second)
	refused(ask(), 15*time.Second)
	for range 2 {
		w.clock.Add(time.Minute)
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Add(time.Minute)
	w.restart() // counters are stored
	refused(ask(), time.Hour-3*time.Minute-45*time.Second)
	w.clock.Add(time.Hour)
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(2 * time.Hour)
	refused(ask(), 24*time.Hour-3*time.Hour-3*time.Minute-45*time.Second)
	w.clock.Add(24 * time.Hour)
	if err := ask(); err != nil {
		t.Errorf("the next day: %v", err)
	}
}

func TestChecksOfAPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.Code.ChecksPerDay = 6 })
	tried := 0
	for range 3 {
		c, code := w.ask(phone)
		for i := range 3 {
			_, err := w.VerifyOTP(t.Context(), account.VerifyRequest{ChallengeID: c.ID, Code: other(code, i), Device: "device-1"})
			if fault.CodeOf(err) != fault.RateLimited {
				tried++
			}
		}
	}
	if tried != 6 {
		t.Errorf("%d codes were compared, want 6", tried)
	}
}

func TestLimitsOfAddressAndDevice(t *testing.T) {
	t.Parallel()
	three := limit.Rule{Max: 3, Per: time.Hour}
	tests := []struct {
		name   string
		change func(*account.Config)
		of     func(i int) (address, device string)
		want   int // how many of ten are let through
	}{
		{"address", func(c *account.Config) { c.Limits.SendAddress = three }, func(i int) (string, string) { return "203.0.113.7", fmt.Sprint("d", i) }, 3},
		{"device", func(c *account.Config) { c.Limits.SendDevice = three }, func(i int) (string, string) { return fmt.Sprint("203.0.113.", i), "d" }, 3},
		{"one network of IPv6", func(c *account.Config) { c.Limits.SendAddress = three }, func(i int) (string, string) { return fmt.Sprintf("2001:db8::%d", i), "" }, 3},
		{"networks of IPv6", func(c *account.Config) { c.Limits.SendAddress = three }, func(i int) (string, string) { return fmt.Sprintf("2001:db8:0:%d::1", i), "" }, 10},
		{"IPv4 in two writings", func(c *account.Config) { c.Limits.SendAddress = three }, func(i int) (string, string) {
			return []string{"203.0.113.7", "::ffff:203.0.113.7"}[i%2], ""
		}, 3},
		{"no address", func(c *account.Config) { c.Limits.SendAddress = three }, func(int) (string, string) { return "", "" }, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.change)
			passed := 0
			for i := range 10 {
				address, device := tt.of(i)
				_, err := w.RequestOTP(t.Context(), account.OTPRequest{Phone: fmt.Sprintf("09123456%02d", i), Address: address, Device: device})
				if err == nil {
					passed++
				} else if fault.CodeOf(err) != fault.RateLimited {
					t.Errorf("got %v", err)
				}
			}
			if passed != tt.want {
				t.Errorf("%d passed, want %d", passed, tt.want)
			}
		})
	}
}

func TestLimitsOfChecking(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.Limits.CheckAddress = limit.Rule{Max: 3, Per: time.Hour} })
	c, code := w.ask(phone)
	for range 3 {
		_, _ = w.VerifyOTP(t.Context(), account.VerifyRequest{ChallengeID: "no-such", Code: code, Address: "203.0.113.7"})
	}
	_, err := w.VerifyOTP(t.Context(), account.VerifyRequest{ChallengeID: c.ID, Code: code, Address: "203.0.113.7", Device: "device-1"})
	if fault.CodeOf(err) != fault.RateLimited {
		t.Errorf("got %v, want RATE_LIMITED", err)
	}
}

// TestKilledSignIn kills the program at each write of a first sign-in and repeats the requests on a new process.
func TestKilledSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := 0
	for done := false; !done; {
		at++
		number := fmt.Sprintf("09123%05d", at)
		w.restart()
		w.mail.intents = nil
		life := w.life
		life.EndAt(at, true)
		ask := account.OTPRequest{Phone: number, Device: "device-1", Address: "203.0.113.7", Key: "ask" + number}
		c, err := w.RequestOTP(t.Context(), ask)
		if err != nil {
			w.restart()
			if c, err = w.RequestOTP(t.Context(), ask); err != nil {
				t.Fatalf("write %d: repeated request: %v", at, err)
			}
		}
		if got := w.sent(); len(got) != 1 {
			t.Fatalf("write %d: %d messages were stored, want 1", at, len(got))
		}
		answer := account.VerifyRequest{ChallengeID: c.ID, Code: w.code(), Device: "device-1", Key: "answer"}
		g, err := w.VerifyOTP(t.Context(), answer)
		done = !life.Dead()
		if err != nil {
			w.restart()
			if g, err = w.VerifyOTP(t.Context(), answer); err != nil {
				t.Fatalf("write %d: repeated answer: %v", at, err)
			}
		}
		w.restart()
		again := w.signIn(number)
		if again.Account != g.Account {
			t.Errorf("write %d: two accounts for one phone", at)
		}
		sessions, err := w.Sessions(t.Context(), again.Viewer)
		if err != nil || len(sessions) != 2 {
			t.Errorf("write %d: %d sessions, %v; want 2", at, len(sessions), err)
		}
	}
	if at < 6 {
		t.Errorf("a sign-in took %d writes: the test does not reach it", at)
	}
}
