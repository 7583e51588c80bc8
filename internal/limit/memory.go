package limit

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxWindows bounds the memory: about 10 MB. When more keys than this are active, those longest unused are forgotten.
const maxWindows = 1 << 16

type window struct {
	n    int64
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

// add counts one call and gives the count and what is left of its window.
func (m *memory) add(id string, per time.Duration) (int64, time.Duration) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	w, ok := m.all.Get(id)
	if !ok {
		w = &window{}
		m.all.Add(id, w)
	}
	if left := w.ends.Sub(now); left <= 0 || left > per { // over, or the clock or the rule was set back
		w.n, w.ends = 0, now.Add(per)
	}
	w.n++
	return w.n, w.ends.Sub(now)
}
