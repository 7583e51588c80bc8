package signpage

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/scanpage"
)

const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// guesses gives n invented codes: random ones, and ones that differ from the plate's in one sign.
func guesses(r *rand.Rand, good string, n int) (random, mutated []string) {
	for range n {
		b := make([]byte, 13)
		for i := range b {
			b[i] = letters[r.IntN(32)]
		}
		random = append(random, string(b))
		m := []byte(good)
		i := r.IntN(13)
		for m[i] == good[i] {
			m[i] = letters[r.IntN(32)]
		}
		mutated = append(mutated, string(m))
	}
	return random, mutated
}

// TestGuessedCodes tries 200,000 codes that the city did not make, on all processors. None opens anything, and the store is not asked about one.
func TestGuessedCodes(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.page(t, Ask{Sign: d.code}) // kept, as it is while somebody guesses near it
	d.book.asked.Store(0)
	random, mutated := guesses(rand.New(rand.NewPCG(1, 2)), d.code, 100_000)
	all := append(random, mutated...)
	var wg sync.WaitGroup
	for part := range slices.Chunk(all, len(all)/runtime.GOMAXPROCS(0)+1) {
		wg.Go(func() {
			for _, sign := range part {
				page, err := d.Open(t.Context(), Ask{Sign: sign})
				if err != nil || page.Status != 404 || page.State != scanpage.Invented || page.Plate != "" {
					t.Errorf("%s: %+v, %v", sign, page, err)
					return
				}
			}
		})
	}
	wg.Wait()
	d.book.reads(t, 0)
}

// TestRefusalsAreKept: whoever tries codes by the million is told to wait by a page that is there already.
func TestRefusalsAreKept(t *testing.T) {
	d := open(t)
	first := d.Notice(Ask{Lang: "en"}, scanpage.TooMany, 61*time.Second)
	again := d.Notice(Ask{Lang: "en"}, scanpage.TooMany, 118*time.Second)
	if &first.Body[0] != &again.Body[0] || first.RetryAfter != 61 || again.RetryAfter != 118 || !strings.Contains(string(first.Body), "2 min") {
		t.Errorf("got %d s and %d s: %s", first.RetryAfter, again.RetryAfter, first.Body)
	}
	for _, other := range []*Answer{d.Notice(Ask{Lang: "en"}, scanpage.TooMany, time.Second), d.Notice(Ask{Lang: "vi"}, scanpage.TooMany, 61*time.Second), d.Notice(Ask{Lang: "en"}, scanpage.TappedOften, 61*time.Second)} {
		if string(other.Body) == string(first.Body) {
			t.Errorf("another refusal says the same: %s", other.Body)
		}
	}
	if week := d.Notice(Ask{Lang: "en"}, scanpage.TooMany, 7*24*time.Hour); !strings.Contains(string(week.Body), "60 min") {
		t.Errorf("a week: %s", week.Body)
	}
}

// TestGuessedCodesOverHTTP tries some of them at the port: past the limit each is told to wait, and a good code still opens.
func TestGuessedCodesOverHTTP(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{})
	random, mutated := guesses(rand.New(rand.NewPCG(3, 4)), d.code, 300)
	got := map[int]int{}
	for _, sign := range append(random, mutated...) {
		res := get(t, base+"/s/"+sign, nil)
		got[res.StatusCode]++
		if res.StatusCode == http.StatusTooManyRequests && (res.Header.Get("Retry-After") == "" || !strings.Contains(res.body, "<h1>")) {
			t.Fatalf("a refusal says %v: %s", res.Header, res.body)
		}
	}
	d.book.reads(t, 0)
	if got[404]+got[429] != 600 || got[404] < 60 || got[404] > 240 { // a window of a minute, or a few on a busy machine
		t.Errorf("answers were %v", got)
	}
	d.mu.Lock()
	n := len(d.visits)
	d.mu.Unlock()
	if n != 600 {
		t.Errorf("%d were told to whoever counts", n)
	}
	if res := get(t, base+"/S/"+d.code, nil); res.StatusCode != 200 {
		t.Errorf("a neighbour's good code: %d", res.StatusCode)
	}
}

