package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// rounds is how often an append begins anew because others append too.
const rounds = 16

// Why a head cannot take a line yet.
var (
	errLook = errors.New("webchat: an older line may have the id")
	errFull = errors.New("webchat: older lines must go to a page first")
)

// Append stores a line behind those of the visitor and gives its place, once however often it comes with the same id: a repeat gives the place that it has.
// After an error the line may be stored or not; a repeat tells.
//
// INVALID with the key webchat.too_large for a line of more than 20 KB; INTERNAL for one without an id; UNAVAILABLE when it cannot be stored now.
func (l *Log) Append(ctx context.Context, visitor string, line Line) (seq int64, err error) {
	id := headID(visitor)
	e, err := l.seal(id, line)
	if err != nil {
		return 0, err
	}
	a := appending{log: l, head: id, entry: e}
	for range rounds {
		seq, err = a.try(ctx)
		if !errors.Is(err, errMoved) {
			break
		}
	}
	if errors.Is(err, errMoved) {
		err = &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: err}
	}
	if err != nil {
		return 0, fmt.Errorf("webchat: append: %w", err)
	}
	l.signal(ctx, id)
	if line.From != You {
		l.typing.set(id, false)
	}
	return seq, nil
}

// errMoved says that the head has changed since it was looked at.
var errMoved = errors.New("webchat: the conversation was moved by another")

// appending is one line on its way into a log.
type appending struct {
	log   *Log
	head  string
	entry entry
	clear position // no line up to here has the id
	kept  position // pages hold all lines up to here
}

// position is a place in one of the logs that a visitor may have had.
type position struct {
	log string
	seq int64
}

// try makes one attempt: one compare-and-swap in most cases, after a look at older lines or the writing of a page in some. errMoved asks for another.
func (a *appending) try(ctx context.Context) (int64, error) {
	var seen head
	seq := int64(0)
	_, err := a.log.heads.Update(ctx, a.head, func(h *head) error {
		seen = *h
		var err error
		seq, err = a.put(h)
		return err
	})
	switch {
	case errors.Is(err, errLook):
		return a.look(ctx, seen)
	case errors.Is(err, errFull):
		return 0, a.flush(ctx, seen)
	case fault.CodeOf(err) == fault.NotFound:
		return a.begin(ctx)
	}
	return seq, err
}

// put adds the line to a head, if it is not there and it is sure that it never was.
func (a *appending) put(h *head) (int64, error) {
	if seq := h.find(a.entry.ID); seq > 0 {
		return seq, store.ErrUnchanged
	}
	if dropped := h.first() - 1; dropped > 0 && (a.clear.log != h.Log || a.clear.seq < dropped) {
		return 0, errLook
	}
	if a.kept.log == h.Log {
		h.Kept = max(h.Kept, a.kept.seq)
	}
	if !h.add(a.entry, a.log.cfg.Retention) {
		return 0, errFull
	}
	return h.Next - 1, nil
}

// begin makes the head of a new conversation.
func (a *appending) begin(ctx context.Context) (int64, error) {
	h := newHead(a.head)
	seq, err := a.put(&h)
	if err != nil {
		return 0, err
	}
	if err := a.log.heads.Insert(ctx, h); fault.CodeOf(err) != fault.Conflict {
		return seq, err
	}
	return 0, errMoved
}

// look searches the pages for the line.
func (a *appending) look(ctx context.Context, h head) (int64, error) {
	seq, err := a.log.paged(ctx, h.Log, a.entry.ID)
	if seq > 0 || err != nil {
		return seq, err
	}
	a.clear = position{h.Log, h.first() - 1}
	return 0, errMoved
}

// flush writes older lines to a page, so that the head may drop them. The page may be there from an attempt that was killed; then what it holds counts.
func (a *appending) flush(ctx context.Context, h head) error {
	p := h.page(h.older(), a.log.cfg.Retention)
	err := a.log.pages.Insert(ctx, p)
	if fault.CodeOf(err) == fault.Conflict {
		p, err = a.log.pages.Get(ctx, p.ID)
	}
	if err != nil && fault.CodeOf(err) != fault.NotFound { // swept or forgotten meanwhile: look anew
		return err
	}
	if err == nil {
		a.kept = position{h.Log, p.Last}
	}
	return errMoved
}

// seal makes what is stored of a line.
func (l *Log) seal(head string, line Line) (entry, error) {
	if line.ID == "" || len(line.ID) > maxID {
		return entry{}, fault.Wrap(fault.Internal, fmt.Errorf("webchat: a line's id has 1 to %d bytes, got %d", maxID, len(line.ID)))
	}
	plain, err := json.Marshal(line)
	if err != nil {
		return entry{}, fault.Wrap(fault.Internal, fmt.Errorf("webchat: encode a line: %T", err))
	}
	if len(plain) > maxLine {
		return entry{}, fault.New(fault.Invalid, "webchat.too_large")
	}
	sealed, err := l.box.Seal(plain, sealContext(head, line.ID))
	if err != nil {
		return entry{}, fmt.Errorf("webchat: %w", err)
	}
	return entry{ID: line.ID, At: l.clock(), Sealed: sealed}, nil
}

// unseal opens what is stored of a line.
func (l *Log) unseal(head string, e entry) (Line, error) {
	plain, err := l.box.Unseal(e.Sealed, sealContext(head, e.ID))
	if err != nil {
		return Line{}, fault.Wrap(fault.Internal, fmt.Errorf("webchat: %w", err))
	}
	var line Line
	if err := json.Unmarshal(plain, &line); err != nil {
		return Line{}, fault.Wrap(fault.Internal, fmt.Errorf("webchat: decode a line: %T", err)) // the decoder's words may quote it
	}
	line.Seq, line.ID = e.Seq, e.ID
	return line, nil
}

func sealContext(head, id string) string { return "webchat " + head + "/" + id }
