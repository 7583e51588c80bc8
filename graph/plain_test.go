package graph_test

import (
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/graph"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// plainTests are selections that the short way must write exactly as gqlgen does.
var plainTests = []string{
	homeQuery,
	`{ feedbackCategories { id code name group groupName serviceHours __typename } }`,
	`{ a: feedbackCategories { x: code y: name } b: feedbackCategories { code } }`,
	`{ feedbackCategories { ...C ... on FeedbackCategory { name } ... on Node { id } } } fragment C on FeedbackCategory { code code group }`,
	`{ feedbackCategories { code } feedbackCategories { name } }`,
	`query($yes: Boolean = true) { feedbackCategories { code @skip(if: $yes) name @include(if: $yes) } }`,
	`{ feedbackCategories { code @skip(if: true) } }`,
	`{ miniApps { id appId name shortName description icon category owner version available __typename } }`,
	`{ miniApps { appId actions { actionId title } } }`,
	`{ myFeedback(first: 2) { edges { cursor node { id code status description address hideName createdAt updatedAt dueAt __typename } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } __typename } }`,
	`{ myFeedback(first: 2) { edges { node { code ward { name } unit { name } category { name } point { lat lon } photos { url } timeline { at status } } } } }`,
	`{ myFeedback(first: 1, after: "nonsense") { edges { cursor } } }`,
	`{ feedbackQueue(status: RECEIVED) { edges { node { code } } } }`,
	`{ notifications(first: 3) { edges { cursor node { id title text createdAt read appId } } pageInfo { endCursor } } }`,
	`{ notifications { edges { node { feedback { code } } } } }`,
	`query A { feedbackCategories { ...C } } fragment C on FeedbackCategory { code }`,
}

// TestShortWayWritesTheSame compares the answers of two gateways over the same services, one of which knows no short way.
func TestShortWayWritesTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	for _, k := range []string{"a", "b", "c"} {
		c.submit(k)
	}
	w.carry()
	deps := w.deps
	deps.Reg = prometheus.NewRegistry()
	long, err := graph.NewWithoutPlans(settings(), deps)
	require.NoError(t, err)
	other := &world{t: t, handler: long}
	other.listen()
	o := person{w: other, token: c.token}
	for _, q := range plainTests {
		for range 2 { // the second time with what was kept
			require.Equal(t, o.ask(q, nil).Raw, c.ask(q, nil).Raw, q)
			require.Equal(t, person{w: other}.ask(q, nil).Raw, w.guest().ask(q, nil).Raw, q)
		}
	}
}

// BenchmarkHomeScreen asks for the home screen in the process: everything but the network.
func BenchmarkHomeScreen(b *testing.B) {
	db, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir(), Synchronous: "normal"})
	require.NoError(b, err)
	b.Cleanup(func() { _ = db.Close() })
	w := newWorldOn(b, db)
	c := w.citizen("0912345678")
	for _, k := range []string{"a", "b", "c"} {
		c.submit(k)
	}
	w.carry()
	b.ResetTimer()
	b.ReportAllocs()
	for b.Loop() {
		if a := c.ask(homeQuery, nil); a.Status != http.StatusOK {
			b.Fatal(a.Raw)
		}
	}
}
