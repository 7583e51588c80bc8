package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// record is a document with what its table's indexes keep of it, worked out by the caller so that the writer need not.
type record struct {
	id     string
	doc    bson.Raw
	table  *table
	values []any
	sides  [][][]any // for each index of the table, its rows in the side table
}

func newRecord(t *table, id string, doc bson.Raw) (record, error) {
	values, err := t.values(doc)
	if err != nil {
		return record{}, err
	}
	sides, err := t.sides(doc)
	return record{id: id, doc: doc, table: t, values: values, sides: sides}, err
}

func (t *table) sides(doc bson.Raw) ([][][]any, error) {
	out := make([][][]any, len(t.indexes))
	for i, x := range t.indexes {
		if !x.many() {
			continue
		}
		var err error
		if out[i], err = entries(x.Index, doc); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// record works out the document for the kind's table.
func (e *Engine) record(kind, id string, doc bson.Raw) (record, error) {
	t, err := e.table(kind)
	if err != nil {
		return record{}, err
	}
	doc, err = store.Prepare(id, doc)
	if err != nil {
		return record{}, err
	}
	return newRecord(t, id, doc)
}

// fresh works r out again when its table has been given new indexes since. The writer calls it, where tables do not change.
func (e *Engine) fresh(r record) (record, error) {
	t, err := e.table(r.table.kind.Name)
	if err != nil || t == r.table {
		return r, err
	}
	return newRecord(t, r.id, r.doc)
}

// Insert stores a new row. CONFLICT when the id is taken.
func (e *Engine) Insert(ctx context.Context, kind, id string, doc bson.Raw) error {
	r, err := e.record(kind, id, doc)
	if err != nil {
		return err
	}
	var taken bool
	err = e.writer.do(ctx, grouped, func(c *conn) error {
		r, err := e.fresh(r)
		if err != nil {
			return err
		}
		n, err := c.exec(r.table.insert, append([]any{r.id, []byte(r.doc)}, r.values...)...)
		if taken = n == 0; err != nil || taken {
			return err
		}
		return r.table.move(c, id, nil, r.sides)
	}, nil)
	if err != nil {
		return err
	}
	if taken {
		return &fault.Error{Code: fault.Conflict, Cause: errors.New("store: the id is taken")}
	}
	return nil
}

// Replace stores doc if the stored version is still version.
func (e *Engine) Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (bool, error) {
	r, err := e.record(kind, id, doc)
	if err != nil {
		return false, err
	}
	var swapped bool
	err = e.writer.do(ctx, grouped, func(c *conn) error {
		r, err := e.fresh(r)
		if err != nil {
			return err
		}
		old, err := r.table.before(c, id)
		if err != nil {
			return err
		}
		args := append([]any{[]byte(r.doc)}, r.values...)
		n, err := c.exec(r.table.replace, append(args, id, version)...)
		if swapped = n > 0; err != nil || !swapped {
			return err
		}
		return r.table.move(c, id, old, r.sides)
	}, nil)
	if err != nil {
		return false, err // swapped may still be in the writer's hands
	}
	return swapped, nil
}

// Delete removes a row and tells whether it was there.
func (e *Engine) Delete(ctx context.Context, kind, id string) (bool, error) {
	if _, err := e.table(kind); err != nil {
		return false, err
	}
	var there bool
	err := e.writer.do(ctx, grouped, func(c *conn) error {
		t, err := e.table(kind)
		if err != nil {
			return err
		}
		there, err = t.delete(c, id)
		return err
	}, nil)
	if err != nil {
		return false, err
	}
	return there, nil
}

func (t *table) delete(c *conn, id string) (bool, error) {
	old, err := t.before(c, id)
	if err != nil {
		return false, err
	}
	n, err := c.exec(t.remove, id)
	if err != nil || n == 0 {
		return false, err
	}
	return true, t.move(c, id, old, nil)
}

// before gives the rows that the stored document has in the side tables, nil when the table has none.
func (t *table) before(c *conn, id string) ([][][]any, error) {
	if !slices.ContainsFunc(t.indexes, index.many) {
		return nil, nil
	}
	rows, _, err := scan(c, t.get, []any{id}, 1, store.MaxDocument)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return t.sides(rows[0].Doc)
}

// move brings the side tables of one document from what they held to what they shall hold.
func (t *table) move(c *conn, id string, from, to [][][]any) error {
	for i, x := range t.indexes {
		if !x.many() {
			continue
		}
		var was, is [][]any
		if from != nil {
			was = from[i]
		}
		if to != nil {
			is = to[i]
		}
		if err := change(c, t.dropSQL(x.Index), id, was, is); err != nil {
			return err
		}
		if err := change(c, t.addSQL(x.Index), id, is, was); err != nil {
			return err
		}
	}
	return nil
}

// change runs the statement for each row that is not among except.
func change(c *conn, statement, id string, rows, except [][]any) error {
	known := make(map[string]bool, len(except))
	for _, row := range except {
		known[rowKey(row)] = true
	}
	for _, row := range rows {
		if known[rowKey(row)] {
			continue
		}
		if _, err := c.exec(statement, append(slices.Clone(row), id)...); err != nil {
			return err
		}
	}
	return nil
}

// rowKey tells rows of a side table apart: "1" and 1 are not the same.
func rowKey(row []any) string {
	var b strings.Builder
	for _, v := range row {
		switch x := v.(type) {
		case string:
			fmt.Fprintf(&b, "s%d:%s", len(x), x)
		case int64:
			fmt.Fprintf(&b, "i%d:", x)
		default:
			b.WriteString("-:")
		}
	}
	return b.String()
}

func (t *table) addSQL(x store.Index) string {
	return "INSERT OR IGNORE INTO " + t.side(x) + " VALUES (?" + strings.Repeat(", ?", len(sideColumns(x))) + ")"
}

func (t *table) dropSQL(x store.Index) string {
	return "DELETE FROM " + t.side(x) + " WHERE " + strings.Join(sideColumns(x), " = ? AND ") + " = ? AND id = ?"
}