// TestCountedNumbers: whoever counts through the numbers is slowed down before the store is asked.
func TestCountedNumbers(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{Codes: limit.Rule{Max: 20, Per: time.Hour}})
	got := map[int]int{}
	for n := 1000; n < 1100; n++ {
		got[get(t, base+"/s/"+codes(t).Numbers().Format(n), nil).StatusCode]++
	}
	if got[404] != 20 || got[429] != 80 || d.book.asked.Load() != 20 {
		t.Errorf("answers were %v, with %d reads", got, d.book.asked.Load())
	}
	if res := get(t, base+"/s/HP-00572-5", nil); res.StatusCode != 429 {
		t.Errorf("a mistyped number beyond the limit: %d", res.StatusCode)
	}
}

// TestMistypedNumbers: who slips in a number is asked to look again, and not told of fakes. It is neither looked up nor told to whoever counts.
func TestMistypedNumbers(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{Codes: limit.Rule{Max: 12, Per: time.Hour}})
	for sign, says := range map[string]string{
		"HP-00572-5": "Không có biển mang số này", "hp005725": "Không có biển mang số này", "HP%2000572-9": "Không có biển mang số này", "HP-00573-4": "Không có biển mang số này",
		"HP-5": "Không có biển mang số này", "HP-00000-0": "Không có biển mang số này",
		"00572-5": "không phải của thành phố", "HN-00572-5": "không phải của thành phố", "HP-12345678-9": "không phải của thành phố", "HP-00572-x": "không phải của thành phố",
	} {
		res := get(t, base+"/s/"+sign, nil)
		if res.StatusCode != 404 || !strings.Contains(res.body, says) || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", sign, res.StatusCode, res.body)
		}
		wellFormed(t, []byte(res.body))
	}
	d.book.reads(t, 0)
	if len(d.visits) != 4 {
		t.Errorf("told of %d visits: %+v", len(d.visits), d.visits)
	}
	for i := range 8 { // six were counted above
		if res := get(t, base+"/s/HP-00572-6", nil); res.StatusCode != map[bool]int{true: 404, false: 429}[i < 6] {
			t.Errorf("the same once more, %d: %d", i+1, res.StatusCode)
		}
	}
}

// TestFront asks for a number, and leads to its page.
func TestFront(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{})
	for path, says := range map[string]string{"/s/": "số in trên biển", "/s": "số in trên biển", "/S/": "số in trên biển", "/s/?lang=en": "number on the sign", "/s/?sign=+&lang=en": "number on the sign"} {
		res := get(t, base+path, nil)
		if res.StatusCode != 200 || !strings.Contains(res.body, says) || !strings.Contains(res.body, `<form class="find" method="get" action="/s/"`) || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %s", path, res.StatusCode, res.body)
		}
		wellFormed(t, []byte(res.body))
	}
	for typed, want := range map[string]string{
		printed: printed, " hp 572 4 ": printed, "00572-4": printed, "5724": printed, d.code: d.code, strings.ToLower(d.code): d.code, "https://city.example/s/" + d.code: d.code,
		"biển HP-00572-4 nhé": printed, "HP-00572-5": "HP-00572-5", "00572-5": "HP-00572-5", "https://evil.example/s/" + d.code: "https:%2F%2Fevil.example%2Fs%2F" + d.code,
	} {
		res := send(t, http.MethodGet, base+"/s/?"+url.Values{"sign": {typed}, "lang": {"en"}}.Encode(), nil, "")
		if to := res.Header.Get("Location"); res.StatusCode != 303 || to != "/s/"+want+"?lang=en" {
			t.Errorf("%q leads to %d %s", typed, res.StatusCode, to)
		}
	}
}

