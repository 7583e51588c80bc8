package signpage

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/httpapi"
)

// answered is what came back.
type answered struct {
	*http.Response
	body string
}

func send(t testing.TB, method, address string, head http.Header, body string) answered {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range head {
		req.Header[k] = v
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{res, string(raw)}
}

func get(t testing.TB, address string, head http.Header) answered {
	t.Helper()
	return send(t, http.MethodGet, address, head, "")
}

func post(t testing.TB, address string, form url.Values, head http.Header) answered {
	t.Helper()
	if head == nil {
		head = http.Header{}
	}
	head.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(t, http.MethodPost, address, head, form.Encode())
}

func TestTap(t *testing.T) {
	d := open(t)
	page := d.page(t, Ask{Sign: d.code})
	for _, client := range []string{"203.0.113.1", "203.0.113.1", "203.0.113.2"} {
		if told, err := d.Tap(t.Context(), page, "damaged", client); err != nil || told.Code != "7K3-9QM-X2B" || told.Kind != "damaged" {
			t.Errorf("got %+v, %v", told, err)
		}
	}
	if len(d.damaged) != 2 {
		t.Errorf("the same tap twice within the hour is noted as %q", d.damaged)
	}
	d.later(time.Hour)
	if _, err := d.Tap(t.Context(), page, "damaged", "203.0.113.1"); err != nil || len(d.damaged) != 3 {
		t.Errorf("after an hour: %q, %v", d.damaged, err)
	}
	if d.taps.done.Len() != 1 {
		t.Errorf("%d taps are remembered after an hour", d.taps.done.Len())
	}
	for _, kind := range []string{"elsewhere", "fake"} {
		if _, err := d.Tap(t.Context(), page, kind, "203.0.113.9"); err != nil {
			t.Error(err)
		}
		if len(d.visits) != 0 { // whoever notes the tap tells it: told here too, it would count twice
			t.Errorf("%s: %+v", kind, d.visits)
		}
	}
	if got := fmt.Sprint(d.damaged[3:]); got != "[000572 elsewhere 000572 fake]" {
		t.Errorf("noted were %s", got)
	}
}

func TestTapsThatCannotBe(t *testing.T) {
	d := open(t)
	for _, tt := range []struct {
		sign, kind string
		can        bool
	}{
		{d.code, "damaged", true}, {printed, "unreadable", true}, {d.old, "fake", true}, // a code that was revoked and still hangs
		{d.code, "missing", false}, {d.code, "", false}, {d.old, "damaged", false}, {made(t, "NEW000"), "fake", false}, {"AAAAAAAAAAAAA", "fake", false},
	} {
		_, err := d.Tap(t.Context(), d.page(t, Ask{Sign: tt.sign}), tt.kind, "203.0.113.1")
		if tt.can != (err == nil) || !tt.can && fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

// TestTapsAtOnce has one impatient finger tap twenty times, while the first tap fails.
func TestTapsAtOnce(t *testing.T) {
	var mu sync.Mutex
	noted, fails := 0, true
	d := open(t, func(x *Deps) {
		x.Damaged = func(context.Context, string, string, string) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			if fails {
				fails = false
				return "", errors.New("away")
			}
			noted++
			return "7K3-9QM-X2B", nil
		}
	})
	page := d.page(t, Ask{Sign: d.code})
	if _, err := d.Tap(t.Context(), page, "damaged", "203.0.113.1"); err == nil {
		t.Error("a tap that failed is taken for done")
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if told, err := d.Tap(context.Background(), page, "damaged", "203.0.113.1"); err != nil || told.Code == "" {
				t.Error(told, err)
			}
		})
	}
	wg.Wait()
	if noted != 1 {
		t.Errorf("noted %d times", noted)
	}
}

