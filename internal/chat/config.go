package chat

import (
	"cmp"
	"time"

	"github.com/motcua/motcua/internal/qrscan"
	"github.com/motcua/motcua/internal/setting"
)

// Config is the section chat of the configuration. Zero means the default named at each field.
type Config struct {
	// Retention is how long a conversation is kept after the person's last interaction; 0 means 2160h (90 days).
	Retention time.Duration `koanf:"retention"`
	// Silence is how long the program answers nothing after a person wrote in the network's own console; 0 means 30m.
	Silence time.Duration `koanf:"silence"`
	// Desk is the unit whose officers answer people who ask for a person and talk of no case that a unit works on; "" means that there is nobody to ask.
	Desk string `koanf:"desk"`
	// DeskWait is after how long of office time somebody who waits for an officer is told that nobody was free yet; 0 means 10m.
	DeskWait time.Duration `koanf:"desk_wait"`
	// DeskSilence is after how long without a word of the officer the dialogue takes over again, and after how long of waiting in vain; 0 means 2h.
	DeskSilence time.Duration `koanf:"desk_silence"`
	// Lines is how long the last lines of a conversation are kept for an officer who takes it over; 0 means 720h (30 days).
	Lines time.Duration `koanf:"lines"`
	// CallRetry is how long a turn goes on trying a change that an app cannot make just now, before the citizen is told; 0 means 8s.
	CallRetry time.Duration `koanf:"call_retry"`
	// MaxQueue is how many messages of one conversation may wait to be sent before its next events wait too; 0 means 20.
	MaxQueue int `koanf:"max_queue"`
	// PerPerson is how many messages leave to one person in a minute; 0 means 60. The rest wait: the network's limit is for all people together, and one of
	// them must not use it up.
	PerPerson int `koanf:"per_person"`
	// PaidWindows lets notices leave in the time in which the network charges for them; false sends them in the free window only.
	PaidWindows bool `koanf:"paid_windows"`
	// Codes bounds the looking for QR codes in photos that nobody asked for.
	Codes qrscan.Config `koanf:"codes"`
	// Lease is how long a conversation belongs to the worker that sends its messages; 0 means 20s. One attempt takes half of it at most, and a killed
	// worker's messages are taken over after it.
	Lease time.Duration `koanf:"lease"`
	// BackoffMin is the wait after the first failed attempt at a message; 0 means 1s. It doubles with each further one.
	BackoffMin time.Duration `koanf:"backoff_min"`
	// BackoffMax is the longest wait between attempts; 0 means 10m.
	BackoffMax time.Duration `koanf:"backoff_max"`
	// GiveUp is how old a message may get that cannot be sent, before it is recorded as not sent; 0 means 72h.
	GiveUp time.Duration `koanf:"give_up"`
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	day := 24 * time.Hour
	faults.Span("retention", c.Retention, 8*day, 5*365*day) // beyond the longest window of a network
	faults.Span("silence", c.Silence, time.Second, 7*day)
	faults.Span("desk_wait", c.DeskWait, time.Second, day)
	faults.Span("desk_silence", c.DeskSilence, time.Minute, 7*day)
	faults.Span("lines", c.Lines, time.Hour, 365*day)
	faults.Span("call_retry", c.CallRetry, time.Millisecond, time.Minute)
	faults.Span("lease", c.Lease, 2*time.Second, 10*time.Minute)
	faults.Span("backoff_min", c.BackoffMin, time.Millisecond, time.Hour)
	faults.Span("backoff_max", c.BackoffMax, time.Millisecond, day)
	faults.Span("give_up", c.GiveUp, time.Minute, 30*day)
	faults.Under("codes", c.Codes.Validate())
	faults.Number("max_queue", c.MaxQueue, 1, 100)
	faults.Refuse(c.PerPerson < 0, "per_person", "must not be negative")
	if f := c.filled(); f.BackoffMin > f.BackoffMax {
		faults.Add("backoff_max", "must not be below backoff_min")
	}
	return faults.Err()
}

// filled puts the defaults where the configuration says nothing.
func (c Config) filled() Config {
	c.Retention = cmp.Or(c.Retention, 2160*time.Hour)
	c.Silence = cmp.Or(c.Silence, 30*time.Minute)
	c.DeskWait = cmp.Or(c.DeskWait, 10*time.Minute)
	c.DeskSilence = cmp.Or(c.DeskSilence, 2*time.Hour)
	c.Lines = cmp.Or(c.Lines, 720*time.Hour)
	c.CallRetry = cmp.Or(c.CallRetry, 8*time.Second)
	c.MaxQueue = cmp.Or(c.MaxQueue, 20)
	c.PerPerson = cmp.Or(c.PerPerson, 60)
	c.Lease = cmp.Or(c.Lease, 20*time.Second)
	c.BackoffMin = cmp.Or(c.BackoffMin, time.Second)
	c.BackoffMax = cmp.Or(c.BackoffMax, 10*time.Minute)
	c.GiveUp = cmp.Or(c.GiveUp, 72*time.Hour)
	return c
}
