package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// readerWait is how many milliseconds a reader waits for a lock; it meets one only while the log is folded in.
const readerWait = 5000

func (e *Engine) openReaders(ctx context.Context) error {
	readers := make(chan *conn, e.cfg.Readers)
	for range e.cfg.Readers {
		c, err := openConn(ctx, dsn(e.cfg, readerWait, "query_only(on)"))
		if err != nil {
			return errors.Join(fmt.Errorf("store: open %s: %w", e.cfg.path(), err), closeAll(readers, len(readers)))
		}
		readers <- c
	}
	e.readers = readers
	return nil
}

// closeAll closes n connections as they come to rest.
func closeAll(readers chan *conn, n int) error {
	var errs []error
	for range n {
		errs = append(errs, (<-readers).close())
	}
	return errors.Join(errs...)
}

// read lends a connection to f. Reads are short (a batch of rows through an index), so one that has begun is let finish after ctx has ended.
func (e *Engine) read(ctx context.Context, f func(c *conn) error) error {
	if err := ctx.Err(); err != nil {
		return toFault(err)
	}
	select {
	case <-e.closed:
		return toFault(errClosed)
	default:
	}
	select {
	case c := <-e.readers:
		defer func() { e.readers <- c }()
		return toFault(f(c))
	case <-ctx.Done():
		return toFault(ctx.Err())
	case <-e.closed:
		return toFault(errClosed)
	}
}

// Get yields those of the ids that exist.
func (e *Engine) Get(ctx context.Context, kind string, ids ...string) ([]store.Row, error) {
	t, err := e.table(kind)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	query, arg := t.get, ids[0]
	if len(ids) > 1 {
		list, err := json.Marshal(ids)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err)
		}
		query, arg = t.getMany, string(list)
	}
	var rows []store.Row
	err = e.read(ctx, func(c *conn) error {
		rows, _, err = scan(c, query, []any{arg}, len(ids), len(ids)*store.MaxDocument)
		return err
	})
	return rows, err
}

// scan reads id, version and document of rows: at most limit, and no more once they hold maxBytes. done tells that there are no more.
//
// Rows come as they are asked for, so it just stops reading. A LIMIT with a parameter would make SQLite prepare the statement anew each time.
func scan(c *conn, query string, args []any, limit, maxBytes int) (out []store.Row, done bool, err error) {
	bytes := 0
	for r, err := range c.rows(query, args...) {
		if err != nil {
			return nil, false, err
		}
		out = append(out, store.Row{ID: r.text(0), Version: r.int(1), Doc: r.blob(2)})
		bytes += len(out[len(out)-1].Doc)
		if len(out) == limit || bytes >= maxBytes {
			return out, false, nil
		}
	}
	return out, true, nil
}

// Find yields rows in the query's order. A batch is one snapshot of the store.
func (e *Engine) Find(ctx context.Context, kind string, q store.Query) iter.Seq2[store.Row, error] {
	p, t, err := e.plan(kind, q)
	if err != nil {
		return func(yield func(store.Row, error) bool) { yield(store.Row{}, err) }
	}
	return store.Scan(ctx, p, func(ctx context.Context, p store.Plan) (rows []store.Row, done bool, err error) {
		s := t.selectSQL(p)
		err = e.read(ctx, func(c *conn) error {
			rows, done, err = scan(c, "SELECT t.id, t.v, t.doc"+s.text(p), s.args, p.Limit, store.BatchBytes)
			return err
		})
		return rows, done, err
	})
}

// Count counts what Find would yield without a limit, but stops at max.
func (e *Engine) Count(ctx context.Context, kind string, q store.Query, max int) (int, error) {
	p, t, err := e.plan(kind, q)
	if err != nil || max <= 0 {
		return 0, err
	}
	s := t.selectSQL(p)
	var n int
	err = e.read(ctx, func(c *conn) error {
		for r, err := range c.rows("SELECT count(*) FROM (SELECT 1"+s.text(p)+" LIMIT ?)", append(s.args, max)...) {
			if err != nil {
				return err
			}
			n = int(r.int(0))
		}
		return nil
	})
	return n, err
}

func (e *Engine) plan(kind string, q store.Query) (store.Plan, *table, error) {
	p, err := q.Plan()
	if err != nil {
		return p, nil, err
	}
	t, err := e.table(kind)
	if err != nil {
		return p, nil, err
	}
	if q.ByID() {
		return p, t, nil
	}
	i := slices.IndexFunc(t.indexes, func(x index) bool { return x.Same(p.Index) })
	if i < 0 || !t.indexes[i].ready {
		return p, nil, fault.Wrap(fault.Internal, fmt.Errorf("store: kind %s has no index %s", kind, p.Index.Name))
	}
	return p, t, nil
}

// selection is the part of a statement from FROM on, and its arguments.
type selection struct {
	from  string
	id    string // the column of the id
	order string // the column of the order; "" when it is by id
	where []string
	args  []any
}

func (s *selection) add(condition string, args ...any) {
	s.where = append(s.where, condition)
	s.args = append(s.args, args...)
}

// selectSQL turns a plan into a selection that its index serves: the index is named, so SQLite refuses the statement rather than search the table.
func (t *table) selectSQL(p store.Plan) *selection {
	s := t.source(p)
	if s.order == "" {
		s.order = s.id
	} else {
		s.add(s.order + " IS NOT NULL")
	}
	if p.From != nil {
		s.add(s.order+" >= ?", bind(p.From))
	}
	if p.To != nil {
		s.add(s.order+" < ?", bind(p.To))
	}
	sign := " > "
	if p.Desc {
		sign = " < "
	}
	switch {
	case p.After == nil:
	case p.Order == "":
		s.add(s.id+sign+"?", p.After.ID)
	default:
		s.add("("+s.order+", "+s.id+")"+sign+"(?, ?)", bind(p.After.Order), p.After.ID)
	}
	return s
}

// source gives where a plan's rows come from and what fixes them.
func (t *table) source(p store.Plan) *selection {
	x := p.Index
	switch {
	case x.Name == "":
		return &selection{from: t.name + " AS t", id: "t.id"}
	case x.Many != "":
		s := &selection{from: t.side(x) + " AS m CROSS JOIN " + t.name + " AS t ON t.id = m.id", id: "m.id"} // CROSS: in this order
		for i, v := range p.Equal {
			s.add(fmt.Sprintf("m.e%d = ?", i), present(bind(v)))
		}
		if x.Order != "" {
			s.order = "m.o"
		}
		return s
	}
	s := &selection{from: t.name + " AS t INDEXED BY " + t.sqlIndex(x), id: "t.id"}
	for i, v := range p.Equal {
		if v == nil {
			s.add("t." + column(x.Equal[i]) + " IS NULL")
			continue
		}
		s.add("t."+column(x.Equal[i])+" = ?", bind(v))
	}
	if x.Order != "" {
		s.order = "t." + column(x.Order)
	}
	return s
}

func (s *selection) text(p store.Plan) string {
	var b strings.Builder
	b.WriteString(" FROM " + s.from)
	for i, w := range s.where {
		b.WriteString([2]string{" WHERE ", " AND "}[min(i, 1)] + w)
	}
	dir := ""
	if p.Desc {
		dir = " DESC"
	}
	b.WriteString(" ORDER BY " + s.order + dir)
	if s.order != s.id {
		b.WriteString(", " + s.id + dir)
	}
	return b.String()
}
