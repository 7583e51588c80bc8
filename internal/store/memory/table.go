package memory

import (
	"maps"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
)

// table holds the rows of a kind by their ids. It knows the fields of every index that was ever declared, as the engines that keep files do.
type table struct {
	expires string // the kind's ExpiresAt
	fields  map[field]bool
	rows    map[string]row
}

// field is what an index looks at.
type field struct {
	path string
	many bool // an array, found by each of its elements
}

// row is a stored document, which is never changed, and what its indexes keep of it.
type row struct {
	store.Row
	has     map[field][]key
	expires time.Time // zero means never
}

// with gives the table with the fields of k. It fails when a document is there that they cannot hold.
func (t *table) with(k store.Kind) (*table, error) {
	next := &table{fields: map[field]bool{}, rows: map[string]row{}}
	if t != nil {
		next.expires, next.fields = t.expires, maps.Clone(t.fields)
	}
	if k.ExpiresAt != "" {
		next.expires = k.ExpiresAt
	}
	for _, x := range k.Indexes {
		for _, f := range x.Equal {
			next.fields[field{f, f == x.Many}] = true
		}
		if x.Order != "" {
			next.fields[field{path: x.Order}] = true
		}
	}
	if t == nil {
		return next, nil
	}
	for id, r := range t.rows {
		var err error
		if next.rows[id], err = next.row(r.Row); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// row works out what is kept of a row.
func (t *table) row(r store.Row) (row, error) {
	out := row{Row: r, has: make(map[field][]key, len(t.fields))}
	for f := range t.fields {
		var err error
		if out.has[f], err = f.keys(r.Doc); err != nil {
			return out, err
		}
	}
	var err error
	out.expires, err = store.Expiry(store.Kind{ExpiresAt: t.expires}, r.Doc)
	return out, err
}

// keys gives the values of the field in doc. A plain field has one, which may be the absent value.
func (f field) keys(doc bson.Raw) ([]key, error) {
	if !f.many {
		v, err := store.Value(doc, f.path)
		return []key{keyOf(v)}, err
	}
	elements, err := store.Elements(doc, f.path)
	out := make([]key, len(elements))
	for i, v := range elements {
		out[i] = keyOf(v)
	}
	return out, err
}
