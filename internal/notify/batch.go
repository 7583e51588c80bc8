package notify

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netgate"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/internal/store"
)

// batch is a page of a bulletin's recipients, sent to by one worker at a time. One write claims it and one for each chunk stores results: 9 writes for 64
// letters, where a document for each of them would cost 192. What does not end at once, because a network is slow, a way refused or the person sleeps,
// goes on as a letter of its own.
type batch struct {
	ID       string   `bson:"_id"`
	Key      string   `bson:"key"` // bulletin and revision
	Bulletin string   `bson:"bulletin"`
	Revision int      `bson:"revision"`
	To       []string `bson:"to,omitempty"` // ids of preferences; absent when done
	Marks    string   `bson:"marks"`        // one for each of them
	Size     int      `bson:"size"`
	Next     place    `bson:"next"` // where the batch behind it begins

	Work  string     `bson:"work,omitempty"` // batchLane until it is done
	Due   *time.Time `bson:"due,omitempty"`
	Claim string     `bson:"claim,omitempty"`
	Since time.Time  `bson:"since"`

	ExpiresAt time.Time `bson:"expires_at"`
}

// batcher sends batches.
type batcher struct{ *crowd }

// Due gives the batches to be sent.
func (p batcher) Due(ctx context.Context, limit int) ([]string, error) {
	found, err := p.batches.Collect(ctx, p.byDue.Where(batchLane).Between(nil, p.s.now().Add(time.Millisecond)).First(limit))
	if err != nil {
		return nil, fmt.Errorf("notify: due: %w", err)
	}
	ids := make([]string, len(found))
	for i, x := range found {
		ids[i] = x.ID
	}
	return ids, nil
}

// Waiting counts them.
func (p batcher) Waiting(ctx context.Context, max int) (int, time.Time, error) {
	q := p.byDue.Where(batchLane)
	n, err := p.batches.Count(ctx, q, max)
	if err != nil || n == 0 {
		return 0, time.Time{}, err
	}
	first, err := p.batches.Collect(ctx, q.First(1))
	if err != nil || len(first) == 0 || first[0].Due.After(p.s.now()) {
		return n, time.Time{}, err
	}
	return n, first[0].Due.UTC(), nil
}

// turnTime is how long a worker stays with one batch; relays give an attempt 15 s.
const turnTime = 4 * time.Second

// Carry sends to the recipients of a batch that are open, unless another worker does.
func (p batcher) Carry(ctx context.Context, id string) error {
	token := uuid.NewString()
	x, err := p.batches.Update(ctx, id, func(x *batch) error {
		now := p.s.now()
		if x.Work == "" || x.Due.After(now) {
			return store.ErrUnchanged
		}
		x.Claim, x.Due = token, instant(now.Add(p.s.cfg.Lease))
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("notify: batch: %w", err)
	}
	if x.Claim != token {
		return nil
	}
	return p.send(ctx, x, token)
}

// send works through the batch in chunks, as long as the bulletin is what the batch was made for.
func (p batcher) send(ctx context.Context, x batch, token string) error {
	people, err := p.s.inbox.wishes.GetMany(ctx, x.To)
	if err != nil {
		return fmt.Errorf("notify: batch: %w", err)
	}
	until := p.s.now().Add(turnTime)
	for from := 0; from < len(x.To) && x.Claim == token; from += chunkSize {
		to := min(from+chunkSize, len(x.To))
		last := to == len(x.To) || ctx.Err() != nil || p.s.now().After(until)
		if !strings.ContainsRune(x.Marks[from:to], markOpen) && !last {
			continue
		}
		b, err := p.current(ctx, &x)
		if err != nil {
			return err
		}
		if b == nil {
			return p.drop(ctx, &x, token)
		}
		marks := []byte(x.Marks)
		p.chunk(ctx, b, &x, people, marks, from, to)
		if x, err = p.record(ctx, &x, token, marks, last); err != nil {
			return err
		}
		if last {
			break
		}
	}
	p.s.nudge(announceLane)
	return nil
}

// current gives the bulletin of a batch; nil when nobody needs the batch any more.
func (p batcher) current(ctx context.Context, x *batch) (*bulletin, error) {
	b, err := p.s.inbox.bulletins.Get(ctx, x.Bulletin)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("notify: batch: %w", err)
	}
	p.turns.saw(b.ID, b.Revision)
	if b.Revision != x.Revision || b.over(p.s.now()) {
		return nil, nil
	}
	return &b, nil
}

// drop closes a batch that nobody needs any more.
func (p batcher) drop(ctx context.Context, x *batch, token string) error {
	marks := []byte(strings.ReplaceAll(x.Marks, string(markOpen), string(markNone)))
	_, err := p.record(ctx, x, token, marks, true)
	return err
}

// chunk sends to some recipients at once.
func (p batcher) chunk(ctx context.Context, b *bulletin, x *batch, people map[string]wishes, marks []byte, from, to int) {
	var wg sync.WaitGroup
	for i := from; i < to; i++ {
		if marks[i] != markOpen || ctx.Err() != nil {
			continue
		}
		w, ok := people[x.To[i]]
		if !ok {
			marks[i] = markNone
			continue
		}
		wg.Go(func() { marks[i] = p.guarded(ctx, b, x, &w) })
	}
	wg.Wait()
}

// guarded keeps a panic about one person from ending the program, and from being repeated.
func (p batcher) guarded(ctx context.Context, b *bulletin, x *batch, w *wishes) (mark byte) {
	defer func() {
		if cause := recover(); cause != nil {
			p.s.log.ErrorContext(ctx, "telling one person of a bulletin failed", "bulletin", b.ID, "err", retry.Panicked(cause))
			mark = markFailed
		}
	}()
	return p.one(ctx, b, x, w)
}

// record stores marks. A recipient that another worker was done with stays as that one said. The last write of a turn gives the batch back, or closes it.
func (p batcher) record(ctx context.Context, seen *batch, token string, marks []byte, last bool) (batch, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.s.cfg.Lease/4)
	defer cancel()
	after, err := p.batches.Update(ctx, seen.ID, func(x *batch) error {
		if len(x.To) != len(marks) {
			return store.ErrUnchanged // closed
		}
		x.Marks = merged(x.Marks, marks)
		now := p.s.now()
		switch {
		case !strings.ContainsRune(x.Marks, markOpen):
			x.To, x.Work, x.Due, x.Claim = nil, "", nil, ""
		case x.Claim != token:
		case last:
			x.Claim, x.Due = "", instant(now.Add(p.s.idle(now.Sub(x.Since))))
		default:
			x.Due = instant(now.Add(p.s.cfg.Lease))
		}
		return nil
	})
	if err != nil {
		return batch{}, fmt.Errorf("notify: batch: %w", err)
	}
	for i := range marks {
		if seen.Marks[i] == markOpen && marks[i] != markOpen {
			p.s.metrics.fanout.WithLabelValues(endOf[marks[i]]).Inc()
		}
	}
	return after, nil
}

// idle gives after what time what is left of a batch is tried again.
func (s *Sender) idle(age time.Duration) time.Duration {
	return retry.Jitter(min(max(age/4, s.cfg.BackoffMin/5), netgate.PauseMax))
}
