package channelfake

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Stats are sums since the start.
type Stats struct {
	Webhooks WebhookStats `json:"webhooks"`
	AckMS    AckStats     `json:"ack_ms"`
	Sends    SendStats    `json:"sends"`
	Doubles  int64        `json:"doubles"` // sends with the same content as the one just before, without the citizen having said anything between
	People   int          `json:"people"`
}

// WebhookStats are about events on their way to the program.
type WebhookStats struct {
	Events     int64 `json:"events"`     // to be sent
	Sent       int64 `json:"sent"`       // requests made, with repeats and copies
	Acked      int64 `json:"acked"`      // that were acknowledged
	Retried    int64 `json:"retried"`    // later attempts
	Duplicates int64 `json:"duplicates"` // copies beyond the first
	Swapped    int64 `json:"swapped"`    // sent after their follower
	NotOK      int64 `json:"not_ok"`     // answers other than 200
	Unanswered int64 `json:"unanswered"` // no answer in time, or no connection
	GivenUp    int64 `json:"given_up"`   // whose schedule was at its end
	Dropped    int64 `json:"dropped"`    // that could not be kept
	Pending    int   `json:"pending"`    // not yet acknowledged
}

// AckStats are the times that the program took to answer 200, in milliseconds, rounded up by at most a fifth.
type AckStats struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// SendStats are about API requests.
type SendStats struct {
	OK          int64            `json:"ok"`        // messages taken
	Templates   int64            `json:"templates"` // of them, approved texts
	Charged     int64            `json:"charged"`   // of them, paid for
	Refused     int64            `json:"refused"`   // requests of any kind answered with an error
	ByError     map[string]int64 `json:"by_error"`
	LostAnswers int64            `json:"lost_answers"`
	Uploads     int64            `json:"uploads"`
}

// Counters gather the sums. The zero value is ready; they are safe for concurrent use.
type Counters struct {
	Sends, Templates, Charged, LostAnswers, Uploads, Doubles                               atomic.Int64
	events, sent, acked, retried, duplicates, swapped, notOK, unanswered, givenUp, dropped atomic.Int64
	times                                                                                  [80]atomic.Int64 // of answers, in steps of a fifth from 0.1 ms
	longest                                                                                atomic.Int64     // nanoseconds

	mu      sync.Mutex
	byError map[string]int64
}

const step = 1.2

// took counts the time that one answer took.
func (c *Counters) took(d time.Duration) {
	ms := d.Seconds() * 1000
	i := 0
	if ms > 0.1 {
		i = min(len(c.times)-1, int(math.Ceil(math.Log(ms/0.1)/math.Log(step))))
	}
	c.times[i].Add(1)
	for {
		longest := c.longest.Load()
		if int64(d) <= longest || c.longest.CompareAndSwap(longest, int64(d)) {
			return
		}
	}
}

// Refused counts a request answered with an error.
func (c *Counters) Refused(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byError == nil {
		c.byError = map[string]int64{}
	}
	c.byError[strconv.Itoa(code)]++
}

// BreakOff ends a connection without an answer. It does not return.
func (c *Counters) BreakOff() {
	c.LostAnswers.Add(1)
	panic(http.ErrAbortHandler) // net/http breaks the connection and goes on
}

func (c *Counters) quantile(q float64) float64 {
	total, seen := int64(0), int64(0)
	for i := range c.times {
		total += c.times[i].Load()
	}
	for i := range c.times {
		seen += c.times[i].Load()
		if seen > 0 && float64(seen) >= q*float64(total) {
			return math.Round(100*math.Pow(step, float64(i))) / 1000
		}
	}
	return 0
}

// Stats gives the sums so far, but for People and Pending.
func (c *Counters) Stats() Stats {
	out := Stats{
		Webhooks: WebhookStats{
			Events: c.events.Load(), Sent: c.sent.Load(), Acked: c.acked.Load(), Retried: c.retried.Load(), Duplicates: c.duplicates.Load(),
			Swapped: c.swapped.Load(), NotOK: c.notOK.Load(), Unanswered: c.unanswered.Load(), GivenUp: c.givenUp.Load(), Dropped: c.dropped.Load(),
		},
		AckMS:   AckStats{P50: c.quantile(0.5), P99: c.quantile(0.99), Max: math.Round(float64(c.longest.Load())/1e3) / 1000},
		Sends:   SendStats{OK: c.Sends.Load(), Templates: c.Templates.Load(), Charged: c.Charged.Load(), LostAnswers: c.LostAnswers.Load(), Uploads: c.Uploads.Load(), ByError: map[string]int64{}},
		Doubles: c.Doubles.Load(),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for code, times := range c.byError {
		out.Sends.ByError[code] = times
		out.Sends.Refused += times
	}
	return out
}
