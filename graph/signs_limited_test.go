package graph_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/motcua/motcua/graph"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
)

// signDoer stands for the mini-app of signs: it knows every sign but the one of noughts.
type signDoer struct {
	refuse atomic.Bool // tells that there were too many
	mu     sync.Mutex
	told   []miniapps.Citizen // who told of a broken one
}

func (s *signDoer) tellers() []teller {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []teller
	for _, c := range s.told {
		out = append(out, teller{c.Subject, c.Origin})
	}
	return out
}

// teller is who told of a broken sign, as the mini-app may know it.
type teller struct{ Subject, Origin string }

func (*signDoer) Manifest() miniapps.Manifest {
	action := func(id, more string) string {
		return `{"id": "` + id + `", "title": {"vi": "Làm", "en": "Do"}, "audience": "citizen", "assurance": "guest"` + more + `,
			"input": {"type": "object", "additionalProperties": false, "properties": {"sign": {"type": "string", "x-ask": "never"}}, "$schema": "https://json-schema.org/draft/2020-12/schema"}}`
	}
	const reads = `, "read_only": true`
	m, err := miniapps.ParseManifest([]byte(`{
		"app_id": "signs", "name": {"vi": "Biển", "en": "Signs"}, "description": {"vi": "Để thử.", "en": "For tests."}, "icons": [{"src": "/icons/signs.svg"}],
		"version_name": "1.0.0", "version_code": 1, "owner": "test", "category": "test",
		"actions": [` + strings.Join([]string{action("show", reads), action("near", reads), action("find", reads), action("damaged", "")}, ",") + `]}`))
	if err != nil {
		panic(fmt.Sprint("the test's own manifest: ", err))
	}
	return m
}

func (s *signDoer) Do(_ context.Context, c miniapps.Call) (miniapps.Result, error) {
	if strings.Contains(string(c.Input), "0000000000000") {
		return miniapps.Result{}, fault.New(fault.NotFound, "")
	}
	if c.Action == "damaged" {
		if s.refuse.Load() {
			return miniapps.Result{}, fault.New(fault.RateLimited, "").After(time.Minute)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = append(s.told, c.Citizen)
	}
	return miniapps.Result{}, nil
}

// fromHeader tells the tests' gateway which address somebody has.
const fromHeader = "X-From"

// actingWorld is a signed world whose Runner has the mini-app of signs, and whose people may come from any address.
func actingWorld(t *testing.T) (*world, *signDoer) {
	t.Helper()
	w, app := signedWorld(t), &signDoer{}
	deps := w.deps
	deps.Reg = prometheus.NewRegistry()
	deps.ClientIP = func(c *fiber.Ctx) string { return cmp.Or(c.Get(fromHeader), c.IP()) }
	var err error
	deps.Runner, err = miniapps.NewRunner(miniapps.RunnerConfig{Limits: miniapps.Limits{
		Timeout: 4 * time.Second, Concurrent: 64, Wait: 250 * time.Millisecond, Failures: 5, Rest: 30 * time.Second,
	}}, miniapps.Deps{
		Apps: []miniapps.App{app}, OnChange: func(context.Context, miniapps.CaseRef) {}, Now: time.Now, Log: slog.New(slog.DiscardHandler), Reg: deps.Reg,
		Tracer: noop.NewTracerProvider(),
	})
	require.NoError(t, err)
	handler, err := graph.New(settings(), deps)
	require.NoError(t, err)
	out := &world{t: t, handler: handler, accounts: w.accounts, sms: w.sms, signs: w.signs}
	out.listen()
	return out, app
}

// from asks from an address.
func (p person) from(address, query string, vars map[string]any) answer {
	p.w.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	require.NoError(p.w.t, err)
	return p.post(body, map[string]string{fromHeader: address})
}

// times writes a field n times, each by its own alias.
func times(n int, field string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d: %s ", i, field)
	}
	return "{ " + b.String() + "}"
}

const askCode = `query($c: String!) { sign(code: $c) { number } }`

