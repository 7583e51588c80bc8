package miniapps

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

const (
	maxFields = 20 // wrong fields that one answer names
	maxName   = 64 // bytes of a field's name that a caller made up
)

// report turns what the validator found into fields that a person can mend.
type report struct {
	form   *form
	lang   message.Lang
	fields []fault.Field
	broken bool // the schema itself cannot be followed
}

func newReport(f *form, lang message.Lang) *report { return &report{form: f, lang: lang} }

func (r *report) fault(err *jsonschema.ValidationError) error {
	r.visit(err)
	if r.broken {
		return &fault.Error{Code: fault.Internal, Cause: err}
	}
	slices.SortStableFunc(r.fields, r.compare)
	r.fields = slices.CompactFunc(r.fields, func(a, b fault.Field) bool { return a.Key == b.Key && slices.Equal(a.Path, b.Path) })
	return &fault.Error{Code: fault.Invalid, Fields: r.fields[:min(len(r.fields), maxFields)]}
}

// compare puts fields into the order in which they are asked for.
func (r *report) compare(a, b fault.Field) int {
	return cmp.Or(cmp.Compare(r.order(a), r.order(b)), slices.Compare(a.Path, b.Path), cmp.Compare(a.Key, b.Key))
}

func (r *report) order(f fault.Field) int {
	if len(f.Path) == 0 {
		return -1
	}
	if s := r.form.schema.Properties[f.Path[0]]; s != nil {
		return KeywordsOf(s).Order
	}
	return 1 << 30
}

// visit walks the validator's tree down to what a person did wrong.
func (r *report) visit(e *jsonschema.ValidationError) {
	at := e.InstanceLocation
	switch k := e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
		for _, c := range e.Causes {
			r.visit(c)
		}
	case *kind.Required:
		r.each("schema.required", at, k.Missing)
	case *kind.DependentRequired:
		r.each("schema.required", at, k.Missing)
	case *kind.Dependency:
		r.each("schema.required", at, k.Missing)
	case *kind.AdditionalProperties:
		r.each("schema.unknown_field", at, k.Properties)
	case *kind.AnyOf, *kind.OneOf:
		r.alternatives(e)
	case *kind.RefCycle, *kind.InvalidJsonValue:
		r.broken = true
	default:
		r.limits(at, k)
	}
}

// limits reports what one value does wrong by itself.
func (r *report) limits(at []string, k jsonschema.ErrorKind) {
	switch k := k.(type) {
	case *kind.Type:
		r.add("schema.type_"+cmp.Or(first(k.Want), "object"), at, nil)
	case *kind.MinLength:
		r.add("schema.too_short", at, params{"min": k.Want, "got": k.Got})
	case *kind.MaxLength:
		r.add("schema.too_long", at, params{"max": k.Want, "got": k.Got})
	case *kind.MinItems:
		r.add("schema.too_few", at, params{"min": k.Want})
	case *kind.MaxItems:
		r.add("schema.too_many", at, params{"max": k.Want})
	case *kind.MinProperties:
		r.add("schema.too_few", at, params{"min": k.Want})
	case *kind.MaxProperties:
		r.add("schema.too_many", at, params{"max": k.Want})
	case *kind.Minimum:
		r.add("schema.minimum", at, params{"min": number(k.Want)})
	case *kind.Maximum:
		r.add("schema.maximum", at, params{"max": number(k.Want)})
	case *kind.ExclusiveMinimum:
		r.add("schema.above", at, params{"min": number(k.Want)})
	case *kind.ExclusiveMaximum:
		r.add("schema.below", at, params{"max": number(k.Want)})
	case *kind.MultipleOf:
		r.add("schema.multiple", at, params{"step": number(k.Want)})
	case *kind.Format:
		r.add("schema.format_"+strings.ReplaceAll(k.Want, "-", "_"), at, nil)
	case *kind.Enum, *kind.Const:
		r.add("schema.choice", at, nil)
	case *kind.Pattern:
		r.add("schema.pattern", at, nil)
	case *kind.UniqueItems:
		r.add("schema.repeated", at, nil)
	case *kind.FalseSchema:
		r.add("schema.unknown_field", at, nil)
	default: // not, contains, propertyNames, content…: rare, and without words of their own
		r.add("schema.wrong", at, nil)
	}
}

// alternatives reports a value that fits none of several schemas, or more than one.
func (r *report) alternatives(e *jsonschema.ValidationError) {
	at := e.InstanceLocation
	if k, ok := e.ErrorKind.(*kind.OneOf); ok && len(k.Subschemas) > 0 {
		r.add("schema.only_one", at, nil)
		return
	}
	var missing []string
	constants := true
	for _, c := range e.Causes {
		switch k := c.ErrorKind.(type) {
		case *kind.Required:
			missing = append(missing, k.Missing...)
		case *kind.Const, *kind.Enum:
			continue
		}
		constants = false
	}
	switch {
	case len(missing) >= len(e.Causes) && len(missing) > 0:
		r.oneOfThese(at, missing)
	case constants:
		r.add("schema.choice", at, nil)
	default:
		r.add("schema.wrong", at, nil)
	}
}

// oneOfThese says that one of several fields is needed.
func (r *report) oneOfThese(at, names []string) {
	var labels []string
	for _, n := range names {
		labels = append(labels, r.form.label(join(at, n), r.lang))
	}
	r.add("schema.one_needed", at, params{"fields": strings.Join(slices.Compact(labels), "; ")})
}

func (r *report) each(key string, at, names []string) {
	for _, n := range names {
		r.add(key, join(at, n), nil)
	}
}

type params = map[string]any

func (r *report) add(key string, path []string, p params) {
	path = slices.Clone(path) // the validator reuses its own
	if p == nil {
		p = params{}
	}
	for i := range path {
		path[i] = clip(path[i])
	}
	p["label"] = r.form.label(path, r.lang)
	r.fields = append(r.fields, fault.Field{Path: path, Key: key, Params: p})
}

func join(path []string, name string) []string { return append(slices.Clone(path), name) }

// clip bounds a name that the caller made up. Declared names are shorter.
func clip(s string) string {
	if len(s) <= maxName {
		return s
	}
	return strings.ToValidUTF8(s[:maxName], "") + "…"
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// number writes a limit of a schema as people write it.
func number(n *big.Rat) string {
	if n.IsInt() {
		return n.Num().String()
	}
	f, _ := n.Float64()
	return strings.TrimRight(strings.TrimRight(big.NewFloat(f).Text('f', 6), "0"), ".")
}
