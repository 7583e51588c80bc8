package webchat

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestLineComesBackAsItWas(t *testing.T) {
	t.Parallel()
	e, box := memory.New(), secrettest.NewBox(t)
	l := newLog(t, e, box, nil)
	at := time.UnixMilli(1_790_000_000_123).UTC()
	lines := []Line{
		{ID: "a", From: You, At: at, Text: "Đèn hỏng", Choice: "x", Place: &Place{Lat: 20.8, Lon: 106.6, Label: "Chợ"}, Uploads: []Upload{{ID: "m", Kind: "photo"}}},
		{ID: "b", From: Staff, Name: "Lan", At: at, Blocks: message.Blocks{message.Card{Title: "PA-1"}, message.Choices{Text: "?", Options: []message.Choice{{Label: "1", Value: "2"}}}}},
	}
	for i, x := range lines {
		for range 2 {
			seq, err := l.Append(t.Context(), "v", x)
			require.NoError(t, err)
			require.EqualValues(t, i+1, seq)
		}
		lines[i].Seq = int64(i + 1)
	}
	got, err := l.Read(t.Context(), "v", 0, 0)
	require.NoError(t, err)
	require.Equal(t, lines, got)
	h, err := l.heads.Get(t.Context(), headID("v"))
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%+v", h), "v\x00")
	for _, x := range h.Lines {
		require.NotContains(t, string(x.Sealed), "hỏng")
	}
	require.WithinDuration(t, time.Now().Add(90*24*time.Hour), h.ExpiresAt, time.Minute)
}

func TestEmptyLog(t *testing.T) {
	t.Parallel()
	l := newLog(t, memory.New(), secrettest.NewBox(t), nil)
	require.Empty(t, all(t, l, "v", 0))
	lines, err := l.Before(t.Context(), "v", 0, 10)
	require.NoError(t, err)
	require.Empty(t, lines)
	seq, err := l.Find(t.Context(), "v", "id")
	require.NoError(t, err)
	require.Zero(t, seq)
	require.NoError(t, l.Forget(t.Context(), "v"))
}

func TestRefusedLines(t *testing.T) {
	t.Parallel()
	l := newLog(t, memory.New(), secrettest.NewBox(t), nil)
	for _, tt := range []struct {
		name string
		line Line
		code fault.Code
	}{
		{"no id", Line{From: Bot}, fault.Internal},
		{"a long id", Line{ID: strings.Repeat("x", 201)}, fault.Internal},
		{"too large", Line{ID: "x", Text: strings.Repeat("x", maxLine)}, fault.Invalid},
	} {
		_, err := l.Append(t.Context(), "v", tt.line)
		require.Equal(t, tt.code, fault.CodeOf(err), tt.name)
	}
	_, err := l.Append(t.Context(), "v", Line{ID: "x", Text: strings.Repeat("x", maxLine-500)})
	require.NoError(t, err)
}

// TestLongConversation reads what has long left the head: forward, backward, by id; and finds every document small.
func TestLongConversation(t *testing.T) {
	t.Parallel()
	for _, size := range []int{10, 2000, 18_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			const many = 125
			sizes := map[string]int{} // the largest by kind
			l := newLog(t, &storetest.Watched{Engine: memory.New(), Before: func(c storetest.Call) error {
				sizes[c.Kind] = max(sizes[c.Kind], len(c.Doc))
				return nil
			}}, secrettest.NewBox(t), nil)
			for n := 1; n <= many; n++ {
				seq, err := l.Append(t.Context(), "v", said(n, size))
				require.NoError(t, err)
				require.EqualValues(t, n, seq)
			}
			require.Equal(t, ids(1, many), all(t, l, "v", 0))
			require.Equal(t, ids(100, many), all(t, l, "v", 99))
			for _, n := range []int{1, 2, 50, 99, many} {
				seq, err := l.Append(t.Context(), "v", said(n, size))
				require.NoError(t, err)
				require.EqualValues(t, n, seq, "a repeat keeps its place")
				seq, err = l.Find(t.Context(), "v", said(n, size).ID)
				require.NoError(t, err)
				require.EqualValues(t, n, seq)
			}
			seq, err := l.Find(t.Context(), "v", "nothing")
			require.NoError(t, err)
			require.Zero(t, seq)
			var back []string
			for before := int64(0); before != 1; {
				lines, err := l.Before(t.Context(), "v", before, 9)
				require.NoError(t, err)
				require.NotEmpty(t, lines)
				var some []string
				for _, x := range lines {
					some = append(some, x.ID)
				}
				back = append(some, back...)
				before = lines[0].Seq
			}
			require.Equal(t, ids(1, many), back)
			require.Less(t, sizes["webchat"], 64<<10)
			require.Less(t, sizes["webchat_pages"], 64<<10)
		})
	}
}

