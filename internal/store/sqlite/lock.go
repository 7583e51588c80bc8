package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// lock keeps a second process off the folder. It is an open exclusive transaction on a file of its own, so the system drops it when the process dies, however
// it dies, and it works wherever SQLite does.
type lock struct {
	db   *sql.DB
	conn *sql.Conn
}

// lockSuffix names the file of the lock beside the other.
const lockSuffix = ".lock"

func takeLock(ctx context.Context, cfg Config) (*lock, error) {
	db, err := sql.Open("sqlite", cfg.uri(lockSuffix)+"?_pragma=busy_timeout(1000)") // a process that is just ending gets a second
	if err != nil {
		return nil, fmt.Errorf("store: lock %s: %w", cfg.path(), err)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: data folder %s cannot be locked: %w", cfg.Dir, err), db.Close())
	}
	l := &lock{db: db, conn: conn}
	if _, err := conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		if isBusy(err) {
			err = errors.New("another process has it open")
		}
		return nil, errors.Join(fmt.Errorf("store: %s is in use: %w", cfg.path(), err), l.release())
	}
	return l, nil
}

func (l *lock) release() error {
	return errors.Join(l.conn.Close(), l.db.Close())
}
