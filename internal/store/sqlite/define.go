package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
)

// backfillStep is how many rows one transaction adds to a new index, so that other writes get their turn in between.
const backfillStep = 500

// Define makes the table of a kind and builds the indexes that are missing. An index that is no longer declared is kept up to date all the same, so that an
// older version of the program finds it complete. An index that is declared anew under its old name is built anew.
func (e *Engine) Define(ctx context.Context, k store.Kind) error {
	select {
	case e.defining <- struct{}{}:
	case <-ctx.Done():
		return toFault(ctx.Err())
	}
	defer func() { <-e.defining }()
	k, err := e.declared.Merge(k)
	if err != nil {
		return err
	}
	t, missing, err := e.declare(ctx, k)
	if err != nil {
		return err
	}
	if err := e.build(ctx, t, missing); err != nil {
		return err
	}
	return e.declared.Remember(k)
}

// declare brings the table and its description to what k asks for, and gives the names of the indexes that are still to be built.
func (e *Engine) declare(ctx context.Context, k store.Kind) (*table, []string, error) {
	old := (*e.tables.Load())[k.Name]
	indexes, changed, missing := merge(old, k)
	t := newTable(store.Kind{Name: k.Name, Owned: k.Owned, ExpiresAt: k.ExpiresAt}, indexes)
	if old != nil && !changed && old.kind.ExpiresAt == k.ExpiresAt && old.kind.Owned == k.Owned {
		return old, missing, nil
	}
	err := e.writer.do(ctx, alone, func(c *conn) error { return t.create(c, old) }, func() { e.swap(t) })
	return t, missing, err
}

// merge adds the declared indexes to the stored ones.
func merge(old *table, k store.Kind) (out []index, changed bool, missing []string) {
	declared := slices.Clone(k.Indexes)
	if k.ExpiresAt != "" {
		declared = append(declared, store.Index{Name: expiryIndex, Order: k.ExpiresAt})
	}
	if old != nil {
		out = slices.Clone(old.indexes)
	}
	for _, x := range declared {
		i := slices.IndexFunc(out, func(y index) bool { return x.Name == y.Name })
		switch {
		case i < 0:
			out, changed = append(out, index{Index: x}), true
		case !x.Same(out[i].Index):
			out[i], changed = index{Index: x}, true
		case out[i].ready:
			continue
		}
		missing = append(missing, x.Name)
	}
	return out, changed, missing
}

// create makes the table, its new columns and side tables, and writes down its description.
func (t *table) create(c *conn, old *table) error {
	sqls := []string{"CREATE TABLE IF NOT EXISTS " + t.name + " (id TEXT PRIMARY KEY NOT NULL, v INTEGER NOT NULL, doc BLOB NOT NULL)"}
	for _, f := range t.columns {
		if old == nil || !slices.Contains(old.columns, f) {
			has, err := t.has(c, f)
			if err != nil {
				return err
			}
			if !has {
				sqls = append(sqls, "ALTER TABLE "+t.name+" ADD COLUMN "+column(f))
			}
		}
	}
	for _, x := range t.indexes {
		if old != nil && slices.ContainsFunc(old.indexes, func(y index) bool { return x.Same(y.Index) }) {
			continue
		}
		sqls = append(sqls, "DROP INDEX IF EXISTS "+t.sqlIndex(x.Index), "DROP TABLE IF EXISTS "+t.side(x.Index))
		if x.many() {
			cols := strings.Join(append(sideColumns(x.Index), "id"), ", ")
			sqls = append(sqls, "CREATE TABLE "+t.side(x.Index)+" ("+cols+", PRIMARY KEY ("+cols+")) WITHOUT ROWID")
		}
	}
	for _, s := range sqls {
		if err := c.run(s); err != nil {
			return err
		}
	}
	return t.describe(c)
}

// has tells whether the table has the column of a field: one that an index used before still stands there, out of date until it is filled again.
func (t *table) has(c *conn, field string) (bool, error) {
	found, err := c.ask("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", strings.Trim(t.name, `"`), strings.Trim(column(field), `"`))
	return found != nil, err
}

