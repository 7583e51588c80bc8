package alerts

import (
	"context"
	"errors"
	"time"

	"github.com/motcua/motcua/internal/store"
)

// The words of the store that the app's signatures use.
type (
	// Engine keeps the documents.
	Engine = store.Engine
	// Cursor is a place in a list.
	Cursor = store.Cursor
	// Page is one screenful of a list.
	Page[T any] = store.Page[T]
)

// records keeps bulletins.
type records struct {
	bulletins              *store.Collection[Bulletin]
	byUntil, byMade, byDue store.Query
	byAlone                store.Query // by who told it alone
}

func openRecords(ctx context.Context, e Engine) (*records, error) {
	c, err := store.Define[Bulletin](ctx, e, store.Kind{
		Name: "alerts", ExpiresAt: "expiresAt",
		Indexes: []store.Index{
			{Name: "by_until", Equal: []string{"state"}, Order: "until"},
			{Name: "by_made", Order: "createdAt"},
			{Name: "by_due", Order: "dueAt"},
			{Name: "by_alone", Equal: []string{"aloneBy"}, Order: "aloneAt"},
		},
	})
	if err != nil {
		return nil, err
	}
	byUntil, err1 := c.Query("by_until")
	byMade, err2 := c.Query("by_made")
	byDue, err3 := c.Query("by_due")
	byAlone, err4 := c.Query("by_alone")
	return &records{bulletins: c, byUntil: byUntil, byMade: byMade, byDue: byDue, byAlone: byAlone}, errors.Join(err1, err2, err3, err4)
}

func (s *records) insert(ctx context.Context, b *Bulletin) error { return s.bulletins.Insert(ctx, *b) }

func (s *records) get(ctx context.Context, id string) (*Bulletin, error) {
	b, err := s.bulletins.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return &b, nil
}

// update changes a bulletin. The closure may run several times; when it tells that nothing changed, nothing is written.
func (s *records) update(ctx context.Context, id string, change func(*Bulletin) (changed bool, err error)) (*Bulletin, error) {
	b, err := s.bulletins.Update(ctx, id, store.IfChanged(change))
	if err != nil {
		return nil, err
	}
	return &b, nil
}

// maxOn is how many bulletins hold at once at most, as far as anybody is shown.
const maxOn = 50

// on gives the bulletins that hold at a time, those that end last first.
func (s *records) on(ctx context.Context, now time.Time) ([]Bulletin, error) {
	return s.bulletins.Collect(ctx, s.byUntil.Where(string(Active)).Between(now, nil).Descending().First(maxOn))
}

// alone gives the bulletins that somebody had told without a second person since then, the latest first.
func (s *records) alone(ctx context.Context, by string, since time.Time) ([]Bulletin, error) {
	return s.bulletins.Collect(ctx, s.byAlone.Where(by).Between(since, nil).Descending().First(maxOn))
}

// list gives all bulletins, the newest first.
func (s *records) list(ctx context.Context, first int, after Cursor) (Page[Bulletin], error) {
	return s.bulletins.Page(ctx, first, after, s.byMade.Descending())
}
