package sqlite

import (
	"context"
	"database/sql"
	"strconv"
	"time"
)

const (
	sweepStep   = 200  // rows removed in one transaction
	slackPages  = 256  // free pages that stay in the file for the next writes: 1 MB
	vacuumPages = 4096 // free pages given back at most in one sweep: 16 MB
)

// Sweep removes rows whose ExpiresAt is before now, also of kinds that this process has not defined, and gives free room back to the file system.
func (e *Engine) Sweep(ctx context.Context, now time.Time, limit int) (removed int, err error) {
	for _, t := range *e.tables.Load() {
		if t.kind.ExpiresAt == "" {
			continue
		}
		for removed < limit {
			n, err := e.sweep(ctx, t.kind.Name, now, min(sweepStep, limit-removed))
			removed += n
			if err != nil {
				return removed, err
			}
			if n == 0 {
				break
			}
		}
	}
	return removed, e.shrink(ctx)
}

func (e *Engine) sweep(ctx context.Context, kind string, now time.Time, limit int) (removed int, err error) {
	err = e.writer.do(ctx, grouped, func(ctx context.Context, c *sql.Conn) error {
		removed = 0
		t, err := e.table(kind)
		if err != nil || t.kind.ExpiresAt == "" {
			return err
		}
		col := column(t.kind.ExpiresAt)
		var ids []string
		if err := each(ctx, c, "SELECT id FROM "+t.name+" WHERE "+col+" IS NOT NULL AND "+col+" < ? ORDER BY "+col+" LIMIT ?", func(r *sql.Rows) error {
			var id string
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		}, now.UnixMilli(), limit); err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := t.remove(ctx, c, id); err != nil {
				return err
			}
			removed++
		}
		return nil
	}, nil)
	if err != nil {
		return 0, err
	}
	return removed, nil
}

// shrink gives free pages back and cuts the write-ahead log. A reader that keeps it from doing so only puts it off to the next sweep.
func (e *Engine) shrink(ctx context.Context) error {
	err := e.writer.do(ctx, bare, func(ctx context.Context, c *sql.Conn) error {
		var free int
		if err := c.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil {
			return err
		}
		if free <= slackPages {
			return nil
		}
		// Each step of the statement gives one page back, so its rows are read to the end.
		return each(ctx, c, "PRAGMA incremental_vacuum("+strconv.Itoa(min(free-slackPages, vacuumPages))+")", func(*sql.Rows) error { return nil })
	}, nil)
	if err != nil {
		return err
	}
	return e.writer.do(ctx, bare, checkpoint, nil)
}
