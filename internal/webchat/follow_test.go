package webchat

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestFollowAcrossCuts follows with a connection that is cut again and again while lines come: each comes once, in order.
func TestFollowAcrossCuts(t *testing.T) {
	t.Parallel()
	e, box, h := memory.New(), secrettest.NewBox(t), hub()
	l := newLog(t, e, box, h)
	const many = 150
	go func() {
		for n := 1; n <= many; n++ {
			if _, err := l.Append(context.WithoutCancel(t.Context()), "v", said(n, 800)); err != nil {
				t.Error(err)
			}
		}
	}()
	var got []string
	for after := int64(0); after < many; {
		read := 0
		for line, err := range l.Follow(t.Context(), "v", after) {
			require.NoError(t, err)
			require.Equal(t, after+1, line.Seq)
			after = line.Seq
			got = append(got, line.ID)
			if read++; read == 13 || after == many {
				break
			}
		}
	}
	require.Equal(t, ids(1, many), got)
	require.Eventually(t, func() bool { return h.Watchers() == 0 }, 5*time.Second, time.Millisecond)
}

func TestFollowEnds(t *testing.T) {
	t.Parallel()
	l := newLog(t, memory.New(), secrettest.NewBox(t), hub())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range l.Follow(ctx, "v", 0) {
			t.Error("a line of nobody")
		}
	}()
	cancel()
	<-done
}

// TestFollowAfterForget goes on with the new conversation from its start.
func TestFollowAfterForget(t *testing.T) {
	t.Parallel()
	l := newLog(t, memory.New(), secrettest.NewBox(t), hub())
	for n := 1; n <= 5; n++ {
		_, err := l.Append(t.Context(), "v", said(n, 10))
		require.NoError(t, err)
	}
	var got []string
	for line, err := range l.Follow(t.Context(), "v", 3) {
		require.NoError(t, err)
		got = append(got, fmt.Sprint(line.Seq, " ", line.ID))
		if line.ID == "id-5" {
			require.NoError(t, l.Forget(t.Context(), "v"))
			for n := 11; n <= 17; n++ {
				_, err := l.Append(t.Context(), "v", said(n, 10))
				require.NoError(t, err)
			}
		}
		if len(got) == 9 {
			break
		}
	}
	require.Equal(t, []string{"4 id-4", "5 id-5", "1 id-11", "2 id-12", "3 id-13", "4 id-14", "5 id-15", "6 id-16", "7 id-17"}, got)
}

// TestFollowWithoutSignals polls: often where something was said, seldom where nothing was, which anybody can have as many of as they like.
func TestFollowWithoutSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls storetest.Tally
		l := newLog(t, &storetest.Watched{Engine: memory.New(), Before: calls.Note}, secrettest.NewBox(t), deaf{})
		go func() {
			for n := range 2 {
				time.Sleep(time.Hour)
				_, err := l.Append(context.WithoutCancel(t.Context()), "v", said(n+1, 10))
				if err != nil {
					t.Error(err)
				}
			}
		}()
		began, seen := time.Now(), int64(0)
		for line, err := range l.Follow(t.Context(), "v", 0) {
			require.NoError(t, err)
			seen++
			require.Equal(t, seen, line.Seq)
			late := time.Since(began) - time.Duration(seen)*time.Hour
			if seen == 1 {
				require.LessOrEqual(t, late, seldom)
				require.Less(t, calls.Of(storetest.Get), 130, "an hour of nothing")
				continue
			}
			require.LessOrEqual(t, late, poll)
			break
		}
	})
}

// TestFollowIsWoken needs no look of its own where nothing was said yet: the signal of the first line is enough.
func TestFollowIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t, memory.New(), secrettest.NewBox(t), hub())
		first := make(chan Line)
		go func() {
			for line := range l.Follow(t.Context(), "v", 0) {
				first <- line
				return
			}
		}()
		time.Sleep(time.Hour + time.Second)
		began := time.Now()
		_, err := l.Append(t.Context(), "v", said(1, 10))
		require.NoError(t, err)
		require.Equal(t, "id-1", (<-first).ID)
		require.Zero(t, time.Since(began))
	})
}

// deaf loses every signal.
type deaf struct{}

func (deaf) Signal(context.Context, string)                       {}
func (deaf) WatchSignals(context.Context, string) <-chan struct{} { return nil }

func TestFollowYieldsAnOutage(t *testing.T) {
	t.Parallel()
	l := newLog(t, memory.New(), secrettest.NewBox(t), hub())
	broken := newLog(t, memory.New(), sealed{}, hub())
	broken.heads = l.heads
	_, err := l.Append(t.Context(), "v", said(1, 10))
	require.NoError(t, err)
	var errs []error
	for _, err := range broken.Follow(t.Context(), "v", 0) {
		errs = append(errs, err)
	}
	require.Len(t, errs, 1)
	require.Error(t, errs[0])
}

// sealed is a box that cannot be opened.
type sealed struct{}

func (sealed) Seal(plain []byte, _ string) ([]byte, error) { return plain, nil }
func (sealed) Unseal([]byte, string) ([]byte, error)       { return nil, errors.New("other keys") }

func TestTyping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t, memory.New(), secrettest.NewBox(t), hub())
		l.SetTyping("v", true)
		require.Empty(t, l.typing.all, "nobody watches")
		ctx, cancel := context.WithCancel(t.Context())
		a, b := l.Typing(ctx, "v"), l.Typing(ctx, "v")
		other := l.Typing(ctx, "w")
		l.SetTyping("v", true)
		l.SetTyping("v", true)
		require.True(t, <-a)
		c := l.Typing(ctx, "v")
		require.True(t, <-c, "a page that comes later is told too")
		_, err := l.Append(t.Context(), "v", Line{ID: "1", From: You})
		require.NoError(t, err)
		require.Empty(t, a)
		_, err = l.Append(t.Context(), "v", Line{ID: "2", From: Bot})
		require.NoError(t, err)
		require.False(t, <-a)
		require.False(t, <-b, "what was not taken is replaced")
		l.SetTyping("v", true)
		require.True(t, <-a)
		time.Sleep(typingFor + time.Second)
		require.False(t, <-a)
		require.Empty(t, other)
		l.SetTyping("v", true)
		cancel()
		synctest.Wait()
		require.Empty(t, l.typing.all)
	})
}