func code(text string) map[string]any { return map[string]any{"c": text} }

func TestSignsCannotBeTriedByMachine(t *testing.T) {
	t.Parallel()
	w, _ := actingWorld(t)
	g, good, number := w.guest(), w.signs.code(t, 9001), w.signs.codes.Numbers().Format
	for i := range 60 {
		a := g.ask(askCode, code(fmt.Sprintf("%013d", i)))
		require.Equal(t, "NOT_FOUND", a.code(), a.Raw)
	}
	for _, text := range []string{"0000000000060", number(777), "words"} {
		a := g.ask(askCode, code(text))
		require.Equal(t, "RATE_LIMITED", a.code(), a.Raw)
		require.NotNil(t, a.Errors[0].Extensions["retryAfter"])
		require.Contains(t, a.Raw, `"data":{"sign":null}`)
	}
	const show = `mutation($c: String!) { invokeMiniApp(appId: "signs", action: "show", input: {sign: $c}) { result { blocks } errors { code retryAfter } } }`
	require.Contains(t, g.ok(show, code("0000000000000")).Raw, "RATE_LIMITED", "both ways count together")
	for range 100 { // a class in front of the tower, behind the address of whoever tried
		g.ok(askCode, code(good))
	}
	g.ok(askCode, code(number(9001)))
	require.NotContains(t, g.ok(show, code(good)).Raw, "RATE_LIMITED")
	require.Equal(t, "NOT_FOUND", w.citizen("0912345678").ask(askCode, code("0000000000000")).code(), "an account has a count of its own")
	require.Equal(t, "NOT_FOUND", g.from("203.0.113.9", askCode, code("0000000000000")).code(), "and so has another network")
}

func TestLookUpsByNumberAreBounded(t *testing.T) {
	t.Parallel()
	w, _ := actingWorld(t)
	g, good, number := w.guest(), w.signs.code(t, 9001), w.signs.codes.Numbers().Format(9001)
	for range 60 {
		g.ok(times(10, `sign(code: "`+number+`") { number }`), nil)
	}
	var a answer
	for _, text := range []string{number, "https://city.example/s/" + number} {
		reads := w.signs.reads.ReadsDuring(func() { a = g.ask(askCode, code(text)) })
		require.Equal(t, "RATE_LIMITED", a.code(), a.Raw)
		require.NotNil(t, a.Errors[0].Extensions["retryAfter"])
		require.Empty(t, reads)
	}
	a = g.ok(`mutation($c: String!) { invokeMiniApp(appId: "signs", action: "show", input: {sign: $c}) { errors { code } } }`, code(number))
	require.Contains(t, a.Raw, "RATE_LIMITED")
	g.ok(askCode, code(good))
	w.citizen("0912345678").ok(askCode, code(number))
}

const tellDamage = `mutation($c: String!) { invokeMiniApp(appId: "signs", action: "damaged", input: {sign: $c}) { errors { code retryAfter } } }`

// TestReportsOfDamageSayWhereFrom: the mini-app bounds them by person and by network, so it is told of both; guests may not report.
func TestReportsOfDamageSayWhereFrom(t *testing.T) {
	t.Parallel()
	w, app := actingWorld(t)
	good := code("HP-09001-8")
	require.Contains(t, w.guest().from("203.0.113.9", tellDamage, good).Raw, "UNAUTHORIZED")
	require.Empty(t, app.tellers())
	p, other := w.citizen("0912345678"), w.citizen("0912345679")
	require.Contains(t, p.from("203.0.113.9", tellDamage, code("0000000000000")).Raw, "NOT_FOUND", "what is no sign is counted as such")
	for _, told := range []struct {
		by      person
		address string
	}{{p, "2001:db8:0:1::1"}, {p, "2001:db8:0:1:ffff::2"}, {p, "203.0.113.9"}, {other, "203.0.113.9"}} {
		require.Contains(t, told.by.from(told.address, tellDamage, good).Raw, `"errors":[]`)
	}
	got := app.tellers()
	require.Len(t, got, 4)
	require.Equal(t, got[0], got[1], "one network, one person")
	require.NotEqual(t, got[1].Origin, got[2].Origin)
	require.Equal(t, got[2].Origin, got[3].Origin)
	require.NotEqual(t, got[2].Subject, got[3].Subject)
	for _, c := range got {
		require.NotEmpty(t, c.Origin)
		require.NotContains(t, c.Origin, "203.0")
	}
	app.refuse.Store(true)
	a := p.from("203.0.113.9", tellDamage, good)
	require.Contains(t, a.Raw, "RATE_LIMITED")
	require.NotContains(t, a.Raw, `"retryAfter":null`)
}

