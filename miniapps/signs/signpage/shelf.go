package signpage

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// shelf keeps what was read of plates, up to a number of them. What is nobody's or was revoked has a smaller room of its own, so that whoever tries numbers does
// not push out what people look at.
type shelf struct {
	plates, others *lru.Cache[string, *subject]
	flights        singleflight.Group

	mu      sync.Mutex
	changes int // how often something was forgotten: what was begun to be read before is not kept
}

func newShelf(size int) *shelf {
	plates, _ := lru.New[string, *subject](size) // fails only without a size
	others, _ := lru.New[string, *subject](max(size/8, 16))
	return &shelf{plates: plates, others: others}
}

// get finds what is kept, however old it is.
func (s *shelf) get(key string) *subject {
	if x, ok := s.plates.Get(key); ok {
		return x
	}
	x, _ := s.others.Get(key)
	return x
}

// fresh finds what may still be used; nil without it.
func (s *shelf) fresh(key string, now time.Time) *subject {
	if x := s.get(key); x != nil && now.Before(x.until) {
		return x
	}
	return nil
}

// stale finds what may be used while the store is away; nil without it.
func (s *shelf) stale(key string, now time.Time) *subject {
	if x := s.get(key); x != nil && now.Before(x.made.Add(staleTTL)) {
		return x
	}
	return nil
}

// flight reads what a key stands for, once for all who wait for it, and keeps it. Who reads after a change does not share what was begun before.
func (s *shelf) flight(ctx context.Context, key string, read func() (*subject, error)) (*subject, error) {
	s.mu.Lock()
	begun := s.changes
	s.mu.Unlock()
	done := s.flights.DoChan(key+" "+strconv.Itoa(begun), func() (any, error) {
		x, err := read()
		if err == nil {
			s.keep(x, begun)
		}
		return x, err
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*subject), nil
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, ctx.Err())
	}
}

func (s *shelf) keep(x *subject, begun int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes != begun {
		return
	}
	to, other := s.plates, s.others
	if x.coded.State != registry.Current {
		to, other = other, to
	}
	other.Remove(x.key)
	to.Add(x.key, x)
}

// forget drops what is kept of some plates, or all without any. What belongs to no plate goes too: it may do so now.
func (s *shelf) forget(plates []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	s.others.Purge()
	if len(plates) == 0 {
		s.plates.Purge()
		return
	}
	for _, key := range s.plates.Keys() {
		if x, ok := s.plates.Peek(key); ok && slices.Contains(plates, x.coded.Plate.ID) {
			s.plates.Remove(key)
		}
	}
}
