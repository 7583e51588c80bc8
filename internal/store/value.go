package store

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/motcua/motcua/internal/fault"
)

// What a store keeps at most. The limits hold for both engines, so that a city that began on one can move to the other.
const (
	MaxDocument = 1 << 20 // bytes of one document; a case stays under 64 KB, pictures are kept elsewhere
	MaxID       = 512     // bytes of an id
	MaxIndexed  = 900     // bytes of a string in an indexed field; with MaxID it keeps every cursor under its own limit
	MaxElements = 1000    // elements of a Many field
)

// VersionField and TokenField are the names inside a document that belong to engines.
const (
	VersionField = "_v"
	TokenField   = "_w"
)

// Prepare checks a document before an engine stores it and gives it back with its id as the first element, as MongoDB would keep it.
// INVALID when the document is too large, INTERNAL when the program made it wrongly.
func Prepare(id string, doc bson.Raw) (bson.Raw, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	if len(doc) > MaxDocument {
		return nil, fault.New(fault.Invalid, "store.too_large").Because(fmt.Errorf("a document of %d bytes, over %d", len(doc), MaxDocument))
	}
	length, rest, ok := bsoncore.ReadLength(bsoncore.Document(doc))
	if !ok || int(length) != len(doc) {
		return nil, internalf("a document with a broken length")
	}
	first, found := true, false
	start := len(doc) - len(rest)
	for at := start; at < len(doc)-1; {
		el, _, ok := bsoncore.ReadElement(doc[at:])
		if !ok {
			return nil, internalf("a document that is no BSON")
		}
		switch el.Key() {
		case VersionField, TokenField:
			return nil, internalf("a document with the field %s, which belongs to the engine", el.Key())
		case "_id":
			if s, ok := el.Value().StringValueOK(); !ok || s != id || found {
				return nil, internalf("a document whose _id is not the id it is stored under")
			}
			found = true
			if !first {
				doc = idFirst(doc, start, at, len(el))
			}
		}
		first = false
		at += len(el)
	}
	if !found {
		return nil, internalf("a document without _id")
	}
	return doc, nil
}

// idFirst moves the element at [at, at+size) to start.
func idFirst(doc bson.Raw, start, at, size int) bson.Raw {
	out := make(bson.Raw, 0, len(doc))
	out = append(out, doc[:start]...)
	out = append(out, doc[at:at+size]...)
	out = append(out, doc[start:at]...)
	return append(out, doc[at+size:]...)
}

func checkID(id string) error {
	switch {
	case id == "":
		return internalf("an empty id")
	case len(id) > MaxID:
		return internalf("an id of %d bytes, over %d", len(id), MaxID)
	case !utf8.ValidString(id) || strings.ContainsRune(id, 0):
		return internalf("an id that is not text")
	}
	return nil
}

// Value gives what an index keeps of the field at path: nil when it is absent or null, else a string, bool, int64 or time.Time (UTC, milliseconds).
// INTERNAL when the field holds something that cannot be indexed.
func Value(doc bson.Raw, path string) (any, error) {
	v, err := lookup(doc, path)
	if err != nil {
		return nil, err
	}
	return scalar(v, path)
}

// Elements gives what a Many index keeps of the array at path: each of its values once; none when the field is absent.
func Elements(doc bson.Raw, path string) ([]any, error) {
	v, err := lookup(doc, path)
	if err != nil || v.IsZero() || v.Type == bson.TypeNull {
		return nil, err
	}
	array, ok := v.ArrayOK()
	if !ok {
		return nil, internalf("field %s holds a %s where its index needs an array", path, v.Type)
	}
	values, err := array.Values()
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err)
	}
	if len(values) > MaxElements {
		return nil, internalf("field %s holds %d elements, over %d", path, len(values), MaxElements)
	}
	out := make([]any, 0, len(values))
	seen := make(map[any]bool, len(values))
	for _, raw := range values {
		x, err := scalar(raw, path)
		if err != nil {
			return nil, err
		}
		if x != nil && !seen[x] {
			seen[x] = true
			out = append(out, x)
		}
	}
	return out, nil
}

