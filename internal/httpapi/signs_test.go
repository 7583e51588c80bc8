package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/scanpage"
)

// signPages is a city with the plates GOOD and OLD, and the number 7.
type signPages struct {
	mu    sync.Mutex
	seen  []string
	opens int
	fail  error
}

func (s *signPages) Ready(a scanpage.Ask) (*scanpage.Page, bool) {
	switch a.Sign {
	case "GOOD":
		lang := a.Lang
		if lang == "" {
			lang = "vi"
		}
		return &scanpage.Page{Status: 200, Body: []byte("the page in " + lang + ", for " + a.Accept), Zipped: zipped("packed"), ETag: `W/"1"`, Cache: "public, max-age=60", Policy: "default-src 'none'", Lang: lang,
			State: scanpage.Current, Sign: "GOOD", Code: "GOOD", Plate: "000007", Where: "đâu đó"}, true
	case "OLD":
		return &scanpage.Page{Status: 410, Body: []byte("revoked"), Cache: "no-store", Lang: "vi", State: scanpage.Revoked, Sign: "OLD", Plate: "000007"}, true
	case "7", "8":
		return nil, false
	}
	return &scanpage.Page{Status: 404, Body: []byte("invented"), Cache: "no-store", Lang: "vi", State: scanpage.Invented}, true
}

func (s *signPages) Open(_ context.Context, a scanpage.Ask) (*scanpage.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opens++
	if s.fail != nil {
		return nil, s.fail
	}
	if a.Sign == "8" {
		return &scanpage.Page{Status: 404, Body: []byte("no such number"), Cache: "no-store", Lang: "vi", Sign: "8"}, nil
	}
	return &scanpage.Page{Status: 200, Body: []byte("by number"), Lang: "vi", State: scanpage.Current, Sign: "7", Plate: "000007"}, nil
}

func (s *signPages) ByNumber(sign string) bool { return sign == "7" || sign == "8" }

func (s *signPages) Seen(p *scanpage.Page, client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, strings.Clone(p.State+" from "+client))
}

func (s *signPages) Tap(_ context.Context, p *scanpage.Page, kind, client string) (scanpage.Told, error) {
	switch kind {
	case "broken":
		return scanpage.Told{}, errors.New("broken")
	case "away":
		return scanpage.Told{}, fault.New(fault.Unavailable, "")
	case "nonsense":
		return scanpage.Told{}, fault.New(fault.Invalid, "")
	}
	return scanpage.Told{Kind: kind, Code: "7K3-9QM-X2B", Proof: "proof"}, nil
}

func (s *signPages) Front(a scanpage.Ask) *scanpage.Page {
	return &scanpage.Page{Status: 200, Body: []byte("which sign, in " + a.Lang), Lang: "vi", Cache: "no-store"}
}

func (s *signPages) Named(text string) (string, bool) {
	return strings.ToUpper(text), !strings.HasPrefix(text, "le ")
}

func (s *signPages) Thanks(p *scanpage.Page, told scanpage.Told) (*scanpage.Page, bool) {
	return &scanpage.Page{Status: 200, Body: []byte("thanks for " + told.Kind + " " + told.Code), Lang: p.Lang, Cache: "no-store"}, told.Proof == "proof"
}

func (s *signPages) Notice(_ scanpage.Ask, what scanpage.Notice, wait time.Duration) *scanpage.Page {
	status := map[scanpage.Notice]int{scanpage.TooMany: 429, scanpage.TappedOften: 429, scanpage.Refused: 403, scanpage.Unavailable: 503, scanpage.Broken: 500, scanpage.NoSign: 404, scanpage.NoPage: 404}[what]
	return &scanpage.Page{Status: status, Body: []byte(what), Lang: "vi", Cache: "no-store", RetryAfter: int(wait.Seconds())}
}

func (s *signPages) FormAt(p *scanpage.Page, app, action string) (scanpage.Form, bool) {
	return scanpage.Form{App: app, Action: action, Back: "/s/" + p.Sign}, app == "feedback"
}

// signForms shows what it is asked for.
type signForms struct{}

func (signForms) Show(c *fiber.Ctx, f scanpage.Form) error {
	return c.SendString("form of " + f.App + "." + f.Action + " back to " + f.Back)
}

