package httpapi

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Why a stream is ended from here.
var (
	errReplaced = errors.New("replaced") // the visitor has opened too many others
	errRestart  = errors.New("restart")  // the port closes
)

// webStream is one open stream.
type webStream struct {
	visitor string
	ctx     context.Context // ends when the stream is to end
	end     context.CancelCauseFunc
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
	limit, each int
	gauge       prometheus.Gauge

	mu       sync.Mutex
	open     int
	visitors map[string][]*webStream // oldest first; those that were told to end are in it no more
	draining bool
	empty    chan struct{} // closed when the last has ended after they were told to
}

func newWebStreams(limit, each int, gauge prometheus.Gauge) *webStreams {
	return &webStreams{limit: limit, each: each, gauge: gauge, visitors: map[string][]*webStream{}, empty: make(chan struct{})}
}

// enter takes up one more stream and ends the visitor's oldest if they have too many. It tells whether there is room; then leave must be called.
func (w *webStreams) enter(ctx context.Context, visitor string) (*webStream, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.draining || w.open >= w.limit {
		return nil, false
	}
	if mine := w.visitors[visitor]; len(mine) >= w.each {
		mine[0].end(errReplaced)
		w.visitors[visitor] = slices.Clone(mine[1:])
	}
	s := &webStream{visitor: visitor}
	s.ctx, s.end = context.WithCancelCause(ctx)
	w.visitors[visitor] = append(w.visitors[visitor], s)
	w.open++
	w.gauge.Inc()
	return s, true
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
