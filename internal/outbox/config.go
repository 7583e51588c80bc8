package outbox

import (
	"cmp"
	"time"

	"github.com/motcua/motcua/internal/setting"
)

// Config says how hard and how long the outbox tries. Zero means the default named at each field.
type Config struct {
	// Workers is how many intents of each lane are worked on at once by one replica.
	Workers Workers `koanf:"workers"`
	// Attempt bounds one attempt at an intent; 0 means 15s. A killed worker's intent is taken over after Attempt + 10s: within the 30 s we promise.
	Attempt time.Duration `koanf:"attempt"`
	// Poll is how often each lane looks into the store without being woken; 0 means 2s. It bounds the delay that a lost signal costs.
	Poll time.Duration `koanf:"poll"`
	// Failures is after how many failed attempts an intent is dead; 0 means 8. Outages and full quotas of the other side are not counted.
	Failures int `koanf:"failures"`
	// BackoffMin is the wait after the first failed attempt; 0 means 1s. It doubles with each further one.
	BackoffMin time.Duration `koanf:"backoff_min"`
	// BackoffMax is the longest wait between attempts; 0 means 10m. In the lane "codes" it is 15s at most, because a code is good for 5 minutes.
	BackoffMax time.Duration `koanf:"backoff_max"`
	// GiveUp is how long an intent is tried through outages, or waits for a replica that handles its kind, before it is dead; 0 means 72h.
	GiveUp time.Duration `koanf:"give_up"`
	// DoneRetention is how long the id of a finished intent is remembered, so that it is not done twice; 0 means 168h (7 days). Its payload is dropped at once.
	DoneRetention time.Duration `koanf:"done_retention"`
	// DeadRetention is how long an operator can replay a dead intent; 0 means 2160h (90 days).
	DeadRetention time.Duration `koanf:"dead_retention"`
	// Drain is how long attempts under way may go on when the program stops; 0 means 5s. What is not finished by then is handed to others.
	Drain time.Duration `koanf:"drain"`
}

// Workers are numbers of intents worked on at once. They mostly wait for the other side: 16 carry 300 a second when it answers within 50 ms.
type Workers struct {
	Codes  int `koanf:"codes"`  // one-time codes; 0 means 16
	Urgent int `koanf:"urgent"` // 0 means 16
	Normal int `koanf:"normal"` // 0 means 16
	Bulk   int `koanf:"bulk"`   // 0 means 16
	Relay  int `koanf:"relay"`  // carriers of each relay; 0 means 4
}

// maxWorkers keeps a typing mistake from starting a million goroutines.
const maxWorkers = 1000

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	faults.Span("attempt", c.Attempt, time.Millisecond, 10*time.Minute)
	faults.Span("poll", c.Poll, time.Millisecond, time.Minute)
	faults.Span("backoff_min", c.BackoffMin, time.Millisecond, time.Hour)
	faults.Span("backoff_max", c.BackoffMax, time.Millisecond, 24*time.Hour)
	faults.Span("give_up", c.GiveUp, time.Millisecond, 30*24*time.Hour)
	faults.Span("done_retention", c.DoneRetention, time.Millisecond, 365*24*time.Hour)
	faults.Span("dead_retention", c.DeadRetention, time.Millisecond, 5*365*24*time.Hour)
	faults.Span("drain", c.Drain, time.Millisecond, 10*time.Minute)
	if f := c.filled(); f.BackoffMin > f.BackoffMax {
		faults.Add("backoff_max", "must not be below backoff_min")
	}
	faults.Refuse(c.Failures < 0, "failures", "must not be negative")
	w := c.Workers
	faults.Number("workers.codes", w.Codes, 1, maxWorkers)
	faults.Number("workers.urgent", w.Urgent, 1, maxWorkers)
	faults.Number("workers.normal", w.Normal, 1, maxWorkers)
	faults.Number("workers.bulk", w.Bulk, 1, maxWorkers)
	faults.Number("workers.relay", w.Relay, 1, maxWorkers)
	return faults.Err()
}

// filled puts the defaults where the configuration says nothing.
func (c Config) filled() Config {
	c.Attempt = cmp.Or(c.Attempt, 15*time.Second)
	c.Poll = cmp.Or(c.Poll, 2*time.Second)
	c.Failures = cmp.Or(c.Failures, 8)
	c.BackoffMin = cmp.Or(c.BackoffMin, time.Second)
	c.BackoffMax = cmp.Or(c.BackoffMax, 10*time.Minute)
	c.GiveUp = cmp.Or(c.GiveUp, 72*time.Hour)
	c.DoneRetention = cmp.Or(c.DoneRetention, 7*24*time.Hour)
	c.DeadRetention = cmp.Or(c.DeadRetention, 90*24*time.Hour)
	c.Drain = cmp.Or(c.Drain, 5*time.Second)
	w := &c.Workers
	w.Codes, w.Urgent, w.Normal, w.Bulk = cmp.Or(w.Codes, 16), cmp.Or(w.Urgent, 16), cmp.Or(w.Normal, 16), cmp.Or(w.Bulk, 16)
	w.Relay = cmp.Or(w.Relay, 4)
	return c
}

// leaseMargin is what a worker has, beyond the attempt, to store its outcome before another takes over. It also covers the difference between the clocks of
// replicas: with more than this, an intent can be tried by two at once.
const leaseMargin = 10 * time.Second

func (c Config) lease() time.Duration { return c.Attempt + leaseMargin }

// codesBackoff is the longest wait between two attempts at a one-time code.
const codesBackoff = 15 * time.Second

func (c Config) backoffMax(l Lane) time.Duration {
	if l == Codes {
		return min(c.BackoffMax, codesBackoff)
	}
	return c.BackoffMax
}

func (w Workers) of(l Lane) int {
	switch l {
	case Codes:
		return w.Codes
	case Urgent:
		return w.Urgent
	case Normal:
		return w.Normal
	default:
		return w.Bulk
	}
}
