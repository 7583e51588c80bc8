package notify

import (
	"cmp"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/setting"
)

// Config is the section notify of the configuration: how long notices are kept, and when and by which ways they leave. Zero means the default named at
// each field.
type Config struct {
	// Retention is after what time a notice or a bulletin disappears from the inbox; 0 means 8760h (a year), as long as most cases can be asked about.
	Retention time.Duration `koanf:"retention"`
	// DispatchRetention is how long the desk can see by which ways a letter went; 0 means 2160h (90 days). It must be longer than GiveUp.
	DispatchRetention time.Duration `koanf:"dispatch_retention"`
	// Order lists the ways that letters may take, the first to be tried first: "push", "zalo", "messenger", "web", "zns", "sms". Free ways come before paid ones
	// in any case. The web chat stands beside zalo unless it is listed. What is not listed is not used. Empty means [push, zalo, messenger, zns, sms].
	Order []string `koanf:"order"`
	// Quiet is when nothing but urgent letters leaves, for people who did not choose otherwise; empty means 21:30 to 06:30, equal times mean never.
	Quiet Quiet `koanf:"quiet"`
	// Digest is the time of day at which bulk notices leave together, for people who did not choose otherwise; "" means "17:00".
	Digest string `koanf:"digest"`
	// Spread is the time over which letters leave that quiet hours or a digest's hour held back; 0 means 5m. Networks do not like all of them at once.
	Spread time.Duration `koanf:"spread"`
	// UrgentWait is how long an urgent letter stays on one way without having arrived, before the next way is tried as well; 0 means 2m.
	UrgentWait time.Duration `koanf:"urgent_wait"`
	// Patience is how long other letters wait for a way whose network is away, before the next one is tried; 0 means 1h.
	Patience time.Duration `koanf:"patience"`
	// Receipts lists the channels whose networks report that a letter arrived; empty means [zalo, messenger, web, zns].
	Receipts []string `koanf:"receipts"`
	// NoTopics has bulletins leave by letters alone; false lets devices follow topics, where their network has them and pushes come first in Order.
	NoTopics bool `koanf:"no_topics"`
	// PaidBulk lets digests leave by ways that cost something; false keeps them to free ones.
	PaidBulk bool `koanf:"paid_bulk"`
	// Lease is how long a letter belongs to the worker that sends it; 0 means 30s. One attempt takes a third of it at most; a killed worker's letters are taken over after it.
	Lease time.Duration `koanf:"lease"`
	// BackoffMin is the wait after the first failed attempt; 0 means 5s. It doubles with each further one.
	BackoffMin time.Duration `koanf:"backoff_min"`
	// BackoffMax is the longest wait between attempts; 0 means 10m.
	BackoffMax time.Duration `koanf:"backoff_max"`
	// GiveUp is how long a letter is tried before it is recorded as not sent; 0 means 72h.
	GiveUp time.Duration `koanf:"give_up"`
}

// Quiet is a period of each day in the city's time, "15:04". It may go over midnight.
type Quiet struct {
	From string `koanf:"from" bson:"from" json:"from"` // "" means 21:30
	To   string `koanf:"to" bson:"to" json:"to"`       // "" means 06:30
}

const yearOfNotices = 365 * 24 * time.Hour

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	day := 24 * time.Hour
	faults.Span("retention", c.Retention, time.Millisecond, 20*yearOfNotices)
	faults.Span("dispatch_retention", c.DispatchRetention, day, 5*yearOfNotices)
	faults.Span("spread", c.Spread, time.Second, 3*time.Hour)
	faults.Span("urgent_wait", c.UrgentWait, time.Second, time.Hour)
	faults.Span("patience", c.Patience, time.Second, 3*day)
	faults.Span("lease", c.Lease, 3*time.Second, 10*time.Minute)
	faults.Span("backoff_min", c.BackoffMin, time.Millisecond, time.Hour)
	faults.Span("backoff_max", c.BackoffMax, time.Millisecond, day)
	faults.Span("give_up", c.GiveUp, time.Minute, 30*day)
	f := c.filled()
	faults.Refuse(f.BackoffMin > f.BackoffMax, "backoff_max", "must not be below backoff_min")
	faults.Refuse(f.GiveUp >= f.DispatchRetention, "dispatch_retention", "must be longer than give_up")
	f.checkWays(&faults)
	return faults.Err()
}

// checkWays reports what is wrong with the lists and times of day.
func (c Config) checkWays(faults *setting.Faults) {
	for i, name := range c.Order {
		switch {
		case !slices.Contains(groups, name):
			faults.Add("order", "%q is none of %v", name, groups)
		case slices.Contains(c.Order[:i], name):
			faults.Add("order", "%q is there twice", name)
		}
	}
	for key, at := range map[string]string{"quiet.from": c.Quiet.From, "quiet.to": c.Quiet.To, "digest": c.Digest} {
		if _, ok := minutes(at); !ok {
			faults.Add(key, "%q is no time of day such as 06:30", at)
		}
	}
}

// filled puts the defaults where the configuration says nothing.
func (c Config) filled() Config {
	c.Retention = cmp.Or(c.Retention, yearOfNotices)
	c.DispatchRetention = cmp.Or(c.DispatchRetention, 2160*time.Hour)
	if len(c.Order) == 0 {
		c.Order = []string{"push", "zalo", "messenger", "zns", "sms"}
	}
	if len(c.Receipts) == 0 {
		c.Receipts = []string{"zalo", "messenger", "web", "zns"}
	}
	c.Quiet = Quiet{From: cmp.Or(c.Quiet.From, "21:30"), To: cmp.Or(c.Quiet.To, "06:30")}
	c.Digest = cmp.Or(c.Digest, "17:00")
	c.Spread = cmp.Or(c.Spread, 5*time.Minute)
	c.UrgentWait = cmp.Or(c.UrgentWait, 2*time.Minute)
	c.Patience = cmp.Or(c.Patience, time.Hour)
	c.Lease = cmp.Or(c.Lease, 30*time.Second)
	c.BackoffMin = cmp.Or(c.BackoffMin, 5*time.Second)
	c.BackoffMax = cmp.Or(c.BackoffMax, 10*time.Minute)
	c.GiveUp = cmp.Or(c.GiveUp, 72*time.Hour)
	return c
}
