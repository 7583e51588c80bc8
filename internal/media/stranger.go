package media

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

// recount is how long a tally of what strangers have sent is believed, beside what has come here since. Other replicas count what they take themselves.
const recount = time.Minute

// tally is the bytes that strangers have sent and nobody has attached.
type tally struct {
	mu      sync.Mutex
	bytes   int64
	counted time.Time
}

func (t *tally) add(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes += n
}

// admit tells whether there is room for a file of the viewer's; strange is nil unless they are a stranger. Uploads under way are not counted: their number is bounded.
func (m *Media) admit(ctx context.Context, v account.Viewer, strange *time.Time) error {
	if !v.SignedIn() {
		if err := m.roomy(); err != nil {
			return err
		}
	}
	if strange == nil {
		return nil
	}
	n, err := m.strangerBytes(ctx)
	if err == nil && n >= m.cfg.strangerBytes() {
		return fault.New(fault.RateLimited, "media.strangers_full").After(5 * time.Minute)
	}
	return err
}

// roomy refuses while the disk is so full that what citizens who are known do must have the rest.
func (m *Media) roomy() error {
	if m.free == nil || m.cfg.MinFree == 0 {
		return nil
	}
	free, err := m.free()
	if err == nil && free < m.cfg.MinFree {
		err = fmt.Errorf("media: %d MB are free, less than media.min_free", free>>20)
	}
	if err != nil {
		return &fault.Error{Code: fault.Unavailable, RetryAfter: time.Minute, Cause: err}
	}
	return nil
}

// strangerBytes counts, no further than to where it is too much.
func (m *Media) strangerBytes(ctx context.Context) (int64, error) {
	t := &m.strangers
	t.mu.Lock()
	defer t.mu.Unlock()
	now := m.now()
	if age := now.Sub(t.counted); age >= 0 && age < recount {
		return t.bytes, nil
	}
	sum, q := int64(0), m.alien.First(sweepBatch)
	for {
		docs, err := m.docs.Collect(ctx, q)
		if err != nil {
			return 0, fmt.Errorf("media: count: %w", err)
		}
		for _, d := range docs {
			sum += bytesOf(d.Renditions)
		}
		if len(docs) < sweepBatch || sum >= m.cfg.strangerBytes() {
			break
		}
		last, err := m.docs.CursorAt(q, docs[len(docs)-1])
		if err != nil {
			return 0, err
		}
		q = q.Behind(last)
	}
	t.bytes, t.counted = sum, now
	return sum, nil
}

// bytesOf sums what renditions take.
func bytesOf(all []Rendition) (n int64) {
	for _, r := range all {
		n += r.Size
	}
	return n
}
