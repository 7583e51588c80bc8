// Package fault holds the few codes that an error can have, and keeps what a person may read apart from what only the log may.
//
// It knows no language: a text is named by its key in the message catalogues and put into words at the edge that shows it.
package fault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Code says what a caller can do about an error. A new one is born only when an edge must act differently.
type Code string

// The codes. The GraphQL edge shows them as extensions.code, the HTTP edge as a status.
const (
	Invalid      Code = "INVALID"      // the input is wrong; Fields say where
	Unauthorized Code = "UNAUTHORIZED" // sign in (again)
	Forbidden    Code = "FORBIDDEN"    // signed in, but not allowed
	NotFound     Code = "NOT_FOUND"    // does not exist, or the caller may not know that it does
	Conflict     Code = "CONFLICT"     // clashes with what is stored: id taken, move not allowed, key used for other input
	RateLimited  Code = "RATE_LIMITED" // too often; RetryAfter says when again
	Unavailable  Code = "UNAVAILABLE"  // a part is down or too slow; the same call may work later
	Internal     Code = "INTERNAL"     // our mistake; only the log knows more
)

// Error carries a code, a public text (as a key of the catalogues) and a private cause.
type Error struct {
	Code       Code
	Key        string         // id of a text in the message catalogues; "" means the code's standard text
	Params     map[string]any // values for the text's placeholders; never secrets, numbers of phones or codes
	Public     string         // a text that is already in the citizen's language (from a manifest or a department); wins over Key
	Fields     []Field        // with Invalid: the fields that are wrong; empty means the whole input
	RetryAfter time.Duration  // with Unavailable and RateLimited; 0 means unknown
	Cause      error          // for the log only
}

// Field is one wrong field of an input.
type Field struct {
	Path   []string // names and list positions from the root of the input
	Key    string
	Params map[string]any
	Public string // as Error.Public
}

// Error gives the text for the log. It may hold the cause and is never shown to a person.
func (e *Error) Error() string {
	s := string(e.Code)
	if e.Key != "" {
		s += " " + e.Key
	}
	for _, f := range e.Fields {
		s += fmt.Sprintf(" %v:%s", f.Path, f.Key)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New makes an error with a public text by its key. The code alone, with key "", shows the code's standard text.
func New(code Code, key string) *Error { return &Error{Code: code, Key: key} }

// Wrap gives cause a code; the text shown is the code's standard one. A nil cause stays nil.
func Wrap(code Code, cause error) error {
	if cause == nil {
		return nil
	}
	return &Error{Code: code, Cause: cause}
}

// InvalidField makes an Invalid error about one field.
func InvalidField(key string, path ...string) *Error {
	return &Error{Code: Invalid, Fields: []Field{{Path: path, Key: key}}}
}

// With returns a copy with one more placeholder value, for the text of the whole and those of its fields.
func (e *Error) With(name string, value any) *Error {
	c := *e
	c.Params = with(e.Params, name, value)
	c.Fields = slices.Clone(e.Fields)
	for i, f := range c.Fields {
		c.Fields[i].Params = with(f.Params, name, value)
	}
	return &c
}

func with(params map[string]any, name string, value any) map[string]any {
	out := make(map[string]any, len(params)+1)
	maps.Copy(out, params)
	out[name] = value
	return out
}

// After returns a copy that says when to try again.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Because returns a copy with a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// WaitSeconds gives RetryAfter in whole seconds, rounded up: whoever waits as long as told is not early. 0 means unknown.
func (e *Error) WaitSeconds() int { return int((e.RetryAfter + time.Second - 1) / time.Second) }

// CodeOf gives the code of err: "" for nil, Unavailable for a deadline that passed or a caller that left, Internal for an error without a code.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var f *Error
	if errors.As(err, &f) {
		return f.Code
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Unavailable
	}
	return Internal
}

// Of gives err as a fault, so that an edge can show it. An error without a code comes back with CodeOf(err) and itself as the cause; nil stays nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	return &Error{Code: CodeOf(err), Cause: err}
}
