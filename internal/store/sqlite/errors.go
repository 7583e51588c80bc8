package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/motcua/motcua/internal/fault"
)

var errClosed = errors.New("store: closed")

// toFault gives an error of the driver its code: what may pass by itself (busy, disk full, a failing disk, a caller that left) is Unavailable, the rest is Internal.
func toFault(err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errClosed) {
		return &fault.Error{Code: fault.Unavailable, Cause: err}
	}
	var s *sqlite.Error
	if !errors.As(err, &s) {
		return fault.Wrap(fault.Internal, fmt.Errorf("sqlite: %w", err))
	}
	switch s.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_NOMEM:
		return &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: err}
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return &fault.Error{Code: fault.Unavailable, RetryAfter: 5 * time.Second, Cause: err}
	}
	return fault.Wrap(fault.Internal, fmt.Errorf("sqlite: %w", err))
}

func isBusy(err error) bool {
	var s *sqlite.Error
	return errors.As(err, &s) && (s.Code()&0xff == sqlite3.SQLITE_BUSY || s.Code()&0xff == sqlite3.SQLITE_LOCKED)
}
