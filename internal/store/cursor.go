package store

import (
	"encoding/base64"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/motcua/motcua/internal/fault"
)

// Cursor is a place in the order of one query: the ordered value and the id of a document. It is opaque to clients and holds nothing secret.
// A Cursor that a client sent is checked by Position.
type Cursor string

// position is what a cursor encodes.
type position struct {
	Order any    `bson:"o,omitempty"`
	ID    string `bson:"i"`
}

// NewCursor gives the place of a document in the order of q.
func NewCursor(q Query, id string, doc bson.Raw) (Cursor, error) {
	p := Place{ID: id}
	if f := q.index.Order; f != "" {
		v, err := Value(doc, f)
		if err != nil {
			return "", err
		}
		p.Order = v
	}
	return cursorOf(p)
}

// cursorOf encodes by hand: a page has a cursor for each of its documents.
func cursorOf(p Place) (Cursor, error) {
	at, raw := bsoncore.AppendDocumentStart(make([]byte, 0, 64+len(p.ID)))
	switch v := p.Order.(type) {
	case nil:
	case string:
		raw = bsoncore.AppendStringElement(raw, "o", v)
	case bool:
		raw = bsoncore.AppendBooleanElement(raw, "o", v)
	case int64:
		raw = bsoncore.AppendInt64Element(raw, "o", v)
	case time.Time:
		raw = bsoncore.AppendDateTimeElement(raw, "o", v.UnixMilli())
	default:
		return "", internalf("no cursor holds a %T", v)
	}
	raw, err := bsoncore.AppendDocumentEnd(bsoncore.AppendStringElement(raw, "i", p.ID), at)
	if err != nil {
		return "", err
	}
	return Cursor(base64.RawURLEncoding.EncodeToString(raw)), nil
}

// Position gives what the cursor holds: the value of Order (string, bool, int64 or time.Time; nil when the order is by id) and the id. INVALID when it was not made by NewCursor.
func (c Cursor) Position() (order any, id string, err error) {
	bad := func(cause error) (any, string, error) {
		return nil, "", fault.New(fault.Invalid, "store.bad_cursor").Because(cause)
	}
	if len(c) > 2048 {
		return bad(fmt.Errorf("cursor of %d bytes", len(c)))
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil {
		return bad(err)
	}
	if err := bson.Raw(raw).Validate(); err != nil {
		return bad(err)
	}
	var p position
	if err := bson.Unmarshal(raw, &p); err != nil {
		return bad(err)
	}
	switch v := p.Order.(type) {
	case nil, string, bool, int64:
	case int32:
		p.Order = int64(v)
	case bson.DateTime:
		p.Order = time.UnixMilli(int64(v)).UTC()
	default:
		return bad(fmt.Errorf("cursor holds a %T", v))
	}
	return p.Order, p.ID, nil
}
