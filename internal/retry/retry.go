// Package retry holds what loops that try again have in common: waits that end with their context, waits that grow and vary, and panics as errors.
//
// It does not know what is tried, nor when that is given up.
package retry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// Sleep waits and tells whether it could to the end.
func Sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Within tells whether done is closed before d is over.
func Within(done <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

// Doubled gives least, doubled for each failure before this one, and never more than most.
func Doubled(before int, least, most time.Duration) time.Duration {
	if before = max(before, 0); before < 32 && least < most>>before {
		return least << before
	}
	return most
}

// Jitter varies a wait from its half up, so that what failed together does not come back together.
func Jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

// Backoff is Doubled with Jitter.
func Backoff(before int, least, most time.Duration) time.Duration {
	return Jitter(Doubled(before, least, most))
}

// Stored makes a write that must not be given up because the program stops or the store hiccups: attempts for as long as the time lasts, though ctx ends. Only
// UNAVAILABLE is tried again; what it gives is the last attempt's.
func Stored(ctx context.Context, lasts time.Duration, write func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lasts)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := write(ctx)
		if err == nil || fault.CodeOf(err) != fault.Unavailable || ctx.Err() != nil {
			return err
		}
		if !Sleep(ctx, wait) {
			return err
		}
	}
}

// ErrPanic is in the chain of what Safely and Panicked give.
var ErrPanic = errors.New("panic")

// Safely turns a panic of f into an error: that of Panicked.
func Safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Panicked(p)
		}
	}()
	return f()
}

// Panicked describes what was recovered, and where, for the log. The text of a panic may repeat what it handled, so only that of the runtime itself is kept.
// Call it in the deferred function.
func Panicked(p any) error {
	what := fmt.Sprintf("%T", p)
	if e, ok := p.(runtime.Error); ok {
		what = e.Error()
	}
	return fmt.Errorf("%w: %s\n%s", ErrPanic, what, debug.Stack())
}
