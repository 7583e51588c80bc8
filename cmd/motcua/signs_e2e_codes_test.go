package main_test

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// crockford is the alphabet of codes.
const (
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeSigns = 13
)

// mutations gives all codes that differ from a good one by one sign.
func mutations(good string) (out []string) {
	for i := range good {
		for _, r := range crockford {
			if mutated := good[:i] + string(r) + good[i+1:]; mutated != good {
				out = append(out, mutated)
			}
		}
	}
	return out
}

// rambling gives codes by chance, and texts that are no codes, in the spellings that people and machines use.
func rambling(n int) (out []string) {
	rnd := rand.New(rand.NewPCG(20, 26))
	for range n {
		code := make([]byte, codeSigns)
		for i := range code {
			code[i] = crockford[rnd.IntN(len(crockford))]
		}
		text := string(code)
		out = append(out, []string{text, strings.ToLower(text), text[:6] + "-" + text[6:], text[:12], text + "0"}[rnd.IntN(5)])
	}
	return append(out, "%00", "..%2F..%2Fetc", "%EF%BC%AA%EF%BC%A6", "-", "admin", "HP-00002-2", strings.Repeat("A", 2000), "%F0%9F%98%80", "'%20OR%201=1", "{sign}")
}

var storeOps = regexp.MustCompile(`^motcua_store_seconds_count\{kind="([^"]*)",op="([^"]*)"\} (\S+)$`)

// stored counts the operations of the store by kind, or by kind and operation.
func (c *signCity) stored(t *testing.T) map[string]int {
	t.Helper()
	res, err := http.Get(c.Admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out := map[string]int{}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if m := storeOps.FindStringSubmatch(lines.Text()); m != nil {
			n, err := strconv.ParseFloat(m[3], 64)
			if err != nil {
				t.Fatal(err)
			}
			out[m[1]+"."+m[2]] = int(n)
			out[m[1]] += int(n)
			out["all"] += int(n)
		}
	}
	return out
}

// wantNoLookups compares how often the store was asked for signs: not at all for what a code is looked up in, and hardly for all else, since counts are written at
// intervals.
func wantNoLookups(t *testing.T, before, after map[string]int) {
	t.Helper()
	for kind, now := range after {
		most := 100
		if slices.Contains([]string{"sign_codes", "sign_plates", "sign_stories"}, kind) {
			most = 0
		}
		if n := now - before[kind]; strings.HasPrefix(kind, "sign_") && n > most {
			t.Errorf("the store was asked %d times for %s", n, kind)
		}
	}
}

// TestInventedCodes tries codes that nobody issued: by chance, and each that differs from a good one by a sign. None opens anything or makes the store look, at the page
// or in the app, whoever tries too many has to wait, and good codes work for everybody all the while.
func TestInventedCodes(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	city := newSignCity(ctx, t)
	good := city.code(ctx, t, signNumber)
	var tried []string
	for _, number := range []string{signNumber, "35", "177"} {
		tried = append(tried, mutations(city.code(ctx, t, number))...)
	}
	tried = append(tried, rambling(1500)...)
	city.phone("203.0.113.1").get(ctx, t, "/s/"+city.code(ctx, t, "35"), http.StatusOK)
	before := city.stored(t)
	city.phone("203.0.113.1").get(ctx, t, "/s/"+good, http.StatusOK)
	if city.stored(t)["sign_codes.get"] <= before["sign_codes.get"] {
		t.Fatal("a good code is not read from the store: the numbers here would prove nothing")
	}
	before = city.stored(t)
	statuses := city.try(ctx, t, tried)
	after := city.stored(t)
	if statuses[http.StatusNotFound] < len(tried)/2 || statuses[http.StatusTooManyRequests] < 500 || statuses[http.StatusNotFound]+statuses[http.StatusTooManyRequests] != len(tried) {
		t.Errorf("%d codes were answered with %v", len(tried), statuses)
	}
	wantNoLookups(t, before, after)
	t.Logf("%d codes: %v; %d operations of the store meanwhile, for other things", len(tried), statuses, after["all"]-before["all"])
	city.tryInApp(ctx, t, tried)
	for _, address := range []string{greedy, "203.0.113.200"} {
		if got := city.phone(address).get(ctx, t, "/s/"+good, http.StatusOK); !strings.Contains(got.body, signNumber) {
			t.Errorf("the good code opens %.300s", got.body)
		}
	}
}

// greedy is the address of somebody who tries many codes.
const greedy = "198.51.100.66"

// try opens a page for each code: a third from one address, the others from many, each of which stays below what is allowed in a minute.
func (c *signCity) try(ctx context.Context, t *testing.T, codes []string) map[int]int {
	t.Helper()
	const phones, each = 8, 50
	var mu sync.Mutex
	statuses := map[int]int{}
	atOnce(phones, func(n int) {
		own := map[int]int{}
		for i := n; i < len(codes); i += phones {
			address := greedy
			if i%3 > 0 {
				address = fmt.Sprintf("2001:db8:%x:%x::1", n, i/phones/each)
			}
			got, err := c.phone(address).ask(ctx, http.MethodGet, "/"+[]string{"s", "S"}[i%2]+"/"+codes[i], nil)
			if err != nil {
				t.Error(err)
				return
			}
			own[got.status]++
			if wait, err := strconv.Atoi(got.header.Get("Retry-After")); got.status == http.StatusTooManyRequests && (err != nil || wait < 1 || wait > 60) {
				t.Errorf("%s: to be tried again after %q", codes[i], got.header.Get("Retry-After"))
			}
			if strings.Contains(got.body, signStory) || got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: status %d, to be kept %q", codes[i], got.status, got.header.Get("Cache-Control"))
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for status, k := range own {
			statuses[status] += k
		}
	})
	return maps.Clone(statuses)
}

// tryInApp asks GraphQL for some of the codes: it refuses each, and after so many from one address all.
func (c *signCity) tryInApp(ctx context.Context, t *testing.T, codes []string) {
	t.Helper()
	before := c.stored(t)
	refused := map[string]int{}
	for i := range 100 {
		a, err := c.guest(greedy).Ask(ctx, signQuery, map[string]any{"code": codes[i*len(codes)/100]})
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Errors) == 0 || strings.Contains(string(a.Data), signNumber) {
			t.Errorf("%s opens %s", codes[i*len(codes)/100], a.Data)
			continue
		}
		refused[citytest.Text(a.Errors[0].Extensions["code"])]++
	}
	if refused["NOT_FOUND"] < 40 || refused["RATE_LIMITED"] < 30 || refused["NOT_FOUND"]+refused["INVALID"]+refused["RATE_LIMITED"] != 100 {
		t.Errorf("the app was refused %v", refused)
	}
	wantNoLookups(t, before, c.stored(t))
	got := read[*signInApp](ctx, t, c.guest("203.0.113.201"), "sign", signQuery, map[string]any{"code": c.code(ctx, t, signNumber)})
	if got == nil || got.Number != signNumber || got.CodeState != "CURRENT" || got.Ward.Code != signWard {
		t.Errorf("the good code opens %+v", got)
	}
}

// signInApp is a sign as the app shows it.
type signInApp struct {
	Number, CodeState string
	Ward              struct{ Code string }
}

const signQuery = `query($code: String!, $at: GeoPointInput) { sign(code: $code, at: $at) { number codeState ward { code } } }`
