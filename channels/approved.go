package channels

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/setting"
)

// Approved is a text that a network approved beforehand, as a setting of its channel under the name that Template carries.
type Approved struct {
	ID     string          `koanf:"id"`     // the network's id of the text
	IDEN   string          `koanf:"id_en"`  // of the same text for readers of English. "" means that they get ID's
	OTP    bool            `koanf:"otp"`    // approved as a one-time code: leaves at any hour. false
	Params map[string]Slot `koanf:"params"` // places of the text by the network's names for them, all that it has
}

// Slot is a place of an approved text and the value that goes there. A network refuses the whole message for one bad value.
type Slot struct {
	From     string `koanf:"from"`     // name of the declared parameter. "" means that of the place
	Type     string `koanf:"type"`     // "text", "number" (digits) or "date" (dd/mm/yyyy, with hh:mm before it or not). text
	Min      int    `koanf:"min"`      // runes at least. 1
	Max      int    `koanf:"max"`      // runes at most. 30, of a one-time code 10
	Cut      bool   `koanf:"cut"`      // a longer text is shortened at the end of a word; else the message cannot be sent. false
	Optional bool   `koanf:"optional"` // may be missing or empty. false
}

// Limits of places for which the setting says none.
const (
	slotMax    = 30
	slotMaxOTP = 10
	slotLimit  = 500 // no network takes more
)

var (
	approvedRE = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	numberRE   = regexp.MustCompile(`^[0-9]+$`)
	dateRE     = regexp.MustCompile(`^([0-2][0-9]:[0-5][0-9](:[0-5][0-9])? )?[0-3][0-9]/[01][0-9]/[0-9]{4}$`)
)

// Validate reports every part that cannot work.
func (a Approved) Validate() error {
	var faults setting.Faults
	faults.Refuse(!approvedRE.MatchString(a.ID), "id", "must be the network's id of the text")
	faults.Refuse(a.IDEN != "" && !approvedRE.MatchString(a.IDEN), "id_en", "must be the network's id of the text")
	faults.Refuse(len(a.Params) == 0, "params", "must name the places of the text")
	for _, name := range slices.Sorted(maps.Keys(a.Params)) {
		s := a.slot(name)
		switch {
		case !approvedRE.MatchString(name):
			faults.Add("params."+name, "must be the network's name of a place")
		case s.Type != "text" && s.Type != "number" && s.Type != "date":
			faults.Add("params."+name+".type", `must be "text", "number" or "date"`)
		case s.Min < 0 || s.Max < s.Min || s.Max > slotLimit:
			faults.Add("params."+name, "min and max must be in order and at most %d", slotLimit)
		}
	}
	return faults.Err()
}

// Names gives the names of approved texts in order, as Profile.Templates has them.
func Names(texts map[string]Approved) []string { return slices.Sorted(maps.Keys(texts)) }

// IDFor gives the network's id of the text for readers of a language.
func (a Approved) IDFor(lang message.Lang) string {
	if lang == message.English && a.IDEN != "" {
		return a.IDEN
	}
	return a.ID
}

// slot gives a place with its defaults.
func (a Approved) slot(name string) Slot {
	s := a.Params[name]
	if s.From == "" {
		s.From = name
	}
	if s.Type == "" {
		s.Type = "text"
	}
	if s.Min == 0 && !s.Optional {
		s.Min = 1
	}
	if s.Max == 0 && a.OTP {
		s.Max = slotMaxOTP
	}
	if s.Max == 0 {
		s.Max = slotMax
	}
	return s
}

// Slots gives all places with their defaults, by the network's names.
func (a Approved) Slots() map[string]Slot {
	out := make(map[string]Slot, len(a.Params))
	for name := range a.Params {
		out[name] = a.slot(name)
	}
	return out
}

// Fill puts the values of a notice into the places of the text. The error says which place has no value that fits, and never the value.
func (a Approved) Fill(params map[string]string) (map[string]string, error) {
	out := make(map[string]string, len(a.Params))
	for _, name := range slices.Sorted(maps.Keys(a.Params)) {
		s := a.slot(name)
		value, err := s.fit(params[s.From])
		if err != nil {
			return nil, fmt.Errorf("place %s: %w", name, err)
		}
		out[name] = value
	}
	return out, nil
}

var (
	errMissing = errors.New("no value")
	errShort   = errors.New("the value is too short")
	errLong    = errors.New("the value is too long")
	errForm    = errors.New("the value has another form")
)

// fit gives a value as the place takes it: on one line, composed letters (NFC), within the limits.
func (s Slot) fit(value string) (string, error) {
	value = norm.NFC.String(strings.Join(strings.Fields(value), " "))
	if value == "" {
		if s.Optional {
			return "", nil
		}
		return "", errMissing
	}
	if s.Type == "number" && !numberRE.MatchString(value) || s.Type == "date" && !dateRE.MatchString(value) {
		return "", errForm
	}
	n := utf8.RuneCountInString(value)
	if n > s.Max && s.Cut && s.Type == "text" {
		value = shorten(value, s.Max)
		n = utf8.RuneCountInString(value)
	}
	switch {
	case n > s.Max:
		return "", errLong
	case n < s.Min:
		return "", errShort
	}
	return value, nil
}

// shorten ends a text of one line after its last whole word that leaves room for the sign that something is missing; inside a word that is longer than all.
func shorten(text string, limit int) string {
	const more = "…"
	room := []rune(text)[:max(limit-1, 0)]
	kept := string(room)
	if next := []rune(text)[len(room)]; next != ' ' {
		if i := strings.LastIndexByte(kept, ' '); i > 0 {
			kept = kept[:i]
		}
	}
	return strings.TrimRight(kept, " .,;:–-") + more
}