// TestTapOverHTTP taps as a browser does: the answer leads to a page of thanks.
func TestTapOverHTTP(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{})
	res := post(t, base+"/s/"+d.code+"/damage", url.Values{"kind": {"damaged"}, "lang": {"en"}}, http.Header{"Sec-Fetch-Site": {"same-origin"}})
	to := res.Header.Get("Location")
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/s/"+d.code+"/thanks?case=7K3-9QM-X2B&kind=damaged&lang=en&made=") || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d, %s", res.StatusCode, to)
	}
	thanks := get(t, base+to, nil)
	wellFormed(t, []byte(thanks.body))
	if thanks.StatusCode != 200 || !strings.Contains(thanks.body, "7K3-9QM-X2B") || !strings.Contains(thanks.body, "sign HP-00572-4") || thanks.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d: %s", thanks.StatusCode, thanks.body)
	}
	other := switchRE.FindStringSubmatch(thanks.body)
	if other == nil {
		t.Fatalf("there is no way to the other language: %s", thanks.body)
	}
	if page := get(t, base+"/s/"+d.code+"/thanks"+html.UnescapeString(other[1]), nil); !strings.Contains(page.body, "7K3-9QM-X2B") || !strings.Contains(page.body, "Cảm ơn bà con") {
		t.Errorf("in the other language: %s", page.body)
	}
	if got := get(t, base+"/s/AAAAAAAAAAAAA/thanks", nil); got.StatusCode != 404 {
		t.Errorf("thanks for nothing: %d", got.StatusCode)
	}
}

var switchRE = regexp.MustCompile(`<a href="(\?[^"]*lang=vi)"`)

// TestThanksForWhatWasTold: nobody can make an address at which the city thanks for something, or shows a code.
func TestThanksForWhatWasTold(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{})
	page := d.page(t, Ask{Sign: d.code, Lang: "en"})
	told, err := d.Tap(t.Context(), page, "damaged", "203.0.113.1")
	if err != nil {
		t.Fatal(err)
	}
	at, signature, _ := strings.Cut(told.Proof, ".")
	for name, forged := range map[string]struct {
		sign string
		Told
	}{
		"no proof":        {d.code, Told{Kind: "damaged", Code: "7K3-9QM-X2B", Proof: ""}},
		"nothing told":    {d.code, Told{}},
		"another code":    {d.code, Told{Kind: "damaged", Code: "AAA-AAA-AAA", Proof: told.Proof}},
		"no code":         {d.code, Told{Kind: "damaged", Code: "", Proof: told.Proof}},
		"another kind":    {d.code, Told{Kind: "fake", Code: told.Code, Proof: told.Proof}},
		"another address": {printed, told},
		"a later time":    {d.code, Told{Kind: "damaged", Code: told.Code, Proof: "zzzzzz." + signature}},
		"no signature":    {d.code, Told{Kind: "damaged", Code: told.Code, Proof: at + "."}},
		"a message":       {d.code, Told{Kind: "damaged", Code: "CALL 0900123456", Proof: strings.Repeat("a", 500)}},
	} {
		q := url.Values{"lang": {"en"}, "kind": {forged.Kind}, "case": {forged.Code}, "made": {forged.Proof}}
		got := get(t, base+"/s/"+forged.sign+"/thanks?"+q.Encode(), nil)
		if got.StatusCode != 200 || strings.Contains(got.body, "Thank you") || strings.Contains(got.body, "Tracking code") || forged.Code != "" && strings.Contains(got.body, forged.Code) || !strings.Contains(got.body, "<h1>Hải Phòng Opera House</h1>") {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
	}
	d.later(proofLife - time.Second)
	if _, ok := d.Thanks(page, told); !ok {
		t.Error("the page of thanks cannot be loaded again")
	}
	d.later(time.Second)
	if _, ok := d.Thanks(page, told); ok {
		t.Error("it is shown for good")
	}
}

