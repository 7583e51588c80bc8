package miniapps

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The formats that a dialogue has its own way to ask for. The others that a manifest may use are those of JSON Schema.
const (
	FormatPhoto    = "photo"    // string: id of an uploaded picture
	FormatVideo    = "video"    // string: id of an uploaded film
	FormatLocation = "location" // object: lat and lon (WGS 84 degrees, both or neither), address, or all three
	FormatPhone    = "phone"    // string: a phone number as people write it, 8 to 15 digits
	FormatDate     = "date"     // string: full date of RFC 3339
	FormatChoice   = "choice"   // string: one of the options of enum, oneOf or x-options
)

var (
	mediaRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9/_:.=-]{0,199}$`)
	phoneRE = regexp.MustCompile(`^\+?[0-9](?:[ .-]?[0-9]){7,14}$`)
)

// maxChoice bounds the value of a choice, in runes.
const maxChoice = 200

var errFormat = errors.New("not in the format")

func formats() []*jsonschema.Format {
	text := func(ok func(string) bool) func(any) error {
		return func(v any) error {
			if s, is := v.(string); is && !ok(s) {
				return errFormat
			}
			return nil
		}
	}
	return []*jsonschema.Format{
		{Name: FormatPhoto, Validate: text(mediaRE.MatchString)},
		{Name: FormatVideo, Validate: text(mediaRE.MatchString)},
		{Name: FormatPhone, Validate: text(phoneRE.MatchString)},
		{Name: FormatChoice, Validate: text(isChoice)},
		{Name: FormatLocation, Validate: checkLocation},
	}
}

func isChoice(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= maxChoice && !strings.ContainsFunc(s, unicode.IsControl)
}

// checkLocation wants a point, an address, or both.
func checkLocation(v any) error {
	place, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	lat, hasLat := place["lat"]
	lon, hasLon := place["lon"]
	if hasLat != hasLon {
		return errFormat
	}
	if hasLat && (!within(lat, 90) || !within(lon, 180)) {
		return errFormat
	}
	address, _ := place["address"].(string)
	if !hasLat && strings.TrimSpace(address) == "" {
		return errFormat
	}
	return nil
}

// within tells whether v is a number between -limit and limit.
func within(v any, limit float64) bool {
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	f, err := n.Float64()
	return err == nil && math.Abs(f) <= limit
}
