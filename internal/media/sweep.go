package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"gocloud.dev/blob"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Swept counts what a sweep removed.
type Swept struct {
	Items int // uploads with their blobs
	Blobs int // blobs that no document named
}

// sweepBatch is how many documents or blobs a sweep holds at once.
const sweepBatch = 100

// Sweep removes uploads that were attached to nothing in time and items whose case is gone or never came. It may be stopped and run again at any moment, also
// on several replicas at once. What cannot be removed now is left for the next run and told in the error.
func (m *Media) Sweep(ctx context.Context) (Swept, error) {
	var done Swept
	var errs []error
	until := m.clock().Add(time.Millisecond) // Between leaves its end out
	q := m.due.Between(nil, until).First(sweepBatch)
	for {
		docs, err := m.docs.Collect(ctx, q)
		if err != nil {
			return done, errors.Join(append(errs, fmt.Errorf("media: sweep: %w", err))...)
		}
		over, err := m.over(ctx, docs)
		if err != nil {
			errs = append(errs, fmt.Errorf("media: sweep: %w", err))
		}
		for _, d := range over {
			gone, err := m.retire(ctx, d.ID)
			if err != nil {
				errs = append(errs, fmt.Errorf("media: sweep: %w", err))
			}
			if gone {
				done.Items++
			}
		}
		if len(docs) < sweepBatch || ctx.Err() != nil {
			return done, errors.Join(errs...)
		}
		last, err := m.docs.CursorAt(q, docs[len(docs)-1])
		if err != nil {
			return done, errors.Join(append(errs, err)...)
		}
		q = q.Behind(last)
	}
}

// over gives those of the due items that nobody needs any more, and lets the others live on. Items whose case cannot be asked for now are neither: the
// next sweep asks again.
func (m *Media) over(ctx context.Context, due []document) (over []document, err error) {
	attached := map[string][]document{} // by app
	for _, d := range due {
		if d.Ref == (Ref{}) || d.State == leaving {
			over = append(over, d)
			continue
		}
		attached[d.Ref.App] = append(attached[d.Ref.App], d)
	}
	var errs []error
	for app, docs := range attached {
		there, err := m.existing(ctx, app, docs)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, d := range docs {
			if !there[d.Ref.ID] {
				over = append(over, d)
				continue
			}
			errs = append(errs, m.prolong(ctx, d))
		}
	}
	return over, errors.Join(errs...)
}

// existing tells which cases of the items are there. Those of an app that nobody answers for count as there: it may only be missing from this program.
func (m *Media) existing(ctx context.Context, app string, docs []document) (map[string]bool, error) {
	var ids []string
	for _, d := range docs {
		if !slices.Contains(ids, d.Ref.ID) {
			ids = append(ids, d.Ref.ID)
		}
	}
	if owner := m.owners[app]; owner != nil {
		var err error
		if ids, err = owner.Existing(ctx, ids); err != nil {
			return nil, fmt.Errorf("cases of %s: %w", app, err)
		}
	}
	there := make(map[string]bool, len(ids))
	for _, id := range ids {
		there[id] = true
	}
	return there, nil
}

// prolong lets an item live until its case is asked for again.
func (m *Media) prolong(ctx context.Context, seen document) error {
	_, err := m.docs.Update(ctx, seen.ID, func(d *document) error {
		if d.State == leaving || !d.SweepAt.Equal(seen.SweepAt) { // another sweep was here
			return store.ErrUnchanged
		}
		d.SweepAt = m.clock().Add(m.cfg.Retention)
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return err
}

// retire removes one item whose time has come: first it is marked, so that nobody attaches it any more, then its blobs go, then its document. Killed in
// between, the mark leads the next sweep to the rest.
func (m *Media) retire(ctx context.Context, id string) (bool, error) {
	d, err := m.docs.Update(ctx, id, func(d *document) error {
		if d.State == leaving {
			return store.ErrUnchanged
		}
		if d.SweepAt.After(m.clock()) { // attached in the meantime, or anew
			return errStays
		}
		d.State = leaving
		return nil
	})
	if errors.Is(err, errStays) || fault.CodeOf(err) == fault.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := m.remove(ctx, d); err != nil {
		return false, err
	}
	if err := m.docs.Delete(ctx, id); err != nil && fault.CodeOf(err) != fault.NotFound {
		return false, err
	}
	return true, nil
}

var errStays = errors.New("media: stays")

// groups is how many groups of blobs there are: the first two hex digits of an id.
const groups = 256

// SweepBlobs removes blobs that no document names: left by a kill between a blob and its document, by a body that lost a race, or by files that were never
// finished. It looks at every blob, group by group, so it is for once a day; blobs younger than OrphanAfter are left alone, their document may be on its way.
func (m *Media) SweepBlobs(ctx context.Context) (Swept, error) {
	var done Swept
	var errs []error
	for g := range groups {
		n, err := m.sweepGroup(ctx, fmt.Sprintf("%s%02x/", blobRoot, g))
		done.Blobs += n
		if err != nil {
			errs = append(errs, fmt.Errorf("media: sweep blobs: %w", err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return done, errors.Join(errs...)
}

func (m *Media) sweepGroup(ctx context.Context, prefix string) (int, error) {
	done := 0
	batch := make([]string, 0, sweepBatch)
	before := m.clock().Add(-m.cfg.OrphanAfter)
	list := m.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := list.Next(ctx)
		if err != nil && !errors.Is(err, io.EOF) {
			return done, blobFault(err)
		}
		if err == nil && o.ModTime.Before(before) {
			batch = append(batch, o.Key)
		}
		if len(batch) == sweepBatch || err != nil && len(batch) > 0 {
			n, failed := m.removeLost(ctx, batch)
			done += n
			if failed != nil {
				return done, failed
			}
			batch = batch[:0]
		}
		if err != nil {
			return done, nil
		}
	}
}

// removeLost removes those of the blobs that no document names.
func (m *Media) removeLost(ctx context.Context, keys []string) (int, error) {
	var ids []string
	for _, k := range keys {
		if id, ok := ownerOf(k); ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	docs, err := m.docs.GetMany(ctx, ids)
	if err != nil {
		return 0, err
	}
	done := 0
	for _, k := range keys {
		id, ok := ownerOf(k)
		if ok && names(docs[id], k) {
			continue
		}
		if err := m.bucket.Delete(ctx, k); err != nil {
			return done, blobFault(err)
		}
		done++
	}
	return done, nil
}

// names tells whether a document names a blob. One that waits for a body names none: a body under way is younger than what is swept.
func names(d document, key string) bool {
	return slices.ContainsFunc(d.Renditions, func(r Rendition) bool { return d.blobKey(r.Name) == key })
}
