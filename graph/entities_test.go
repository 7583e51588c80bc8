package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNotificationsByKey: a router that asks for several messages gets the viewer's own in their order, in one read, and nobody else's.
func TestNotificationsByKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	for _, k := range []string{"a", "b", "c"} {
		c.submit(k)
	}
	w.carry()
	edges, _ := c.ok(`{ notifications { edges { node { id } } } }`, nil).at("notifications", "edges").([]any)
	require.Len(t, edges, 3)
	reps := []any{map[string]any{"__typename": "Notification", "id": "nonsense"}}
	var want []any
	for _, e := range edges {
		node := e.(map[string]any)["node"].(map[string]any)
		reps = append(reps, map[string]any{"__typename": "Notification", "id": node["id"]})
		want = append(want, node)
	}
	const q = `query($r: [_Any!]!) { _entities(representations: $r) { ... on Notification { id } } }`
	var got []any
	reads := w.gets.ReadsDuring(func() { got, _ = c.ok(q, map[string]any{"r": reps}).at("_entities").([]any) })
	require.Equal(t, append([]any{nil}, want...), got)
	require.Equal(t, 1, reads["notices"], "%v", reads)
	for name, other := range map[string]person{"another citizen": w.citizen("0912345679"), "guest": w.guest()} {
		got, _ := other.ok(q, map[string]any{"r": reps}).at("_entities").([]any)
		require.Equal(t, []any{nil, nil, nil, nil}, got, name)
	}
}
