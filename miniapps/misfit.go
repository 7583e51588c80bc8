package miniapps

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// misfits says in what a manifest differs from the published schema: an error for each fault, joined, whose place is named as its writer finds it (actions and
// notices by their ids, not by their numbers).
//
// The places are the validator's own. For propertyNames it gives false ones (jsonschema v6.0.3 keeps the slice of the path instead of a copy, and goes on writing
// into it), which is why the published schema lists the names that may stand somewhere by properties and additionalProperties only.
func misfits(doc any, err error) error {
	var wrong *jsonschema.ValidationError
	if !errors.As(err, &wrong) {
		return err
	}
	words := message.NewPrinter(language.English)
	var faults []string
	for _, e := range leaves(wrong) {
		at := spot(doc, e.InstanceLocation)
		extra, ok := e.ErrorKind.(*kind.AdditionalProperties)
		if !ok {
			faults = append(faults, at+e.ErrorKind.LocalizedString(words))
			continue
		}
		for _, name := range extra.Properties {
			faults = append(faults, at+misnamed(name, e.SchemaURL))
		}
	}
	slices.Sort(faults)
	var errs []error
	for _, f := range slices.Compact(faults) { // what two parts of the schema want is said once
		errs = append(errs, errors.New(f))
	}
	return errors.Join(errs...)
}

// leaves gives the errors that are not made of others.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var out []*jsonschema.ValidationError
	for _, c := range e.Causes {
		out = append(out, leaves(c)...)
	}
	return out
}

// spot names a place: "action order: input/properties/what: ". "" for the manifest as a whole.
func spot(doc any, at []string) string {
	list, index := "", ""
	if len(at) > 1 {
		list, index = at[0], at[1]
	}
	root, _ := doc.(map[string]any)
	elements, _ := root[list].([]any)
	if i, err := strconv.Atoi(index); err == nil && i < len(elements) {
		n, _ := elements[i].(map[string]any)
		if id, ok := n["id"].(string); ok && id != "" {
			return strings.TrimSuffix(list, "s") + " " + id + ": " + pathTo(at[2:])
		}
	}
	return pathTo(at)
}

func pathTo(at []string) string {
	if len(at) == 0 {
		return ""
	}
	return strings.Join(at, "/") + ": "
}

// misnamed says that a name may not stand where it does, and which one may have been meant.
func misnamed(name, schemaURL string) string {
	known := allowedBy(schemaURL)
	if len(known) == 0 {
		return fmt.Sprintf("%q is no name of a field: that is a small letter, then letters, digits and _, 64 at most", name)
	}
	out := fmt.Sprintf("%q is no keyword or name that may stand here", name)
	i := slices.IndexFunc(known, func(k string) bool { return nearly(name, k) })
	if i < 0 {
		return out
	}
	return out + ": did you mean " + known[i] + "?"
}

// allowedBy gives the names that one place of the published schema allows, in order.
func allowedBy(schemaURL string) []string {
	n, err := node(manifestSchema)
	if err != nil {
		return nil
	}
	file, path, _ := strings.Cut(schemaURL, "#")
	if file != manifestURL {
		path = "/$defs/keywords" + path
	}
	for _, step := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if step != "" {
			n, _ = n[step].(map[string]any)
		}
	}
	props, _ := n["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(props))
}

// nearly tells whether two names differ in one letter, in two neighbours that changed places, in case, or in the x- that begins our own keywords.
func nearly(a, b string) bool {
	const short = 2 // letters: nearly everything is near to such a name
	a, b = strings.ToLower(a), strings.ToLower(b)
	if len(a) <= short {
		return false
	}
	if a == b || "x-"+a == b {
		return true
	}
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	swapped := len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
	return len(a) <= 1 && len(b) <= 1 || swapped
}
