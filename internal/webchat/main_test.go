package webchat

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.uber.org/goleak"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/live"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// onFiles opens the store that writes files.
func onFiles(t testing.TB) store.Engine {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir(), Synchronous: "normal"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	return engine
}

func newBox(t testing.TB) *secret.Box {
	t.Helper()
	file, err := secret.Generate(true)
	require.NoError(t, err)
	box, err := secret.Open(file)
	require.NoError(t, err)
	return box
}

func hub() *live.Hub { return live.New(nil, slog.New(slog.DiscardHandler)) }

func newLog(t testing.TB, e store.Engine, box Box, s Signals) *Log {
	t.Helper()
	l, err := New(t.Context(), e, Config{}, box, s, time.Now)
	require.NoError(t, err)
	return l
}

// said is a line of n's making, size bytes long or a little more.
func said(n, size int) Line {
	text := fmt.Sprintf("tin %d ", n) + strings.Repeat("bà con ", size/8)
	return Line{ID: fmt.Sprint("id-", n), From: Bot, At: time.UnixMilli(int64(n)).UTC(), Blocks: message.Blocks{message.Words{Text: text}}}
}

// all reads a conversation from a place to its end, as pages do.
func all(t testing.TB, l *Log, visitor string, after int64) []string {
	t.Helper()
	out := []string{}
	for {
		lines, err := l.Read(t.Context(), visitor, after, 7)
		require.NoError(t, err)
		if len(lines) == 0 {
			return out
		}
		for _, x := range lines {
			require.Equal(t, after+1, x.Seq, "no gap")
			after = x.Seq
			out = append(out, x.ID)
		}
	}
}

func ids(from, to int) []string {
	out := []string{}
	for n := from; n <= to; n++ {
		out = append(out, fmt.Sprint("id-", n))
	}
	return out
}

var errKilled = &fault.Error{Code: fault.Unavailable, Cause: errors.New("killed")}

// mortal is an engine whose process dies at one of its writes: that is lost, or done and its answer lost, and nothing goes through afterwards.
type mortal struct {
	store.Engine
	mu       sync.Mutex
	left     int // writes until death
	answered bool
	dead     bool
}

func (m *mortal) write(do func() error) error {
	m.mu.Lock()
	if m.dead {
		m.mu.Unlock()
		return errKilled
	}
	dies := m.left == 0
	m.left--
	m.dead = dies
	m.mu.Unlock()
	if !dies || m.answered {
		if err := do(); !dies {
			return err
		}
	}
	return errKilled
}

func (m *mortal) Insert(ctx context.Context, kind, id string, doc bson.Raw) error {
	return m.write(func() error { return m.Engine.Insert(ctx, kind, id, doc) })
}

func (m *mortal) Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (ok bool, err error) {
	err = m.write(func() error { ok, err = m.Engine.Replace(ctx, kind, id, version, doc); return err })
	return ok, err
}

// watched tells of each write what the document's size is, and lets a test look between two steps.
type watched struct {
	store.Engine
	mu    sync.Mutex
	sizes map[string]int // the largest by kind
	find  func()         // before each Find
}

func (w *watched) note(kind string, doc bson.Raw) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sizes[kind] = max(w.sizes[kind], len(doc))
}

func (w *watched) Insert(ctx context.Context, kind, id string, doc bson.Raw) error {
	w.note(kind, doc)
	return w.Engine.Insert(ctx, kind, id, doc)
}

func (w *watched) Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (bool, error) {
	w.note(kind, doc)
	return w.Engine.Replace(ctx, kind, id, version, doc)
}

func (w *watched) Find(ctx context.Context, kind string, q store.Query) iter.Seq2[store.Row, error] {
	if w.find != nil {
		w.find()
	}
	return w.Engine.Find(ctx, kind, q)
}