// TestKilledAtAnyWrite lets the program die at its n-th write, before and after it, and begins again with what it was about: nothing is lost or there twice.
func TestKilledAtAnyWrite(t *testing.T) {
	t.Parallel()
	const many, writes = 7, 9
	e, box := memory.New(), secrettest.NewBox(t)
	l := newLog(t, e, box, nil)
	for at := range writes + 1 {
		for _, answered := range []bool{false, true} {
			visitor := fmt.Sprint(at, answered)
			grave := storetest.Mortal{Engine: e, Life: &storetest.Life{}}
			grave.EndAt(at+1, answered)
			dying, err := New(t.Context(), grave, Config{}, box, nil, time.Now)
			require.NoError(t, err)
			n := 1
			for ; n <= many; n++ {
				if _, err := dying.Append(t.Context(), visitor, said(n, 12_000)); err != nil {
					require.Equal(t, fault.Unavailable, fault.CodeOf(err))
					break
				}
			}
			require.Equal(t, at < writes, grave.Dead(), "as many writes as said above")
			for n = max(1, n-2); n <= many; n++ { // and some that were answered, too
				seq, err := l.Append(t.Context(), visitor, said(n, 12_000))
				require.NoError(t, err)
				require.EqualValues(t, n, seq)
			}
			require.Equal(t, ids(1, many), all(t, l, visitor, 0), "killed at write %d", at)
		}
	}
}

