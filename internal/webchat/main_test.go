package webchat

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/live"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

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
