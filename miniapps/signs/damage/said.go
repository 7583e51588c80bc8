package damage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// Said is a kind that a round's case tells of, or has still to: the case was opened for the first, and gets a note of each further one.
type Said struct {
	Kind string `bson:"kind"`
	Taps int    `bson:"taps"`          // of the round when it was told first; the note says so
	Due  bool   `bson:"due,omitempty"` // the note has still to be written

	Raise *Raise `bson:"raise,omitempty"` // while it is due: of the case that says so, if this one ends first; nil for one that came together with another
}

// extend makes notes due of those kinds that the round's case does not tell of yet, and says whether there are any. raise is of the last tap.
func (r *Record) extend(raise Raise) bool {
	extended := false
	for _, kind := range Kinds() {
		if r.Kinds[kind] > 0 && !slices.ContainsFunc(r.Said, func(s Said) bool { return s.Kind == kind }) {
			s := Said{Kind: kind, Taps: r.Taps, Due: true}
			if kind == raise.Kind {
				s.Raise = &raise
			}
			r.Said = append(r.Said, s)
			extended = true
		}
	}
	return extended
}

// unsaid gives the kinds of which a note is due.
func (r *Record) unsaid() []Said {
	return slices.DeleteFunc(slices.Clone(r.Said), func(s Said) bool { return !s.Due })
}

// left gives the taps that nobody has heard of if the round's case ends now, as a list, and the case that they begin: those that wait, and those of kinds of which
// a note is due.
func (r *Record) left() ([]Pile, Raise) {
	var raise Raise
	unsaid := Pile{Kinds: map[string]int{}, Since: r.Last, Last: r.Last}
	for _, s := range r.unsaid() {
		unsaid.Kinds[s.Kind] = r.Kinds[s.Kind]
		unsaid.Taps += r.Kinds[s.Kind]
		if s.Raise != nil {
			raise = *s.Raise
		}
	}
	for _, n := range r.Notes {
		if unsaid.Kinds[n.Kind] > 0 {
			unsaid.Notes = append(unsaid.Notes, n)
		}
	}
	piles := r.late()
	if r.Late != nil {
		raise = r.Late.Raise
	}
	if unsaid.Taps > 0 && raise.Kind != "" {
		piles = append(piles, unsaid)
	}
	return piles, raise
}

// noted takes down that notes of some kinds were written.
func (r *Record) noted(now time.Time, kinds []string) {
	r.Said = slices.Clone(r.Said)
	for i, s := range r.Said {
		if slices.Contains(kinds, s.Kind) {
			r.Said[i].Due, r.Said[i].Raise = false, nil
		}
	}
	if r.Late == nil {
		r.rest(now)
	}
}

// rest makes Resume come when the case is to be looked at again, or at once while a note is due.
func (r *Record) rest(now time.Time) {
	if len(r.unsaid()) == 0 {
		now = now.Add(checkEvery)
	}
	r.due(now)
}

// tell writes the notes that are due to the case of a round. When it fails the record says so, and when to try again.
func (d *Damage) tell(ctx context.Context, r Record) (Record, error) {
	due := r.unsaid()
	if !r.Open || r.Case == "" || len(due) == 0 {
		return r, nil
	}
	var done []string
	var failed error
	for _, s := range due {
		if failed = d.say(ctx, &r, s); failed != nil {
			break
		}
		done = append(done, s.Kind)
	}
	fresh, err := d.change(ctx, r, func(r *Record, now time.Time) {
		if len(done) > 0 {
			r.noted(now, done)
		}
		if failed != nil {
			r.failed(now, failed)
		}
	})
	if err != nil { // Resume writes them again, which changes nothing
		return r, err
	}
	return fresh, failed
}

// say writes a note, once for plate, round and kind. A note that is there in other words, because the catalogue has changed since, does as well.
func (d *Damage) say(ctx context.Context, r *Record, s Said) error {
	if d.deps.Note == nil {
		return nil
	}
	err := d.deps.Note(ctx, r.Case, fmt.Sprintf("damage/%s/%d/%s", r.ID, r.Round, s.Kind), d.noteOf(r.ID, s))
	switch fault.CodeOf(err) {
	case fault.Conflict, fault.NotFound: // the latter was removed long after its end: nobody is left to tell
		return nil
	}
	return err
}

// noteOf puts into words what is now told of a plate, for those who work on its case.
func (d *Damage) noteOf(plate string, s Said) string {
	say := func(key string, params map[string]any) string {
		return d.deps.Texts.Text(message.Vietnamese, "signdamage."+key, params)
	}
	number, _ := strconv.Atoi(plate) // the id of a plate is its number
	return strings.Join([]string{
		say("case."+s.Kind, map[string]any{"number": d.deps.Number(number)}),
		say("todo."+s.Kind, nil),
		say("later", map[string]any{"count": s.Taps}),
	}, "\n")
}
