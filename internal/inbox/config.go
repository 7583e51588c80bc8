package inbox

import (
	"cmp"
	"fmt"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/setting"
)

// Config says how hard and how long the inbox tries. Zero means the default named at each field, except for Settle.
type Config struct {
	// Workers is how many conversations one replica works on at once; 0 means 32. They mostly wait for the store and for mini-apps.
	Workers int `koanf:"workers"`
	// Fetchers is how many attachments one replica fetches at once; 0 means 8. Conversations without attachments never wait for them.
	Fetchers int `koanf:"fetchers"`
	// Queue is how many conversations one replica remembers to look at; 0 means 16384, some MB. What goes beyond is found in the store, a little later.
	Queue int `koanf:"queue"`
	// Lease is how long a replica that vanished keeps its events; 0 means 10s. It is renewed while a handler or a fetch goes on.
	Lease time.Duration `koanf:"lease"`
	// Poll is how often the store is looked at without being woken; 0 means 1s.
	Poll time.Duration `koanf:"poll"`
	// Settle is how long an event rests after it was received, so that those of its conversation that the network delivered late but within this time are put
	// right by the network's clock. 0 means no rest, and the order of arrival but for what waits anyway. 150ms is hardly felt and covers a burst of parallel calls.
	Settle time.Duration `koanf:"settle"`
	// Attempt bounds one call of the handler; 0 means 30s.
	Attempt time.Duration `koanf:"attempt"`
	// Failures is after how many failed attempts an event is parked; 0 means 8. Outages and full quotas are not counted.
	Failures int `koanf:"failures"`
	// GiveUp is how long an event is tried through outages before it is parked; 0 means 72h. The conversation waits meanwhile.
	GiveUp time.Duration `koanf:"give_up"`
	// FetchWait is how long after its arrival an event waits for its attachments; 0 means 30s. Then it is handed over without those that are missing.
	FetchWait time.Duration `koanf:"fetch_wait"`
	// Retention is how long the id of a finished event is remembered, so that a late repeat does nothing; 0 means 168h (7 days). It must exceed the age at which
	// each channel refuses webhooks. What the event said is dropped at once.
	Retention time.Duration `koanf:"retention"`
	// ParkedRetention is how long an operator can replay a parked event; 0 means 2160h (90 days).
	ParkedRetention time.Duration `koanf:"parked_retention"`
	// Drain is how long handlers under way may go on when the program stops; 0 means 5s. What is not finished by then is handed to others.
	Drain time.Duration `koanf:"drain"`
	// Fetch bounds the fetching of one attachment.
	Fetch FetchConfig `koanf:"fetch"`
}

// FetchConfig bounds the fetching of one attachment. Zero means the default named at each field.
type FetchConfig struct {
	MaxPhoto int64         `koanf:"max_photo"` // bytes of a photo; 0 means 12582912 (12 MB), as media takes
	MaxVideo int64         `koanf:"max_video"` // bytes of a video; 0 means 52428800 (50 MB), as media takes
	Timeout  time.Duration `koanf:"timeout"`   // of one attempt from the look-up of the host to the last byte taken; 0 means 20s
}

const (
	maxWorkers = 1000 // keeps a typing mistake from starting a million goroutines
	maxQueue   = 1_000_000
)

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	faults.Number("workers", c.Workers, 1, maxWorkers)
	faults.Number("fetchers", c.Fetchers, 1, maxWorkers)
	faults.Number("queue", c.Queue, 1, maxQueue)
	faults.Number("failures", c.Failures, 1, 1000)
	faults.Span("lease", c.Lease, time.Second, 10*time.Minute)
	faults.Span("poll", c.Poll, 10*time.Millisecond, time.Minute)
	faults.Span("settle", c.Settle, time.Millisecond, 10*time.Second)
	faults.Span("attempt", c.Attempt, 100*time.Millisecond, 10*time.Minute)
	faults.Span("give_up", c.GiveUp, time.Minute, 30*24*time.Hour)
	faults.Span("fetch_wait", c.FetchWait, 100*time.Millisecond, 10*time.Minute)
	faults.Span("retention", c.Retention, time.Minute, 365*24*time.Hour)
	faults.Span("parked_retention", c.ParkedRetention, time.Hour, 5*365*24*time.Hour)
	faults.Span("drain", c.Drain, time.Millisecond, 10*time.Minute)
	faults.Span("fetch.timeout", c.Fetch.Timeout, 100*time.Millisecond, 10*time.Minute)
	faults.Refuse(c.Fetch.MaxPhoto < 0 || c.Fetch.MaxVideo < 0, "fetch", "max_photo and max_video must not be negative")
	return faults.Err()
}

// filled puts the defaults where the configuration says nothing.
func (c Config) filled() Config {
	c.Workers = cmp.Or(c.Workers, 32)
	c.Fetchers = cmp.Or(c.Fetchers, 8)
	c.Queue = cmp.Or(c.Queue, 16384)
	c.Lease = cmp.Or(c.Lease, 10*time.Second)
	c.Poll = cmp.Or(c.Poll, time.Second)
	c.Attempt = cmp.Or(c.Attempt, 30*time.Second)
	c.Failures = cmp.Or(c.Failures, 8)
	c.GiveUp = cmp.Or(c.GiveUp, 72*time.Hour)
	c.FetchWait = cmp.Or(c.FetchWait, 30*time.Second)
	c.Retention = cmp.Or(c.Retention, 7*24*time.Hour)
	c.ParkedRetention = cmp.Or(c.ParkedRetention, 90*24*time.Hour)
	c.Drain = cmp.Or(c.Drain, 5*time.Second)
	c.Fetch = c.Fetch.filled()
	return c
}

func (c FetchConfig) filled() FetchConfig {
	c.MaxPhoto = cmp.Or(c.MaxPhoto, 12<<20)
	c.MaxVideo = cmp.Or(c.MaxVideo, 50<<20)
	c.Timeout = cmp.Or(c.Timeout, 20*time.Second)
	return c
}

// limit gives the most bytes that are taken of an attachment of a kind.
func (c FetchConfig) limit(k channels.AttachmentKind) int64 {
	if k == channels.Video {
		return c.MaxVideo
	}
	return c.MaxPhoto
}

// Serves tells whether this inbox remembers ids for longer than the channel accepts webhooks, so that none can come in twice. Ask where the program
// starts; Take refuses such a channel with INTERNAL.
func (in *Inbox) Serves(p channels.Profile) error {
	if p.MaxAge < in.cfg.Retention {
		return nil
	}
	return fault.Wrap(fault.Internal, fmt.Errorf("inbox: retention %s must exceed the age of %s at which channel %s refuses webhooks", in.cfg.Retention, p.MaxAge, p.Name))
}
