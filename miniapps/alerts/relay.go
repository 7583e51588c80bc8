package alerts

import (
	"context"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// RelayName is the name of the relay, for Deps.Nudge.
const RelayName = "alerts"

// Relay hands revisions on to be told. The outbox drives it.
type Relay struct{ app *App }

// Relay gives the app's relay.
func (a *App) Relay() Relay { return Relay{a} }

// Due gives ids of bulletins with a revision that was not handed on, the longest waiting first.
func (r Relay) Due(ctx context.Context, limit int) ([]string, error) {
	found, err := r.app.records.bulletins.Collect(ctx, r.app.records.byDue.First(limit))
	ids := make([]string, len(found))
	for i, b := range found {
		ids[i] = b.ID
	}
	return ids, err
}

// Waiting counts them, up to most, and gives since when the first of them waits.
func (r Relay) Waiting(ctx context.Context, most int) (int, time.Time, error) {
	n, err := r.app.records.bulletins.Count(ctx, r.app.records.byDue, most)
	if err != nil || n == 0 {
		return 0, time.Time{}, err
	}
	first, err := r.app.records.bulletins.Collect(ctx, r.app.records.byDue.First(1))
	if err != nil || len(first) == 0 || first[0].DueAt == nil {
		return 0, time.Time{}, err
	}
	return n, *first[0].DueAt, nil
}

// Carry hands the last revision of a bulletin on. It may run twice: who takes it tells a repeat by id and revision.
func (r Relay) Carry(ctx context.Context, id string) error {
	b, err := r.app.records.get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err != nil || b.Announced >= b.Revision {
		return err
	}
	if err := r.app.deps.Audience.Announce(ctx, r.app.announcement(b)); err != nil {
		return err
	}
	told := b.Revision
	_, err = r.app.records.update(ctx, id, func(b *Bulletin) (bool, error) {
		if b.Announced >= told {
			return false, nil
		}
		if b.Announced = told; b.Revision == told {
			b.DueAt = nil
		}
		return true, nil
	})
	return err
}

func (a *App) announcement(b *Bulletin) Announcement {
	v := b.Current
	return Announcement{
		ID: b.ID, Revision: b.Revision, Notice: v.notice(), Wards: v.Wards, At: v.At, Until: v.Until,
		Params: map[string]any{"title": v.Title, "text": v.Text, "wards": a.wardNames(v.Wards), "until": v.Until},
	}
}

// namedWards is how many wards are named; of more, their number is told.
const namedWards = 5

// wardNames says where a bulletin holds.
func (a *App) wardNames(codes []string) message.Text {
	out := message.Text{}
	for _, lang := range []message.Lang{message.Vietnamese, message.English} {
		if len(codes) == 0 {
			out[lang] = a.deps.City.Name().In(lang)
			continue
		}
		if len(codes) > namedWards {
			out[lang] = a.text(lang, "wards", map[string]any{"count": len(codes)})
			continue
		}
		names := make([]string, len(codes))
		for i, code := range codes {
			w, _ := a.deps.City.Ward(code)
			names[i] = wardName(w, lang)
		}
		out[lang] = strings.Join(names, ", ")
	}
	return out
}

func wardName(w city.Ward, lang message.Lang) string {
	if lang == message.English {
		return w.FullNameEn
	}
	return w.FullName
}
