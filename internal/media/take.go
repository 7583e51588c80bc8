package media

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
)

// Take takes a file that the city has fetched for the viewer from where a network keeps it. What it is and how long is told by its bytes; contentType, what the
// network calls it, only makes a refusal clearer. When it returns without error the item survives a kill.
//
// The key, 1 to 128 bytes, names the item: a repeat gives the same one without reading the body, whatever that holds by then.
//
// UNAUTHORIZED for a viewer without a subject; INVALID with the key media.too_large_photo, media.too_large_video, media.too_many_pixels, media.unreadable,
// media.empty, media.heic or media.type_unknown for what cannot be taken; RATE_LIMITED when too many of the viewer's files are attached to nothing yet;
// UNAVAILABLE when the body breaks off, it cannot be stored now, or the viewer is a guest and the disk nearly full.
func (m *Media) Take(ctx context.Context, v account.Viewer, key, contentType string, body io.Reader) (Item, error) {
	return m.takeOnce(ctx, v, key, nil, contentType, body)
}

// TakeFromStranger is Take for a guest for whom nobody vouches: there is no end of those. RATE_LIMITED with the key media.strangers_full, too, while what all
// strangers have sent and attached to nothing takes up its room.
func (m *Media) TakeFromStranger(ctx context.Context, v account.Viewer, key, contentType string, body io.Reader) (Item, error) {
	now := m.clock()
	return m.takeOnce(ctx, v, key, &now, contentType, body)
}

func (m *Media) takeOnce(ctx context.Context, v account.Viewer, key string, strange *time.Time, contentType string, body io.Reader) (Item, error) {
	if v.Subject == "" {
		return Item{}, fault.New(fault.Unauthorized, "")
	}
	if err := checkKey(key); err != nil {
		return Item{}, err
	}
	id := once.ID(once.Scope(v.Subject, "media", "take", key))
	it, there, err := m.taken(ctx, id)
	if err == nil && !there {
		if err = m.admit(ctx, v, strange); err == nil {
			it, err = m.takeBody(ctx, v.Subject, id, strange, contentType, body)
		}
	}
	if err != nil {
		return Item{}, fmt.Errorf("media: take: %w", err)
	}
	return it, nil
}

// taken gives the item of an earlier attempt, if that came to its end.
func (m *Media) taken(ctx context.Context, id string) (it Item, there bool, err error) {
	d, err := m.docs.Get(ctx, id)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return Item{}, false, nil
	case err != nil:
		return Item{}, false, err
	case d.State == leaving:
		return Item{}, false, isLeaving()
	case d.State == ready:
		return d.item(), true, nil
	}
	return Item{}, false, nil
}

// takeBody goes the way of an upload: the body to the spool, a document that waits, the blobs, the document that names them.
func (m *Media) takeBody(ctx context.Context, owner, id string, strange *time.Time, contentType string, body io.Reader) (Item, error) {
	kind, s, err := m.fetch(ctx, contentType, body)
	if err != nil {
		return Item{}, err
	}
	defer s.drop()
	now := m.clock()
	d := document{
		ID: id, Owner: owner, Loose: owner, State: waiting, Kind: kind, Size: s.size, CreatedAt: now, SweepAt: now.Add(m.cfg.OrphanAfter),
	} // without a hash of what was announced: the key alone tells a repeat
	if strange != nil {
		d.StrangerAt, d.SweepAt = strange, now.Add(m.cfg.strangerOrphanAfter())
	}
	if err := m.announce(ctx, d); err != nil {
		return Item{}, err
	}
	it, err := m.keep(ctx, d, s)
	if err == nil && strange != nil {
		m.strangers.add(bytesOf(it.Renditions))
	}
	switch fault.CodeOf(err) {
	case fault.NotFound: // the document of an earlier attempt was swept
		return Item{}, isLeaving()
	case fault.Conflict: // another attempt was quicker, and the network gave it other bytes
		if theirs, there, again := m.taken(ctx, id); there || again != nil {
			return theirs, again
		}
	}
	return it, err
}

// fetch judges a body by its first bytes and spools it, no further than its kind may be long.
func (m *Media) fetch(ctx context.Context, contentType string, body io.Reader) (Kind, *spool, error) {
	head, err := io.ReadAll(io.LimitReader(&whileIn{ctx, body}, sniffLen))
	if err != nil {
		return "", nil, asFault(err)
	}
	if len(head) == 0 {
		return "", nil, fault.New(fault.Invalid, "media.empty")
	}
	kind, refused := kindOf(sniff(head))
	if refused == "media.type_unknown" {
		if _, told := kindOf(declaredType(contentType, "")); told != "" {
			refused = told
		}
	}
	if refused != "" {
		return "", nil, fault.New(fault.Invalid, refused)
	}
	most := m.limit(kind)
	s, err := takeUpTo(ctx, m.cfg.SpoolDir, io.MultiReader(bytes.NewReader(head), body), most)
	if err == nil && s.size > most {
		s.drop()
		return "", nil, tooLarge(kind, most)
	}
	return kind, s, err
}
