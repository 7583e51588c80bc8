package notify

import (
	"context"
	"sync"
)

// turns keep an earlier revision of a bulletin from reaching a person after a later one, as far as this process sends them: a letter waits for the one to the same
// person that is under way, and one whose revision is over is not begun. What another replica has under way at that moment is not known here, and networks promise
// no order of their own: both the letter's place (Collapse) and its revision go with it, for the device to tell.
type turns struct {
	mu     sync.Mutex
	latest map[string]int           // revision, by bulletin
	busy   map[string]chan struct{} // by bulletin and recipient; closed when the letter has left
}

// maxLatest is how many bulletins are remembered. One that is forgotten is told by the store.
const maxLatest = 1000

func newTurns() *turns { return &turns{latest: map[string]int{}, busy: map[string]chan struct{}{}} }

// saw notes that a bulletin has a revision.
func (t *turns) saw(bulletin string, revision int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(bulletin, revision)
}

func (t *turns) note(bulletin string, revision int) {
	if len(t.latest) >= maxLatest {
		clear(t.latest)
	}
	t.latest[bulletin] = max(t.latest[bulletin], revision)
}

// enter waits for the turn of a letter. ok is false when its revision is over or the context ended; otherwise leave must follow.
func (t *turns) enter(ctx context.Context, bulletin, to string, revision int) (leave func(), ok bool) {
	key := bulletin + "\x00" + to
	for {
		t.mu.Lock()
		t.note(bulletin, revision)
		under := t.busy[key]
		if t.latest[bulletin] > revision || ctx.Err() != nil {
			t.mu.Unlock()
			return nil, false
		}
		if under == nil {
			mine := make(chan struct{})
			t.busy[key] = mine
			t.mu.Unlock()
			return func() { t.leave(key, mine) }, true
		}
		t.mu.Unlock()
		select {
		case <-under:
		case <-ctx.Done():
		}
	}
}

func (t *turns) leave(key string, mine chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.busy, key)
	close(mine)
}
