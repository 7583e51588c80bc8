package scans

import (
	"cmp"
	"time"

	"github.com/motcua/motcua/internal/setting"
)

// Config holds the settings of counting. The zero Config is good.
type Config struct {
	// Flush is how often counts are written, give or take a tenth: what a killed program loses. Between 10ms and 10m; 0 means 10s.
	Flush time.Duration `koanf:"flush"`
	// Far is how many metres from its plate a phone may say that it is before the scan is suspicious. Between 50 and 100000; 0 means 300: phones between
	// houses are wrong by up to 100 m, and somebody may open a page again round the corner.
	Far int `koanf:"far"`
	// PerMinute is how many scans of one plate within a minute are possible. Between 1 and 1000000; 0 means 120: a class in front of a monument.
	PerMinute int `koanf:"per_minute"`
	// Burst is from how many invented codes within an hour, over the whole city and in one replica, somebody is trying codes or sticking fakes. Between 1 and
	// 1000000; 0 means 50.
	Burst int `koanf:"burst"`
	// Retention is how long the counts of a day are kept. At least 2232h, 93 days; 0 means 9600h (400 days): a year can be compared with the one before it.
	Retention time.Duration `koanf:"retention"`
	// EventRetention is how long an event is kept after it was last seen. At least 720h; 0 means 17520h (two years).
	EventRetention time.Duration `koanf:"event_retention"`
	// SilentDays is after how many days without a scan a plate is listed as silent. Between 1 and 3650; 0 means 60.
	SilentDays int `koanf:"silent_days"`
}

const oneDay = 24 * time.Hour

// Validate reports all settings that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	faults.Span("flush", c.Flush, 10*time.Millisecond, 10*time.Minute)
	faults.Number("far", c.Far, 50, 100_000)
	faults.Number("per_minute", c.PerMinute, 1, 1_000_000)
	faults.Number("burst", c.Burst, 1, 1_000_000)
	faults.Number("silent_days", c.SilentDays, 1, maxSilentDays)
	faults.Refuse(c.Retention != 0 && c.Retention < (MaxHeatDays+1)*oneDay, "retention", "must be at least 2232h, or 0 for the default")
	faults.Refuse(c.EventRetention != 0 && c.EventRetention < 30*oneDay, "event_retention", "must be at least 720h, or 0 for the default")
	return faults.Err()
}

func (c Config) filled() Config {
	c.Flush = cmp.Or(c.Flush, 10*time.Second)
	c.Far = cmp.Or(c.Far, 300)
	c.PerMinute = cmp.Or(c.PerMinute, 120)
	c.Burst = cmp.Or(c.Burst, 50)
	c.Retention = cmp.Or(c.Retention, 400*oneDay)
	c.EventRetention = cmp.Or(c.EventRetention, 2*365*oneDay)
	c.SilentDays = cmp.Or(c.SilentDays, 60)
	return c
}
