package storetest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// process is a mortal engine, and a stand-in beside it that shares its life.
type process struct {
	storetest.Mortal
	notes *store.Collection[note]
	told  int
}

type note struct {
	ID   string `bson:"_id"`
	Text string `bson:"text"`
}

func newProcess(t *testing.T, e store.Engine) *process {
	t.Helper()
	p := &process{Mortal: storetest.Mortal{Engine: e, Life: &storetest.Life{}}}
	var err error
	p.notes, err = store.Define[note](t.Context(), p, store.Kind{Name: "notes"})
	require.NoError(t, err)
	return p
}

// writes are what a process does: each changes what can be seen by seen.
func (p *process) writes() []func(context.Context) error {
	doc := func(text string) bson.Raw {
		raw, _ := bson.Marshal(note{"a", text}) // a document of two strings always can be written
		return raw
	}
	return []func(context.Context) error{
		func(ctx context.Context) error { return p.Insert(ctx, "notes", "a", doc("new")) },
		func(ctx context.Context) error { _, err := p.Replace(ctx, "notes", "a", 1, doc("changed")); return err },
		func(context.Context) error { return p.Write(func() error { p.told++; return nil }) },
		func(ctx context.Context) error { _, err := p.Delete(ctx, "notes", "a"); return err },
	}
}

// seen is what the world has of the process: the note, and how often it was told.
func (p *process) seen(t *testing.T) string {
	t.Helper()
	rows, err := p.Engine.Get(t.Context(), "notes", "a")
	require.NoError(t, err)
	text := "none"
	for _, r := range rows {
		text = r.Doc.Lookup("text").StringValue()
	}
	return fmt.Sprint(text, " ", p.told)
}

// TestLifeEndsAroundAWrite ends a life at each of four writes, and at none.
func TestLifeEndsAroundAWrite(t *testing.T) {
	t.Parallel()
	after := []string{"none 0", "new 0", "changed 0", "changed 1", "none 1"} // so many writes
	for _, tt := range []struct {
		at    int
		done  bool
		heard int // how many writes were answered
		made  int // how many took place
	}{
		{0, false, 4, 4}, {0, true, 4, 4}, {1, false, 0, 0}, {1, true, 0, 1}, {2, false, 1, 1}, {2, true, 1, 2},
		{3, false, 2, 2}, {3, true, 2, 3}, {4, false, 3, 3}, {4, true, 3, 4}, {5, false, 4, 4}, {5, true, 4, 4},
	} {
		t.Run(fmt.Sprintf("write %d, done: %t", tt.at, tt.done), func(t *testing.T) {
			t.Parallel()
			p, ends := newProcess(t, memory.New()), 0
			p.OnEnd = func() { ends++ }
			p.EndAt(tt.at, tt.done)
			for i, write := range p.writes() {
				if err := write(t.Context()); i < tt.heard {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, storetest.ErrKilled)
				}
			}
			require.Equal(t, after[tt.made], p.seen(t))
			dies := tt.heard < 4
			require.Equal(t, dies, p.Dead())
			require.Equal(t, dies, ends == 1)
			require.Equal(t, min(tt.heard+1, 4), p.Writes())
			require.Equal(t, 4, p.Calls())
		})
	}
}

// TestAnEndedLife reads nothing either, and can begin again.
func TestAnEndedLife(t *testing.T) {
	t.Parallel()
	p, ends := newProcess(t, memory.New()), 0
	p.OnEnd = func() { ends++ }
	require.NoError(t, p.notes.Insert(t.Context(), note{ID: "a"}))
	reads := map[string]func() error{
		"get":   func() error { _, err := p.notes.Get(t.Context(), "a"); return err },
		"count": func() error { _, err := p.notes.Count(t.Context(), p.notes.ByID(), 9); return err },
		"find": func() error {
			for _, err := range p.notes.Find(t.Context(), p.notes.ByID()) {
				return err
			}
			return fault.New(fault.NotFound, "")
		},
	}
	for name, read := range reads {
		require.NoError(t, read(), name)
	}
	p.Kill()
	p.Kill()
	require.Equal(t, 1, ends)
	for name, read := range reads {
		require.Equal(t, fault.Unavailable, fault.CodeOf(read()), name)
	}
	require.Equal(t, 1+2*len(reads), p.Calls())
	require.Equal(t, 1, p.Writes())
	p.EndAt(2, false)
	require.NoError(t, p.Read())
	require.NoError(t, p.Write(func() error { return nil }))
	require.ErrorIs(t, p.Write(func() error { t.Error("it was done"); return nil }), storetest.ErrKilled)
	require.Equal(t, 2, ends)
}

// TestAWriteInsideOfAWrite comes of stand-ins that call back: both count.
func TestAWriteInsideOfAWrite(t *testing.T) {
	t.Parallel()
	var l storetest.Life
	l.EndAt(2, true)
	inner := false
	err := l.Write(func() error { return l.Write(func() error { inner = true; return nil }) })
	require.ErrorIs(t, err, storetest.ErrKilled)
	require.True(t, inner)
	require.True(t, l.Dead())
}

// TestOneOfManyIsTheLast has many write at once: each write before the end is done, and one caller ends it.
func TestOneOfManyIsTheLast(t *testing.T) {
	t.Parallel()
	var l storetest.Life
	ends := 0
	l.OnEnd = func() { ends++ }
	l.EndAt(50, true)
	var mu sync.Mutex
	var all sync.WaitGroup
	did, heard := 0, 0
	for range 100 {
		all.Go(func() {
			err := l.Write(func() error {
				mu.Lock()
				defer mu.Unlock()
				did++
				return nil
			})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				heard++
			}
		})
	}
	all.Wait()
	require.Equal(t, []int{50, 49, 1, 50}, []int{did, heard, ends, l.Writes()})
}
