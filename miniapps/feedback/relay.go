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

// Relay carries out what documents have still to tell: notices, counts, codes, what a search needs. The outbox drives it.
type Relay interface {
	// Due gives ids of documents that have something to tell, longest waiting first, at most limit.
	Due(ctx context.Context, limit int) ([]string, error)
	// Carry carries out what one of them has to tell; it may run twice, here and on other machines.
	Carry(ctx context.Context, id string) error
}

// Relays gives the app's relays by name.
func (a *App) Relays() map[string]Relay { return a.relays }

func (a *App) newRelays() (map[string]Relay, error) {
	reports, err := a.records.reportRelay(a.now, a.settleCode, a.index, a.archive, a.deliverReport, a.count, a.signalReport)
	if err != nil {
		return nil, err
	}
	comments, err := a.records.commentRelay(a.now, a.deliverComment, a.signalComment)
	if err != nil {
		return nil, err
	}
	return map[string]Relay{ReportRelay: reports, CommentRelay: comments}, nil
}

// settleCode makes the claim of the report's code lasting, or lets it expire with a report that has ended.
func (a *App) settleCode(ctx context.Context, r *Report) error {
	return a.deps.Codes.Settle(ctx, r.Code, casework.Ref{App: ID, ID: r.ID}, r.ExpiresAt)
}

func (a *App) index(ctx context.Context, r *Report) error { return a.records.index(ctx, r) }

// archive moves old entries out of the report.
func (a *App) archive(ctx context.Context, r *Report) error {
	return a.records.archive.Keep(ctx, r.ID, r.Spill(), a.cfg.Retention)
}

func (a *App) deliverReport(ctx context.Context, r *Report) error { return a.deliver(ctx, r.Pending) }

func (a *App) deliverComment(ctx context.Context, c *Comment) error { return a.deliver(ctx, c.Pending) }

func (a *App) deliver(ctx context.Context, notices []casework.Notice) error {
	for _, n := range notices {
		if err := a.deps.Deliver(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) count(ctx context.Context, r *Report) error {
	for _, c := range r.Counts {
		if err := a.records.tally.Make(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) signalReport(ctx context.Context, r *Report) error { return a.signal(ctx, r.ID) }

func (a *App) signalComment(ctx context.Context, c *Comment) error { return a.signal(ctx, c.Report) }

// signal tells watchers again, because the process may have died between the write and its own signal.
func (a *App) signal(ctx context.Context, id string) error {
	if a.deps.Signal != nil {
		a.deps.Signal(ctx, caseRef(id))
	}
	return nil
}
