package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// walk makes batches until its turn is over, enough of them wait, or all followers are in one.
func (a announcer) walk(ctx context.Context, b *bulletin) error {
	for range turnPages {
		waiting, err := a.batches.Count(ctx, a.byDue.Where(batchLane), maxBatches)
		if err != nil {
			return fmt.Errorf("notify: announce: %w", err)
		}
		if b.Work == "" || waiting >= maxBatches || ctx.Err() != nil {
			break
		}
		revision := b.Revision
		if err := a.page(ctx, b); err != nil {
			return err
		}
		if b.Revision != revision {
			return nil
		}
	}
	a.s.nudge(batchLane)
	if b.Work != "" {
		a.s.nudge(announceLane)
	}
	return nil
}

// page stores the next batch and moves on. Both may be repeated: the batch's id is derived from where it begins, and whoever finds it there goes on
// from where it ends.
func (a announcer) page(ctx context.Context, b *bulletin) error {
	x, err := a.next(ctx, b)
	if err != nil {
		return err
	}
	if len(x.To) > 0 {
		err = a.batches.Insert(ctx, x)
		if fault.CodeOf(err) == fault.Conflict {
			x, err = a.batches.Get(ctx, x.ID)
		}
		if err != nil {
			return fmt.Errorf("notify: announce: %w", err)
		}
	}
	from := b.Place
	after, err := a.s.inbox.bulletins.Update(ctx, b.ID, func(o *bulletin) error {
		if o.Revision != b.Revision || o.Place != from || o.Work == "" {
			return store.ErrUnchanged
		}
		o.Place, o.Posted = x.Next, o.Posted+x.Size
		if o.Place.Area >= len(o.Areas) {
			o.Work, o.Due = "", nil
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("notify: announce: %w", err)
	}
	*b = after
	return nil
}

// next collects the recipients behind the bulletin's place. Who follows several of its areas belongs to the first of them.
func (a announcer) next(ctx context.Context, b *bulletin) (batch, error) {
	now := a.s.now()
	x := batch{
		ID:  once.ID(fmt.Sprintf("batch\x00%s\x00%d\x00%s", b.key(), b.Place.Area, b.Place.Cursor)),
		Key: b.key(), Bulletin: b.ID, Revision: b.Revision, Next: b.Place, Work: batchLane, Due: instant(now), Since: *instant(now),
		ExpiresAt: *instant(now.Add(a.s.cfg.DispatchRetention)),
	}
	for x.Next.Area < len(b.Areas) && len(x.To) < pageSize {
		q := a.s.inbox.byArea.Where(b.Areas[x.Next.Area])
		found, err := a.s.inbox.wishes.Collect(ctx, q.Behind(x.Next.Cursor).First(pageSize-len(x.To)))
		if err != nil {
			return batch{}, fmt.Errorf("notify: followers: %w", err)
		}
		for _, w := range found {
			if w.first(b.Areas) == b.Areas[x.Next.Area] {
				x.To = append(x.To, w.ID)
			}
		}
		if len(found) == 0 {
			x.Next = place{Area: x.Next.Area + 1}
			continue
		}
		if x.Next.Cursor, err = a.s.inbox.wishes.CursorAt(q, found[len(found)-1]); err != nil {
			return batch{}, fmt.Errorf("notify: followers: %w", err)
		}
	}
	x.Size, x.Marks = len(x.To), strings.Repeat(string(markOpen), len(x.To))
	return x, nil
}

// first gives the first of some sorted areas that the person follows; "" for none.
func (w *wishes) first(areas []string) string {
	i := slices.IndexFunc(areas, func(a string) bool { return slices.Contains(w.Areas, a) })
	if i < 0 {
		return ""
	}
	return areas[i]
}

// letterTo makes the letter of a bulletin to one person.
func (c *crowd) letterTo(b *bulletin, to string) dispatch {
	now := c.s.now()
	d := dispatch{
		ID: once.ID("bulletin letter\x00" + b.key() + "\x00" + to), To: to, Bulletin: b.ID, Revision: b.Revision, Fanout: b.key(),
		App: b.App, Notice: b.Notice, Urgency: b.Urgency, Link: b.Link, Collapse: b.ID, At: b.At, Until: b.Until,
		Told: instant(b.Stored), Since: b.Stored, Due: instant(now), State: Pending, Lane: batchLane, ExpiresAt: *instant(now.Add(c.s.cfg.DispatchRetention)),
	}
	return d
}
