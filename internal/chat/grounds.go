package chat

import (
	"errors"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
)

// The grounds of a notice, as package notify has them.
const (
	GroundFree     = "free"     // within the network's free window
	GroundPaid     = "paid"     // as long as the network takes it for money
	GroundApproved = "approved" // as a template, at any time
)

// markOfNotice names a notice told in words, on whatever ground, or as an approved text.
func markOfNotice(id, ground string) string {
	if ground == GroundApproved {
		id += "\x00" + ground
	}
	return "n/" + once.ID("chat notice\x00"+id)
}

// otherwise tells whether a notice needs not be told any more, because it has been: as an approved text when this is to be words, or the other way round.
func (x *chat) otherwise(n Notice, mark string, now time.Time) (done bool, err error) {
	other := markOfNotice(n.ID, GroundApproved)
	if n.Ground == GroundApproved {
		other = markOfNotice(n.ID, "")
	}
	f := x.fateOf(other)
	switch {
	case !x.handled(other), f.State == stateNever:
		return false, nil
	case f.State == stateWaiting:
		return false, errWaitsAlready
	case f.State != stateUnknown:
		x.expect(fate{Mark: mark, Notice: n.ID, State: f.State, Reason: f.Reason, Network: f.Network, At: now})
	}
	return true, nil
}

// errWaitsAlready says that it is not known yet whether a notice left on another ground.
var errWaitsAlready = &fault.Error{Code: fault.Unavailable, RetryAfter: 10 * time.Second, Cause: errors.New("chat: the notice waits on another ground")}
