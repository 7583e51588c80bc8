package damage

import (
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/retry"
)

// maxNotes is how many notes of a round are kept: the newest.
const maxNotes = 5

// Times of a record.
const (
	checkEvery = 6 * time.Hour   // between two looks whether the case of a round is still open
	retryLeast = 1 * time.Minute // after a first failure; longer after each further one
	retryMost  = 1 * time.Hour
)

// Note is what somebody wrote about a plate.
type Note struct {
	At   time.Time `bson:"at" json:"at"`
	Kind string    `bson:"kind" json:"kind"`
	Text string    `bson:"text" json:"text"` // at most MaxNote characters
}

// Pile is a number of taps.
type Pile struct {
	Taps  int            `bson:"taps" json:"taps"`
	Kinds map[string]int `bson:"kinds" json:"kinds"` // how many of each kind
	Since time.Time      `bson:"since" json:"since"` // of the first
	Last  time.Time      `bson:"last" json:"last"`
	Notes []Note         `bson:"notes,omitempty" json:"notes,omitempty"` // the newest, oldest first
}

// Record is what was told of a plate in its last round.
type Record struct {
	ID    string `bson:"_id" json:"plate"` // of the plate
	Unit  string `bson:"unit" json:"unit"` // that looked after the plate when it was last told of
	Round int    `bson:"round" json:"round"`
	Open  bool   `bson:"open" json:"-"` // false when the round's case is known to have ended
	Case  string `bson:"case,omitempty" json:"case,omitempty"`
	Code  string `bson:"code,omitempty" json:"code,omitempty"` // tracking code; "" while the case has still to be opened
	Pile  `bson:",inline"`

	Said    []Said     `bson:"said,omitempty" json:"-"`    // of the round's case
	Raise   Raise      `bson:"raise" json:"-"`             // of a case that has still to be opened
	Mended  int        `bson:"mended,omitempty" json:"-"`  // how often that was made anew
	Refused bool       `bson:"refused,omitempty" json:"-"` // it was INVALID, so that the next tap makes it anew
	Late    *Late      `bson:"late,omitempty" json:"-"`    // taps that wait; nil for none
	DueAt   *time.Time `bson:"dueAt,omitempty" json:"-"`   // when Resume is to come; nil for never
	Tries   int        `bson:"tries,omitempty" json:"-"`   // failures since something last succeeded
	Marks   once.Marks `bson:"marks,omitempty" json:"-"`   // of the last taps, over all rounds
}

// Late holds taps that came while nobody could say whether the case was still open: they are in this round or they begin the next.
type Late struct {
	Pile  `bson:",inline"`
	Raise Raise `bson:"raise"`
}

// effect says what a tap did.
type effect int

const (
	repeated effect = iota // it was counted before
	counted
	begun // it began a round
)

// seen is what Open said of a case before a record is changed.
type seen struct {
	id    string // "" when nothing was asked
	state state
}

type state int

const (
	unknown state = iota
	open
	ended
)

// take counts a tap, once for its key. CONFLICT when the key came with something else.
func (r *Record) take(t tap, s seen) (effect, error) {
	if t.key != "" {
		known, err := r.Marks.Seen(t.key, t.hash)
		if known || err != nil {
			return repeated, err
		}
		r.Marks.Add(t.key, t.hash)
	}
	r.Unit = t.unit
	switch {
	case !r.Open, r.Case != "" && r.Case == s.id && s.state == ended:
		left, _ := r.left()
		r.begin(t.at, append(left, t.pile()), t.raise)
		return begun, nil
	case r.Case != "" && r.Case == s.id && s.state == unknown:
		r.wait(t)
	case r.Case == "" && r.Refused:
		r.Mended, r.Refused = r.Mended+1, false
		r.Raise = t.raise
		r.Raise.Key = r.key()
		r.Pile = merged(r.Pile, t.pile())
		r.Said = opening(t.raise)
		r.extend(t.raise)
	default: // the case is open, or it has still to be opened, or somebody else began a round a moment ago
		r.Pile = merged(append([]Pile{r.Pile}, append(r.late(), t.pile())...)...)
		r.Late = nil
		if r.extend(t.raise) && r.Case != "" {
			r.due(t.at)
		}
	}
	return counted, nil
}

