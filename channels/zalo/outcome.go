package zalo

import (
	"errors"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zaloapi"
)

// morning gives how long it is until 06:00, when the network takes messages again.
func morning(now time.Time) time.Duration { return zaloapi.Until(6*time.Hour, now) }

// outcome says what became of a message by the answer to it.
func (c *Channel) outcome(a zaloapi.Answer) channels.Outcome {
	return c.api.Outcome(a, morning(c.now()))
}

func refused(reason string) channels.Outcome {
	return channels.Outcome{Status: channels.Never, Reason: reason, Cause: errors.New("zalo: " + reason)}
}

func later(cause error) channels.Outcome {
	return channels.Outcome{Status: channels.Later, Cause: cause}
}
