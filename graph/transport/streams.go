package transport

import (
	"context"
	"sync"
)

// streams knows the open streams, so that a shutdown can end them.
type streams struct {
	limit int
	count func(kind string, n int)

	mu    sync.Mutex
	open  int
	empty chan struct{} // closed when the last has ended after they were told to

	ctx context.Context // ends when streams are to end
	end context.CancelFunc
}

func newStreams(limit int, count func(string, int)) *streams {
	ctx, end := context.WithCancel(context.Background()) // no request's: it lives as long as the server
	return &streams{limit: limit, count: count, empty: make(chan struct{}), ctx: ctx, end: end}
}

// room tells whether one more stream could be taken up now.
func (s *streams) room() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ctx.Err() == nil && s.open < s.limit
}

// enter takes up one more stream. It tells whether there is room; then leave must be called when the stream has ended.
func (s *streams) enter(kind string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil || s.open >= s.limit {
		return false
	}
	s.open++
	s.count(kind, 1)
	return true
}

func (s *streams) leave(kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.count(kind, -1)
	if s.ctx.Err() != nil && s.open == 0 {
		close(s.empty)
	}
}

func (s *streams) drain(ctx context.Context) {
	s.mu.Lock()
	if s.ctx.Err() == nil {
		s.end()
		if s.open == 0 {
			close(s.empty)
		}
	}
	s.mu.Unlock()
	select {
	case <-s.empty:
	case <-ctx.Done():
	}
}
