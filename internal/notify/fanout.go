package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

const (
	announceLane = "announce"
	batchLane    = "batch"
)

// How a bulletin reaches many without crowding out anybody else: its followers are walked in pages, each page is one document of recipients, and one worker
// sends to a page. Nothing is kept in memory but the pages in work.
const (
	pageSize   = 64  // recipients of one batch
	turnPages  = 16  // batches that one turn of the walk makes
	maxBatches = 128 // batches waiting; beyond that the walk waits for them
	chunkSize  = 8   // letters of a batch under way at once; after each chunk the results are stored, so that a kill repeats no more of it than that
)

// crowd tells bulletins to many.
type crowd struct {
	s       *Sender
	batches *store.Collection[batch]
	byDue   store.Query
	byKey   store.Query
	byWork  store.Query // of bulletins
	turns   *turns
}

func newCrowd(ctx context.Context, engine store.Engine, s *Sender) (*crowd, error) {
	batches, err := store.Define[batch](ctx, engine, store.Kind{
		Name: "bulletin_batches",
		Indexes: []store.Index{
			{Name: "due", Equal: []string{"work"}, Order: "due"},
			{Name: "key", Equal: []string{"key"}},
		},
		ExpiresAt: "expires_at",
	})
	if err != nil {
		return nil, err
	}
	c := &crowd{s: s, batches: batches, turns: newTurns()}
	var e1, e2, e3 error
	c.byDue, e1 = batches.Query("due")
	c.byKey, e2 = batches.Query("key")
	c.byWork, e3 = s.inbox.bulletins.Query("work")
	return c, errors.Join(e1, e2, e3)
}

// words gives what a bulletin says, to a letter of its own that belongs to it.
func (c *crowd) words(ctx context.Context, d *dispatch) (content, string, error) {
	b, err := c.s.inbox.bulletins.Get(ctx, d.Bulletin)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return content{}, reasonGone, nil
	case err != nil:
		return content{}, "", fmt.Errorf("notify: words: %w", err)
	case b.Revision != d.Revision:
		return content{}, reasonSuperseded, nil
	}
	return b.content(), "", nil
}

func (b *bulletin) content() content {
	c := content{title: b.Title, text: b.Text, params: b.Params}
	if b.Published {
		c.topics = b.Topics
	}
	return c
}

// announcer walks over the followers of bulletins.
type announcer struct{ *crowd }

// Due gives the bulletins whose followers are still to be walked.
func (a announcer) Due(ctx context.Context, limit int) ([]string, error) {
	found, err := a.s.inbox.bulletins.Collect(ctx, a.byWork.Where(announceLane).Between(nil, a.s.now().Add(time.Millisecond)).First(limit))
	if err != nil {
		return nil, fmt.Errorf("notify: due: %w", err)
	}
	ids := make([]string, len(found))
	for i, b := range found {
		ids[i] = b.ID
	}
	return ids, nil
}

// Waiting counts them.
func (a announcer) Waiting(ctx context.Context, max int) (int, time.Time, error) {
	q := a.byWork.Where(announceLane)
	n, err := a.s.inbox.bulletins.Count(ctx, q, max)
	if err != nil || n == 0 {
		return 0, time.Time{}, err
	}
	first, err := a.s.inbox.bulletins.Collect(ctx, q.First(1))
	if err != nil || len(first) == 0 || first[0].Due.After(a.s.now()) {
		return n, time.Time{}, err
	}
	return n, first[0].Due.UTC(), nil
}

// Carry makes some batches out of a bulletin's followers, from where it was left.
func (a announcer) Carry(ctx context.Context, id string) error {
	b, err := a.s.inbox.bulletins.Get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("notify: announce: %w", err)
	}
	a.turns.saw(b.ID, b.Revision)
	now := a.s.now()
	if b.Work == "" || b.Due.After(now) {
		return nil
	}
	if b.Urgency != miniapps.Urgent {
		if until, quiet := a.s.cfg.Quiet.end(now); quiet {
			return a.putOff(ctx, &b, until)
		}
	}
	if err := a.publish(ctx, &b); err != nil {
		return err
	}
	return a.walk(ctx, &b)
}

func (a announcer) putOff(ctx context.Context, seen *bulletin, until time.Time) error {
	_, err := a.s.inbox.bulletins.Update(ctx, seen.ID, func(b *bulletin) error {
		if b.Revision != seen.Revision {
			return store.ErrUnchanged
		}
		b.Due = instant(until)
		return nil
	})
	return err
}
