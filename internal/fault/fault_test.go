package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

func TestCodeOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want fault.Code
	}{
		{"nil", nil, ""},
		{"plain", errors.New("x"), fault.Internal},
		{"fault", fault.New(fault.Conflict, "a.b"), fault.Conflict},
		{"wrapped fault", fmt.Errorf("more: %w", fault.New(fault.NotFound, "")), fault.NotFound},
		{"deadline", fmt.Errorf("call: %w", context.DeadlineExceeded), fault.Unavailable},
		{"cancelled", context.Canceled, fault.Unavailable},
		{"the outer code wins", fault.Wrap(fault.Unavailable, fault.New(fault.NotFound, "")), fault.Unavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.CodeOf(tt.err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if f := fault.Of(tt.err); (f == nil) != (tt.err == nil) || f != nil && f.Code != tt.want {
				t.Errorf("Of gives %v", f)
			}
		})
	}
}

func TestCopiesLeaveTheOriginal(t *testing.T) {
	t.Parallel()
	base := fault.New(fault.Invalid, "a.b").With("n", 1)
	cause := errors.New("driver")
	other := base.With("m", 2).After(time.Second).Because(cause)
	if len(base.Params) != 1 || base.RetryAfter != 0 || base.Cause != nil {
		t.Errorf("the original became %+v", base)
	}
	if len(other.Params) != 2 || other.RetryAfter != time.Second || !errors.Is(other, cause) {
		t.Errorf("the copy is %+v", other)
	}
	if fault.Wrap(fault.Internal, nil) != nil {
		t.Error("no cause became an error")
	}
}

func TestValuesReachTheTextsOfFields(t *testing.T) {
	t.Parallel()
	base := fault.InvalidField("a.b", "x")
	if got := base.With("max", 5).With("min", 1).Fields[0].Params; got["max"] != 5 || got["min"] != 1 {
		t.Errorf("got %v", got)
	}
	if base.Fields[0].Params != nil {
		t.Errorf("the original became %+v", base)
	}
}

func TestWaitSeconds(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]int{0: 0, time.Millisecond: 1, time.Second: 1, 1900 * time.Millisecond: 2, time.Minute: 60} {
		if got := fault.New(fault.RateLimited, "").After(wait).WaitSeconds(); got != want {
			t.Errorf("%s: got %d, want %d", wait, got, want)
		}
	}
}
