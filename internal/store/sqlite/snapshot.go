package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
)

// Snapshot writes a copy of the store as it is at one moment into dir, which must not hold one yet; Open opens it. Reads and writes go on meanwhile.
func (e *Engine) Snapshot(ctx context.Context, dir string) (err error) {
	select {
	case <-e.closed:
		return toFault(errClosed)
	default:
	}
	target := Config{Dir: dir, File: e.cfg.File}
	if err := target.Validate(); err != nil {
		return fmt.Errorf("store: snapshot: %w", err)
	}
	if _, err := os.Stat(target.path()); err == nil {
		return fmt.Errorf("store: snapshot: %s is there already", target.path())
	}
	if err := makeFile(target); err != nil { // empty, for its owner only; SQLite fills it
		return err
	}
	c, err := openConn(ctx, dsn(e.cfg, readerWait))
	if err != nil {
		return toFault(err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	_, err = c.raw.ExecContext(ctx, "VACUUM INTO ?", []driver.NamedValue{{Ordinal: 1, Value: target.path()}}) // long, so it ends with ctx
	return toFault(err)
}
