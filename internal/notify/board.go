package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Bulletins stand in every inbox that they are for without being copied there: lists join them on reading, and what a person has read of them is one small
// document of that person.

// looks are the bulletins that a person has read.
type looks struct {
	ID        string    `bson:"_id"`  // the account
	Read      []string  `bson:"read"` // bulletin and revision, the latest last
	ExpiresAt time.Time `bson:"expires_at"`
}

const (
	maxLooks       = 200  // bulletins that are remembered as read; older ones lie far down the list
	bulletinPrefix = "*/" // of an Item's id: nobody owns it
)

func areaTopic(area string) string { return "notices:area:" + area }

func (n *Notices) defineBoard(ctx context.Context, engine store.Engine) error {
	var err error
	n.bulletins, err = store.Define[bulletin](ctx, engine, store.Kind{
		Name: "bulletins",
		Indexes: []store.Index{
			{Name: "areas", Equal: []string{"areas"}, Many: "areas", Order: "stored"},
			{Name: "work", Equal: []string{"work"}, Order: "due"},
		},
		ExpiresAt: "expires_at",
	})
	if err != nil {
		return err
	}
	n.looks, err = store.Define[looks](ctx, engine, store.Kind{Name: "bulletin_looks", ExpiresAt: "expires_at"})
	if err != nil {
		return err
	}
	n.board, err = n.bulletins.Query("areas")
	return errors.Join(err, n.defineWishes(ctx, engine))
}

// areasOf gives the areas whose bulletins a viewer sees: those that the viewer follows, and the whole city's.
func (n *Notices) areasOf(ctx context.Context, v account.Viewer) ([]string, error) {
	w, err := n.wishesOf(ctx, v.Account, v.Subjects)
	if err != nil {
		return nil, err
	}
	return sorted(append(w.Areas, Everywhere)), nil
}

// entry is one line of an inbox with its place.
type entry struct {
	stored time.Time
	id     string
	cursor store.Cursor
	item   Item
}

// boardPage gives the first bulletins behind after, the latest first, as entries. The second result tells whether more lie behind.
func (n *Notices) boardPage(ctx context.Context, v account.Viewer, first int, after store.Cursor) ([]entry, bool, error) {
	areas, err := n.areasOf(ctx, v)
	if err != nil {
		return nil, false, err
	}
	var out []entry
	more := false
	for some := range slices.Chunk(areas, 16) { // as many as a page merges
		queries := make([]store.Query, len(some))
		for i, a := range some {
			queries[i] = n.board.Where(a).Descending()
		}
		page, err := n.bulletins.Page(ctx, first, after, queries...)
		if err != nil {
			return nil, false, err
		}
		more = more || page.HasNext
		for i, b := range page.Items {
			if !slices.ContainsFunc(out, func(e entry) bool { return e.id == b.ID }) {
				out = append(out, entry{stored: b.Stored, id: b.ID, cursor: page.Cursors[i], item: b.item(v)})
			}
		}
	}
	return out, more, n.markLooks(ctx, v, out)
}

// markLooks notes on entries what the viewer has read.
func (n *Notices) markLooks(ctx context.Context, v account.Viewer, entries []entry) error {
	if !slices.ContainsFunc(entries, func(e entry) bool { return e.item.look != "" }) {
		return nil
	}
	read, err := n.looksOf(ctx, v)
	for i := range entries {
		if item := &entries[i].item; item.look != "" {
			item.Read = slices.Contains(read, item.look)
		}
	}
	return err
}

func (n *Notices) looksOf(ctx context.Context, v account.Viewer) ([]string, error) {
	l, err := n.looks.Get(ctx, ownerOf(v))
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return nil, fmt.Errorf("notify: read marks: %w", err)
	}
	return l.Read, nil
}

func (b *bulletin) item(v account.Viewer) Item {
	return Item{ID: bulletinPrefix + b.ID, App: b.App, Notice: b.Notice, Title: b.Title.In(v.Lang), Text: b.Text.In(v.Lang), At: b.At.UTC(), look: b.key()}
}

// bulletinID gives the bulletin that an item's id names.
func bulletinID(id string) (string, bool) { return strings.CutPrefix(id, bulletinPrefix) }

// bulletinItem gives one bulletin to anybody who is signed in: it is public.
func (n *Notices) bulletinItem(ctx context.Context, v account.Viewer, id string) (Item, error) {
	if !v.SignedIn() {
		return Item{}, fault.New(fault.NotFound, "")
	}
	b, err := n.bulletins.Get(ctx, id)
	if err != nil {
		return Item{}, err
	}
	one := []entry{{item: b.item(v)}}
	err = n.markLooks(ctx, v, one)
	return one[0].item, err
}

// look marks a bulletin as read; a later revision is new again.
func (n *Notices) look(ctx context.Context, v account.Viewer, id string) (Item, error) {
	item, err := n.bulletinItem(ctx, v, id)
	if err != nil || item.Read {
		return item, err
	}
	expires := *instant(n.now().Add(n.retention))
	owner := ownerOf(v)
	_, err = n.looks.Upsert(ctx, owner, func() looks { return looks{ID: owner} }, func(l *looks) error {
		l.Read, l.ExpiresAt = append(l.Read, item.look), expires
		l.Read = l.Read[max(0, len(l.Read)-maxLooks):]
		return nil
	})
	if err != nil {
		return Item{}, fmt.Errorf("notify: mark read: %w", err)
	}
	item.Read = true
	n.signals.Signal(ctx, Topic(v.Subject))
	return item, nil
}