// TestTypedWords: who types what is neither a number nor a code is asked for a number, and has found no fake.
func TestTypedWords(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{})
	for _, typed := range []string{"le chan", "Lê Chân", "../../chat", "//evil.example", strings.Repeat("9", 3000), "a?b#c", "<b>", "HP", "938NM5X4140S"} {
		res := send(t, http.MethodGet, base+"/s?"+url.Values{"sign": {typed}, "lang": {"en"}}.Encode(), nil, "")
		if res.StatusCode != 404 || !strings.Contains(res.body, "Please type the number") || !strings.Contains(res.body, printed) || strings.Contains(res.body, "not one of the city") || !strings.Contains(res.body, `href="/s/?lang=vi"`) {
			t.Errorf("%q: %d %s", typed, res.StatusCode, res.body)
		}
		wellFormed(t, []byte(res.body))
	}
	if len(d.visits) != 0 {
		t.Errorf("told of %+v", d.visits)
	}
	wrong := []byte(d.code)
	wrong[12] = map[bool]byte{true: 'A', false: 'B'}[wrong[12] == 'B']
	for _, typed := range []string{string(wrong), strings.ToLower(string(wrong[:7])) + "-" + string(wrong[7:]), "https://evil.example/s/" + d.code} {
		res := send(t, http.MethodGet, base+"/s?"+url.Values{"sign": {typed}}.Encode(), nil, "")
		if page := get(t, base+res.Header.Get("Location"), nil); res.StatusCode != 303 || page.StatusCode != 404 || !strings.Contains(page.body, "không phải của thành phố") {
			t.Errorf("%q: %d, %d %s", typed, res.StatusCode, page.StatusCode, page.body)
		}
	}
	if len(d.visits) != 3 {
		t.Errorf("told of %+v", d.visits)
	}
	d.book.reads(t, 0)
}

// TestMarksAroundASign: an address at the end of a sentence, or in quotation marks, opens what it names.
func TestMarksAroundASign(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{})
	for _, sign := range []string{d.code + ".", d.code + ",", d.code + ")", d.code + "%E2%80%9D", d.code + "%3F", "%22" + d.code + "%22", d.code + "...", d.code + "%20", d.code + "%E2%80%8B", "(" + printed + ").", printed + "!"} {
		if res := get(t, base+"/s/"+sign, nil); res.StatusCode != 200 || !strings.Contains(res.body, printed) {
			t.Errorf("%s: %d", sign, res.StatusCode)
		}
	}
	if res := get(t, base+"/s/HP-00572-5.", nil); res.StatusCode != 404 || !strings.Contains(res.body, "Không có biển mang số này") {
		t.Errorf("a mistyped number: %d %s", res.StatusCode, res.body)
	}
	for _, v := range d.visits {
		if v.Code != d.code {
			t.Errorf("told of %+v", v)
		}
	}
	if res := get(t, base+"/s/"+d.code[:6]+"."+d.code[6:], nil); res.StatusCode != 404 {
		t.Errorf("a mark within: %d", res.StatusCode)
	}
}

// TestElsewhere: an address below /s/ that leads nowhere has a page in the visitor's language.
func TestElsewhere(t *testing.T) {
	d := open(t)
	base := port(t, d, httpapi.SignLimits{})
	for path, says := range map[string]string{"/s//" + d.code: "Không có trang này", "/s/" + d.code + "/do?lang=EN-gb": "There is no such page", "/S/" + d.code + "/x/y": "Không có trang này"} {
		res := get(t, base+path, nil)
		if res.StatusCode != 404 || !strings.Contains(res.body, "<h1>"+says) {
			t.Errorf("%s: %d %s", path, res.StatusCode, res.body)
		}
		wellFormed(t, []byte(res.body))
	}
	if len(d.visits) != 0 {
		t.Errorf("told of %+v", d.visits)
	}
}

func FuzzOpen(f *testing.F) {
	d := open(f)
	for _, s := range []string{d.code, printed, d.old, strings.ToLower(d.code), "hp 572 4", "%E0%A4%A", "９３８", "", strings.Repeat("0", 400)} {
		f.Add(s, "vi", "en;q=0.5")
	}
	want := map[string]bool{d.code: true, printed: true, d.old: true}
	f.Fuzz(func(t *testing.T, sign, lang, accept string) {
		page := d.page(t, Ask{Sign: sign, Lang: lang, Accept: accept})
		if page.Status != 404 && !want[page.Sign] {
			t.Errorf("%q opens %q", sign, page.Sign)
		}
		if fmt.Sprint(page.Lang) == "" || len(page.Body) == 0 || len(page.Body) >= MaxPage {
			t.Errorf("%q: a page of %d bytes in %q", sign, len(page.Body), page.Lang)
		}
	})
}
