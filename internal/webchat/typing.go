package webchat

import (
	"context"
	"sync"
	"time"
)

// typingFor is how long somebody counts as typing when nothing more is heard of it.
const typingFor = 10 * time.Second

// typists tells the open pages of this process that an answer is being made. It is kept nowhere: a page of another replica is not told, and misses nothing.
type typists struct {
	mu  sync.Mutex
	all map[string]*typist // by head, of those whom somebody watches
}

type typist struct {
	on    bool
	end   *time.Timer // nil when nobody types
	pages map[chan bool]struct{}
}

func newTypists() *typists { return &typists{all: map[string]*typist{}} }

// SetTyping says that an answer to the visitor is being made, or no longer. It is forgotten after ten seconds, and with the next line of the bot or of staff.
func (l *Log) SetTyping(visitor string, on bool) { l.typing.set(headID(visitor), on) }

// Typing gives a channel that receives whenever somebody begins or ceases to type, until the context ends; it is never closed. Who is slow gets the last state only.
func (l *Log) Typing(ctx context.Context, visitor string) <-chan bool {
	return l.typing.watch(ctx, headID(visitor))
}

func (t *typists) watch(ctx context.Context, head string) <-chan bool {
	ch := make(chan bool, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.all[head]
	if x == nil {
		x = &typist{pages: map[chan bool]struct{}{}}
		t.all[head] = x
	}
	x.pages[ch] = struct{}{}
	if x.on {
		ch <- true
	}
	context.AfterFunc(ctx, func() { t.leave(head, ch) })
	return ch
}

func (t *typists) leave(head string, ch chan bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.all[head]
	delete(x.pages, ch)
	if len(x.pages) > 0 {
		return
	}
	x.stop()
	delete(t.all, head)
}

func (t *typists) set(head string, on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.all[head]
	if x == nil {
		return
	}
	x.stop()
	if on {
		x.end = time.AfterFunc(typingFor, func() { t.set(head, false) })
	}
	if x.on == on {
		return
	}
	x.on = on
	for ch := range x.pages {
		select { // what was not taken yet is old
		case <-ch:
		default:
		}
		ch <- on
	}
}

func (x *typist) stop() {
	if x.end != nil {
		x.end.Stop()
		x.end = nil
	}
}