func (t *table) describe(c *conn) error {
	if _, err := c.exec("INSERT OR REPLACE INTO motcua_kinds (name, owned, expires) VALUES (?, ?, ?)", t.kind.Name, t.kind.Owned, t.kind.ExpiresAt); err != nil {
		return err
	}
	for _, x := range t.indexes {
		definition, err := json.Marshal(x.Index)
		if err != nil {
			return err
		}
		if _, err := c.exec("INSERT OR REPLACE INTO motcua_indexes (kind, name, definition, ready) VALUES (?, ?, ?, ?)",
			t.kind.Name, x.Name, string(definition), x.ready); err != nil {
			return err
		}
	}
	return nil
}

// swap makes t the table of its kind. Only the writer calls it, between two transactions.
func (e *Engine) swap(t *table) {
	next := maps.Clone(*e.tables.Load())
	next[t.kind.Name] = t
	e.tables.Store(&next)
}

// build fills the columns and side tables of the named indexes from the documents that are there, makes the SQL indexes and marks them ready.
// When it is broken off, the next Define begins again.
func (e *Engine) build(ctx context.Context, t *table, missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	for after, more := "", true; more; {
		err := e.writer.do(ctx, alone, func(c *conn) error {
			var err error
			after, more, err = t.fill(c, missing, after)
			return err
		}, nil)
		if err != nil {
			return err
		}
	}
	done := newTable(t.kind, slices.Clone(t.indexes))
	for i := range done.indexes {
		done.indexes[i].ready = done.indexes[i].ready || slices.Contains(missing, done.indexes[i].Name)
	}
	return e.writer.do(ctx, alone, func(c *conn) error {
		for _, x := range done.indexes {
			if x.many() || !slices.Contains(missing, x.Name) {
				continue
			}
			if err := c.run(t.indexSQL(x.Index)); err != nil {
				return err
			}
		}
		return done.describe(c)
	}, func() { e.swap(done) })
}

// indexSQL gives the statement that makes an index. Rows without the ordered field are not in it.
func (t *table) indexSQL(x store.Index) string {
	var cols []string
	for _, f := range fields(x) {
		cols = append(cols, column(f))
	}
	s := "CREATE INDEX IF NOT EXISTS " + t.sqlIndex(x) + " ON " + t.name + " (" + strings.Join(append(cols, "id"), ", ") + ")"
	if x.Order != "" {
		s += " WHERE " + column(x.Order) + " IS NOT NULL"
	}
	return s
}

// fill brings the columns and side tables up to date for the next rows behind after.
func (t *table) fill(c *conn, missing []string, after string) (last string, more bool, err error) {
	rows, done, err := scan(c, "SELECT id, v, doc FROM "+t.name+" WHERE id > ? ORDER BY id", []any{after}, backfillStep, store.BatchBytes)
	if err != nil {
		return after, false, err
	}
	update := strings.Replace(strings.TrimSuffix(t.replace, " AND v = ?"), "v = v + 1, doc = ?", "v = v", 1)
	for _, r := range rows {
		values, err := t.values(r.Doc)
		if err != nil {
			return after, false, fmt.Errorf("store: %s %q: %w", t.kind.Name, r.ID, err)
		}
		if len(values) > 0 {
			if _, err := c.exec(update, append(values, r.ID)...); err != nil {
				return after, false, err
			}
		}
		if err := t.addEntries(c, r.ID, r.Doc, missing); err != nil {
			return after, false, err
		}
		after = r.ID
	}
	return after, !done, nil
}

func (t *table) addEntries(c *conn, id string, doc bson.Raw, only []string) error {
	for _, x := range t.indexes {
		if !x.many() || !slices.Contains(only, x.Name) {
			continue
		}
		list, err := entries(x.Index, doc)
		if err != nil {
			return err
		}
		for _, row := range list {
			if _, err := c.exec(t.addSQL(x.Index), append(row, id)...); err != nil {
				return err
			}
		}
	}
	return nil
}