// CheckFields reports a document that the indexes of k or its expiry cannot hold. An engine that leaves indexing to its server calls it before a write.
func CheckFields(k Kind, doc bson.Raw) error {
	for _, x := range k.Indexes {
		for _, f := range x.Equal {
			read := Value
			if f == x.Many {
				read = func(doc bson.Raw, path string) (any, error) { return Elements(doc, path) }
			}
			if _, err := read(doc, f); err != nil {
				return err
			}
		}
		if x.Order == "" {
			continue
		}
		if _, err := Value(doc, x.Order); err != nil {
			return err
		}
	}
	_, err := Expiry(k, doc)
	return err
}

// Expiry gives when the document may be removed; the zero time means never. INTERNAL when the field is no time, or a time that nobody set.
func Expiry(k Kind, doc bson.Raw) (time.Time, error) {
	if k.ExpiresAt == "" {
		return time.Time{}, nil
	}
	v, err := Value(doc, k.ExpiresAt)
	if err != nil || v == nil {
		return time.Time{}, err
	}
	at, ok := v.(time.Time)
	if !ok {
		return time.Time{}, internalf("field %s must be a time, got %T", k.ExpiresAt, v)
	}
	if at.IsZero() {
		return time.Time{}, internalf("field %s is the zero time, which would remove the document at once; leave it out to keep it", k.ExpiresAt)
	}
	return at, nil
}

// lookup walks path through embedded documents. An absent field gives the zero value.
func lookup(doc bson.Raw, path string) (bson.RawValue, error) {
	for rest := path; ; {
		head, tail, deeper := strings.Cut(rest, ".")
		v, err := doc.LookupErr(head)
		if errors.Is(err, bsoncore.ErrElementNotFound) {
			return bson.RawValue{}, nil
		}
		if err != nil {
			return bson.RawValue{}, fault.Wrap(fault.Internal, err)
		}
		if !deeper || v.Type == bson.TypeNull {
			return v, nil
		}
		inner, ok := v.DocumentOK()
		if !ok {
			return bson.RawValue{}, internalf("indexed field %s leads through a %s", path, v.Type)
		}
		doc, rest = inner, tail
	}
}

func scalar(v bson.RawValue, path string) (any, error) {
	if v.IsZero() {
		return nil, nil
	}
	switch v.Type { // a value that is cut short is not ok: it has its type and falls through to the error
	case bson.TypeNull:
		return nil, nil
	case bson.TypeString:
		if x, ok := v.StringValueOK(); ok {
			return indexable(x, path)
		}
	case bson.TypeBoolean:
		if x, ok := v.BooleanOK(); ok {
			return x, nil
		}
	case bson.TypeInt32:
		if x, ok := v.Int32OK(); ok {
			return int64(x), nil
		}
	case bson.TypeInt64:
		if x, ok := v.Int64OK(); ok {
			return x, nil
		}
	case bson.TypeDateTime:
		if x, ok := v.DateTimeOK(); ok {
			return time.UnixMilli(x).UTC(), nil
		}
	}
	return nil, internalf("field %s holds a %s, which cannot be indexed", path, v.Type)
}

func indexable(s, path string) (any, error) {
	if len(s) > MaxIndexed {
		return nil, internalf("indexed field %s holds %d bytes, over %d", path, len(s), MaxIndexed)
	}
	if !utf8.ValidString(s) {
		return nil, internalf("indexed field %s is not text", path)
	}
	return s, nil
}

// normal brings a value of a query to the type that Value would give for it.
func normal(v any) (any, error) {
	switch x := v.(type) {
	case nil, string, bool, int64:
		return x, nil
	case time.Time:
		return time.UnixMilli(x.UnixMilli()).UTC(), nil
	case bson.DateTime:
		return time.UnixMilli(int64(x)).UTC(), nil
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return nil, nil
		}
		return normal(r.Elem().Interface())
	case reflect.String:
		return r.String(), nil
	case reflect.Bool:
		return r.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(r.Uint()), nil
	}
	return nil, internalf("a query cannot ask for a %T", v)
}

func internalf(format string, args ...any) error {
	return &fault.Error{Code: fault.Internal, Cause: fmt.Errorf("store: "+format, args...)}
}
