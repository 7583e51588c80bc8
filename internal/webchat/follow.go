package webchat

import (
	"context"
	"iter"
	"time"

	"github.com/motcua/motcua/internal/retry"
)

// How often a conversation is looked at when nobody signals, because a signal may be lost: every few seconds, and ever more seldom where nothing was said yet.
// Anybody may open as many of those as they like, so they must cost next to nothing.
const (
	poll   = 5 * time.Second
	seldom = time.Minute
)

// Follow yields the lines behind a place and then each new one, in their order, until the context ends or the caller stops. An error is yielded last: go on
// behind the last line that came. What is said of after at Read holds here too.
func (l *Log) Follow(ctx context.Context, visitor string, after int64) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		id, at := headID(visitor), position{seq: after}
		signal := l.watch(ctx, id) // before the first look, so that nothing falls between the two
		for empty := 0; ; {
			lines, log, err := l.behind(ctx, id, at, MaxRead)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(Line{}, err)
				return
			}
			if empty++; log != "" {
				at.log, empty = log, 0
			}
			for _, line := range lines {
				if !yield(line, nil) {
					return
				}
				at.seq = line.Seq
			}
			if len(lines) < MaxRead && !wake(ctx, signal, retry.Backoff(empty-1, poll, seldom)) {
				return
			}
		}
	}
}

// watch gives a channel that receives when a conversation has a new line; nil, which never does, without signals.
func (l *Log) watch(ctx context.Context, id string) <-chan struct{} {
	if l.signals == nil {
		return nil
	}
	return l.signals.WatchSignals(ctx, topic(id))
}

// wake waits until there may be something new: for a signal, and no longer than a time. It is false when the context has ended.
func wake(ctx context.Context, signal <-chan struct{}, most time.Duration) bool {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case _, ok := <-signal:
		return ok
	case <-t.C:
		return true
	}
}
