package feedback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// assign hands a report to a unit, and sets its category anew when the citizen was wrong or not sure.
func (a *App) assign(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ ID, Unit, Category, Reason string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	if _, ok := a.deps.City.Unit(in.Unit); !ok {
		return miniapps.Result{}, fault.InvalidField("feedback.unknown_unit", "unit")
	}
	if _, ok := a.deps.City.Category(in.Category); in.Category != "" && !ok {
		return miniapps.Result{}, fault.InvalidField("feedback.unknown_category", "category")
	}
	return a.change(ctx, c, in.ID, step{kind: casework.Assigned, to: Assigned, unit: in.Unit, category: in.Category, reason: in.Reason})
}

// transition records the next step of the work.
func (a *App) transition(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		ID, Reason string
		Status     casework.Status
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	if in.Status == Assigned || in.Status == Received { // assigning names a unit, so it is an action of its own
		return miniapps.Result{}, fault.InvalidField("feedback.not_by_transition", "status")
	}
	return a.change(ctx, c, in.ID, step{kind: casework.Moved, to: in.Status, reason: in.Reason})
}

// change makes one step, once for its key, in a single write: the new state, the entry of the time-line, the notice, the count and the mark.
func (a *App) change(ctx context.Context, c miniapps.Call, id string, s step) (miniapps.Result, error) {
	s.reason = cleanText(s.reason)
	s.by, s.actor, s.reach = casework.ActorKind(c.Actor.Kind), c.Actor.ID, reachOf(c)
	r, err := a.records.update(ctx, id, func(r *Report) (changed bool, err error) {
		// Whoever made the change before may repeat it, also when the report has left the own unit by it.
		seen, err := r.Marks.Seen(c.Key, c.InputHash)
		if seen || err != nil {
			return false, err
		}
		if !s.reach.Works(&r.Case) {
			return false, noReport()
		}
		if err := a.move(r, s, c.Now); err != nil {
			return false, err
		}
		r.Marks.Add(c.Key, c.InputHash)
		return true, nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return miniapps.Result{}, noReport()
	}
	if err != nil {
		return miniapps.Result{}, fmt.Errorf("feedback: change: %w", a.nameStates(c.Lang, err))
	}
	a.nudge(ReportRelay)
	return miniapps.Result{Data: r, Blocks: message.Blocks{a.card(c.Lang, r)}, Case: caseRef(r.ID), Next: a.nextForStaff(r)}, nil
}

// move applies a step to a report and adds all that belongs to it. It does no I/O.
func (a *App) move(r *Report, s step, now time.Time) error {
	if err := r.Room(); err != nil {
		return err
	}
	before := r.slot(a.zone())
	s.due = func(category string) time.Time { return a.due(category, r.CreatedAt) }
	if err := r.apply(now, s); err != nil {
		return err
	}
	n := r.Entries
	a.tell(r, n, string(r.Status), now, s.reason)
	r.Count(now, casework.Count{ID: eventID(r.ID, n), From: before, To: r.slot(a.zone())})
	if final(r.Status) {
		until := casework.Instant(now.Add(a.cfg.Retention))
		r.ExpiresAt = &until
	}
	return nil
}

// tell adds the notice of an entry to what the relay carries out. A report without an owner has nobody to tell; its relay comes all the same, for whoever
// watches it and for what a search needs.
func (a *App) tell(r *Report, entry int, notice string, now time.Time, reason string) {
	if r.Owner == "" {
		r.Wake(now)
		return
	}
	unit, _ := a.deps.City.Unit(r.Unit)
	n := casework.Notice{
		ID: eventID(r.ID, entry), To: r.Owner, Notice: notice, Case: r.ID, At: now,
		Params: map[string]string{"code": r.Code.Grouped()}, Names: map[string]message.Text{"unit": unit.Name},
	}
	switch notice {
	case "received":
		n.Times = map[string]time.Time{"due": r.DueAt}
	case string(InProgress), string(Resolved), string(Closed), string(Rejected):
		n.Params["reason"] = shorten(reason, noticeText)
	}
	r.Tell(n)
}

// nameStates puts the states of a refused move into words.
func (a *App) nameStates(lang message.Lang, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Params["from"] == nil || f.Params["to"] == nil {
		return err
	}
	for _, end := range []string{"from", "to"} {
		f = f.With(end, a.text(lang, "status."+fmt.Sprint(f.Params[end]), nil))
	}
	return f
}