func TestSearchesForSignsAreBounded(t *testing.T) {
	t.Parallel()
	w, _ := actingWorld(t)
	const near, words = `signs(near: {lat: 20.1328, lon: 107.7276}, first: 1) { edges { cursor } }`, `signs(text: "hai dang", first: 1) { edges { cursor } }`
	who := map[string]struct {
		person
		most int
	}{"guests": {w.guest(), 120}, "account": {w.citizen("0912345678"), 240}}
	for name, p := range who {
		for range p.most / 10 {
			p.ok(times(5, near), nil)
			p.ok(times(5, words), nil)
		}
		for _, q := range []string{near, words} {
			var a answer
			reads := w.signs.reads.ReadsDuring(func() { a = p.ask("{ "+q+" }", nil) })
			require.Equal(t, "RATE_LIMITED", a.code(), "%s: %s", name, a.Raw)
			require.NotNil(t, a.Errors[0].Extensions["retryAfter"])
			require.Empty(t, reads)
		}
		for _, action := range []string{"near", "find"} {
			a := p.ok(`mutation($a: String!) { invokeMiniApp(appId: "signs", action: $a) { errors { code } } }`, map[string]any{"a": action})
			require.Contains(t, a.Raw, "RATE_LIMITED", action)
		}
		p.ok(`{ signs(ward: "11948", text: " ", first: 1) { edges { cursor } } }`, nil)
		elsewhere := p.from("203.0.113.9", "{ "+near+" }", nil).code()
		require.Equal(t, map[string]string{"guests": "", "account": "RATE_LIMITED"}[name], elsewhere, "an account is counted wherever it is")
	}
}

// TestSearchesForSignsWeighMuch: five fit one operation, and a map of a hundred signs does.
func TestSearchesForSignsWeighMuch(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	for _, given := range []string{`near: {lat: 20.1328, lon: 107.7276}`, `text: "hai dang"`} {
		field := `signs(` + given + `, first: 1) { edges { cursor } }`
		w.guest().ok(times(5, field), nil)
		a := w.guest().ask(times(6, field), nil)
		require.Equal(t, http.StatusBadRequest, a.Status)
		require.Equal(t, "cost", a.Errors[0].Extensions["reason"], a.Raw)
	}
	w.guest().ok(times(9, `signs(first: 1) { edges { cursor } }`), nil)
	w.guest().ok(`{ signs(near: {lat: 20.1328, lon: 107.7276}, first: 100) {
		edges { distanceMetres node { id number street condition place { lat lon address } ward { code name } story { title } } } pageInfo { hasNextPage endCursor } } }`, nil)
}

func TestGuestsOfOneNetworkAreOneVisitor(t *testing.T) {
	t.Parallel()
	w, _ := actingWorld(t)
	good := code(w.signs.code(t, 9001))
	for address, want := range map[string]string{
		"2001:db8:0:1::1": "2001:db8:0:1::/64", "2001:db8:0:1:ffff::2": "2001:db8:0:1::/64", "2001:db8:0:2::1": "2001:db8:0:2::/64", "203.0.113.9": "203.0.113.9",
	} {
		require.Empty(t, w.guest().from(address, askCode, good).Errors)
		require.Equal(t, want, w.signs.lastVisit().Client, address)
	}
}
