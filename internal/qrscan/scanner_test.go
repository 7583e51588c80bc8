package qrscan

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/motcua/motcua/internal/qrcode"
)

func newScanner(t testing.TB, cfg Config) *Scanner {
	t.Helper()
	s, err := New(cfg, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func opens(data []byte) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

// reads has a scanner do something else than look.
func reads(s *Scanner, do func(ctx context.Context) ([]string, error)) {
	s.read = func(ctx context.Context, _ io.Reader, _ int) ([]string, error) { return do(ctx) }
}

func (s *Scanner) count(end string) int {
	return int(testutil.ToFloat64(s.looks.WithLabelValues(end)))
}

func TestScanner(t *testing.T) {
	t.Parallel()
	data, err := qrcode.PNG(signURL)
	if err != nil {
		t.Fatal(err)
	}
	s := newScanner(t, Config{})
	if got, err := s.Texts(t.Context(), "", opens(data)); err != nil || !slices.Equal(got, []string{signURL}) || s.count(endFound) != 1 {
		t.Errorf("got %q, %v", got, err)
	}
	off := newScanner(t, Config{Off: true})
	if got, err := off.Texts(t.Context(), "", nil); err != nil || got != nil {
		t.Errorf("switched off: got %q, %v", got, err)
	}
	gone := errors.New("gone")
	if got, err := s.Texts(t.Context(), "", func(context.Context) (io.ReadCloser, error) { return nil, gone }); !errors.Is(err, gone) || got != nil {
		t.Errorf("gone: got %q, %v", got, err)
	}
	small := newScanner(t, Config{MaxPixels: 100})
	if _, err := small.Texts(t.Context(), "", opens(data)); !errors.Is(err, ErrTooLarge) || small.count(endRefused) != 1 {
		t.Errorf("too large: got %v", err)
	}
}

func TestPanicsAreFaults(t *testing.T) {
	t.Parallel()
	s := newScanner(t, Config{AtOnce: 1})
	reads(s, func(context.Context) ([]string, error) { panic("what it said") })
	for range 3 {
		if got, err := s.Texts(t.Context(), "", opens(nil)); !errors.Is(err, ErrNoPhoto) || got != nil {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if _, err := s.Texts(t.Context(), "", func(context.Context) (io.ReadCloser, error) { panic("x") }); !errors.Is(err, ErrNoPhoto) {
		t.Errorf("got %v", err)
	}
	if s.count(endRefused) != 4 {
		t.Errorf("counted %d", s.count(endRefused))
	}
}

// TestPlaces: no more photos are looked at than there are places, also when nobody waits for a decoder any more.
func TestPlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScanner(t, Config{AtOnce: 2, Wait: time.Second, Time: 5 * time.Second})
		var now, most, all atomic.Int32
		reads(s, func(context.Context) ([]string, error) { // obeys nobody
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(20 * time.Second)
			now.Add(-1)
			all.Add(1)
			return []string{"x"}, nil
		})
		start := time.Now()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if got, err := s.Texts(t.Context(), "", opens(nil)); err != nil || got != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took != 5*time.Second || most.Load() != 2 || s.count(endBusy) != 8 || s.count(endLate) != 2 {
			t.Errorf("took %s, %d at once, %d busy, %d late", took, most.Load(), s.count(endBusy), s.count(endLate))
		}
		if _, err := s.Texts(t.Context(), "", opens(nil)); err != nil || s.count(endBusy) != 9 {
			t.Errorf("a place was given away that is not free: %v", err)
		}
		time.Sleep(20 * time.Second)
		reads(s, func(context.Context) ([]string, error) { return []string{"y"}, nil })
		if got, err := s.Texts(t.Context(), "", opens(nil)); err != nil || len(got) != 1 || all.Load() != 2 {
			t.Errorf("afterwards: got %q, %v", got, err)
		}
	})
}

// TestACallerThatLeaves is told so: what is stopped here is looked at again elsewhere.
func TestACallerThatLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScanner(t, Config{AtOnce: 1})
		reads(s, func(ctx context.Context) ([]string, error) { <-ctx.Done(); return nil, ctx.Err() })
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		var wg sync.WaitGroup
		for range 2 { // one looks, one waits
			wg.Go(func() {
				if _, err := s.Texts(ctx, "", opens(nil)); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, bad := range []Config{{AtOnce: -1}, {AtOnce: 1000}, {Wait: time.Millisecond}, {Time: time.Hour}, {MaxPixels: -1}, {MaxPixels: 1e9}} {
		if _, err := New(bad, prometheus.NewRegistry()); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

// TestKnownPhotos: a photo that comes again is not looked at again, and one whose look did not end is.
func TestKnownPhotos(t *testing.T) {
	t.Parallel()
	s := newScanner(t, Config{})
	looks, gone := 0, errors.New("gone")
	s.read = func(context.Context, io.Reader, int) ([]string, error) {
		looks++
		return []string{"a code"}, nil
	}
	for range 3 {
		if got, err := s.Texts(t.Context(), "one", opens(nil)); err != nil || !slices.Equal(got, []string{"a code"}) || looks != 1 {
			t.Fatalf("%v, %v after %d looks", got, err, looks)
		}
	}
	if _, err := s.Texts(t.Context(), "two", func(context.Context) (io.ReadCloser, error) { return nil, gone }); !errors.Is(err, gone) {
		t.Error(err)
	}
	if _, err := s.Texts(t.Context(), "two", opens(nil)); err != nil || looks != 2 {
		t.Errorf("%v after %d looks", err, looks)
	}
}

// TestAHastyLookIsNotRemembered: that nothing was found in time does not mean that nothing is there.
func TestAHastyLookIsNotRemembered(t *testing.T) {
	t.Parallel()
	s := newScanner(t, Config{AtOnce: 1, Time: 10 * time.Millisecond})
	reads(s, func(ctx context.Context) ([]string, error) {
		<-ctx.Done()
		return nil, nil
	})
	if got, err := s.Texts(t.Context(), "one", opens(nil)); err != nil || got != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	if err := s.places.Acquire(t.Context(), 1); err != nil { // the first look has really ended
		t.Fatal(err)
	}
	if s.places.Release(1); s.known.Contains("one") {
		t.Error("it is remembered")
	}
}

// TestAdd keeps each text once, bounded in number and length.
func TestAdd(t *testing.T) {
	t.Parallel()
	var list []string
	for _, text := range []string{"a", " a\n", "", "\xff", "b", strings.Repeat("x", maxText), strings.Repeat("y", maxText+1)} {
		list = add(list, text)
	}
	if !slices.Equal(list, []string{"a", "b", strings.Repeat("x", maxText)}) {
		t.Errorf("got %.20q", list)
	}
	for i := range 2 * maxTexts {
		list = add(list, strconv.Itoa(i))
	}
	if len(list) != maxTexts {
		t.Errorf("got %d texts", len(list))
	}
}
