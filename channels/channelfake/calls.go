package channelfake

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Calls are the faults of a network that is only called, until they are set back. A count of -1 means always.
type Calls struct {
	Outage      string `json:"outage"`        // "refuse" answers that the network is unavailable, "hang" not at all; "" none
	SlowMS      int64  `json:"slow_ms"`       // before a request is looked at
	Status      int    `json:"status"`        // answered to requests instead of doing the work
	Times       int    `json:"times"`         // for how many requests
	RetryAfterS int    `json:"retry_after_s"` // said with an outage, and with what is answered on purpose; 0 says nothing
	Lose        int    `json:"lose"`          // so many requests are carried out, then the connection breaks without an answer
}

// Check tells what is wrong with what was asked for.
func (c Calls) Check() error {
	if c.Status != 0 && (c.Status < 300 || c.Status > 599) {
		return errors.New("status: 0 or 300 to 599")
	}
	return CheckOutage(c.Outage)
}

// Fate is what becomes of a request.
type Fate int

// The fates.
const (
	Gone   Fate = iota // its client or the stand-in has gone
	Out                // the network is away
	Broken             // refused on purpose
	Good               // looked at
	Lost               // looked at and, when it is good, carried out without an answer
)

// Fate tells what becomes of a request, after the time that this takes, and what was set when it came. of gives the faults, and whether there is something to
// refuse requests with.
func (s *Switches[F]) Fate(w http.ResponseWriter, r *http.Request, of func(*F) (c *Calls, broken bool), done <-chan struct{}) (Fate, F) {
	fate := Good
	set := s.Change(func(f *F) { fate = decide(of(f)) })
	c, _ := of(&set)
	if c.RetryAfterS > 0 && (fate == Out || fate == Broken) {
		w.Header().Set("Retry-After", strconv.Itoa(c.RetryAfterS))
	}
	hangs := func(f F) bool {
		now, _ := of(&f)
		return now.Outage == "hang"
	}
	if c.Outage == "hang" && !s.hang(w, r, hangs, done) || fate >= Good && !Pause(r, time.Duration(c.SlowMS)*time.Millisecond, done) {
		return Gone, set
	}
	return fate, set
}

// decide takes one off what is counted.
func decide(c *Calls, broken bool) Fate {
	switch {
	case c.Outage != "":
		return Out
	case broken && Planned(&c.Times):
		return Broken
	case Planned(&c.Lose):
		return Lost
	}
	return Good
}
