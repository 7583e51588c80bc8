package notify

import (
	"context"
	"iter"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/store"
)

// overlap is how far Follow looks back behind the last notice it has seen: replicas' clocks differ, and a notice is stored a little after its time was taken.
const overlap = 10 * time.Second

// maxFresh is how many notices of one subject one look takes.
const maxFresh = 1000

// Follow yields each notice that comes for the viewer after the call, until the context ends or an error, which is yielded last. UNAUTHORIZED for a guest.
func (n *Notices) Follow(ctx context.Context, v account.Viewer) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		queries, err := n.queries(v)
		if err != nil {
			yield(Item{}, err)
			return
		}
		areas, err := n.areasOf(ctx, v)
		if err != nil {
			yield(Item{}, err)
			return
		}
		woken := n.signals.WatchAll(ctx, topicsOf(v, areas)...)
		f := follower{n: n, viewer: v, queries: queries, areas: areas, since: n.now().Add(-overlap), seen: map[string]time.Time{}}
		if _, err := f.fresh(ctx); err != nil { // what is there already is not new
			yield(Item{}, err)
			return
		}
		for range woken {
			fresh, err := f.fresh(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(Item{}, err)
				return
			}
			for _, e := range fresh {
				if !yield(e.item, nil) {
					return
				}
			}
		}
	}
}

func topicsOf(v account.Viewer, areas []string) []string {
	var topics []string
	for _, s := range v.Subjects {
		topics = append(topics, Topic(s))
	}
	for _, a := range areas {
		topics = append(topics, areaTopic(a))
	}
	return topics
}

// follower remembers what it has shown.
type follower struct {
	n       *Notices
	viewer  account.Viewer
	queries []store.Query
	areas   []string // those followed when it began
	since   time.Time
	seen    map[string]time.Time // by id, when stored; those behind since are forgotten
}

// fresh gives the notices not seen before, the oldest of each subject first.
func (f *follower) fresh(ctx context.Context) ([]entry, error) {
	var out []entry
	add := func(key string, e entry) {
		if _, ok := f.seen[key]; !ok {
			f.seen[key] = e.stored
			out = append(out, e)
		}
	}
	for _, q := range f.queries {
		q.Desc = false
		for r, err := range f.n.records.Find(ctx, q.Between(f.since.UTC(), nil).First(maxFresh)) {
			if err != nil {
				return nil, err
			}
			add(r.ID, entry{stored: r.Stored, item: itemOf(r, f.viewer.Lang)})
		}
	}
	for _, area := range f.areas {
		for b, err := range f.n.bulletins.Find(ctx, f.n.board.Where(area).Between(f.since.UTC(), nil).First(maxFresh)) {
			if err != nil {
				return nil, err
			}
			add(bulletinPrefix+b.key(), entry{stored: b.Stored, item: b.item(f.viewer)})
		}
	}
	f.forget(out)
	return out, f.n.markLooks(ctx, f.viewer, out)
}

// forget moves on behind what was found.
func (f *follower) forget(found []entry) {
	for _, e := range found {
		if t := e.stored.Add(-overlap); t.After(f.since) {
			f.since = t
		}
	}
	for id, stored := range f.seen {
		if stored.Before(f.since) {
			delete(f.seen, id)
		}
	}
}
