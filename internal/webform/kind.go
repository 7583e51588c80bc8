package webform

import (
	"slices"
	"strings"

	declared "github.com/motcua/motcua/internal/field" // a field of this package is what the page shows
)

type (
	kind   = declared.Kind   // how a value is asked for and understood
	choice = declared.Choice // one value that the schema lists
)

const (
	kindText, kindAny                 = declared.Text, declared.Any
	kindNumber, kindInteger, kindBool = declared.Number, declared.Integer, declared.Bool
	kindChoice, kindRemote            = declared.Choose, declared.Remote
	kindPhoto, kindVideo, kindPlace   = declared.Photo, declared.Video, declared.Place
	kindPhone                         = declared.Phone
	kindDate, kindMoment, kindTime    = declared.Date, declared.Moment, declared.Time
	kindObject, kindList              = declared.Object, declared.List
	kindNone                          = declared.None // no form can ask for it

	kindLong kind = "long" // a text of several lines
)

const longText = 160 // runes from which on a text gets several lines

// kindOf is how a form asks for a field. There is nothing to fill in for a constant.
func kindOf(d declared.Declaration) kind {
	switch {
	case d.Kind == declared.Constant, d.Kind == kindPlace && !writable(d):
		return kindNone
	case d.Kind == kindText && long(d):
		return kindLong
	}
	return d.Kind
}

// long tells whether a text may need several lines: what has a format or a pattern does not.
func long(d declared.Declaration) bool {
	return d.Format == "" && len(d.Patterns) == 0 && (d.MaxLength == nil || *d.MaxLength > longText)
}

// writable tells whether a place can be given by its address alone. A form without a script cannot ask a device where it is.
func writable(d declared.Declaration) bool {
	return d.Fields["address"] != nil && !slices.Contains(d.Required, "lat") && !slices.Contains(d.Required, "lon")
}

// coded tells whether a value must match a pattern from beginning to end, as codes do. Of several patterns the farthest tells.
func coded(d declared.Declaration) bool {
	if len(d.Patterns) == 0 {
		return false
	}
	p := d.Patterns[len(d.Patterns)-1].String()
	return strings.HasPrefix(p, "^") && strings.HasSuffix(p, "$")
}
