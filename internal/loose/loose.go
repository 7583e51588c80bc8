// Package loose reads JSON of networks whose types are not to be relied on: numbers that come as strings, lists that come as their only element, objects in
// which one field has become another kind. What cannot be read is empty, and the rest stays.
//
// It does not know what is read.
package loose

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

// String is a string that may come as a number, and is empty when it comes as anything else. Ids and times may be over 2^53, so a number keeps its digits.
type String string

// UnmarshalJSON never fails.
func (s *String) UnmarshalJSON(data []byte) error {
	*s = String(Scalar(data))
	return nil
}

// Number gives the number that s is, if it is a finite one and at most limit away from zero.
func (s String) Number(limit float64) (float64, bool) {
	x, err := strconv.ParseFloat(strings.TrimSpace(string(s)), 64)
	return x, err == nil && math.Abs(x) <= limit // what is no number is not below anything
}

// First gives the first that is not empty.
func First(list ...String) string {
	for _, s := range list {
		if s != "" {
			return string(s)
		}
	}
	return ""
}

// Scalar gives a JSON string or number as text; "" for everything else.
func Scalar(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	if c := raw[0]; c == '-' || c >= '0' && c <= '9' {
		return string(raw)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// List is an array that may come as its only element, and is empty when it comes as anything else. It leaves out elements that are not of the kind at all.
type List[T any] []T

// UnmarshalJSON never fails.
func (l *List[T]) UnmarshalJSON(data []byte) error {
	*l = nil
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		data = []byte("[" + string(data) + "]")
	}
	var raws []json.RawMessage
	if json.Unmarshal(data, &raws) != nil {
		return nil
	}
	for _, raw := range raws {
		var v T
		if string(raw) != "null" && Object(raw, &v) {
			*l = append(*l, v)
		}
	}
	return nil
}

// Object decodes JSON and leaves fields of another type than we know empty: what a citizen said matters more than a new shape of its ornaments. It is false
// when raw is no JSON, or not of the kind at all.
func Object(raw json.RawMessage, into any) bool {
	err := json.Unmarshal(raw, into)
	var other *json.UnmarshalTypeError
	return err == nil || errors.As(err, &other) && other.Field != ""
}
