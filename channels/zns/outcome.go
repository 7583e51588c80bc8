package zns

import (
	"errors"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zaloapi"
)

// outcome says what became of a message by the answer to it.
func (c *Channel) outcome(a zaloapi.Answer) channels.Outcome {
	return c.api.Outcome(a, c.cfg.refusedAtNight(c.now()))
}

func refused(reason string) channels.Outcome {
	return channels.Outcome{Status: channels.Never, Reason: reason, Cause: errors.New("zns: " + reason)}
}
