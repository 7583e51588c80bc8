package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/graph"
	"github.com/motcua/motcua/graph/transport"
)

// TestAttacks sends what a hostile client would. None may run, cost much time, get a long answer, or hear anything of the inside.
func TestAttacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *graph.Settings) { s.Introspection = graph.IntrospectionOff })
	ask := func(query string) string {
		b, err := json.Marshal(map[string]string{"query": query})
		require.NoError(t, err)
		return string(b)
	}
	nested := func(n int) string {
		page := fmt.Sprintf("(first: %d)", n)
		return "{ notifications" + page + " { edges { node { feedback { comments" + page + " { edges { node { id } } } } } } } }"
	}
	aliases := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "a%d: feedbackByCode(code: \"%d\") { code } ", i, i)
		}
		return "{ " + b.String() + "}"
	}
	tests := []struct {
		name, method, body, query string
		header                    map[string]string
		status                    int
		reason                    string // label of the metric
	}{
		{name: "lists in lists", body: ask(nested(20)), status: 400, reason: "cost"},
		{name: "1,000 same fields", body: ask("{ " + strings.Repeat("__typename ", 1000) + "}"), status: 400, reason: "tokens"},
		{name: "990 same fields", body: ask("{ me { " + strings.Repeat("id ", 980) + "} }"), status: 400, reason: "repeats"},
		{name: "500 unknown directives", body: ask("{ me { id " + strings.Repeat("@a ", 490) + "} }"), status: 400, reason: "directives"},
		{name: "1,000 aliases", body: ask(aliases(1000)), status: 400, reason: "tokens"},
		{name: "80 aliases of a limited field", body: ask(aliases(80)), status: 400, reason: "aliases"},
		{name: "alias repeated for each object", body: ask("{ feedbackCategories { " + strings.Repeat("a", 60_000) + ": name } }"), status: 400, reason: "names"},
		{name: "many codes tried in one request", body: ask("mutation { " + aliasesOfVerify(20) + "}"), status: 400, reason: "aliases"},
		{name: "depth", body: ask("{ notifications { edges { node { feedback { comments { edges { node { unit { name @skip(if: false) } } } } } } } } }"), status: 400, reason: "cost"},
		{name: "depth of fragments", body: ask("{ ...A } fragment A on Query { node(id: \"x\") { ... on Notification { feedback { comments { edges { node { unit { ... on Unit { ... on Node { ... on Unit { id } } } } } } } } } } } } "), status: 400},
		{name: "multipart", body: "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{\"query\":\"mutation{signOut{signedOut}}\"}\r\n--x--", header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, status: 415, reason: "media_type"},
		{name: "text/plain", body: ask("{ __typename }"), header: map[string]string{"Content-Type": "text/plain"}, status: 415, reason: "media_type"},
		{name: "form", body: "query={__typename}", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, status: 415, reason: "media_type"},
		{name: "mutation by GET", method: http.MethodGet, query: "mutation{signOut{signedOut}}", status: 405, reason: "method"},
		{name: "batch", body: "[" + ask("{ __typename }") + "," + ask("{ __typename }") + "]", status: 400, reason: "params"},
		{name: "circular introspection", body: ask("{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"), status: 400},
		{name: "introspection", body: ask("{ __schema { types { name } } }"), status: 400, reason: "introspection"},
		{name: "federation's schema", body: ask("{ _service { sdl } }"), status: 400, reason: "introspection"},
		{name: "circular fragments", body: ask("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"), status: 400, reason: "validation"},
		{name: "10,000 deep", body: ask(strings.Repeat("{a", 10000)), status: 400, reason: "tokens"},
		{name: "bad JSON", body: `{"query": "{ secret-of-the-body `, status: 400, reason: "params"},
		{name: "names twice", body: `{"query":"{ __typename }","query":"{ me { id } }"}`, status: 400, reason: "params"},
		{name: "persisted query with a wrong hash", body: `{"query":"{ __typename }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + strings.Repeat("0", 64) + `"}}}`, status: 400, reason: "persisted_wrong"},
		{name: "body too long", body: ask("{ __typename #" + strings.Repeat("x", 70_000) + "\n}"), status: 413, reason: "body"},
		{name: "compressed body", body: ask("{ __typename }"), header: map[string]string{"Content-Encoding": "gzip"}, status: 415, reason: "media_type"},
		{name: "defer", body: ask("{ ... @defer { me { id } } }"), status: 400, reason: "validation"},
		{name: "many entities", body: `{"query":"query($r: [_Any!]!) { _entities(representations: $r) { ... on Feedback { id } } }","variables":{"r":[` + strings.TrimSuffix(strings.Repeat(`{"__typename":"Feedback","id":"x"},`, 600), ",") + `]}}`, status: 400, reason: "cost"},
		{name: "operator in a variable", body: `{"query":"query($c: String!) { feedbackByCode(code: $c) { code } }","variables":{"c":{"$ne":""}}}`, status: 400, reason: "variables"},
		{name: "values nested deeply", body: `{"query":"mutation($i: JSON) { invokeMiniApp(appId: \"flaky\", action: \"say\", input: $i) { errors { code } } }","variables":{"i":` + strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000) + `}}`, status: 400, reason: "params"},
		{name: "GET with cookies", method: http.MethodGet, query: "{__typename}", header: map[string]string{"Cookie": "session=1"}, status: 403, reason: "forgery"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := w.rejected(tt.reason)
			method, url := http.MethodPost, w.url
			if tt.method != "" {
				method, url = tt.method, w.url+"?query="+escape(tt.query)
			}
			start := time.Now()
			a := w.guest().send(method, url, []byte(tt.body), tt.header)
			require.Equal(t, tt.status, a.Status, a.Raw)
			require.Less(t, time.Since(start), 20*time.Second)
			require.Less(t, len(a.Raw), 8<<10)
			require.LessOrEqual(t, len(a.Errors), 10)
			require.NotEmpty(t, a.Errors, a.Raw)
			require.Nil(t, a.Data)
			for _, word := range []string{"secret-of-the-body", "Did you mean", "goroutine", "graph/"} {
				require.NotContains(t, a.Raw, word)
			}
			if tt.reason != "" {
				require.Equal(t, before+1, w.rejected(tt.reason), "counted as %s: %s", tt.reason, a.Raw)
			}
		})
	}
}

