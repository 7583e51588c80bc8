package limit

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxWindows bounds the memory: about 15 MB. When more keys than this are active, those longest unused are forgotten.
const maxWindows = 1 << 16

// window is the calls under one key that passed.
type window struct {
	n    int
	ends time.Time
}

// memory counts in this process.
type memory struct {
	now func() time.Time
	mu  sync.Mutex
	all *simplelru.LRU[string, *window]
}

func newMemory(now func() time.Time) *memory {
	all, _ := simplelru.NewLRU[string, *window](maxWindows, nil) // fails only for a size below 1
	return &memory{now: now, all: all}
}

// take counts n if they may pass, and tells whether they may and what is left of the window.
func (m *memory) take(id string, r Rule, n int) (left time.Duration, ok bool) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	w, found := m.all.Get(id)
	if !found {
		w = &window{}
		m.all.Add(id, w)
	}
	if left := w.ends.Sub(now); left <= 0 || left > r.Per { // over, or the clock or the rule was set back
		w.n, w.ends = 0, now.Add(r.Per)
	}
	if w.n+n > r.Max {
		return w.ends.Sub(now), false
	}
	w.n += n
	return w.ends.Sub(now), true
}

// giveBack takes back what did not pass in the end, or was not used.
func (m *memory) giveBack(id string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w, found := m.all.Peek(id); found {
		w.n = max(w.n-n, 0)
	}
}
