package scans

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// Kind says what is wrong.
type Kind string

// The kinds of event.
const (
	// UnknownCode is a code made with the city's keys that no plate has: plates that were never imported, or keys that somebody else has.
	UnknownCode Kind = "unknown_code"
	// RevokedCode is an old code: its plate still hangs somewhere, or somebody copied it.
	RevokedCode Kind = "revoked_code"
	// InventedCodes is a burst of codes that nobody issued, over the whole city. It names no code.
	InventedCodes Kind = "invented_codes"
	// Elsewhere is a plate that was scanned far from its place, or of which a visitor said so.
	Elsewhere Kind = "elsewhere"
	// Fake is a plate of which a visitor said that another code was pasted over its own.
	Fake Kind = "fake"
	// ImpossibleRate is a plate with more scans within a minute than people can make, or with scans at two places further apart than anybody can travel meanwhile:
	// the latter have Metres.
	ImpossibleRate Kind = "impossible_rate"
)

// Event is what one kind of wrong did on one day to one thing: a plate, a code, or the city.
type Event struct {
	ID    string    `bson:"_id" json:"id"` // the same for kind, thing and day
	Kind  Kind      `bson:"kind" json:"kind"`
	Day   string    `bson:"day" json:"day"`                       // of the city's calendar, "2026-11-16"
	Code  string    `bson:"code,omitempty" json:"code,omitempty"` // that was scanned; of unknown and revoked codes only
	Plate string    `bson:"plate,omitempty" json:"plate,omitempty"`
	Ward  string    `bson:"ward,omitempty" json:"ward,omitempty"` // the plate's
	Count int       `bson:"count" json:"count"`                   // how often: scans, or minutes and journeys of an impossible rate
	First time.Time `bson:"first" json:"first"`
	Last  time.Time `bson:"last" json:"last"`
	// Metres is the furthest from the plate's place, or between two scans: to 100 m; 0 when nobody's phone told. Near is where that was, to about 100 m.
	Metres int    `bson:"metres,omitempty" json:"metres,omitempty"`
	Near   *Point `bson:"near,omitempty" json:"near,omitempty"`
	Open   bool   `bson:"open" json:"open"`
	// Since is when it was opened, or settled.
	Since   time.Time    `bson:"since" json:"since"`
	Settled *Settlement  `bson:"settled,omitempty" json:"settled,omitempty"` // nil while it is open
	Before  []Settlement `bson:"before,omitempty" json:"before,omitempty"`   // that it outgrew, oldest first

	Opened    mark       `bson:"opened" json:"-"` // the write that opened it
	Marks     marks      `bson:"marks" json:"-"`
	Keys      once.Marks `bson:"keys,omitempty" json:"-"`
	ExpiresAt time.Time  `bson:"expiresAt" json:"-"`
}

// Settlement is what a member of staff made of an event.
type Settlement struct {
	By    string    `bson:"by" json:"by"` // account
	At    time.Time `bson:"at" json:"at"`
	Note  string    `bson:"note,omitempty" json:"note,omitempty"`
	Count int       `bson:"count" json:"count"` // the event's, then
}

// outgrown is how many times as often as when it was settled an event must have happened to be open again.
const outgrown = 10

// TextKey names the text that says what happened, and Params its values: code, plate (as number prints it), ward (the code), count, metres, km.
func (e *Event) TextKey() string {
	switch {
	case e.Kind == ImpossibleRate && e.Metres > 0:
		return "signscans.event.impossible_journey"
	case e.Kind == Elsewhere && e.Metres == 0:
		return "signscans.event.elsewhere_said"
	}
	return "signscans.event." + string(e.Kind)
}

// TitleKey names the short text of the kind.
func (k Kind) TitleKey() string { return "signscans.kind." + string(k) }

// Params gives the values of the text of TextKey. number prints the number of a plate.
func (e *Event) Params(number func(int) string) map[string]any {
	plate := ""
	if e.Plate != "" {
		plate = number(int(numberOf(e.Plate)))
	}
	return map[string]any{
		"code": e.Code, "plate": plate, "ward": e.Ward, "count": e.Count, "metres": e.Metres,
		"km": fmt.Sprintf("%.1f", float64(e.Metres)/1000),
	}
}

// eventKey names an event.
type eventKey struct {
	kind  Kind
	plate uint32
	code  code
	day   date
}

