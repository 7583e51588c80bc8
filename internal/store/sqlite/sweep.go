package sqlite

import (
	"context"
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

func (e *Engine) sweep(ctx context.Context, kind string, now time.Time, limit int) (int, error) {
	var removed int
	err := e.writer.do(ctx, grouped, func(c *conn) error {
		removed = 0
		t, err := e.table(kind)
		if err != nil || t.kind.ExpiresAt == "" {
			return err
		}
		col := column(t.kind.ExpiresAt)
		var ids []string
		for r, err := range c.rows("SELECT id FROM "+t.name+" WHERE "+col+" IS NOT NULL AND "+col+" < ? ORDER BY "+col+" LIMIT ?", now.UnixMilli(), limit) {
			if err != nil {
				return err
			}
			ids = append(ids, r.text(0))
		}
		for _, id := range ids {
			if _, err := t.delete(c, id); err != nil {
				return err
			}
			removed++
		}
		return nil
	}, nil)
	if err != nil {
		return 0, err // removed may still be in the writer's hands
	}
	return removed, nil
}

// shrink gives free pages back and cuts the write-ahead log. A reader that keeps it from doing so only puts it off to the next sweep.
func (e *Engine) shrink(ctx context.Context) error {
	err := e.writer.do(ctx, bare, func(c *conn) error {
		free, err := c.ask("PRAGMA freelist_count")
		if err != nil || free.int(0) <= slackPages {
			return err
		}
		// Each step of the statement gives one page back, so its rows are read to the end.
		_, err = c.ask("PRAGMA incremental_vacuum(" + strconv.FormatInt(min(free.int(0)-slackPages, vacuumPages), 10) + ")")
		return err
	}, nil)
	if err != nil {
		return err
	}
	return e.writer.do(ctx, bare, checkpoint, nil)
}
