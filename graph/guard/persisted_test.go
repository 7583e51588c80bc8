package guard_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/graph/guard"
)

// liar is a cache that gives the wrong document.
type liar struct{}

func (liar) Document(context.Context, string) (string, bool) { return "{ secret }", true }
func (liar) Remember(context.Context, string, string)        {}

func persisted(hash string) map[string]any {
	return map[string]any{"persistedQuery": map[string]any{"version": json.Number("1"), "sha256Hash": hash}}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	const query = "{ name }"
	hash := guard.HashOf(query)
	memory := func(t *testing.T) guard.Cache {
		m, err := guard.NewMemory()
		require.NoError(t, err)
		return m
	}
	known := func(t *testing.T) guard.Cache {
		m := memory(t)
		m.Remember(t.Context(), hash, query)
		return m
	}
	empty := func(*testing.T) guard.Cache { return nil }
	tests := []struct {
		name       string
		query      string
		extensions map[string]any
		only       bool
		cache      func(*testing.T) guard.Cache
		registered guard.Registered
		want       string
		reason     string
	}{
		{name: "query alone", query: query, cache: empty, want: query},
		{name: "unknown hash", extensions: persisted(hash), cache: memory, reason: guard.ReasonPersistedUnknown},
		{name: "hash with query", query: query, extensions: persisted(hash), cache: memory, want: query},
		{name: "known hash", extensions: persisted(hash), cache: known, want: query},
		{name: "hash in capitals", extensions: persisted(strings.ToUpper(hash)), cache: known, want: query},
		{name: "wrong hash", query: query, extensions: persisted(guard.HashOf("{ other }")), cache: memory, reason: guard.ReasonPersistedWrong},
		{name: "no hash at all", extensions: persisted("abc"), cache: memory, reason: guard.ReasonPersistedWrong},
		{name: "other version", extensions: map[string]any{"persistedQuery": map[string]any{"version": json.Number("2"), "sha256Hash": hash}}, cache: memory, reason: guard.ReasonPersistedWrong},
		{name: "no object", extensions: map[string]any{"persistedQuery": "x"}, cache: memory, reason: guard.ReasonPersistedWrong},
		{name: "null", query: query, extensions: map[string]any{"persistedQuery": nil}, cache: memory, want: query},
		{name: "lying cache", extensions: persisted(hash), cache: func(*testing.T) guard.Cache { return liar{} }, reason: guard.ReasonPersistedUnknown},
		{name: "without a cache", extensions: persisted(hash), cache: empty, reason: guard.ReasonPersistedUnknown},
		{name: "registered hash", extensions: persisted(hash), cache: empty, registered: guard.Registered{hash: query}, want: query},
		{name: "only registered: hash", extensions: persisted(hash), only: true, cache: empty, registered: guard.Registered{hash: query}, want: query},
		{name: "only registered: text of a registered one", query: query, only: true, cache: empty, registered: guard.Registered{hash: query}, want: query},
		{name: "only registered: other text", query: "{ other }", only: true, cache: known, registered: guard.Registered{hash: query}, reason: guard.ReasonUnregistered},
		{name: "only registered: cached is not enough", extensions: persisted(hash), only: true, cache: known, reason: guard.ReasonUnregistered},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, r := guard.NewPersisted(tt.registered, tt.cache(t)).Resolve(t.Context(), tt.query, tt.extensions, tt.only)
			if tt.reason != "" {
				require.NotNil(t, r)
				require.Equal(t, tt.reason, r.Reason)
				return
			}
			require.Nil(t, r)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestReadRegistered(t *testing.T) {
	t.Parallel()
	r, err := guard.ReadRegistered([]byte(`{"` + guard.HashOf("{ a }") + `": "{ a }"}`))
	require.NoError(t, err)
	require.Len(t, r, 1)
	_, err = guard.ReadRegistered([]byte(`{"abc": "{ a }"}`))
	require.ErrorContains(t, err, "abc")
	_, err = guard.ReadRegistered([]byte(`[]`))
	require.Error(t, err)
}