func (signForms) Send(c *fiber.Ctx, f scanpage.Form) error {
	return c.SendString("sent to " + f.App + "." + f.Action + ": " + string(c.Body()))
}

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.Bytes()
}

func serveSigns(t *testing.T, pages *signPages, limits httpapi.SignLimits) port {
	t.Helper()
	cfg := config()
	cfg.TrustedProxies, cfg.MaxInFlight = []string{"127.0.0.1"}, 64
	return serve(t, cfg, nil, part(func(r fiber.Router) {
		s, err := httpapi.NewSigns(httpapi.SignDeps{Pages: pages, Forms: signForms{}, Limiter: limit.New(nil, time.Now, slog.New(slog.DiscardHandler)), Limits: limits, Log: slog.New(slog.DiscardHandler),
			ClientIP: func(c *fiber.Ctx) string { return c.Get(fiber.HeaderXForwardedFor, "203.0.113.1") }})
		if err != nil {
			t.Error(err)
		}
		s.Mount(r)
	}))
}

// ask sends a request as it is: nothing is unpacked, no redirect is followed. Heads are "Name: value".
func (p port) ask(t *testing.T, method, path, body string, heads ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range heads {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	if body != "" && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(got)
}

func TestSignPage(t *testing.T) {
	p := serveSigns(t, &signPages{}, httpapi.SignLimits{})
	for _, path := range []string{"/s/GOOD", "/S/GOOD", "/s/GOOD/"} {
		res, body := p.ask(t, http.MethodGet, path, "", "Accept-Language: fr")
		if res.StatusCode != 200 || body != "the page in vi, for fr" {
			t.Errorf("%s: %d %q", path, res.StatusCode, body)
		}
		for name, want := range map[string]string{"Content-Type": "text/html; charset=utf-8", "Content-Language": "vi", "Cache-Control": "public, max-age=60", "Etag": `W/"1"`,
			"Vary": "Accept-Language, Accept-Encoding", "Content-Security-Policy": "default-src 'none'", "Content-Encoding": "", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if got := res.Header.Get(name); got != want && !(name == "Vary" && strings.HasSuffix(got, want)) {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	if _, body := p.ask(t, http.MethodGet, "/s/GOOD?lang=en", ""); !strings.HasPrefix(body, "the page in en") {
		t.Error(body)
	}
	for accept, packed := range map[string]bool{"gzip": true, "gzip, deflate, br": true, "br;q=1, gzip;q=0.5": true, "gzip;q=0": false, "br": false, "identity": false} {
		res, body := p.ask(t, http.MethodGet, "/s/GOOD", "", "Accept-Encoding: "+accept)
		if got := res.Header.Get("Content-Encoding") == "gzip"; got != packed || packed != (body == string(zipped("packed"))) {
			t.Errorf("Accept-Encoding %s: packed is %v", accept, got)
		}
	}
	res, body := p.ask(t, http.MethodHead, "/s/GOOD", "")
	if res.StatusCode != 200 || body != "" || res.ContentLength != int64(len("the page in vi, for ")) {
		t.Errorf("HEAD: %d, %d bytes announced, %q", res.StatusCode, res.ContentLength, body)
	}
	for tag, want := range map[string]int{`W/"1"`: 304, `"1"`: 304, `W/"0", W/"1"`: 304, "*": 304, `W/"2"`: 200} {
		res, body := p.ask(t, http.MethodGet, "/s/GOOD", "", "If-None-Match: "+tag)
		if res.StatusCode != want || want == 304 && (body != "" || res.Header.Get("Cache-Control") == "" || res.Header.Get("Etag") == "") {
			t.Errorf("If-None-Match %s: %d %q %v", tag, res.StatusCode, body, res.Header)
		}
	}
	if res, _ := p.ask(t, http.MethodGet, "/s/OLD", ""); res.StatusCode != 410 || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("a revoked code: %d, %s", res.StatusCode, res.Header.Get("Cache-Control"))
	}
}

func TestSignFront(t *testing.T) {
	pages := &signPages{}
	p := serveSigns(t, pages, httpapi.SignLimits{Codes: limit.Rule{Max: 3, Per: time.Hour}})
	for _, path := range []string{"/s", "/s/", "/S/"} {
		if res, body := p.ask(t, http.MethodGet, path+"?lang=en", ""); res.StatusCode != 200 || body != "which sign, in en" || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
	for query, want := range map[string]string{"sign=good": "/s/GOOD", "sign=a/b%3Fc&lang=e%26n": "/s/A%2FB%3FC?lang=e%26n", "sign=" + strings.Repeat("a", 900): "/s/" + strings.Repeat("A", 400)} {
		if res, _ := p.ask(t, http.MethodGet, "/s/?"+query, ""); res.StatusCode != 303 || res.Header.Get("Location") != want {
			t.Errorf("%s: %d %s", query, res.StatusCode, res.Header.Get("Location"))
		}
	}
	for i := range 4 {
		if res, body := p.ask(t, http.MethodGet, "/s?sign=le+chan", ""); i < 3 && (res.StatusCode != 404 || body != "no_sign") || i == 3 && (res.StatusCode != 429 || body != "busy") {
			t.Errorf("what is no sign, %d: %d %s", i+1, res.StatusCode, body)
		}
	}
	if res, _ := p.ask(t, http.MethodGet, "/s/INVENTED", ""); res.StatusCode != 404 {
		t.Errorf("mistakes count as invented codes: %d", res.StatusCode)
	}
	pages.mu.Lock()
	defer pages.mu.Unlock()
	if len(pages.seen) != 1 {
		t.Errorf("looking for a sign counts as a scan: %v", pages.seen)
	}
}

func TestVisits(t *testing.T) {
	pages := &signPages{}
	p := serveSigns(t, pages, httpapi.SignLimits{})
	const phone = "User-Agent: Mozilla/5.0 (Linux; Android 9; CUBOT_X18) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36 Zalo android/12102"
	for _, tt := range []struct {
		method, path string
		head         []string
		seen         bool
	}{
		{http.MethodGet, "/s/GOOD", []string{phone}, true},
		{http.MethodGet, "/s/GOOD", []string{"User-Agent: Go-http-client/1.1"}, true},
		{http.MethodGet, "/s/GOOD", []string{phone, `If-None-Match: W/"1"`}, true},
		{http.MethodGet, "/s/INVENTED", []string{phone}, true},
		{http.MethodGet, "/s/OLD", []string{phone}, true},
		{http.MethodHead, "/s/GOOD", []string{phone}, false},
		{http.MethodGet, "/s/GOOD", []string{phone, "Sec-Purpose: prefetch;prerender"}, false},
		{http.MethodGet, "/s/GOOD", []string{phone, "Purpose: prefetch"}, false},
		{http.MethodGet, "/s/GOOD/thanks", []string{phone}, false},
		{http.MethodPost, "/s/GOOD/damage", []string{phone}, false},
		{http.MethodGet, "/s/GOOD", []string{"User-Agent: facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"}, false},
		{http.MethodGet, "/s/GOOD", []string{"User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, false},
		{http.MethodGet, "/s/GOOD", []string{"User-Agent: WhatsApp/2.23.20.0"}, false},
		{http.MethodGet, "/s/GOOD", []string{"User-Agent: Mozilla/5.0 (compatible; coccocbot-web/1.0; +http://help.coccoc.com/searchengine)"}, false},
		{http.MethodGet, "/s/GOOD", []string{"User-Agent: TelegramBot (like TwitterBot)"}, false},
		{http.MethodGet, "/s/GOOD", []string{"User-Agent: " + strings.Repeat("b", 700)}, true},
	} {
		pages.mu.Lock()
		pages.seen = nil
		pages.mu.Unlock()
		p.ask(t, tt.method, tt.path, "", tt.head...)
		pages.mu.Lock()
		if got := len(pages.seen) == 1; got != tt.seen {
			t.Errorf("%s %s %q: counted %v", tt.method, tt.path, tt.head, pages.seen)
		}
		pages.mu.Unlock()
	}
}

func TestSignLimits(t *testing.T) {
	pages := &signPages{}
	p := serveSigns(t, pages, httpapi.SignLimits{Codes: limit.Rule{Max: 3, Per: time.Hour}})
	for i := range 5 {
		if res, body := p.ask(t, http.MethodGet, "/s/INVENTED", ""); res.StatusCode != map[bool]int{true: 404, false: 429}[i < 3] || i >= 3 && res.Header.Get("Retry-After") == "" {
			t.Errorf("code %d: %d %s", i+1, res.StatusCode, body)
		}
		if res, _ := p.ask(t, http.MethodGet, "/s/8", ""); res.StatusCode != map[bool]int{true: 404, false: 429}[i < 3] {
			t.Errorf("number %d: %d", i+1, res.StatusCode)
		}
	}
	if pages.opens != 3 {
		t.Errorf("%d numbers were looked up", pages.opens)
	}
	for path, want := range map[string]int{"/s/GOOD": 200, "/s/OLD": 410, "/s/7": 429} {
		if res, _ := p.ask(t, http.MethodGet, path, ""); res.StatusCode != want {
			t.Errorf("%s from the same address: %d, want %d", path, res.StatusCode, want)
		}
	}
	if res, _ := p.ask(t, http.MethodGet, "/s/INVENTED", "", "X-Forwarded-For: 203.0.113.2"); res.StatusCode != 404 {
		t.Errorf("another address: %d", res.StatusCode)
	}
	if (httpapi.SignLimits{Taps: limit.Rule{Max: -1}}).Validate() == nil || (httpapi.SignLimits{}).Validate() != nil {
		t.Error("limits are not checked")
	}
	if l := (httpapi.SignLimits{}).Filled(); l.Codes != (limit.Rule{Max: 60, Per: time.Minute}) || l.Taps != (limit.Rule{Max: 10, Per: time.Hour}) {
		t.Errorf("the defaults are %+v", l)
	}
}

func TestSignTroubles(t *testing.T) {
	for want, err := range map[int]error{503: fault.New(fault.Unavailable, ""), 500: errors.New("dial tcp 10.0.0.7: refused")} {
		p := serveSigns(t, &signPages{fail: err}, httpapi.SignLimits{})
		if res, body := p.ask(t, http.MethodGet, "/s/7", ""); res.StatusCode != want || strings.Contains(body, "10.0.0.7") || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%v: %d %s", err, res.StatusCode, body)
		}
	}
}

func TestSignTaps(t *testing.T) {
	p := serveSigns(t, &signPages{}, httpapi.SignLimits{})
	for kind, want := range map[string]int{"damaged": 303, "broken": 500, "away": 503, "nonsense": 403} {
		if res, body := p.ask(t, http.MethodPost, "/s/GOOD/damage", url.Values{"kind": {kind}, "lang": {"en"}}.Encode()); res.StatusCode != want || want == 303 && res.Header.Get("Location") != "/s/GOOD/thanks?case=7K3-9QM-X2B&kind=damaged&lang=en&made=proof" {
			t.Errorf("%s: %d %s %s", kind, res.StatusCode, res.Header.Get("Location"), body)
		}
	}
	for _, strange := range []string{"kind=%zz", "kind=nonsense&lang=" + strings.Repeat("x", 2000), ""} {
		if res, _ := p.ask(t, http.MethodPost, "/s/GOOD/damage", strange); res.StatusCode != 303 || strings.Contains(res.Header.Get("Location"), "nonsense") {
			t.Errorf("%.20s: %d %s", strange, res.StatusCode, res.Header.Get("Location"))
		}
	}
	var form bytes.Buffer
	fmt.Fprint(&form, "--x\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nnonsense\r\n--x--\r\n")
	if res, _ := p.ask(t, http.MethodPost, "/s/GOOD/damage", form.String(), "Content-Type: multipart/form-data; boundary=x", "Sec-Fetch-Site: cross-site"); res.StatusCode != 403 {
		t.Errorf("another site: %d", res.StatusCode)
	}
	if res, body := p.ask(t, http.MethodPost, "/s/INVENTED/damage", "kind=damaged"); res.StatusCode != 404 {
		t.Errorf("no plate: %d %s", res.StatusCode, body)
	}
	if _, body := p.ask(t, http.MethodGet, "/s/GOOD/thanks?case=X1&kind=fake&made=proof", ""); body != "thanks for fake X1" {
		t.Error(body)
	}
	if res, body := p.ask(t, http.MethodGet, "/s/GOOD/thanks?case=X1&kind=fake", ""); res.StatusCode != 200 || !strings.HasPrefix(body, "the page in vi") {
		t.Errorf("thanks for nothing: %d %s", res.StatusCode, body)
	}
}

func TestSignForms(t *testing.T) {
	p := serveSigns(t, &signPages{}, httpapi.SignLimits{})
	if _, body := p.ask(t, http.MethodGet, "/s/GOOD/do/feedback/submit", ""); body != "form of feedback.submit back to /s/GOOD" {
		t.Error(body)
	}
	if _, body := p.ask(t, http.MethodPost, "/S/GOOD/do/feedback/submit", "a=b"); body != "sent to feedback.submit: a=b" {
		t.Error(body)
	}
	if res, _ := p.ask(t, http.MethodGet, "/s/GOOD/do/other/submit?lang=en", ""); res.StatusCode != 303 || res.Header.Get("Location") != "/s/GOOD?lang=en" {
		t.Errorf("no form: %d %s", res.StatusCode, res.Header.Get("Location"))
	}
	for path, want := range map[string]int{"/s/OLD/do/feedback/submit": 410, "/s/INVENTED/do/feedback/submit": 404} {
		if res, _ := p.ask(t, http.MethodPost, path, "a=b"); res.StatusCode != want {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	if _, err := httpapi.NewSigns(httpapi.SignDeps{}); err == nil {
		t.Error("mounted with nothing")
	}
}

// TestElsewhereBelowSigns: what has no page or no such method below /s/ is answered by a page, and says what it answers to.
func TestElsewhereBelowSigns(t *testing.T) {
	pages := &signPages{}
	p := serveSigns(t, pages, httpapi.SignLimits{})
	const page, tap = "GET, HEAD", "GET, HEAD, POST"
	for _, tt := range []struct {
		method, path string
		status       int
		allow, to    string
	}{
		{http.MethodGet, "/s/GOOD/damage", 303, "", "/s/GOOD"},
		{http.MethodGet, "/S/HP%2000572/damage?lang=en", 303, "", "/s/HP%2000572?lang=en"},
		{http.MethodGet, "/s/GOOD/do", 404, "", ""},
		{http.MethodGet, "/s/GOOD/do/feedback", 404, "", ""},
		{http.MethodGet, "/s//GOOD", 404, "", ""},
		{http.MethodGet, "/S/GOOD/a/b/c/d/e", 404, "", ""},
		{http.MethodPost, "/s/GOOD/nothing", 404, "", ""},
		{http.MethodPost, "/s", 405, page, ""},
		{http.MethodPost, "/s/GOOD", 405, page, ""},
		{http.MethodPut, "/S/GOOD", 405, page, ""},
		{http.MethodDelete, "/s/GOOD", 405, page, ""},
		{http.MethodPatch, "/s/GOOD", 405, page, ""},
		{http.MethodPost, "/s/GOOD/thanks", 405, page, ""},
		{http.MethodDelete, "/s/GOOD/damage", 405, tap, ""},
		{http.MethodPut, "/s/GOOD/do/feedback/submit", 405, tap, ""},
	} {
		res, body := p.ask(t, tt.method, tt.path, "")
		if res.StatusCode != tt.status || res.Header.Get("Allow") != tt.allow || res.Header.Get("Location") != tt.to {
			t.Errorf("%s %s: %d, Allow %q, to %q", tt.method, tt.path, res.StatusCode, res.Header.Get("Allow"), res.Header.Get("Location"))
		}
		if tt.to == "" && (body != "no_page" || res.Header.Get("Content-Type") != "text/html; charset=utf-8") {
			t.Errorf("%s %s: %s %s", tt.method, tt.path, res.Header.Get("Content-Type"), body)
		}
	}
	if len(pages.seen) != 0 {
		t.Errorf("counted were %v", pages.seen)
	}
	if res, _ := p.ask(t, http.MethodDelete, "/static", ""); res.StatusCode != 405 || res.Header.Get("Allow") != "GET, HEAD, POST, PUT, OPTIONS" {
		t.Errorf("elsewhere: %d, Allow %q", res.StatusCode, res.Header.Get("Allow"))
	}
}