// id is readable, and fits an address: "elsewhere.000572.2026-11-16".
func (k eventKey) id() string { return string(k.kind) + "." + k.thing() + "." + k.day.text() }

func (k eventKey) thing() string {
	switch k.kind {
	case UnknownCode, RevokedCode:
		return k.code.text()
	case InventedCodes:
		return "city"
	}
	return registry.PlateID(int(k.plate))
}

// eventDelta is what is to be added to an event.
type eventDelta struct {
	count       int
	first, last int64 // Unix milliseconds
	plate       uint32
	ward        string
	metres      int
	near        *Point
}

// begin gives an event that nothing has happened in yet.
func (k eventKey) begin(d *eventDelta) Event {
	e := Event{ID: k.id(), Kind: k.kind, Day: k.day.text(), Ward: d.ward, First: instant(d.first), Last: instant(d.last)}
	if k.kind == UnknownCode || k.kind == RevokedCode {
		e.Code = k.code.text()
	}
	if d.plate != 0 {
		e.Plate = registry.PlateID(int(d.plate))
	}
	return e
}

// add takes over what happened, once for each mark. It opens an event that is new, or that has outgrown its settlement.
func (e *Event) add(d *eventDelta, m mark, now time.Time, keep time.Duration) (changed bool) {
	if e.Marks.seen(m) {
		return false
	}
	e.Marks.add(m)
	e.Count += d.count
	if first := instant(d.first); first.Before(e.First) {
		e.First = first
	}
	if last := instant(d.last); last.After(e.Last) {
		e.Last = last
	}
	if d.metres > e.Metres {
		e.Metres, e.Near = d.metres, d.near
	}
	e.ExpiresAt = e.Last.Add(keep)
	if e.Settled != nil && e.Count >= outgrown*e.Settled.Count {
		e.Before, e.Settled = append(e.Before, *e.Settled), nil
	}
	if !e.Open && e.Settled == nil {
		e.Open, e.Since, e.Opened = true, now, m
	}
	return true
}

// maxNote is how many characters a note has at most.
const maxNote = 500

// Settle closes an event with a note, which may be empty. NOT_FOUND without it, CONFLICT when it is settled, INVALID for a note that is too long or no text. What
// happens afterwards is counted all the same, and opens the event again when it is ten times as much.
func (s *Scans) Settle(ctx context.Context, id, note string, act registry.Act) (Event, error) {
	note = strings.TrimSpace(strings.ReplaceAll(note, "\r\n", "\n"))
	if err := checkNote(note); err != nil {
		return Event{}, err
	}
	e, err := update(ctx, s.records.events, id, func(e *Event) (bool, error) {
		if act.Key != "" {
			if seen, err := e.Keys.Seen(act.Key, act.Hash); seen || err != nil {
				return false, err
			}
			e.Keys.Add(act.Key, act.Hash)
		}
		if !e.Open {
			return false, fault.New(fault.Conflict, "signscans.settled")
		}
		now := s.now()
		e.Open, e.Since, e.Settled = false, now, &Settlement{By: act.By, At: now, Note: note, Count: e.Count}
		return true, nil
	})
	return e, wrapEvent("settle", err)
}

func checkNote(note string) error {
	if n := utf8.RuneCountInString(note); n > maxNote {
		return fault.InvalidField("signscans.note_long", "note").With("max", maxNote).With("got", n)
	}
	for _, r := range note {
		if r == utf8.RuneError || r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return fault.InvalidField("signscans.note_control", "note")
		}
	}
	return nil
}

// Event gives an event. NOT_FOUND without it.
func (s *Scans) Event(ctx context.Context, id string) (Event, error) {
	e, err := s.records.events.Get(ctx, id)
	return e, wrapEvent("event", err)
}

// Events gives the events that are open, or those that are settled, the newest first: by when they were opened or settled.
func (s *Scans) Events(ctx context.Context, open bool, first int, after Cursor) (Page[Event], error) {
	found, err := s.records.events.Page(ctx, first, after, s.records.byOpen.Where(open).Descending())
	return found, wrapEvent("events", err)
}

func wrapEvent(what string, err error) error {
	if fault.CodeOf(err) == fault.NotFound {
		return fault.New(fault.NotFound, "signscans.no_event")
	}
	if err != nil {
		return fmt.Errorf("signs: %s: %w", what, err)
	}
	return nil
}

// now is the time as it is stored.
func (s *Scans) now() time.Time { return instant(s.deps.Now().UnixMilli()) }
