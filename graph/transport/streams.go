package transport

import (
	"context"
	"errors"
	"sync"

	"github.com/motcua/motcua/internal/limit"
)

// Guests of one address (IPv6: one /64) may hold a twentieth of the streams together, and at least guestStreams; somebody who is signed in memberStreams. A guest
// costs nothing to make, so without these bounds one machine could keep everybody else out.
const (
	guestShare    = 20
	guestStreams  = 50
	memberStreams = 50
)

// Why a stream is not taken up.
var (
	errNoRoom  = errors.New("transport: no more streams can be opened here")
	errTooMany = errors.New("transport: who asks has too many streams")
)

// holder is whom open streams are counted by.
type holder struct {
	name string
	most int
}

// streams knows the open streams: how many there are, whose they are, and how to end them at a shutdown.
type streams struct {
	limit int
	count func(kind string, n int)

	mu    sync.Mutex
	open  int
	held  map[string]int // open ones by the holder's name
	empty chan struct{}  // closed when the last has ended after they were told to

	ctx context.Context // ends when streams are to end
	end context.CancelFunc
}

func newStreams(limit int, count func(string, int)) *streams {
	ctx, end := context.WithCancel(context.Background()) // no request's: it lives as long as the server
	return &streams{limit: limit, count: count, held: map[string]int{}, empty: make(chan struct{}), ctx: ctx, end: end}
}

// guest is who has not signed in, or not yet.
func (s *streams) guest(address string) holder {
	return holder{"guests of " + limit.Network(address), max(s.limit/guestShare, guestStreams)}
}

// holderOf tells whom a stream is counted by once it is known who asks.
func (s *streams) holderOf(address string, a Admission) holder {
	if a.Expires.IsZero() {
		return s.guest(address)
	}
	return holder{"caller " + a.Identity, memberStreams}
}

// room tells whether one more stream could be taken up now: nil, errNoRoom or errTooMany.
func (s *streams) room(h holder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roomFor(h)
}

func (s *streams) roomFor(h holder) error {
	switch {
	case s.ctx.Err() != nil || s.open >= s.limit:
		return errNoRoom
	case s.held[h.name] >= h.most:
		return errTooMany
	}
	return nil
}

// enter takes up one more stream, if there is room as room tells; then leave must be called when the stream has ended.
func (s *streams) enter(kind string, h holder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.roomFor(h); err != nil {
		return err
	}
	s.open++
	s.held[h.name]++
	s.count(kind, 1)
	return nil
}

// pass counts an open stream by somebody else from now on. It tells whether they may have it; otherwise nothing changes.
func (s *streams) pass(from, to holder) bool {
	if from == to {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[to.name] >= to.most {
		return false
	}
	s.held[to.name]++
	s.drop(from)
	return true
}

func (s *streams) leave(kind string, h holder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.drop(h)
	s.count(kind, -1)
	if s.ctx.Err() != nil && s.open == 0 {
		close(s.empty)
	}
}

func (s *streams) drop(h holder) {
	if s.held[h.name]--; s.held[h.name] == 0 {
		delete(s.held, h.name)
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