// begin starts a round with some taps. Its case is due at once.
func (r *Record) begin(now time.Time, piles []Pile, raise Raise) {
	r.Round++
	r.Open, r.Case, r.Code, r.Late, r.Mended, r.Refused = true, "", "", nil, 0, false
	r.Pile, r.Raise, r.Said = merged(piles...), raise, opening(raise)
	r.Raise.Key = r.key()
	r.extend(raise)
	r.due(now)
}

// opening is what a case tells of when it is opened.
func opening(r Raise) []Said { return []Said{{Kind: r.Kind}} }

// wait keeps a tap until it is known whether the case is open.
func (r *Record) wait(t tap) {
	if r.Late == nil {
		r.Late = &Late{}
		r.due(t.at)
	}
	r.Late.Pile, r.Late.Raise = merged(append(r.late(), t.pile())...), t.raise
}

// raised notes the case of the round.
func (r *Record) raised(now time.Time, id, code string) {
	r.Case, r.Code, r.Raise, r.Refused = id, code, Raise{}, false
	r.rest(now)
}

// settle takes in what is now known of the round's case.
func (r *Record) settle(now time.Time, isOpen bool) {
	left, raise := r.left()
	switch {
	case isOpen:
		r.Pile = merged(append([]Pile{r.Pile}, r.late()...)...)
		r.Late = nil
		r.extend(raise)
		if len(r.unsaid()) == 0 { // else it stays due, and what failed counts on
			r.rest(now)
		}
	case len(left) > 0:
		r.begin(now, left, raise)
	default: // what people wrote was for those who worked on it
		r.Open, r.Notes, r.Said, r.DueAt, r.Tries = false, nil, nil, nil, 0
	}
}

// failed makes Resume come later, the longer the more often something failed.
func (r *Record) failed(now time.Time, err error) {
	tries := r.Tries
	r.due(now.Add(retry.Doubled(tries, retryLeast, retryMost)))
	r.Tries = tries + 1
	r.Refused = r.Case == "" && fault.CodeOf(err) == fault.Invalid
}

func (r *Record) due(at time.Time) { r.DueAt, r.Tries = &at, 0 }

// key names the case of the round. One that was refused was never opened, so what is asked instead has a key of its own.
func (r *Record) key() string {
	if r.Mended > 0 {
		return fmt.Sprintf("damage/%s/%d.%d", r.ID, r.Round, r.Mended)
	}
	return fmt.Sprintf("damage/%s/%d", r.ID, r.Round)
}

// late gives the taps that wait, as a list of none or one.
func (r *Record) late() []Pile {
	if r.Late == nil {
		return nil
	}
	return []Pile{r.Late.Pile}
}

// whole is the record with the taps that wait counted in, as staff see it.
func (r Record) whole() Record {
	r.Pile = merged(append([]Pile{r.Pile}, r.late()...)...)
	return r
}

func (t tap) pile() Pile {
	p := Pile{Taps: 1, Kinds: map[string]int{t.kind: 1}, Since: t.at, Last: t.at}
	if t.note != "" {
		p.Notes = []Note{{At: t.at, Kind: t.kind, Text: t.note}}
	}
	return p
}

// merged puts piles together, of which none shares anything with the outcome.
func merged(piles ...Pile) Pile {
	out := Pile{Kinds: map[string]int{}}
	for _, p := range piles {
		if p.Taps == 0 {
			continue
		}
		out.Taps += p.Taps
		for kind, n := range p.Kinds {
			out.Kinds[kind] += n
		}
		if out.Since.IsZero() || p.Since.Before(out.Since) {
			out.Since = p.Since
		}
		if p.Last.After(out.Last) {
			out.Last = p.Last
		}
		out.Notes = append(out.Notes, p.Notes...)
	}
	slices.SortStableFunc(out.Notes, func(a, b Note) int { return a.At.Compare(b.At) })
	if over := len(out.Notes) - maxNotes; over > 0 {
		out.Notes = slices.Clone(out.Notes[over:])
	}
	return out
}
