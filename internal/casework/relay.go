package casework

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// RelayIndexes are the indexes that a kind must declare for its documents to be relayed.
func RelayIndexes() []store.Index {
	return []store.Index{{Name: "by_relay", Order: "relayAt"}, {Name: "by_relay_since", Order: "relaySince"}}
}

// maxFailures is after how many failures that do not pass an item is parked: some two minutes of trying.
const maxFailures = 8

// Relay carries out of the documents of one kind what they have to tell others: at least once, each item with the same ids again.
// Several machines may run it over the same documents.
type Relay[T any] struct {
	docs       *store.Collection[T]
	due, since store.Query
	parts      Parts[T]
	steps      []Step[T]
	now        func() time.Time
}

// Carrier is a relay of any documents, as the outbox drives it: what they have still to tell is notices, counts, codes, what a search needs.
type Carrier interface {
	// Due gives ids of documents that have something to tell, longest waiting first, at most limit.
	Due(ctx context.Context, limit int) ([]string, error)
	// Waiting counts the documents that have something to tell, up to max, and gives since when the first of them waits.
	Waiting(ctx context.Context, max int) (int, time.Time, error)
	// Carry carries out what one of them has to tell; it may run twice, here and on other machines.
	Carry(ctx context.Context, id string) error
	// Again carries out once more what Parts.Park was given; that too may run twice.
	Again(ctx context.Context, p Parked) error
}

// Parts says where a relay finds what it needs in a document, and where what it cannot carry out goes.
type Parts[T any] struct {
	ID  func(*T) string
	Out func(*T) *Outbound
	// Settle drops from current what was carried out of done, an earlier state of the document: all but what is left.
	Settle func(current, done *T, left Left)
	// Park keeps an item for an operator, once however often it comes. nil parks nothing: each item is tried for ever.
	Park func(ctx context.Context, p Parked) error
}

// NewRelay makes the relay of a kind that declares RelayIndexes.
func NewRelay[T any](docs *store.Collection[T], parts Parts[T], now func() time.Time, steps ...Step[T]) (*Relay[T], error) {
	due, err1 := docs.Query(RelayIndexes()[0].Name)
	since, err2 := docs.Query(RelayIndexes()[1].Name)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return &Relay[T]{docs: docs, due: due, since: since, parts: parts, steps: steps, now: now}, nil
}

// Due gives ids of documents that have something to tell, longest waiting first, at most limit.
func (r *Relay[T]) Due(ctx context.Context, limit int) ([]string, error) {
	q := r.due.Between(nil, Instant(r.now()).Add(time.Millisecond)).First(limit)
	var ids []string
	for doc, err := range r.docs.Find(ctx, q) {
		if err != nil {
			return nil, fmt.Errorf("casework: due: %w", err)
		}
		ids = append(ids, r.parts.ID(&doc))
	}
	return ids, nil
}

// Waiting counts the documents that have something to tell, also those put back for a while, up to max, and gives since when the first of them waits;
// the zero time when none does.
func (r *Relay[T]) Waiting(ctx context.Context, max int) (int, time.Time, error) {
	n, err := r.docs.Count(ctx, r.since, max)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("casework: waiting: %w", err)
	}
	for doc, err := range r.docs.Find(ctx, r.since.First(1)) {
		if err != nil {
			return 0, time.Time{}, fmt.Errorf("casework: waiting: %w", err)
		}
		if since := r.parts.Out(&doc).RelaySince; since != nil {
			return n, *since, nil
		}
	}
	return n, time.Time{}, nil
}

// Carry carries out what one document has to tell. What succeeds is taken out of it whatever becomes of the rest. What fails puts the document back
// for a while, so that it does not hold up others: for as long as it takes when the failure may pass, else until it is parked.
func (r *Relay[T]) Carry(ctx context.Context, id string) error {
	doc, err := r.docs.Get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil // removed meanwhile
	}
	if err != nil {
		return fmt.Errorf("casework: carry: %w", err)
	}
	if r.parts.Out(&doc).RelayAt == nil {
		return nil // another machine was faster
	}
	left, failed := r.work(ctx, &doc)
	if err := errors.Join(failed, r.settle(ctx, id, &doc, left)); err != nil {
		return fmt.Errorf("casework: carry: %w", err)
	}
	return nil
}

// work tries every item and gives those that are left, and why.
func (r *Relay[T]) work(ctx context.Context, doc *T) (Left, error) {
	var items []item
	for _, s := range r.steps {
		items = append(items, s.items(doc)...)
	}
	left := Left{}
	var errs []error
	for i, it := range items {
		poison, err := r.attempt(ctx, it, len(items)-i+1)
		if err != nil && poison {
			err = r.park(ctx, doc, it, err)
		}
		if err != nil {
			left[it.name] = poison
			errs = append(errs, fmt.Errorf("%s: %w", it.step, err))
		}
	}
	return left, errors.Join(errs...)
}

// attempt tries one item within its share of the time: one that hangs leaves the others theirs.
func (r *Relay[T]) attempt(ctx context.Context, it item, shares int) (poison bool, err error) {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/time.Duration(shares))
		defer cancel()
	}
	err = safely(ctx, it.do)
	return err != nil && !passes(ctx, err), err
}

// park takes an item aside that has failed too often. The error is nil when it is kept elsewhere, else what becomes of the item's failure.
func (r *Relay[T]) park(ctx context.Context, doc *T, it item, cause error) error {
	seen := r.parts.Out(doc).failure(it.name)
	if r.parts.Park == nil || seen.Times+1 < maxFailures {
		return cause
	}
	p := Parked{Doc: r.parts.ID(doc), Step: it.step, Item: it.name, Since: seen.Since, Cause: cause}
	if it.what != nil {
		var err error
		if p.What, err = bson.Marshal(it.what); err != nil {
			return errors.Join(cause, err)
		}
	}
	if err := r.parts.Park(ctx, p); err != nil {
		return errors.Join(cause, err)
	}
	return nil
}

// settle stores what became of a document as it was in done.
func (r *Relay[T]) settle(ctx context.Context, id string, done *T, left Left) error {
	_, err := r.docs.Update(ctx, id, func(current *T) error {
		out := r.parts.Out(current)
		if out.RelayAt == nil {
			return store.ErrUnchanged // another machine has carried all of it
		}
		tries, since := out.Tries, out.RelaySince
		r.parts.Settle(current, done, left)
		out.remember(left, r.now())
		if len(left) > 0 {
			out.Tries, out.RelaySince = tries, since
			out.Postpone(r.now())
		}
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return nil // removed meanwhile
	}
	return err
}

// Again carries out an item that was parked, once more. NOT_FOUND when the relay has no such step any more.
func (r *Relay[T]) Again(ctx context.Context, p Parked) error {
	for _, s := range r.steps {
		if s.name == p.Step {
			return r.again(ctx, s, p)
		}
	}
	return fault.Wrap(fault.NotFound, fmt.Errorf("casework: there is no step %q", p.Step))
}

func (r *Relay[T]) again(ctx context.Context, s Step[T], p Parked) error {
	if s.again != nil {
		return s.again(ctx, p)
	}
	doc, err := r.docs.Get(ctx, p.Doc)
	if fault.CodeOf(err) == fault.NotFound {
		return nil // nothing is left to be told
	}
	if err != nil {
		return err
	}
	for _, it := range s.items(&doc) {
		if err := it.do(ctx); err != nil {
			return err
		}
	}
	return nil
}
