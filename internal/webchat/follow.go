package webchat

import (
	"context"
	"iter"
	"time"
)

// poll is how often a conversation is looked at when nobody signals.
const poll = 5 * time.Second

// Follow yields the lines behind a place and then each new one, in their order, until the context ends or the caller stops. An error is yielded last: go on
// behind the last line that came. What is said of after at Read holds here too.
func (l *Log) Follow(ctx context.Context, visitor string, after int64) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		id, at := headID(visitor), position{seq: after}
		wake := l.watch(ctx, id) // before the first look, so that nothing falls between the two
		for {
			lines, log, err := l.behind(ctx, id, at, MaxRead)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(Line{}, err)
				return
			}
			if log != "" {
				at.log = log
			}
			for _, line := range lines {
				if !yield(line, nil) {
					return
				}
				at.seq = line.Seq
			}
			if len(lines) < MaxRead && !wake() {
				return
			}
		}
	}
}

// watch gives a function that waits until there may be something new. It is false when the context has ended.
func (l *Log) watch(ctx context.Context, id string) func() bool {
	if l.signals == nil {
		return func() bool {
			t := time.NewTimer(poll)
			defer t.Stop()
			select {
			case <-ctx.Done():
				return false
			case <-t.C:
				return true
			}
		}
	}
	signal := l.signals.Watch(ctx, topic(id))
	return func() bool {
		select {
		case <-ctx.Done():
			return false
		case _, ok := <-signal:
			return ok
		}
	}
}
