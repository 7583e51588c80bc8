// Package setting says what is wrong with settings: one line for each, under its key.
//
// It does not know where settings come from, and has no words for citizens: its reader is an operator.
package setting

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Faults collects what is wrong with one section. The zero value has none.
type Faults struct{ errs []error }

// Add says what is wrong with a key; format is that of fmt.Errorf.
func (f *Faults) Add(key, format string, args ...any) {
	f.errs = append(f.errs, fmt.Errorf(key+": "+format, args...))
}

// Refuse says what is wrong with a key, if it is.
func (f *Faults) Refuse(wrong bool, key, text string) {
	if wrong {
		f.Add(key, "%s", text)
	}
}

// Under takes over what is wrong with a part of the section, where each fault begins with its own key: "per" becomes "part.per". nil is nothing.
func (f *Faults) Under(part string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			f.Under(part, e)
		}
		return
	}
	if err != nil {
		f.errs = append(f.errs, fmt.Errorf("%s.%w", part, err))
	}
}

// Also takes over what else is wrong; nil is nothing.
func (f *Faults) Also(err error) { f.errs = append(f.errs, err) }

// Span wants a time between least and most, or 0 for the default.
func (f *Faults) Span(key string, d, least, most time.Duration) {
	if d != 0 && (d < least || d > most) {
		f.Add(key, "must be between %s and %s, or 0 for the default", short(least), short(most))
	}
}

// Number wants one between least and most, or 0 for the default.
func (f *Faults) Number(key string, n, least, most int) {
	if n != 0 && (n < least || n > most) {
		f.Add(key, "must be between %d and %d, or 0 for the default", least, most)
	}
}

// Err gives all that is wrong; nil when nothing is.
func (f *Faults) Err() error { return errors.Join(f.errs...) }

// short writes a time without the units that it has none of: "72h" instead of "72h0m0s".
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
