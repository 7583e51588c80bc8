package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

func insertRace(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	for round := range 5 {
		var won atomic.Int64
		winner := make(chan int, 24)
		together(24, func(i int) {
			switch err := b.Insert(t.Context(), report{ID: id(round), N: i}); fault.CodeOf(err) {
			case "":
				won.Add(1)
				winner <- i
			case fault.Conflict:
			default:
				t.Error(err)
			}
		})
		require.EqualValues(t, 1, won.Load())
		got, err := b.Get(t.Context(), id(round))
		require.NoError(t, err)
		require.Equal(t, <-winner, got.N, "the winner's document is the one that is there")
	}
}

func deleteRace(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	for range 5 {
		b.fill(t, report{ID: "a"})
		var won atomic.Int64
		together(12, func(int) {
			there, err := b.engine.Delete(t.Context(), "reports", "a")
			if err != nil {
				t.Error(err)
			}
			if there {
				won.Add(1)
			}
		})
		require.EqualValues(t, 1, won.Load())
	}
}

func updateRace(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	b.fill(t, report{ID: "a", Tags: []string{"0"}})
	const workers, each = 6, 8
	together(workers, func(int) {
		for range each {
			if _, err := b.Update(t.Context(), "a", func(r *report) error {
				r.N++
				r.Tags = []string{fmt.Sprint(r.N)}
				return nil
			}); err != nil {
				t.Error(err)
			}
		}
	})
	rows, err := b.engine.Get(t.Context(), "reports", "a")
	require.NoError(t, err)
	require.EqualValues(t, workers*each+1, rows[0].Version)
	got, err := b.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, workers*each, got.N)
	require.Equal(t, []string{"a"}, b.found(t, b.query(t, "tag", fmt.Sprint(workers*each))))
	require.Empty(t, b.found(t, b.query(t, "tag", fmt.Sprint(workers*each-1))), "an index never keeps what a document was")
}

// step is one operation of a history on one document, and cell what the document should then be.
type step struct {
	op      string // insert, get, replace, delete
	version int64
	n       int
}

type answer struct {
	ok      bool
	version int64
	n       int
	unknown bool // an error: it may have happened or not
}

type cell struct {
	there   bool
	version int64
	n       int
}

// oneDocumentModel says how one document may behave when its operations happen one after another.
func oneDocumentModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return cell{} },
		Step: func(state, input, output any) (bool, any) {
			s, in, out := state.(cell), input.(step), output.(answer)
			ok, next := s.apply(in)
			if out.unknown {
				return true, next
			}
			if in.op == "get" && ok {
				return out.ok && out.version == s.version && out.n == s.n, next
			}
			return out.ok == ok, next
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v → %+v", in, out) },
	}
}

func (s cell) apply(in step) (ok bool, next cell) {
	switch in.op {
	case "insert":
		if s.there {
			return false, s
		}
		return true, cell{there: true, version: 1, n: in.n}
	case "replace":
		if !s.there || s.version != in.version {
			return false, s
		}
		return true, cell{there: true, version: s.version + 1, n: in.n}
	case "delete":
		return s.there, cell{}
	}
	return s.there, s
}

// linearizable records what several clients do to one document and asks whether some order of single steps explains every answer.
func linearizable(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	const clients, steps = 6, 25
	histories := make([][]porcupine.Operation, clients)
	began := time.Now()
	together(clients, func(client int) {
		rng := rand.New(rand.NewPCG(uint64(client), 1))
		var seen int64
		for i := range steps {
			in := step{op: []string{"get", "get", "replace", "replace", "replace", "insert", "delete"}[rng.IntN(7)], version: seen, n: client*1000 + i}
			call := time.Since(began)
			out := b.step(t.Context(), in)
			histories[client] = append(histories[client], porcupine.Operation{ClientId: client, Input: in, Call: int64(call), Output: out, Return: int64(time.Since(began))})
			switch {
			case in.op == "get" && out.ok:
				seen = out.version
			case in.op == "replace" && out.ok:
				seen++
			case in.op == "insert" && out.ok:
				seen = 1
			}
		}
	})
	history := slices.Concat(histories...)
	require.Len(t, history, clients*steps)
	require.Equal(t, porcupine.Ok, porcupine.CheckOperationsTimeout(oneDocumentModel(), history, 10*time.Second))
}

func (b bench) step(ctx context.Context, in step) answer {
	doc, err := bson.Marshal(report{ID: "a", N: in.n})
	if err != nil {
		return answer{unknown: true}
	}
	var out answer
	switch in.op {
	case "insert":
		err = b.engine.Insert(ctx, "reports", "a", doc)
		out.ok = err == nil
		if fault.CodeOf(err) == fault.Conflict {
			err = nil
		}
	case "replace":
		out.ok, err = b.engine.Replace(ctx, "reports", "a", in.version, doc)
	case "delete":
		out.ok, err = b.engine.Delete(ctx, "reports", "a")
	default:
		var rows []store.Row
		if rows, err = b.engine.Get(ctx, "reports", "a"); len(rows) == 1 {
			out = answer{ok: true, version: rows[0].Version, n: int(rows[0].Doc.Lookup("n").AsInt64())}
		}
	}
	out.unknown = err != nil
	return out
}

// pagingRace pages through an index while others put in, change and take out: what was there all the time comes exactly once and in order.
func pagingRace(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	var want []string
	for i := range 20 {
		want = append(want, "keep"+id(i))
		b.fill(t, report{ID: "keep" + id(i), N: i * 10, Unit: "u", Tags: []string{"x"}})
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ctx.Err() == nil; i++ {
			name := fmt.Sprintf("pass%03d", i%40)
			if b.Insert(ctx, report{ID: name, N: (i * 37) % 200, Tags: []string{"x"}}) != nil {
				_ = b.Delete(ctx, name) // only one of the two can fail while the store is well
			}
			_, _ = b.Update(ctx, want[i%20], func(r *report) error { r.Status = fmt.Sprint(i); return nil })
		}
	}()
	for range 2 {
		for _, q := range []store.Query{b.query(t, "number"), b.query(t, "tag", "x"), b.ByID()} {
			got := slices.DeleteFunc(b.walk(t, q, 7), func(id string) bool { return id[:4] != "keep" })
			require.Equal(t, want, got)
		}
	}
	cancel()
	<-stopped
}
