package casework

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
)

// Step is one part of what a document has to tell, in items that are carried out one by one: one that fails holds up no other. Each may be carried
// out twice with the same ids.
type Step[T any] struct {
	name  string
	items func(doc *T) []item
	again func(ctx context.Context, p Parked) error // carries out what was parked; nil does the step anew with the document as it is then
}

// item is what a step carries out by itself.
type item struct {
	name string // unique in the document, and the same at each attempt
	step string
	what any // what a later attempt needs besides the document; nil for nothing
	do   func(ctx context.Context) error
}

// Parked is an item that keeps failing for a reason that does not pass by itself. It was taken out of its document, so that the rest can go on.
type Parked struct {
	Doc   string    `bson:"doc"`            // id of the document
	Step  string    `bson:"step"`           // what to do: the name of a step
	Item  string    `bson:"item"`           // which of the document's items; with Doc and Since it names what was parked, the same at each attempt to park
	Since time.Time `bson:"since"`          // when it failed first
	What  []byte    `bson:"what,omitempty"` // for the step
	Cause error     `bson:"-"`              // of the last failure
}

// The names of the steps that work on what every case has. They stand in what is parked, so they do not change.
const (
	noticeStep  = "notice"
	countStep   = "count"
	historyStep = "history"
)

// Do is a step that carries out one thing with the whole document, which holds nothing of it that would have to be taken out.
func Do[T any](name string, f func(ctx context.Context, doc *T) error) Step[T] {
	return Step[T]{name: name, items: func(doc *T) []item {
		return []item{{name: name, step: name, do: func(ctx context.Context) error { return f(ctx, doc) }}}
	}}
}

// Notices is the step that hands over each pending notice.
func Notices[T any](out func(*T) *Outbound, deliver func(ctx context.Context, n Notice) error) Step[T] {
	return each(noticeStep, func(doc *T) []Notice { return out(doc).Pending }, Notice.item, deliver)
}

// Counts is the step that makes each pending count. When the tally was recounted between parking a count and making it, it is made twice: recount afterwards.
func Counts[T any](out func(*T) *Outbound, count func(ctx context.Context, c Count) error) Step[T] {
	return each(countStep, func(doc *T) []Count { return out(doc).Counts }, Count.item, count)
}

// History is the step that moves the entries out that no longer fit into the case.
func History[T any](of func(*T) *Case, keep func(ctx context.Context, caseID string, entries []Entry) error) Step[T] {
	type spilled struct {
		Case    string  `bson:"case"`
		Entries []Entry `bson:"entries"`
	}
	spill := func(doc *T) []spilled {
		c := of(doc)
		if entries := c.Spill(); len(entries) > 0 {
			return []spilled{{c.ID, entries}}
		}
		return nil
	}
	name := func(spilled) string { return historyStep }
	return each(historyStep, spill, name, func(ctx context.Context, s spilled) error { return keep(ctx, s.Case, s.Entries) })
}

// each makes a step of things that stand in the document and are needed whole to be carried out later.
func each[T, V any](step string, things func(*T) []V, name func(V) string, do func(context.Context, V) error) Step[T] {
	return Step[T]{
		name: step,
		items: func(doc *T) []item {
			var out []item
			for _, v := range things(doc) {
				out = append(out, item{name: name(v), step: step, what: v, do: func(ctx context.Context) error { return do(ctx, v) }})
			}
			return out
		},
		again: func(ctx context.Context, p Parked) error {
			var v V
			if err := bson.Unmarshal(p.What, &v); err != nil {
				return fault.Wrap(fault.Invalid, errors.New("casework: what was parked cannot be read")) // the decoder's words may quote it
			}
			return do(ctx, v)
		},
	}
}

func (n Notice) item() string { return noticeStep + " " + n.ID }

func (c Count) item() string { return countStep + " " + c.ID }

// passes tells whether a failure may pass by itself: an outage, a limit, an attempt that was cut short. Other failures come again at each attempt.
func passes(ctx context.Context, err error) bool {
	code := fault.CodeOf(err)
	return ctx.Err() != nil || code == fault.Unavailable || code == fault.RateLimited
}

// safely turns a panic into an error. The text of a panic may repeat what it handled, so only that of the runtime itself is kept.
func safely(ctx context.Context, do func(context.Context) error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			err = fmt.Errorf("casework: panic: %w", p)
		default:
			err = fmt.Errorf("casework: panic: %T", p)
		}
	}()
	return do(ctx)
}
