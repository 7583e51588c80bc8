package qrscan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/motcua/motcua/internal/setting"
)

// Config bounds what it costs to look at photos. Zero means the default named at each field.
type Config struct {
	// Off looks at no photo.
	Off bool `koanf:"off"`
	// AtOnce is how many photos this process looks at side by side; 0 means one for each processor.
	AtOnce int `koanf:"at_once"`
	// Wait is how long a photo waits for its turn, after which it counts as one without a code; 0 means 3s.
	Wait time.Duration `koanf:"wait"`
	// Time is how long one photo is looked at; 0 means 3s.
	Time time.Duration `koanf:"time"`
	// MaxPixels is width times height of the largest photo that is looked at; 0 means 8000000, more than the largest that package media keeps.
	MaxPixels int `koanf:"max_pixels"`
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	faults.Number("at_once", c.AtOnce, 1, 256)
	faults.Span("wait", c.Wait, 10*time.Millisecond, time.Minute)
	faults.Span("time", c.Time, 10*time.Millisecond, time.Minute)
	faults.Number("max_pixels", c.MaxPixels, 1, 100_000_000)
	return faults.Err()
}

func (c Config) filled() Config {
	c.AtOnce = cmp.Or(c.AtOnce, runtime.GOMAXPROCS(0))
	c.Wait, c.Time = cmp.Or(c.Wait, 3*time.Second), cmp.Or(c.Time, 3*time.Second)
	c.MaxPixels = cmp.Or(c.MaxPixels, 8_000_000)
	return c
}

// Scanner looks at photos, a bounded number side by side. It is safe for concurrent use.
type Scanner struct {
	cfg    Config
	places *semaphore.Weighted
	looks  *prometheus.CounterVec
	took   prometheus.Histogram
	known  *lru.Cache[string, seen] // what looks came to that went to their end, by the photo's name
	read   func(ctx context.Context, r io.Reader, maxPixels int) ([]string, error)
}

// maxKnown is how many photos are remembered, so that one that is sent again and again is looked at once.
const maxKnown = 4096

// New makes a scanner for the whole process.
func New(cfg Config, reg prometheus.Registerer) (*Scanner, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("qrscan: %w", err)
	}
	cfg = cfg.filled()
	known, err := lru.New[string, seen](maxKnown)
	if err != nil {
		return nil, fmt.Errorf("qrscan: %w", err)
	}
	s := &Scanner{
		cfg: cfg, known: known, places: semaphore.NewWeighted(int64(cfg.AtOnce)), read: Texts,
		looks: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "qrscan_photos_total",
			Help: "Photos looked at for QR codes, by what came of it: found, none, busy (no place in time), late, refused (too large, no picture, unread)."}, []string{"end"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "motcua", Name: "qrscan_seconds",
			Help: "Time that one photo was looked at.", Buckets: prometheus.DefBuckets}),
	}
	if err := errors.Join(reg.Register(s.looks), reg.Register(s.took)); err != nil {
		return nil, fmt.Errorf("qrscan: %w", err)
	}
	return s, nil
}

// The ends of a look, as labels.
const (
	endFound   = "found"
	endNone    = "none"
	endBusy    = "busy"
	endLate    = "late"
	endRefused = "refused"
)

// seen is what a look came to.
type seen struct {
	texts []string
	err   error
}

// Texts gives what the QR codes in the photo of that name say, which open gives; a photo never changes under its name. The name "" is not remembered. There are none, too, when no place was free in time, or looking took too long: a photo is still
// a photo then. The error is ctx's own, which asks to come again, or says why the photo cannot be looked at.
func (s *Scanner) Texts(ctx context.Context, name string, open func(ctx context.Context) (io.ReadCloser, error)) ([]string, error) {
	if s.cfg.Off {
		return nil, nil
	}
	if x, ok := s.known.Get(name); ok && name != "" {
		return x.texts, x.err
	}
	if err := s.enter(ctx); err != nil {
		s.looks.WithLabelValues(endBusy).Inc()
		return nil, ctx.Err()
	}
	inner, cancel := context.WithTimeout(ctx, s.cfg.Time)
	defer cancel()
	got := make(chan seen, 1)
	go func() { // the place is free when the decoder has really ended, which nobody waits for
		defer s.places.Release(1)
		start := time.Now()
		texts, err := s.photo(inner, open)
		s.took.Observe(time.Since(start).Seconds())
		if inner.Err() == nil && (err == nil || errors.Is(err, ErrNoPhoto) || errors.Is(err, ErrTooLarge)) {
			s.known.Add(name, seen{texts, err})
		}
		got <- seen{texts, err}
	}()
	select {
	case x := <-got:
		return s.ended(ctx, inner, x)
	case <-inner.Done():
		return s.ended(ctx, inner, seen{})
	}
}

func (s *Scanner) enter(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Wait)
	defer cancel()
	return s.places.Acquire(ctx, 1)
}

// photo reads one photo; a panic of whoever opens it is an error, as one of a decoder is.
func (s *Scanner) photo(ctx context.Context, open func(ctx context.Context) (io.ReadCloser, error)) (texts []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			texts, err = nil, fmt.Errorf("%w: panic: %T", ErrNoPhoto, p)
		}
	}()
	r, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return s.read(ctx, r, s.cfg.MaxPixels)
}

// ended counts a look and gives its answer.
func (s *Scanner) ended(ctx, inner context.Context, x seen) ([]string, error) {
	end := endNone
	switch {
	case len(x.texts) > 0:
		end, x.err = endFound, nil
	case inner.Err() != nil:
		end, x.err = endLate, ctx.Err()
	case x.err != nil:
		end = endRefused
	}
	s.looks.WithLabelValues(end).Inc()
	return x.texts, x.err
}
