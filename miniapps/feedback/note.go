package feedback

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
)

// ActionNote is the action by which a part of the system tells those who work on a report that it opened what it has learnt since.
const ActionNote = "note"

// note adds a comment by the system to a report that the system opened, once for its key. Staff in reach read it among the others; there is no owner to tell.
// NOT_FOUND for citizens' reports: they would read it as an answer of the unit.
func (a *App) note(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	if c.Actor.Kind != miniapps.BySystem || c.Actor.ID == "" {
		return miniapps.Result{}, fault.New(fault.Forbidden, "")
	}
	r, text, err := a.remark(ctx, c)
	if err != nil {
		return miniapps.Result{}, err
	}
	if r.Owner != "" {
		return miniapps.Result{}, noReport()
	}
	x := a.newComment(r, text, c)
	x.By = casework.System
	x.Wake(x.CreatedAt) // nobody to tell, but watchers hear of it
	if _, err = a.records.insertComment(ctx, x); err != nil {
		return miniapps.Result{}, fmt.Errorf("feedback: note: %w", err)
	}
	a.nudge(CommentRelay)
	return miniapps.Result{Data: standing(r), Case: caseRef(r.ID)}, nil
}
