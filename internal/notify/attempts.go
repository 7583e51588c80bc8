package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

// Dispatch is what the desk sees of a letter: how it went, and nothing of what it said or to whom.
type Dispatch struct {
	ID       string
	App      string
	Notice   string
	Urgency  miniapps.Urgency
	State    State  // Pending while it is under way; Dropped when it is not needed any more
	Reason   string // code of why it did not leave: "window_closed", "opted_out", "no_way"; "" when it did or may yet
	At       time.Time
	Next     time.Time // when it, or the digest that it left with, is looked at again; zero at the end
	Attempts []Attempt // by way, in the order tried; ways that were closed too. Of a letter that left with a digest: those of the digest
}

// Attempt is what became of a letter on one way.
type Attempt struct {
	Channel string
	Ground  Ground
	State   State
	Reason  string
	At      time.Time
}

// maxCaseLetters is how many letters of one case the desk is shown, the latest.
const maxCaseLetters = 100

// Attempts tells staff how the letters about a case went, the latest first. Whether the viewer may see that case is for the caller to have checked.
// FORBIDDEN for anybody who is not staff.
func (s *Sender) Attempts(ctx context.Context, v account.Viewer, caseApp, caseID string) ([]Dispatch, error) {
	if !v.IsStaff() {
		return nil, fault.New(fault.Forbidden, "")
	}
	found, err := s.letters.Collect(ctx, s.queries.cases.Where(caseApp+"/"+caseID).Descending().First(maxCaseLetters))
	if err != nil {
		return nil, fmt.Errorf("notify: attempts: %w", err)
	}
	digests, err := s.digestsOf(ctx, found)
	if err != nil {
		return nil, err
	}
	out := make([]Dispatch, len(found))
	for i, d := range found {
		carrying := &d
		if digest, ok := digests[d.Digest]; ok {
			carrying = &digest
		}
		out[i] = viewOf(&d, carrying)
	}
	return out, nil
}

// digestsOf gives the digests that some of the letters left with.
func (s *Sender) digestsOf(ctx context.Context, letters []dispatch) (map[string]dispatch, error) {
	var ids []string
	for _, d := range letters {
		if d.Digest != "" {
			ids = append(ids, d.Digest)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := s.letters.GetMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("notify: attempts: %w", err)
	}
	return found, nil
}

// viewOf gives a letter with the attempts at what carried it: itself, or its digest.
func viewOf(d, carrying *dispatch) Dispatch {
	out := Dispatch{ID: d.ID, App: d.App, Notice: d.Notice, Urgency: d.Urgency, State: d.State, Reason: d.Reason, At: d.Since.UTC()}
	if carrying.Due != nil {
		out.Next = carrying.Due.UTC()
	}
	for _, l := range slices.Concat(carrying.Tries, carrying.Legs) {
		out.Attempts = append(out.Attempts, Attempt{Channel: l.Channel, Ground: l.Ground, State: l.State, Reason: l.Reason, At: l.At.UTC()})
	}
	slices.SortStableFunc(out.Attempts, func(a, b Attempt) int { return a.At.Compare(b.At) })
	return out
}

// Receipt takes over what a carrier heard later: that a letter arrived or was looked at. A letter that is not known, or got as far already, is no error.
func (s *Sender) Receipt(ctx context.Context, letter string, state State) error {
	if rank[state] < rank[Sent] {
		return nil
	}
	after, err := s.letters.Update(ctx, letter, func(d *dispatch) error {
		if !d.advance("", state, s.now()) {
			return store.ErrUnchanged
		}
		switch best := d.best(); {
		case d.State == Pending && d.Claim == "" && d.Phase != sending:
			d.hold(d.Lane, s.now())
		case d.State == Sent || d.State == Delivered:
			d.State = best
		}
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return nil // one of a bulletin, or its time was over
	}
	if err != nil {
		return fmt.Errorf("notify: receipt: %w", err)
	}
	s.nudge(after.Lane)
	return nil
}

// Nudge has a carrier asked now what became of a letter that it took over, or that left and is waited for. An unknown letter is no error.
func (s *Sender) Nudge(ctx context.Context, letter string) error {
	after, err := s.letters.Update(ctx, letter, func(d *dispatch) error {
		if d.Claim != "" || d.Phase == sending || d.ready(s.now()) {
			return store.ErrUnchanged
		}
		d.hold(d.Lane, s.now())
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("notify: nudge: %w", err)
	}
	s.nudge(after.Lane)
	return nil
}
