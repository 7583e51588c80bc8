package media

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// Keep takes a picture or a recording of the city's own for a part of an app, its holder: one that everybody may see, by PublicURL. The same bytes for the same
// holder are the same item, so that a repeat stores nothing.
//
// The item is the app's from its first moment, with the Ref {app, holder/id}: it lives while the app's Cases say that there is such a case, and is swept when
// nothing came to name it within OrphanAfter, or when nothing names it any more, at most Retention later.
//
// INVALID with a key media.… for what cannot be taken; UNAVAILABLE when the body breaks off or it cannot be stored now.
func (m *Media) Keep(ctx context.Context, app, holder string, body io.Reader) (Item, error) {
	it, err := m.own(ctx, app, holder, body, func(d document, s *spool) (Item, error) {
		if err := m.place(ctx, d); err != nil {
			return Item{}, err
		}
		return m.keep(ctx, d, s)
	})
	if err != nil {
		return Item{}, fmt.Errorf("media: keep: %w", err)
	}
	return it, nil
}

// Try tells what Keep would give, and changes nothing. Of an item that is not kept yet it gives the ID, Kind and ContentType of the file.
func (m *Media) Try(ctx context.Context, app, holder string, body io.Reader) (Item, error) {
	it, err := m.own(ctx, app, holder, body, func(d document, s *spool) (Item, error) {
		_, err := m.forms(ctx, d.Kind, s)
		return Item{ID: d.ID, Kind: d.Kind, ContentType: d.Declared, Size: s.size}, err
	})
	if err != nil {
		return Item{}, fmt.Errorf("media: try: %w", err)
	}
	return it, nil
}

// own spools a body of the city's own and gives the item that it is already, else what comes of it then.
func (m *Media) own(ctx context.Context, app, holder string, body io.Reader, then func(document, *spool) (Item, error)) (Item, error) {
	s, err := takeUpTo(ctx, m.cfg.SpoolDir, body, max(m.cfg.MaxPhoto, m.cfg.MaxVideo))
	if err != nil {
		return Item{}, err
	}
	defer s.drop()
	kind, actual, err := m.ownKind(s)
	if err != nil {
		return Item{}, err
	}
	id := once.ID(once.Scope(app, "media", "keep", holder+"/"+s.hash))
	now := m.clock()
	d := document{
		ID: id, Owner: app, State: waiting, Kind: kind, Declared: actual, Size: s.size, Ref: Ref{App: app, ID: holder + "/" + id},
		CreatedAt: now, SweepAt: now.Add(m.cfg.OrphanAfter),
	}
	known, err := m.docs.Get(ctx, id)
	if err == nil && known.State == ready {
		if err = m.refresh(ctx, known); err == nil {
			return known.item(), nil
		}
	}
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return Item{}, err
	}
	return then(d, s)
}

// ownKind judges a spooled file of the city's own by its bytes and its length.
func (m *Media) ownKind(s *spool) (Kind, string, error) {
	if s.size == 0 {
		return "", "", fault.New(fault.Invalid, "media.empty")
	}
	actual, err := s.sniff()
	if err != nil {
		return "", "", err
	}
	kind, key := ownKindOf(actual)
	if key != "" {
		return "", "", fault.New(fault.Invalid, key)
	}
	if most := m.limit(kind); s.size > most {
		return "", "", fault.New(fault.Invalid, "media.too_large_"+string(kind)).With("max", most>>20)
	}
	return kind, actual, nil
}

// place stores the document of a new item, in place of one that is being swept.
func (m *Media) place(ctx context.Context, d document) error {
	err := m.docs.Insert(ctx, d)
	if fault.CodeOf(err) != fault.Conflict {
		return err
	}
	known, err := m.docs.Get(ctx, d.ID)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return isLeaving()
	case err != nil:
		return err
	case known.State != leaving:
		return m.refresh(ctx, known)
	}
	if _, err := m.retire(ctx, d.ID); err != nil { // what a sweep began and did not end
		return err
	}
	return m.docs.Insert(ctx, d)
}

// refresh gives an item time to be named. UNAVAILABLE when it is being swept.
func (m *Media) refresh(ctx context.Context, known document) error {
	now := m.clock()
	if known.SweepAt.After(now.Add(m.cfg.OrphanAfter / 2)) { // repeats within a short time need no write
		return nil
	}
	_, err := m.docs.Update(ctx, known.ID, func(d *document) error {
		if d.State == leaving {
			return isLeaving()
		}
		if until := now.Add(m.cfg.OrphanAfter); d.SweepAt.Before(until) {
			d.SweepAt = until
			return nil
		}
		return store.ErrUnchanged
	})
	return err
}

// publicLife is how long caches may keep what everybody may see: the bytes behind an address never change.
const publicLife = 30 * 24 * time.Hour
