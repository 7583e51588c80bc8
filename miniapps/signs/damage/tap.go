package damage

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/field"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// What a plate can be told to be.
const (
	Damaged    = "damaged"
	Unreadable = "unreadable"
	Missing    = "missing"
	Elsewhere  = "elsewhere" // its code hangs where it does not belong
	Fake       = "fake"      // it was pasted over
)

// About begins what a case is about (Raise.About): the plate's id follows.
const About = "signs/"

// Kinds gives all of them.
func Kinds() []string { return []string{Damaged, Unreadable, Missing, Elsewhere, Fake} }

// Limits of a tap.
const (
	MaxNote = 500 // characters

	maxAddress = 200 // characters of a place's address
)

// Tap is what somebody tells of a plate.
type Tap struct {
	Plate registry.Plate
	Kind  string
	Note  string // at most MaxNote characters; "" for none. Staff read it
	// Key is what the request is known by; the same counts once. It says nothing of who sent it. "" is not remembered.
	Key string
	// Client tells people apart for Deps.Suspicious. It is not stored. "" when nobody knows.
	Client string
}

// tap is a Tap that was checked, with all that its effects need.
type tap struct {
	plate string // id
	unit  string // id
	kind  string
	note  string
	key   string // "" when it is not remembered
	hash  string
	at    time.Time
	raise Raise // of the case that it may begin, without the key
}

// check brings a tap into the form that is stored. INVALID names a wrong kind or a note that is too long.
func (d *Damage) check(t Tap) (tap, error) {
	if t.Plate.ID == "" {
		return tap{}, errors.New("signs: damage: a tap without a plate")
	}
	if !slices.Contains(Kinds(), t.Kind) {
		f := fault.InvalidField("signdamage.kind_unknown", "kind")
		f.Fields[0].Params = map[string]any{"allowed": strings.Join(Kinds(), ", ")}
		return tap{}, f
	}
	out := tap{plate: t.Plate.ID, unit: t.Plate.Unit, kind: t.Kind, note: field.Clean(t.Note, true), at: d.now(), raise: d.raiseOf(t.Plate, t.Kind)}
	if n := utf8.RuneCountInString(out.note); n > MaxNote {
		f := fault.InvalidField("signdamage.note_too_long", "note")
		f.Fields[0].Params = map[string]any{"max": MaxNote, "got": n}
		return tap{}, f
	}
	if t.Key == "" {
		return out, nil
	}
	said, err := json.Marshal([]string{t.Kind, out.note})
	if err != nil {
		return tap{}, fmt.Errorf("signs: damage: %w", err)
	}
	out.key = once.Scope("", "signs", "damage", t.Key)
	out.hash, err = once.HashInput(said)
	return out, err
}

// raiseOf puts what the owner of a plate has to know into words. Everybody who has the case's tracking code can read them, so no note is among them.
func (d *Damage) raiseOf(p registry.Plate, kind string) Raise {
	where := p.Place.Address
	if !strings.Contains(where, p.Street) {
		where = p.Street + ", " + where
	}
	say := func(key string, params map[string]any) string {
		return d.deps.Texts.Text(message.Vietnamese, "signdamage."+key, params)
	}
	lines := []string{
		say("case."+kind, map[string]any{"number": d.deps.Number(p.Number)}),
		say("where", map[string]any{"where": where}),
		say("todo."+kind, nil),
	}
	if d.deps.Link != nil {
		if link := d.deps.Link(p); link != "" {
			lines = append(lines, say("link", map[string]any{"link": link}))
		}
	}
	return Raise{
		Description: strings.Join(lines, "\n"), Unit: p.Unit, About: About + p.ID, Kind: kind, Category: d.deps.Category,
		Place: Place{Lat: p.Place.Lat, Lon: p.Place.Lon, Address: shorten(where, maxAddress)},
	}
}

// shorten cuts a text to n characters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
