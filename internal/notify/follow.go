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
		topics := make([]string, len(v.Subjects))
		for i, s := range v.Subjects {
			topics[i] = Topic(s)
		}
		woken := n.signals.WatchAll(ctx, topics...)
		f := follower{n: n, queries: queries, since: n.now().Add(-overlap), seen: map[string]time.Time{}}
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
			for _, r := range fresh {
				if !yield(itemOf(r, v.Lang), nil) {
					return
				}
			}
		}
	}
}

// follower remembers what it has shown.
type follower struct {
	n       *Notices
	queries []store.Query
	since   time.Time
	seen    map[string]time.Time // by id, when stored; those behind since are forgotten
}

// fresh gives the notices not seen before, the oldest first.
func (f *follower) fresh(ctx context.Context) ([]record, error) {
	var out []record
	for _, q := range f.queries {
		q.Desc = false
		for r, err := range f.n.records.Find(ctx, q.Between(f.since.UTC(), nil).First(maxFresh)) {
			if err != nil {
				return nil, err
			}
			if _, ok := f.seen[r.ID]; !ok {
				f.seen[r.ID] = r.Stored
				out = append(out, r)
			}
		}
	}
	for _, r := range out {
		if t := r.Stored.Add(-overlap); t.After(f.since) {
			f.since = t
		}
	}
	for id, stored := range f.seen {
		if stored.Before(f.since) {
			delete(f.seen, id)
		}
	}
	return out, nil
}