// TestThanksOnAnotherReplica: whoever was led to the page of thanks may be answered by another replica; pages that cannot prove anything are not made.
func TestThanksOnAnotherReplica(t *testing.T) {
	here := open(t)
	page := here.page(t, Ask{Sign: here.code, Lang: "en"})
	told, err := here.Tap(t.Context(), page, "damaged", "203.0.113.1")
	if err != nil {
		t.Fatal(err)
	}
	there := open(t)
	if _, ok := there.Thanks(there.page(t, Ask{Sign: there.code, Lang: "en"}), told); !ok {
		t.Error("another replica does not believe the proof")
	}
	with := deps(t, here.book)
	with.Now, with.Signer = time.Now, nil
	if _, err := New(with); err == nil {
		t.Error("pages without a signer")
	}
}

// TestThanksByKind: who taps that a code is fake is warned, and who says that it hangs elsewhere hears what comes of it. A kind without words of its own has the words for all.
func TestThanksByKind(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{})
	for _, tt := range []struct{ lang, kind, says string }{
		{"vi", "fake", "đừng nhập thông tin cá nhân"}, {"en", "fake", "do not enter personal data"},
		{"vi", "elsewhere", "đối chiếu với vị trí đúng"}, {"en", "elsewhere", "sends somebody to look"},
		{"vi", "damaged", "sẽ cho người đến xem."}, {"en", "unreadable", "will have it looked at."},
	} {
		to := post(t, base+"/s/"+d.code+"/damage", url.Values{"kind": {tt.kind}, "lang": {tt.lang}}, nil).Header.Get("Location")
		page := get(t, base+to, nil)
		wellFormed(t, []byte(page.body))
		if page.StatusCode != 200 || !strings.Contains(page.body, tt.says) || !strings.Contains(page.body, "kind="+tt.kind+"&amp;") {
			t.Errorf("%+v: %s", tt, page.body)
		}
	}
	res := post(t, base+"/s/"+d.old+"/damage", url.Values{"kind": {"fake"}, "lang": {"en"}}, nil)
	if thanks := get(t, base+res.Header.Get("Location"), nil); !strings.Contains(thanks.body, "do not enter personal data") {
		t.Errorf("after a tap at a revoked code, at %s: %s", res.Header.Get("Location"), thanks.body)
	}
}

func TestTapsFromElsewhere(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{})
	for i, tt := range []struct {
		head http.Header
		form url.Values
		path string
		want int
	}{
		{http.Header{"Sec-Fetch-Site": {"cross-site"}}, url.Values{"kind": {"fake"}}, d.code, 403},
		{http.Header{"Sec-Fetch-Site": {"same-site"}}, url.Values{"kind": {"fake"}}, d.code, 403},
		{nil, url.Values{"kind": {"<script>"}}, d.code, 403},
		{nil, nil, d.code, 403},
		{nil, url.Values{"kind": {"fake"}}, "AAAAAAAAAAAAA", 404},
		{nil, url.Values{"kind": {"fake"}}, made(t, "NEW000"), 404},
		{nil, url.Values{"kind": {"fake"}}, d.old, 303},
		{nil, url.Values{"kind": {"fake"}}, printed, 303},
	} {
		if res := post(t, base+"/s/"+tt.path+"/damage", tt.form, tt.head); res.StatusCode != tt.want {
			t.Errorf("%d: got %d, want %d", i, res.StatusCode, tt.want)
		}
	}
	if got := fmt.Sprint(d.noted()); got != "[000572 fake]" { // of the two that were right, the second said the same of the same plate
		t.Errorf("noted were %s", got)
	}
}

func TestTapsAreLimited(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{})
	for i := range 12 {
		res := post(t, base+"/s/"+d.code+"/damage", url.Values{"kind": {"damaged"}, "lang": {"en"}}, nil)
		if want := map[bool]int{true: 303, false: 429}[i < 10]; res.StatusCode != want {
			t.Errorf("tap %d: got %d, want %d", i+1, res.StatusCode, want)
		}
		if i == 11 && (!strings.Contains(res.body, "Many reports came from your network. Please wait 60 min") || res.Header.Get("Retry-After") == "") {
			t.Error(res.body)
		}
	}
	if got := fmt.Sprint(d.noted()); got != "[000572 damaged]" {
		t.Errorf("noted were %s", got)
	}
}