// TestManyAtOnce lets two replicas append side by side, the same lines and others.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	e, box := storetest.OnFiles(t), secrettest.NewBox(t)
	replicas := []*Log{newLog(t, e, box, nil), newLog(t, e, box, nil)}
	const each, writers = 40, 4
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				line := said(1000*(w/2)+n, 1500) // two writers for each line
				for {
					_, err := replicas[w%2].Append(t.Context(), "v", line)
					if err == nil {
						break
					}
					if fault.CodeOf(err) != fault.Unavailable {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	got := all(t, replicas[0], "v", 0)
	require.Len(t, got, each*writers/2)
	seen := map[string]bool{}
	for _, id := range got {
		require.False(t, seen[id], "twice")
		seen[id] = true
	}
}

// TestRepeatWhileItLeavesTheHead has a repeat look for its line at the moment at which others push that out of the head.
func TestRepeatWhileItLeavesTheHead(t *testing.T) {
	t.Parallel()
	e := &storetest.Watched{Engine: memory.New()}
	box := secrettest.NewBox(t)
	l, other := newLog(t, e, box, nil), newLog(t, e.Engine, box, nil)
	n := 0
	more := func(k int) {
		for range k {
			n++
			_, err := other.Append(context.Background(), "v", said(n, 8000))
			require.NoError(t, err)
		}
	}
	more(12) // some have left
	once := sync.OnceFunc(func() { more(20) })
	e.Before = func(c storetest.Call) error {
		if c.Op == storetest.Find {
			once()
		}
		return nil
	}
	seq, err := l.Append(t.Context(), "v", said(10, 8000)) // in the head when the repeat begins
	require.NoError(t, err)
	require.EqualValues(t, 10, seq)
	seq, err = l.Append(t.Context(), "v", said(2, 8000))
	require.NoError(t, err)
	require.EqualValues(t, 2, seq)
	_, err = l.Append(t.Context(), "v", said(99, 10))
	require.NoError(t, err)
	require.Equal(t, append(ids(1, n), "id-99"), all(t, l, "v", 0))
}

func TestForget(t *testing.T) {
	t.Parallel()
	l := newLog(t, memory.New(), secrettest.NewBox(t), nil)
	for n := 1; n <= 30; n++ {
		for _, v := range []string{"v", "w"} {
			_, err := l.Append(t.Context(), v, said(n, 4000))
			require.NoError(t, err)
		}
	}
	require.NoError(t, l.Forget(t.Context(), "v"))
	require.NoError(t, l.Forget(t.Context(), "v"))
	require.Empty(t, all(t, l, "v", 0))
	left, err := l.pages.Collect(t.Context(), l.pages.ByID().Prefix(headID("v")+"/"))
	require.NoError(t, err)
	require.Empty(t, left)
	seq, err := l.Append(t.Context(), "v", said(1, 10))
	require.NoError(t, err)
	require.EqualValues(t, 1, seq, "a new conversation")
	got, err := l.Read(t.Context(), "v", 30, 0)
	require.NoError(t, err)
	require.Len(t, got, 1, "whoever stands beyond the end begins at the start")
	require.Equal(t, ids(1, 30), all(t, l, "w", 0))
}

// TestExpiredPages reads on though the oldest pages are gone.
func TestExpiredPages(t *testing.T) {
	t.Parallel()
	l := newLog(t, memory.New(), secrettest.NewBox(t), nil)
	for n := 1; n <= 60; n++ {
		_, err := l.Append(t.Context(), "v", said(n, 4000))
		require.NoError(t, err)
	}
	pages, err := l.pages.Collect(t.Context(), l.pages.ByID().Prefix(headID("v")+"/"))
	require.NoError(t, err)
	require.Greater(t, len(pages), 3)
	require.NoError(t, l.pages.Delete(t.Context(), pages[0].ID))
	require.NoError(t, l.pages.Delete(t.Context(), pages[1].ID))
	first := pages[2].Lines[0].Seq
	lines, err := l.Read(t.Context(), "v", 0, 3)
	require.NoError(t, err)
	require.Equal(t, first, lines[0].Seq)
	lines, err = l.Before(t.Context(), "v", first+2, 50)
	require.NoError(t, err)
	require.Len(t, lines, 2)
}

// TestModel compares the log with a list, whatever is said how often in whatever order.
func TestModel(t *testing.T) {
	t.Parallel()
	e, box := memory.New(), secrettest.NewBox(t)
	l := newLog(t, e, box, nil)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		visitor := fmt.Sprint("model", round)
		var want []string
		at := map[string]int64{}
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			line := said(rapid.IntRange(1, 8).Draw(rt, "line"), rapid.SampledFrom([]int{10, 18_000}).Draw(rt, "size"))
			seq, err := l.Append(t.Context(), visitor, line)
			require.NoError(rt, err)
			if at[line.ID] == 0 {
				want = append(want, line.ID)
				at[line.ID] = int64(len(want))
			}
			require.Equal(rt, at[line.ID], seq)
		}
		after := rapid.IntRange(0, len(want)).Draw(rt, "after")
		require.Equal(rt, append([]string{}, want[after:]...), all(t, l, visitor, int64(after)))
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	require.NoError(t, Config{}.Validate())
	require.NoError(t, Config{EmbedOrigins: []string{"*", "https://haiphong.gov.vn"}, Tiles: "https://tiles.example.vn/{z}/{x}/{y}.png"}.Validate())
	err := Config{
		Retention: time.Second, MaxText: 5000, Streams: -1, Heartbeat: time.Hour, Tiles: "http://tiles.example.vn/", EmbedOrigins: []string{"haiphong.gov.vn", "https://a.vn/x"},
		Limits: Limits{Uploads: Config{}.Filled().Limits.Uploads, Reads: Config{}.Filled().Limits.Reads},
	}.Validate()
	for _, key := range []string{"retention", "max_text", "streams", "heartbeat", "tiles", "embed_origins: \"haiphong", "embed_origins: \"https://a.vn/x"} {
		require.ErrorContains(t, err, key)
	}
}
