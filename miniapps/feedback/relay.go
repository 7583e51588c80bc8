package feedback

import (
	"context"

	"github.com/motcua/motcua/internal/casework"
)

// The names of the relays, for Deps.Nudge.
const (
	ReportRelay  = "feedback.reports"
	CommentRelay = "feedback.comments"
)

// Relays gives the app's relays by name.
func (a *App) Relays() map[string]casework.Carrier { return a.relays }

func (a *App) newRelays() (map[string]casework.Carrier, error) {
	reports, err := a.records.reportRelay(a.now, a.park(ReportRelay),
		casework.Do("code", a.settleCode), casework.Do("words", a.records.index), casework.History(caseOf, a.archive),
		casework.Notices(outOfReport, a.deliver), casework.Counts(outOfReport, a.records.tally.Make), casework.Do("signal", a.signalReport))
	if err != nil {
		return nil, err
	}
	comments, err := a.records.commentRelay(a.now, a.park(CommentRelay),
		casework.Notices(outOfComment, a.deliver), casework.Do("signal", a.signalComment))
	if err != nil {
		return nil, err
	}
	return map[string]casework.Carrier{ReportRelay: reports, CommentRelay: comments}, nil
}

// park gives a relay the place for what it cannot carry out; nil when there is none.
func (a *App) park(relay string) park {
	if a.deps.Park == nil {
		return nil
	}
	return func(ctx context.Context, p casework.Parked) error { return a.deps.Park(ctx, relay, p) }
}

// settleCode makes the claim of the report's code lasting, or lets it expire with a report that has ended.
func (a *App) settleCode(ctx context.Context, r *Report) error {
	return a.deps.Codes.Settle(ctx, r.Code, casework.Ref{App: ID, ID: r.ID}, r.ExpiresAt)
}

func caseOf(r *Report) *casework.Case { return &r.Case }

// archive keeps entries that no longer fit into their report.
func (a *App) archive(ctx context.Context, id string, entries []casework.Entry) error {
	return a.records.archive.Keep(ctx, id, entries, a.cfg.Retention)
}

func (a *App) deliver(ctx context.Context, n casework.Notice) error { return a.deps.Deliver(ctx, n) }

func (a *App) signalReport(ctx context.Context, r *Report) error { return a.signal(ctx, r.ID) }

func (a *App) signalComment(ctx context.Context, c *Comment) error { return a.signal(ctx, c.Report) }

// signal tells watchers again, because the process may have died between the write and its own signal.
func (a *App) signal(ctx context.Context, id string) error {
	if a.deps.Signal != nil {
		a.deps.Signal(ctx, caseRef(id))
	}
	return nil
}
