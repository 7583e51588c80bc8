package inbox

import (
	"container/heap"
	"sync"
	"time"
)

// board remembers which conversations to look at, and when. It holds no truth: what it forgets is found in the store.
type board struct {
	mu     sync.Mutex
	limit  int
	closed bool
	known  map[string]*entry
	queue  queue
	wake   chan struct{} // capacity 1: the head of the queue may have changed
}

// entry is one conversation: in the queue, or being looked at.
type entry struct {
	conversation string
	when         time.Time
	place        int       // in the queue; -1 when not in it
	looking      bool      // somebody looks at it
	again        time.Time // while looking: offered meanwhile for this time; zero when not
}

func newBoard(limit int) *board {
	return &board{limit: limit, known: map[string]*entry{}, wake: make(chan struct{}, 1)}
}

// offer asks for a look at a conversation, at a time or before. It is false when there is no room.
func (b *board) offer(conversation string, when time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.known[conversation]
	switch {
	case e == nil && (b.closed || len(b.known) >= b.limit):
		return false
	case e == nil:
		e = &entry{conversation: conversation, place: -1}
		b.known[conversation] = e
		b.enqueue(e, when)
	case e.looking:
		e.again = sooner(e.again, when)
	default:
		b.enqueue(e, when)
	}
	return true
}

// take gives a conversation whose time has come, or else how long to wait for one, unless woken before.
func (b *board) take(now time.Time) (conversation string, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		return "", time.Hour
	}
	e := b.queue[0]
	if e.when.After(now) {
		return "", e.when.Sub(now)
	}
	heap.Pop(&b.queue)
	e.looking = true
	return e.conversation, 0
}

// put ends a look. The conversation is forgotten when there is no time for the next one: when is zero, and nobody has offered it meanwhile.
func (b *board) put(conversation string, when time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.known[conversation]
	when = sooner(e.again, when)
	e.looking, e.again = false, time.Time{}
	if when.IsZero() {
		delete(b.known, conversation)
		return
	}
	b.enqueue(e, when)
}

// close refuses new conversations and gives those remembered that nobody looks at.
func (b *board) close() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	all := make([]string, 0, len(b.known))
	for c, e := range b.known {
		if !e.looking {
			all = append(all, c)
		}
	}
	return all
}

func (b *board) enqueue(e *entry, when time.Time) {
	switch {
	case e.place < 0:
		e.when = when
		heap.Push(&b.queue, e)
	case when.Before(e.when):
		e.when = when
		heap.Fix(&b.queue, e.place)
	default:
		return
	}
	nudge(b.wake)
}

// sooner gives the earlier of two times; zero is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// queue is a heap of entries, the soonest first.
type queue []*entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].when.Before(q[j].when) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push is for package heap.
func (q *queue) Push(x any) {
	e := x.(*entry)
	e.place = len(*q)
	*q = append(*q, e)
}

// Pop is for package heap.
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	e.place = -1
	return e
}
