package httpapi

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/webchat"
)

// Why a stream is ended from here.
var (
	errReplaced = errors.New("replaced") // the visitor has opened too many others
	errRestart  = errors.New("restart")  // the port closes
)

// webStream is one open stream.
type webStream struct {
	visitor, address string
	ctx              context.Context // ends when the stream is to end
	end              context.CancelCauseFunc
}

// reason says why the stream is to end.
func (s *webStream) reason() string {
	if errors.Is(context.Cause(s.ctx), errReplaced) {
		return "replaced"
	}
	return "restart"
}

// webStreams knows the open streams: how many there are, whose they are, and how to end them.
type webStreams struct {
	limit, each, near int // of all, of one visitor, of one address
	gauge             prometheus.Gauge

	mu        sync.Mutex
	open      int
	addresses map[string]int          // open ones by network address
	visitors  map[string][]*webStream // oldest first; those that were told to end are in it no more
	draining  bool
	empty     chan struct{} // closed when the last has ended after they were told to
}

func newWebStreams(cfg webchat.Config, gauge prometheus.Gauge) *webStreams {
	return &webStreams{
		limit: cfg.Streams, each: cfg.VisitorStreams, near: cfg.AddressStreams, gauge: gauge,
		addresses: map[string]int{}, visitors: map[string][]*webStream{}, empty: make(chan struct{}),
	}
}

// enter takes up one more stream and ends the visitor's oldest if they have too many; then leave must be called. UNAVAILABLE without room, RATE_LIMITED when
// the address has too many: who is behind it has to close some, for a visitor costs nothing.
func (w *webStreams) enter(ctx context.Context, visitor, address string) (*webStream, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.draining || w.open >= w.limit:
		return nil, fault.New(fault.Unavailable, "").After(5 * time.Second)
	case w.addresses[address] >= w.near:
		return nil, fault.New(fault.RateLimited, "webchat.too_many_streams").After(30 * time.Second)
	}
	if mine := w.visitors[visitor]; len(mine) >= w.each {
		mine[0].end(errReplaced)
		w.visitors[visitor] = slices.Clone(mine[1:])
	}
	s := &webStream{visitor: visitor, address: address}
	s.ctx, s.end = context.WithCancelCause(ctx)
	w.visitors[visitor] = append(w.visitors[visitor], s)
	w.addresses[address]++
	w.open++
	w.gauge.Inc()
	return s, nil
}

func (w *webStreams) leave(s *webStream) {
	s.end(nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := slices.DeleteFunc(w.visitors[s.visitor], func(x *webStream) bool { return x == s })
	w.visitors[s.visitor] = rest
	if len(rest) == 0 {
		delete(w.visitors, s.visitor)
	}
	if w.addresses[s.address]--; w.addresses[s.address] == 0 {
		delete(w.addresses, s.address)
	}
	w.open--
	w.gauge.Dec()
	if w.draining && w.open == 0 {
		close(w.empty)
	}
}

// drain ends all streams, takes no new ones, and returns when they have ended or ctx has.
func (w *webStreams) drain(ctx context.Context) {
	w.mu.Lock()
	if !w.draining {
		w.draining = true
		for _, mine := range w.visitors {
			for _, s := range mine {
				s.end(errRestart)
			}
		}
		if w.open == 0 {
			close(w.empty)
		}
	}
	w.mu.Unlock()
	select {
	case <-w.empty:
	case <-ctx.Done():
	}
}