func aliasesOfVerify(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "v%d: verifyOtp(input: {challengeId: \"a\", code: \"%06d\", deviceId: \"d\"}) { errors { code } } ", i, i)
	}
	return b.String()
}

func escape(s string) string { return url.QueryEscape(s) }

// rejected reads how many requests were refused for a reason.
func (w *world) rejected(reason string) int {
	w.t.Helper()
	families, err := w.reg.Gather()
	require.NoError(w.t, err)
	for _, f := range families {
		if f.GetName() != "motcua_graphql_rejected_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetLabel()[0].GetValue() == reason {
				return int(m.GetCounter().GetValue())
			}
		}
	}
	return 0
}

func TestOnlyRegisteredOperationsByGet(t *testing.T) {
	t.Parallel()
	const query = "{ __typename }"
	path := t.TempDir() + "/operations.json"
	writeRegistered(t, path, query)
	w := newWorld(t, func(s *graph.Settings) { s.Transport.Get, s.Registered = transport.GetRegistered, path })
	g := w.guest()
	ext := func(hash string) string {
		return "?extensions=" + url.QueryEscape(`{"persistedQuery":{"version":1,"sha256Hash":"`+hash+`"}}`)
	}
	require.Equal(t, 200, g.send(http.MethodGet, w.url+ext(hashOf(query)), nil, nil).Status)
	a := g.send(http.MethodGet, w.url+ext(hashOf("{ me { id } }")), nil, nil)
	require.Equal(t, 400, a.Status)
	require.Equal(t, "FORBIDDEN", a.code())
	a = g.send(http.MethodGet, w.url+"?query="+url.QueryEscape("{ me { id } }"), nil, nil)
	require.Equal(t, 400, a.Status)
	require.Equal(t, 200, g.ask("{ me { id } }", nil).Status, "POST takes any operation")
}

func TestAutomaticPersistedQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = "{ __typename }"
	hash := hashOf(query)
	alone := []byte(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}}`)
	a := w.guest().post(alone, nil)
	require.Equal(t, "PERSISTED_QUERY_NOT_FOUND", a.code())
	require.Equal(t, "PersistedQueryNotFound", a.Errors[0].Message)
	a = w.guest().post([]byte(`{"query":"`+query+`","extensions":{"persistedQuery":{"version":1,"sha256Hash":"`+hash+`"}}}`), nil)
	require.Equal(t, "Query", a.text("__typename"))
	a = w.guest().post(alone, nil)
	require.Equal(t, "Query", a.text("__typename"))
}

// A guest must not fill the cache with what can never run.
func TestOnlyWhatMayRunIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, query := range []string{"no operation at all", "{ nothingOfThisName }", "{ " + strings.Repeat("__typename ", 990) + "}"} {
		persisted := `"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hashOf(query) + `"}}`
		a := w.guest().post([]byte(`{"query":"`+query+`",`+persisted+`}`), nil)
		require.NotEmpty(t, a.Errors)
		a = w.guest().post([]byte(`{`+persisted+`}`), nil)
		require.Equal(t, "PERSISTED_QUERY_NOT_FOUND", a.code())
	}
}

func TestIntrospectionForStaff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *graph.Settings) { s.Introspection = graph.IntrospectionStaff })
	const query = "{ __schema { queryType { name } } _service { sdl } }"
	require.Equal(t, "FORBIDDEN", w.citizen("0912000001").ask(query, nil).code())
	a := w.staff("0912000002", "administrator", "").ok(query, nil)
	require.Contains(t, a.text("_service", "sdl"), "type Feedback")
}

// TestWholeIntrospectionPasses asks what tools ask, within the limits.
func TestWholeIntrospectionPasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.guest().ok(introspectionQuery, nil)
	types, _ := a.at("__schema", "types").([]any)
	require.NotEmpty(t, types)
}

const introspectionQuery = `query IntrospectionQuery { __schema { description queryType { name } mutationType { name } subscriptionType { name } types { ...FullType } directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason } inputFields { ...InputValue } interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } }`

// TestNothingOfTheInsideComesOut breaks a mini-app in several ways and looks for what must stay in the log.
func TestNothingOfTheInsideComesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	for _, what := range []string{"break", "panic"} {
		a := c.ask(`mutation($i: JSON) { invokeMiniApp(appId: "flaky", action: "say", input: $i) { result { data } errors { code message } } }`, map[string]any{"i": map[string]any{"what": what}})
		require.Equal(t, "INTERNAL", a.code(), a.Raw)
		for _, secret := range []string{"10.0.0.7", "27017", "dial", "0912345678", ".go", "goroutine"} {
			require.NotContains(t, a.Raw, secret)
		}
	}
	require.Contains(t, w.log.String(), "an operation failed")
	require.NotContains(t, w.log.String(), "0912345678", "the log holds no phone number")
}

// TestHomeScreenSurvivesADownMiniApp breaks one until its breaker opens: everything else is there, and its place says so.
func TestHomeScreenSurvivesADownMiniApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	for range 5 {
		c.ask(`mutation { invokeMiniApp(appId: "flaky", action: "say", input: {what: "break"}) { errors { code } } }`, nil)
	}
	a := c.ok(`{ miniApps { appId available } myFeedback { edges { node { id } } } }`, nil)
	apps, _ := a.at("miniApps").([]any)
	require.Equal(t, []any{
		map[string]any{"appId": "feedback", "available": true},
		map[string]any{"appId": "flaky", "available": false},
	}, apps)
	a = c.ask(`mutation { invokeMiniApp(appId: "flaky", action: "say", input: {}) { errors { code } } }`, nil)
	require.Equal(t, "UNAVAILABLE", a.code())
}

func TestCodesCannotBeTriedByMachine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, code, _ := w.citizen("0912345678").submit("k")
	g := w.guest()
	for range 60 {
		g.ok(`query($c: String!) { feedbackByCode(code: $c) { code } }`, map[string]any{"c": code})
	}
	a := g.ask(`query($c: String!) { feedbackByCode(code: $c) { code } }`, map[string]any{"c": code})
	require.Equal(t, "RATE_LIMITED", a.code())
	require.NotNil(t, a.Errors[0].Extensions["retryAfter"])
	const track = `mutation($i: JSON) { invokeMiniApp(appId: "feedback", action: "track", input: $i) { result { data } errors { code } } }`
	a = g.ask(track, map[string]any{"i": map[string]any{"code": code}})
	require.Contains(t, fmt.Sprint(a.at("invokeMiniApp", "errors")), "RATE_LIMITED")
}
