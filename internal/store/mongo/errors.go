package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/motcua/motcua/internal/fault"
)

// passing are the codes of a server that may do the same later: stepping down, shutting down, out of time or of disk.
// https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
var passing = []int{
	6,     // HostUnreachable
	7,     // HostNotFound
	50,    // MaxTimeMSExpired
	64,    // WriteConcernFailed
	79,    // UnknownReplWriteConcern
	89,    // NetworkTimeout
	91,    // ShutdownInProgress
	100,   // UnsatisfiableWriteConcern
	112,   // WriteConflict
	133,   // FailedToSatisfyReadPreference
	134,   // ReadConcernMajorityNotAvailableYet
	189,   // PrimarySteppedDown
	202,   // NetworkInterfaceExceededTimeLimit
	262,   // ExceededTimeLimit
	9001,  // SocketException
	10107, // NotWritablePrimary
	11600, // InterruptedAtShutdown
	11601, // Interrupted
	11602, // InterruptedDueToReplStateChange
	13388, // StaleConfig
	13435, // NotPrimaryNoSecondaryOk
	13436, // NotPrimaryOrSecondary
	14031, // OutOfDiskSpace
}

// toFault gives an error of the driver its code. What the server wrote is left out, because it may quote documents.
func toFault(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	if ended := ctx.Err(); ended != nil {
		return &fault.Error{Code: fault.Unavailable, Cause: fmt.Errorf("mongodb: %w", ended)}
	}
	var s mongo.ServerError
	switch {
	case errors.As(err, &s):
		cause := fmt.Errorf("mongodb: the server answered with error %v", s.ErrorCodes())
		if transient(s) {
			return &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: cause}
		}
		return fault.Wrap(fault.Internal, cause)
	case errors.Is(err, mongo.ErrClientDisconnected):
		return &fault.Error{Code: fault.Unavailable, Cause: errors.New("mongodb: closed")}
	}
	return &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: fmt.Errorf("mongodb: %w", err)}
}

func transient(s mongo.ServerError) bool {
	for _, label := range []string{"NetworkError", "RetryableWriteError", "TransientTransactionError"} {
		if s.HasErrorLabel(label) {
			return true
		}
	}
	return mongo.IsTimeout(s) || slices.ContainsFunc(s.ErrorCodes(), func(code int) bool { return slices.Contains(passing, code) })
}
