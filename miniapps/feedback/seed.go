package feedback

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
)

// Seed is a made-up report for load tests and demonstrations.
type Seed struct {
	Subject     string // who owns it
	Key         string // names it: seeding the same again changes nothing
	Description string
	Category    string // "" for not sure
	Place       Place
	HideName    bool
	At          time.Time     // when it came in
	Steps       []SeedStep    // what was done about it, in order
	Every       time.Duration // between the steps
}

// SeedStep is one change of a made-up report.
type SeedStep struct {
	To     casework.Status
	Reason string
}

// Seed stores a made-up report with its history in one write, by the same rules as a real one but without telling anybody. It is counted and can be
// searched once the relay has been at it.
func (a *App) Seed(ctx context.Context, s Seed) (*Report, error) {
	scope := once.Scope(s.Subject, ID, "seed", s.Key)
	in := submission{Description: s.Description, Category: s.Category, Place: s.Place, HideName: s.HideName}
	r, err := a.draft(in, s.Subject+"/"+once.ID(scope), s.Subject, s.At)
	if err != nil {
		return nil, fmt.Errorf("feedback: seed: %w", err)
	}
	if r.Code, err = a.deps.Codes.Claim(ctx, scope, casework.Ref{App: ID, ID: r.ID}); err != nil {
		return nil, fmt.Errorf("feedback: seed: %w", err)
	}
	a.open(r, casework.Citizen, "")
	at := r.CreatedAt
	for _, next := range s.Steps {
		at = at.Add(s.Every)
		kind := casework.Moved
		if next.To == Assigned {
			kind = casework.Assigned
		}
		r.Outbound = casework.Outbound{} // a case holds few notices at once, and these are told to nobody
		err := a.move(r, step{kind: kind, to: next.To, reason: next.Reason, by: casework.System, reach: casework.Reach{System: true}}, at)
		if err != nil {
			return nil, fmt.Errorf("feedback: seed: %w", err)
		}
	}
	r.Outbound = casework.Outbound{}
	r.Count(at, casework.Count{ID: eventID(r.ID, r.Entries), To: r.slot(a.zone())})
	if err := a.records.insert(ctx, r); err != nil && fault.CodeOf(err) != fault.Conflict {
		return nil, fmt.Errorf("feedback: seed: %w", err)
	}
	return r, nil
}
