package outbox

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// memory is an engine for tests that last days by the bubble's clock: SQLite would take minutes for all their polls. It keeps what the contract says about
// ids, versions and the order of an index over times, and nothing else. The tests of crashes and of several replicas run on SQLite.
type memory struct {
	mu   sync.Mutex
	rows map[string]map[string]store.Row
}

// longBubble is bubble on memory.
func longBubble(t *testing.T, f func(t *testing.T, engine store.Engine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, &memory{rows: map[string]map[string]store.Row{}}) })
}

func (m *memory) Define(_ context.Context, k store.Kind) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows[k.Name] == nil {
		m.rows[k.Name] = map[string]store.Row{}
	}
	return nil
}

func (m *memory) Insert(_ context.Context, kind, id string, doc bson.Raw) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, taken := m.rows[kind][id]; taken {
		return fault.New(fault.Conflict, "")
	}
	m.rows[kind][id] = store.Row{ID: id, Version: 1, Doc: doc}
	return nil
}

func (m *memory) Get(_ context.Context, kind string, ids ...string) ([]store.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []store.Row
	for _, id := range ids {
		if r, ok := m.rows[kind][id]; ok {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) Replace(_ context.Context, kind, id string, version int64, doc bson.Raw) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows[kind][id].Version != version {
		return false, nil
	}
	m.rows[kind][id] = store.Row{ID: id, Version: version + 1, Doc: doc}
	return true, nil
}

func (m *memory) Delete(_ context.Context, kind, id string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, there := m.rows[kind][id]
	delete(m.rows[kind], id)
	return there, nil
}

func (m *memory) Find(_ context.Context, kind string, q store.Query) iter.Seq2[store.Row, error] {
	found, err := m.find(kind, q)
	return func(yield func(store.Row, error) bool) {
		if err != nil {
			yield(store.Row{}, err)
			return
		}
		for _, r := range found {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (m *memory) find(kind string, q store.Query) ([]store.Row, error) {
	p, err := q.Plan()
	if err != nil {
		return nil, err
	}
	type placed struct {
		at  time.Time
		row store.Row
	}
	var found []placed
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows[kind] {
		at, err := store.Value(r.Doc, p.Order)
		if err != nil {
			return nil, err
		}
		if t, ok := at.(time.Time); ok && m.matches(p, r) {
			found = append(found, placed{t, r})
		}
	}
	slices.SortFunc(found, func(a, b placed) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.row.ID, b.row.ID)
	})
	out := []store.Row{}
	for _, f := range found[:min(len(found), p.Limit)] {
		out = append(out, f.row)
	}
	return out, nil
}

func (m *memory) matches(p store.Plan, r store.Row) bool {
	for i, field := range p.Index.Equal {
		if v, err := store.Value(r.Doc, field); err != nil || v != p.Equal[i] {
			return false
		}
	}
	return true
}

func (m *memory) Count(_ context.Context, kind string, q store.Query, most int) (int, error) {
	found, err := m.find(kind, q.First(most))
	return len(found), err
}

func (m *memory) Sweep(context.Context, time.Time, int) (int, error) { return 0, nil }

func (m *memory) Ping(context.Context) error { return nil }

func (m *memory) Close() error { return nil }
