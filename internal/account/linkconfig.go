package account

import (
	"slices"
	"time"

	"github.com/motcua/motcua/internal/setting"
)

// LinkConfig is about joining what one person is known by: phones, chats, devices. Zero means the default in every field.
type LinkConfig struct {
	CodeTTL      time.Duration `koanf:"code_ttl"`       // a typed code ends after this; at most 10m. 10m
	LinkTTL      time.Duration `koanf:"link_ttl"`       // a link sent into a chat ends after this; at most 10m. 10m
	Attempts     int           `koanf:"attempts"`       // of other chats at one code that belongs to a chat; then it ends. 5
	TriesPerDay  int           `koanf:"tries_per_day"`  // codes typed by one chat, and links opened by one account, in 24 hours. 10
	OffersPerDay int           `koanf:"offers_per_day"` // codes or links made for one account or one chat in 24 hours. 20
	UndoFor      time.Duration `koanf:"undo_for"`       // how long ending a link also parts what was joined. 720h
	RecoveryWait time.Duration `koanf:"recovery_wait"`  // between asking for an account whose phone is lost and getting it; at least 1h. 72h
	RecoveryOpen time.Duration `koanf:"recovery_open"`  // how long after that it may be finished. 336h
	DraftTTL     time.Duration `koanf:"draft_ttl"`      // a half-filled form is kept for this. 24h
	History      time.Duration `koanf:"history"`        // how long citizens see what was joined, parted or refused, and when. 17520h
	OneEach      []string      `koanf:"one_each"`       // networks on which a person has one identity: a second one needs more than the phone. [zalo, messenger]
}

// orDefaults gives the settings with every zero replaced.
func (c LinkConfig) orDefaults() LinkConfig {
	or(&c.CodeTTL, 10*time.Minute)
	or(&c.LinkTTL, 10*time.Minute)
	or(&c.Attempts, 5)
	or(&c.TriesPerDay, 10)
	or(&c.OffersPerDay, 20)
	or(&c.UndoFor, 30*day)
	or(&c.RecoveryWait, 3*day)
	or(&c.RecoveryOpen, 14*day)
	or(&c.DraftTTL, day)
	or(&c.History, 730*day)
	if c.OneEach == nil {
		c.OneEach = []string{"zalo", "messenger"}
	}
	return c
}

func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Validate reports every setting that is out of range.
func (c LinkConfig) Validate() error {
	c = c.orDefaults()
	var faults setting.Faults
	faults.Refuse(c.CodeTTL < 0 || c.CodeTTL > 10*time.Minute, "link.code_ttl", "must be positive and at most 10m")
	faults.Refuse(c.LinkTTL < 0 || c.LinkTTL > 10*time.Minute, "link.link_ttl", "must be positive and at most 10m")
	faults.Refuse(c.Attempts < 1 || c.Attempts > 10, "link.attempts", "must be from 1 to 10")
	faults.Refuse(c.TriesPerDay < 1 || c.TriesPerDay > 100, "link.tries_per_day", "must be from 1 to 100")
	faults.Refuse(c.OffersPerDay < 1 || c.OffersPerDay > 100, "link.offers_per_day", "must be from 1 to 100")
	faults.Refuse(c.UndoFor < time.Hour, "link.undo_for", "must be at least 1h")
	faults.Refuse(c.RecoveryWait < time.Hour, "link.recovery_wait", "must be at least 1h")
	faults.Refuse(c.RecoveryOpen < time.Hour, "link.recovery_open", "must be at least 1h")
	faults.Refuse(c.DraftTTL < time.Minute || c.DraftTTL > 7*day, "link.draft_ttl", "must be from 1m to 168h")
	faults.Refuse(c.History < c.UndoFor, "link.history", "must be at least undo_for")
	faults.Refuse(slices.Contains(c.OneEach, ""), "link.one_each", "must not hold an empty name")
	return faults.Err()
}
