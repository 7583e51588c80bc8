package netcall

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/channels"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestBaseFault(t *testing.T) {
	t.Parallel()
	for base, good := range map[string]bool{
		"https://graph.example": true, "https://graph.example/v1": true, "http://127.0.0.1:8090/zalo": true, "http://[::1]:1": true, "http://localhost": true,
		"": false, "graph.example": false, "http://graph.example": false, "https://graph.example/": false, "https://u@graph.example": false,
		"https://graph.example?x=1": false, "https://graph.example#x": false, "http://127.0.0.1.example": false, "ftp://127.0.0.1": false,
	} {
		if got := BaseFault(base) == ""; got != good {
			t.Errorf("%q: got %v", base, got)
		}
	}
	if !Local("http://127.0.0.1:8090/x") || Local("https://graph.example") || Local("%") {
		t.Error("what leads to this machine is told wrongly")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{"7": 7 * time.Second, "86400": 24 * time.Hour, "86401": 0, "-1": 0, "x": 0, "": 0, "Wed, 21 Oct 2026 07:28:00 GMT": 0} {
		if got := RetryAfter(http.Header{"Retry-After": {value}}); got != want {
			t.Errorf("%q: got %v", value, got)
		}
	}
}

// broken is a body that ends early.
type broken struct{}

func (broken) Read([]byte) (int, error) {
	return 0, &url.Error{Op: "Get", URL: "https://x/?token=secret", Err: io.ErrUnexpectedEOF}
}
func (broken) Close() error { return nil }

func TestBody(t *testing.T) {
	t.Parallel()
	of := func(s string) *http.Response { return &http.Response{Body: io.NopCloser(strings.NewReader(s))} }
	if got, err := Body(of("1234"), 4); err != nil || string(got) != "1234" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := Body(of("12345"), 4); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v", err)
	}
	if _, err := Body(&http.Response{Body: broken{}}, 4); !errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// TestWire shows what one request tells: whether it left, and that it goes nowhere else.
func TestWire(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.RedirectHandler("https://elsewhere.example/", http.StatusFound))
	t.Cleanup(srv.Close)
	client := Direct(srv.Client())
	for address, want := range map[string]bool{srv.URL: true, "http://127.0.0.1:1/": false} {
		ctx, left := Watched(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if (err == nil) != want || left() != want {
			t.Errorf("%s: got %v, left %v", address, err, left())
		}
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode != http.StatusFound {
				t.Errorf("a redirect is followed: %d", res.StatusCode)
			}
		}
	}
}

func TestHeaderAndProof(t *testing.T) {
	t.Parallel()
	h := http.Header{"x-ZEVENT-signature": {"mac=1"}, "X-Other": {"2"}}
	if Header(h, "X-ZEvent-Signature") != "mac=1" || Header(h, "x-other") != "2" || Header(h, "X-None") != "" {
		t.Error("a header is not found")
	}
	// RFC 4231, test case 2.
	if got := Proof("Jefe", "what do ya want for nothing?"); got != "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" {
		t.Errorf("got %s", got)
	}
	if got, err := JSON(map[string]string{"u": "https://a/?x=1&y=<2>"}); err != nil || string(got) != `{"u":"https://a/?x=1&y=<2>"}` {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := JSON(make(chan int)); err == nil {
		t.Error("what is no JSON is encoded")
	}
}

func TestByStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]channels.Outcome{
		200: {Status: channels.Later, Retry: time.Minute, Unsure: true},
		302: {Status: channels.Never, Reason: "refused_302"},
		401: {Status: channels.Later, Retry: AlarmWait, Alarm: true, Reason: "token_refused"},
		404: {Status: channels.Never, Reason: "refused_404"},
		408: {Status: channels.Later, Retry: time.Minute, Unsure: true},
		429: {Status: channels.Later, Retry: time.Minute},
		502: {Status: channels.Later, Retry: time.Minute, Unsure: true},
		503: {Status: channels.Later, Retry: time.Minute},
	} {
		got := ByStatus("zalo", status, time.Minute)
		if got.Cause == nil || !strings.HasPrefix(got.Cause.Error(), "zalo: ") {
			t.Errorf("%d: got %v", status, got.Cause)
		}
		if got.Cause = nil; got != want {
			t.Errorf("%d: got %+v", status, got)
		}
	}
	if got := ByStatus("zalo", 429, 0); got.Retry != time.Second {
		t.Errorf("got %+v", got)
	}
}

// TestEnds: every end says what the core can act on.
func TestEnds(t *testing.T) {
	t.Parallel()
	cause := errors.New("x")
	for end, want := range map[End]channels.Outcome{
		Retry: {Status: channels.Later, Retry: time.Minute, Reason: "r"},
		Few:   {Status: channels.Later, Retry: time.Minute, Reason: "r", Tries: FewTries},
		Never: {Status: channels.Never, Reason: "r"},
		Gone:  {Status: channels.Never, Reason: "r", Gone: true},
		Alarm: {Status: channels.Later, Retry: AlarmWait, Reason: "r", Alarm: true},
		Busy:  {Status: channels.Later, Retry: time.Minute, Reason: "r"},
	} {
		want.Cause = cause
		if got := end.Outcome("r", time.Minute, cause); got != want {
			t.Errorf("%d: got %+v", end, got)
		}
	}
	if got := Alarm.Outcome("r", time.Hour, cause); got.Retry != time.Hour {
		t.Errorf("got %+v", got)
	}
	for id, want := range map[string]channels.Status{"": channels.Later, "1": channels.Sent, strings.Repeat("1", 201): channels.Later} {
		if got := Sent("zalo", id); got.Status != want || got.Unsure != (want == channels.Later) {
			t.Errorf("%q: got %+v", id, got)
		}
	}
}
