package conversation

import "github.com/motcua/motcua/internal/field"

type (
	kind   = field.Kind   // how a value is asked for and understood
	choice = field.Choice // one value that the schema lists
)

const (
	kindText, kindAny                 = field.Text, field.Any
	kindNumber, kindInteger, kindBool = field.Number, field.Integer, field.Bool
	kindChoice, kindRemote            = field.Choose, field.Remote
	kindPhoto, kindVideo, kindPlace   = field.Photo, field.Video, field.Place
	kindPhone                         = field.Phone
	kindDate, kindMoment, kindTime    = field.Date, field.Moment, field.Time
	kindObject, kindList              = field.Object, field.List
	kindNone                          = field.None // no chat can ask for it
)

// kindOf is how a dialogue asks for a field. A constant of no type counts as a text: it is never asked for, and can stand in a list.
func kindOf(d field.Declaration) kind {
	if d.Kind == field.Constant {
		return kindText
	}
	return d.Kind
}
