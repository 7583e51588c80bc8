package retry

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

func TestSleepAndWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if !Sleep(ctx, 50*time.Second) || Sleep(ctx, 50*time.Second) {
			t.Error("a wait ends with its time, or with its context")
		}
		done := make(chan struct{})
		time.AfterFunc(time.Second, func() { close(done) })
		if Within(done, time.Millisecond) || !Within(done, 2*time.Second) {
			t.Error("within is not within")
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for before, want := range map[int]time.Duration{-1: time.Second, 0: time.Second, 1: 2 * time.Second, 5: 32 * time.Second, 6: time.Minute, 40: time.Minute, 1 << 40: time.Minute} {
		if got := Doubled(before, time.Second, time.Minute); got != want {
			t.Errorf("%d: got %v", before, got)
		}
		seen := map[time.Duration]bool{}
		for range 50 {
			got := Backoff(before, time.Second, time.Minute)
			if got < want/2 || got > want {
				t.Errorf("%d: got %v", before, got)
			}
			seen[got] = true
		}
		if len(seen) < 2 {
			t.Errorf("%d: it does not vary", before)
		}
	}
	if got := Doubled(3, time.Hour, time.Minute); got != time.Minute {
		t.Errorf("got %v", got)
	}
	if got := Jitter(0); got != 0 {
		t.Errorf("got %v", got)
	}
}

func TestStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away, gone := fault.New(fault.Unavailable, ""), fault.New(fault.NotFound, "")
		for name, tt := range map[string]struct {
			answers []error // in turn, the last one for ever
			tries   int
			want    error
		}{
			"at once":             {[]error{nil}, 1, nil},
			"after two outages":   {[]error{away, away, nil}, 3, nil},
			"not for a refusal":   {[]error{away, gone}, 2, gone},
			"not beyond its time": {[]error{away}, 5, away}, // after 0, 50, 150, 350 and 750 ms
		} {
			tries := 0
			stopping, cancel := context.WithCancel(t.Context())
			cancel()
			err := Stored(stopping, time.Second, func(ctx context.Context) error {
				if ctx.Err() != nil {
					t.Errorf("%s: it is given up because the program stops", name)
				}
				tries++
				return tt.answers[min(tries, len(tt.answers))-1]
			})
			if !errors.Is(err, tt.want) || tries != tt.tries {
				t.Errorf("%s: got %v after %d", name, err, tries)
			}
		}
	})
}

func TestSafely(t *testing.T) {
	t.Parallel()
	own := errors.New("own")
	if err := Safely(func() error { return own }); !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
	err := Safely(func() error { panic("số điện thoại 0912345678") })
	if !errors.Is(err, ErrPanic) || strings.Contains(err.Error(), "0912345678") || !strings.Contains(err.Error(), "retry_test.go") {
		t.Errorf("got %v", err)
	}
	var none map[string]int
	if err := Safely(func() error { none["x"] = 1; return nil }); err == nil || !strings.Contains(err.Error(), "nil map") {
		t.Errorf("got %v", err)
	}
}
