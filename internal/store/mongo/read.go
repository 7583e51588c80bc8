package mongo

import (
	"context"
	"errors"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/motcua/motcua/internal/store"
)

// Get yields those of the ids that exist.
func (e *Engine) Get(ctx context.Context, kind string, ids ...string) ([]store.Row, error) {
	_, coll, err := e.use(ctx, kind)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var which any = ids[0]
	if len(ids) > 1 {
		which = bson.D{{Key: "$in", Value: ids}}
	}
	rows, _, err := read(ctx, coll, bson.D{{Key: "_id", Value: which}}, options.Find(), len(ids)*store.MaxDocument)
	return rows, err
}

// read gives the rows of a find command until they hold maxBytes. cut tells that it stopped for that.
func read(ctx context.Context, coll *mongo.Collection, filter bson.D, opts *options.FindOptionsBuilder, maxBytes int) (out []store.Row, cut bool, err error) {
	cur, err := coll.Find(ctx, filter, opts)
	if err != nil {
		return nil, false, toFault(ctx, err)
	}
	defer func() { err = errors.Join(err, toFault(ctx, cur.Close(ctx))) }()
	for bytes := 0; cur.Next(ctx); {
		if bytes >= maxBytes {
			return out, true, nil
		}
		row, err := undress(cur.Current)
		if err != nil {
			return nil, false, err
		}
		bytes += len(row.Doc)
		out = append(out, row)
	}
	return out, false, toFault(ctx, cur.Err())
}

// Find yields rows in the query's order.
func (e *Engine) Find(ctx context.Context, kind string, q store.Query) iter.Seq2[store.Row, error] {
	p, coll, err := e.plan(ctx, kind, q)
	if err != nil {
		return func(yield func(store.Row, error) bool) { yield(store.Row{}, err) }
	}
	return store.Scan(ctx, p, func(ctx context.Context, p store.Plan) ([]store.Row, bool, error) {
		opts := options.Find().SetSort(sort(p)).SetLimit(int64(p.Limit)).SetBatchSize(int32(p.Limit))
		if h := hint(p); h != nil {
			opts.SetHint(h)
		}
		rows, cut, err := read(ctx, coll, filter(p), opts, store.BatchBytes)
		return rows, !cut && len(rows) < p.Limit, err
	})
}

// Count counts what Find would yield without a limit, but stops at max.
func (e *Engine) Count(ctx context.Context, kind string, q store.Query, max int) (int, error) {
	p, coll, err := e.plan(ctx, kind, q)
	if err != nil || max <= 0 {
		return 0, err
	}
	opts := options.Count().SetLimit(int64(max))
	if h := hint(p); h != nil {
		opts.SetHint(h)
	}
	n, err := coll.CountDocuments(ctx, filter(p), opts)
	return int(n), toFault(ctx, err)
}

func (e *Engine) plan(ctx context.Context, kind string, q store.Query) (store.Plan, *mongo.Collection, error) {
	p, err := q.Plan()
	if err != nil {
		return p, nil, err
	}
	_, coll, err := e.use(ctx, kind)
	return p, coll, err
}

// filter turns a plan into a filter whose bounds its index can use: behind a cursor, the plain bound keeps the server from walking what lies before it, and the
// choice beside it tells documents of the same value apart. Values are strings, numbers, booleans, times and null only, so none can be an operator.
func filter(p store.Plan) bson.D {
	out := bson.D{}
	for i, f := range p.Index.Equal {
		out = append(out, bson.E{Key: f, Value: p.Equal[i]})
	}
	order := p.Order
	var bounds bson.A
	if order == "" {
		order = "_id"
	} else {
		bounds = append(bounds, bson.D{{Key: order, Value: bson.D{{Key: "$ne", Value: nil}}}})
	}
	if p.From != nil {
		bounds = append(bounds, bson.D{{Key: order, Value: bson.D{{Key: "$gte", Value: p.From}}}})
	}
	if p.To != nil {
		bounds = append(bounds, bson.D{{Key: order, Value: bson.D{{Key: "$lt", Value: p.To}}}})
	}
	if p.After != nil {
		bounds = append(bounds, behind(p)...)
	}
	if len(bounds) > 0 {
		out = append(out, bson.E{Key: "$and", Value: bounds})
	}
	return out
}

func behind(p store.Plan) bson.A {
	than, orAt := "$gt", "$gte"
	if p.Desc {
		than, orAt = "$lt", "$lte"
	}
	byID := bson.E{Key: "_id", Value: bson.D{{Key: than, Value: p.After.ID}}}
	if p.Order == "" {
		return bson.A{bson.D{byID}}
	}
	return bson.A{
		bson.D{{Key: p.Order, Value: bson.D{{Key: orAt, Value: p.After.Order}}}},
		bson.D{{Key: "$or", Value: bson.A{
			bson.D{{Key: p.Order, Value: bson.D{{Key: than, Value: p.After.Order}}}},
			bson.D{{Key: p.Order, Value: p.After.Order}, byID},
		}}},
	}
}

func sort(p store.Plan) bson.D {
	dir := 1
	if p.Desc {
		dir = -1
	}
	if p.Order == "" {
		return bson.D{{Key: "_id", Value: dir}}
	}
	return bson.D{{Key: p.Order, Value: dir}, {Key: "_id", Value: dir}}
}

// hint names the index of a plan by its keys, so that the server uses no other; nil when the plan goes by id.
func hint(p store.Plan) any {
	if p.Index.Name == "" {
		return nil
	}
	return keys(p.Index)
}

// keys gives the fields of the MongoDB index of an index.
func keys(x store.Index) bson.D {
	out := bson.D{}
	for _, f := range x.Equal {
		out = append(out, bson.E{Key: f, Value: 1})
	}
	if x.Order != "" {
		out = append(out, bson.E{Key: x.Order, Value: 1})
	}
	return append(out, bson.E{Key: "_id", Value: 1})
}
