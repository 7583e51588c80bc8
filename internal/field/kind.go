package field

import (
	"slices"

	"github.com/motcua/motcua/miniapps"
)

// Kind says what is asked for and how an answer is understood. Keys of texts and parts of templates are named by it.
type Kind string

// The kinds. Whoever asks may have finer ones of its own, and may be unable to ask for some of these.
const (
	Text     Kind = "text"
	Any      Kind = "any" // one of several plain types
	Number   Kind = "number"
	Integer  Kind = "integer"
	Bool     Kind = "bool"
	Choose   Kind = "choice"   // one of what the schema lists
	Remote   Kind = "remote"   // one of what an x-options action gives
	Constant Kind = "constant" // the one value there is, of which no type is declared
	Photo    Kind = "photo"
	Video    Kind = "video"
	Place    Kind = "place"
	Phone    Kind = "phone"
	Date     Kind = "date"
	Moment   Kind = "moment" // date-time
	Time     Kind = "time"
	Object   Kind = "object" // with fields of its own
	List     Kind = "list"   // of items that are all alike
	None     Kind = "none"   // nobody can be asked for it
)

// kind tells what is asked for. What the schema lists is chosen from, whatever its type. Options that stand on a list are about its items.
func (r *reading) kind(listed bool) Kind {
	switch {
	case listed:
		return Choose
	case r.Words.Options != "" && !slices.Contains(r.types, "array"):
		return Remote
	case len(r.types) == 1:
		return r.typed(r.types[0])
	case len(r.types) > 1 || len(r.variants) > 0:
		return r.mixed()
	case r.Fixed != nil:
		return Constant
	}
	return None
}

// typed is the kind of a value of one type.
func (r *reading) typed(name string) Kind {
	switch name {
	case "string":
		return formatted(r.Format)
	case "number":
		return Number
	case "integer":
		return Integer
	case "boolean":
		return Bool
	case "object":
		return r.object()
	case "array":
		if r.Items != nil && !r.tuple {
			return List
		}
	}
	return None
}

// mixed is the kind of a value that may be of several types: any of the plain ones can be typed.
func (r *reading) mixed() Kind {
	types := slices.Clone(r.types)
	for _, v := range r.variants {
		for _, s := range v {
			types = append(types, variant(s).types...)
		}
	}
	for _, plain := range []string{"string", "number", "integer", "boolean"} {
		if slices.Contains(types, plain) {
			return Any
		}
	}
	return None
}

// formatted is the kind of a string.
func formatted(format string) Kind {
	switch format {
	case miniapps.FormatPhoto:
		return Photo
	case miniapps.FormatVideo:
		return Video
	case miniapps.FormatPhone:
		return Phone
	case miniapps.FormatDate:
		return Date
	case "date-time":
		return Moment
	case "time":
		return Time
	}
	return Text
}

func (r *reading) object() Kind {
	switch {
	case r.Format == miniapps.FormatLocation:
		return Place
	case len(r.Fields) > 0:
		return Object
	}
	return None
}
