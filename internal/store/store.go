// Package store keeps documents of one kind by id, and finds them only through indexes that the kind declares.
//
// It owns the contract between what the city knows and where it is kept: an Engine (packages sqlite and mongo) and the typed
// Collection above it. One document is the unit of atomicity; there are no transactions over several. Only the id is unique.
// It does not know what any document means.
package store

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Kind declares the documents of one sort. Its tags name what stores and dumps keep of it. Fields are named by their BSON path ("place.ward").
type Kind struct {
	Name      string  `bson:"name"`      // table or collection: lower case, digits and underscores
	Indexes   []Index `bson:"indexes"`   // the only ways to find documents other than by id
	ExpiresAt string  `bson:"expiresat"` // time field after which a document may be removed at any moment; "" keeps for ever
	Owned     bool    `bson:"owned"`     // ids are <owner>/<rest>; decides the shard key: ranged on _id when true, hashed when false
}

// Index serves one shape of query: values equal to all of Equal, then a range or an order over Order, then by id.
//
// The value types that may stand in an indexed field are string, bool, int, int32, int64, time.Time (kept in milliseconds) and absent.
type Index struct {
	Name  string   `bson:"name" json:"name"`
	Equal []string `bson:"equal" json:"equal"` // fields that a query fixes, all of them
	Order string   `bson:"order" json:"order"` // field that a query ranges over and is ordered by; "" orders by id. A document without it is not in the index.
	Many  string   `bson:"many" json:"many"`   // which of Equal holds an array: the document is found by each of its elements; "" when none does
}

var nameRE = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)
var pathRE = regexp.MustCompile(`^[a-z_][A-Za-z0-9_]*(\.[a-z_][A-Za-z0-9_]*)*$`)

// Validate reports what is malformed in the declaration.
func (k Kind) Validate() error {
	if !nameRE.MatchString(k.Name) {
		return fmt.Errorf("store: kind %q: bad name", k.Name)
	}
	seen := map[string]bool{}
	for _, x := range k.Indexes {
		if err := x.validate(); err != nil {
			return fmt.Errorf("store: kind %s: %w", k.Name, err)
		}
		if seen[x.Name] {
			return fmt.Errorf("store: kind %s: index %s is declared twice", k.Name, x.Name)
		}
		seen[x.Name] = true
	}
	if k.ExpiresAt != "" && !pathRE.MatchString(k.ExpiresAt) {
		return fmt.Errorf("store: kind %s: bad field %q", k.Name, k.ExpiresAt)
	}
	return nil
}

func (x Index) validate() error {
	if !nameRE.MatchString(x.Name) {
		return fmt.Errorf("index %q: bad name", x.Name)
	}
	if len(x.Equal) == 0 && x.Order == "" {
		return fmt.Errorf("index %s: has no field", x.Name)
	}
	many := x.Many == ""
	for _, f := range append([]string{x.Order}, x.Equal...) {
		if f != "" && !pathRE.MatchString(f) {
			return fmt.Errorf("index %s: bad field %q", x.Name, f)
		}
	}
	for _, f := range x.Equal {
		many = many || f == x.Many
	}
	if !many {
		return fmt.Errorf("index %s: Many must be one of Equal", x.Name)
	}
	return nil
}

// Query asks for documents through one declared index. It is made by Collection.Query or Collection.ByID, which refuse at start-up what no index serves.
type Query struct {
	index   Index
	byID    bool
	defined bool
	Equal   []any  // one value for each field of the index's Equal
	From    any    // lower bound of Order (or of the id), inclusive; nil means none
	To      any    // upper bound of Order (or of the id), exclusive; nil means none
	Desc    bool   // highest first
	Limit   int    // at most this many; 0 means DefaultLimit
	After   Cursor // start behind this document; "" means from the start
}

// DefaultLimit is how many documents a query yields when it does not say.
const DefaultLimit = 100

// Index tells an engine which index the query uses. When ByID is true it is the zero Index: From and To are bounds of the id.
func (q Query) Index() Index { return q.index }

// ByID tells an engine that the query ranges over ids.
func (q Query) ByID() bool { return q.byID }

// Where fixes the values of the index's Equal fields.
func (q Query) Where(values ...any) Query { q.Equal = values; return q }

// Between bounds Order: from inclusive, to exclusive; nil means unbounded.
func (q Query) Between(from, to any) Query { q.From, q.To = from, to; return q }

// First limits the number of documents.
func (q Query) First(n int) Query { q.Limit = n; return q }

// Descending yields the highest first.
func (q Query) Descending() Query { q.Desc = true; return q }

// Behind starts after the document that the cursor was made of.
func (q Query) Behind(c Cursor) Query { q.After = c; return q }

// Prefix bounds a query by id to the ids that begin with p ("owner/").
func (q Query) Prefix(p string) Query { q.From, q.To = p, p+"\U0010FFFF"; return q }

// Row is a stored document as an engine sees it.
type Row struct {
	ID      string
	Version int64 // counts the document's writes from 1
	Doc     bson.Raw
}

// Engine keeps rows. Its errors are faults: NotFound, Conflict where said below, Unavailable when the engine cannot be reached, is too slow or cannot write.
// Every method returns soon after its context ends.
type Engine interface {
	// Define makes room for a kind and builds the indexes that are missing, also over documents already there. It may be called again with more indexes.
	Define(ctx context.Context, k Kind) error
	// Insert stores a new row with version 1. CONFLICT when the id is taken.
	Insert(ctx context.Context, kind, id string, doc bson.Raw) error
	// Get yields those of the ids that exist, in no given order.
	Get(ctx context.Context, kind string, ids ...string) ([]Row, error)
	// Replace stores doc as version+1 if the stored version is still version. It tells whether it was.
	Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (bool, error)
	// Delete removes a row and tells whether it was there.
	Delete(ctx context.Context, kind, id string) (bool, error)
	// Find yields rows in the query's order. A row found through an index may have been changed by the time it is yielded; it is yielded as it then is or left out.
	Find(ctx context.Context, kind string, q Query) iter.Seq2[Row, error]
	// Count counts what Find would yield without a limit, but stops at max.
	Count(ctx context.Context, kind string, q Query, max int) (int, error)
	// Sweep removes rows of all kinds whose ExpiresAt is before now, at most limit of them, and gives room back to the file system where the engine has files.
	Sweep(ctx context.Context, now time.Time, limit int) (removed int, err error)
	// Ping tells whether the engine answers.
	Ping(ctx context.Context) error
	// Close waits for writes under way and releases everything.
	Close() error
}
