package casework

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// RelayIndex is the index that a kind must declare for its documents to be relayed.
func RelayIndex() store.Index { return store.Index{Name: "by_relay", Order: "relayAt"} }

// Step carries out one part of what a document has to tell. It gets the document as it was read, and may run twice for the same content.
type Step[T any] func(ctx context.Context, doc *T) error

// Relay carries out of the documents of one kind what they have to tell others: at least once, each step with the same ids again.
// Several machines may run it over the same documents.
type Relay[T any] struct {
	docs  *store.Collection[T]
	due   store.Query
	parts Parts[T]
	steps []Step[T]
	now   func() time.Time
}

// Parts says where a relay finds what it needs in a document.
type Parts[T any] struct {
	ID     func(*T) string
	Out    func(*T) *Outbound
	Settle func(current, done *T) // drops from current what the steps have done with done, an earlier state of the document
}

// NewRelay makes the relay of a kind that declares RelayIndex.
func NewRelay[T any](docs *store.Collection[T], parts Parts[T], now func() time.Time, steps ...Step[T]) (*Relay[T], error) {
	due, err := docs.Query(RelayIndex().Name)
	if err != nil {
		return nil, err
	}
	return &Relay[T]{docs: docs, due: due, parts: parts, steps: steps, now: now}, nil
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

// Carry carries out what one document has to tell. When a step fails the document is put back for a while, so that it does not hold up others.
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
	for _, step := range r.steps {
		if err := step(ctx, &doc); err != nil {
			return fmt.Errorf("casework: carry: %w", errors.Join(err, r.postpone(ctx, id)))
		}
	}
	_, err = r.docs.Update(ctx, id, func(current *T) error {
		r.parts.Settle(current, &doc)
		return nil
	})
	return err
}

func (r *Relay[T]) postpone(ctx context.Context, id string) error {
	_, err := r.docs.Update(ctx, id, func(current *T) error {
		if r.parts.Out(current).RelayAt == nil {
			return store.ErrUnchanged
		}
		r.parts.Out(current).Postpone(r.now())
		return nil
	})
	return err
}
