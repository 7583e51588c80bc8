package sqlite

import (
	"context"
	"errors"
	"fmt"
)

// lock keeps a second process off the folder. It is an open exclusive transaction on a file of its own, so the system drops it when the process dies, however
// it dies, and it works wherever SQLite does.
type lock struct{ conn *conn }

// lockSuffix names the file of the lock beside the other.
const lockSuffix = ".lock"

func takeLock(ctx context.Context, cfg Config) (*lock, error) {
	c, err := openConn(ctx, cfg.uri(lockSuffix)+"?_pragma=busy_timeout(1000)") // a process that is just ending gets a second
	if err != nil {
		return nil, fmt.Errorf("store: data folder %s cannot be locked: %w", cfg.Dir, err)
	}
	l := &lock{conn: c}
	if err := c.run("BEGIN EXCLUSIVE"); err != nil {
		if isBusy(err) {
			err = errors.New("another process has it open")
		}
		return nil, errors.Join(fmt.Errorf("store: %s is in use: %w", cfg.path(), err), l.release())
	}
	return l, nil
}

func (l *lock) release() error {
	return l.conn.close()
}
