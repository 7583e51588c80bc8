package store

import (
	"context"
	"fmt"
	"iter"

	"github.com/motcua/motcua/internal/fault"
)

// Plan is a query made ready for an engine: its values are nil, string, bool, int64 or time.Time, its cursor is opened and checked.
type Plan struct {
	Index Index  // the zero Index when the query ranges over ids
	Order string // field of the order; "" means by id, and From and To bound the id
	Equal []any  // one for each of Index.Equal; nil asks for documents without the field
	From  any    // inclusive; nil means none
	To    any    // exclusive; nil means none
	After *Place // only what lies behind it; nil means from the start
	Desc  bool
	Limit int // over 0
}

// Place is where a document stands in a query's order.
type Place struct {
	Order any // nil when the order is by id
	ID    string
}

// Plan checks the query. INVALID with the text store.bad_cursor when the cursor does not belong to it, INTERNAL when the program asked wrongly.
func (q Query) Plan() (Plan, error) {
	p := Plan{Index: q.index, Order: q.index.Order, Desc: q.Desc, Limit: q.Limit}
	if p.Limit <= 0 {
		p.Limit = DefaultLimit
	}
	if !q.defined {
		return p, internalf("a query without an index is refused")
	}
	if len(q.Equal) != len(q.index.Equal) {
		return p, internalf("index %s takes %d values, got %d", q.index.Name, len(q.index.Equal), len(q.Equal))
	}
	if err := p.fix(q); err != nil {
		return p, err
	}
	return p, p.open(q.After)
}

// fix takes over the values of q.
func (p *Plan) fix(q Query) error {
	var err error
	for i, v := range q.Equal {
		if v, err = normal(v); err != nil {
			return err
		}
		if v == nil && q.index.Equal[i] == q.index.Many {
			return internalf("index %s: nothing is found by an absent element", q.index.Name)
		}
		p.Equal = append(p.Equal, v)
	}
	if p.From, err = normal(q.From); err != nil {
		return err
	}
	if p.To, err = normal(q.To); err != nil {
		return err
	}
	for _, bound := range []any{p.From, p.To} {
		if _, text := bound.(string); p.Order == "" && bound != nil && !text {
			return internalf("an id is bounded by a %T", bound)
		}
	}
	return nil
}

// open takes over the cursor. An order by a field needs its value in the cursor, an order by id must have none: anything else belongs to another query.
func (p *Plan) open(c Cursor) error {
	if c == "" {
		return nil
	}
	order, id, err := c.Position()
	if err != nil {
		return err
	}
	if (order == nil) != (p.Order == "") {
		return fault.New(fault.Invalid, "store.bad_cursor").Because(fmt.Errorf("cursor of another order"))
	}
	p.After = &Place{Order: order, ID: id}
	return nil
}

// PlaceOf gives where the row stands in the plan's order.
func (p Plan) PlaceOf(r Row) (Place, error) {
	if p.Order == "" {
		return Place{ID: r.ID}, nil
	}
	v, err := Value(r.Doc, p.Order)
	return Place{Order: v, ID: r.ID}, err
}

// Batch is how many rows an engine reads at a time, and BatchBytes after how many bytes of documents it may stop earlier.
const (
	Batch      = 200
	BatchBytes = 4 << 20
)

// Scan yields the rows of a plan. It reads them in batches by fetch, so that nothing of the engine is held while a caller works on a row or asks the
// engine for something else. fetch gives at most p.Limit rows, and done when there are no more.
func Scan(ctx context.Context, p Plan, fetch func(context.Context, Plan) (rows []Row, done bool, err error)) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		p, left := p, p.Limit
		for left > 0 {
			p.Limit = min(left, Batch)
			rows, done, err := fetch(ctx, p)
			if err != nil {
				yield(Row{}, err)
				return
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
			left -= len(rows)
			if done || len(rows) == 0 || left <= 0 {
				return
			}
			last, err := p.PlaceOf(rows[len(rows)-1])
			if err != nil {
				yield(Row{}, err)
				return
			}
			p.After = &last
		}
	}
}

// Rows yields all rows of a kind in the order of their ids, behind afterID; "" starts at the first. Rows written meanwhile may or may not be among them.
func Rows(ctx context.Context, e Engine, kind, afterID string) iter.Seq2[Row, error] {
	q := Query{byID: true, defined: true, Limit: int(^uint(0) >> 1)}
	if afterID != "" {
		c, err := cursorOf(Place{ID: afterID})
		if err != nil {
			return func(yield func(Row, error) bool) { yield(Row{}, err) }
		}
		q.After = c
	}
	return e.Find(ctx, kind, q)
}

// Size counts all rows of a kind.
func Size(ctx context.Context, e Engine, kind string) (int, error) {
	return e.Count(ctx, kind, Query{byID: true, defined: true}, int(^uint32(0)>>1))
}
