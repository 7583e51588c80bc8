package store

import (
	"context"
	"log/slog"
	"time"
)

const (
	sweepBatch = 1000             // rows of one call of Sweep
	sweepMost  = 200 * sweepBatch // rows of one SweepAll, so that it ends even while as much expires as it removes
)

// SweepAll removes what has expired before now, batch by batch with other writes in between, and tells how many rows that were. It ends early with ctx.
// What it leaves, at most beyond 200,000 rows, the next one takes.
func SweepAll(ctx context.Context, e Engine, now time.Time) (removed int, err error) {
	for removed < sweepMost {
		n, err := e.Sweep(ctx, now, sweepBatch)
		removed += n
		if err != nil || n < sweepBatch {
			return removed, err
		}
	}
	return removed, nil
}

// Keep calls SweepAll every so often until ctx ends. An error is logged and the next round tries again; several replicas may sweep at the same time.
func Keep(ctx context.Context, e Engine, every time.Duration, now func() time.Time, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		n, err := SweepAll(ctx, e, now())
		if err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "store: sweep failed", "err", err)
		}
		if n > 0 {
			log.InfoContext(ctx, "store: swept", "rows", n)
		}
	}
}
