package httpapi

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNamesOfNetworksAreFew(t *testing.T) {
	t.Parallel()
	s, seen := newNamesSeen(), map[string]bool{}
	for i := range 3000 {
		seen[s.label("messenger", fmt.Sprintf("unknown field_%d", i))] = true
	}
	require.Len(t, seen, maxNames+1)
	require.Equal(t, "unknown field_7", s.label("messenger", "unknown field_7"), "the first ones keep their names")
	require.Equal(t, unknown, s.label("messenger", "unknown field_2999"))
	require.Equal(t, "delivery", s.label("messenger", "delivery"), "what is ours is not counted")
	require.Equal(t, "unknown x", s.label("zalo", "unknown x"), "each network has its own")
}
