package webform

import (
	"cmp"
	"time"

	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/setting"
)

// Config is the section webform of the configuration. Zero means the default named at each field.
type Config struct {
	// Life is how long a form that was shown can be sent; 0 means 24h. What is sent later shows the form once more.
	Life time.Duration `koanf:"life"`
	// Shows is how often one network address (IPv6: one /64) may open or reload a form; default 600 in 10m: many phones share an address.
	Shows limit.Rule `koanf:"shows"`
	// Sends is how often one address may have something carried out; default 60 in 10m, the same as codes may be tried by anybody else.
	Sends limit.Rule `koanf:"sends"`
	// UploadBytes is how many bytes of files one address may send that are part of nothing yet; default 268435456 (256 MB) in 1h. What is sent with a form is
	// given back: many phones share an address, and one that leaves files lying must not keep the others from reporting.
	UploadBytes limit.Rule `koanf:"upload_bytes"`
	// MaxValues is how many bytes all typed answers of one form may have; 0 means 262144. The input made from them is bounded besides.
	MaxValues int `koanf:"max_values"`
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	faults.Span("life", c.Life, time.Minute, 7*24*time.Hour)
	faults.Number("max_values", c.MaxValues, 4096, 4<<20)
	for _, r := range []struct {
		key  string
		rule limit.Rule
	}{{"shows", c.Shows}, {"sends", c.Sends}, {"upload_bytes", c.UploadBytes}} {
		if r.rule == (limit.Rule{}) {
			continue
		}
		faults.Under(r.key, r.rule.Validate())
	}
	return faults.Err()
}

// filled gives the configuration with the defaults where it says nothing.
func (c Config) filled() Config {
	c.Life = cmp.Or(c.Life, 24*time.Hour)
	c.Shows = cmp.Or(c.Shows, limit.Rule{Max: 600, Per: 10 * time.Minute})
	c.Sends = cmp.Or(c.Sends, limit.Rule{Max: 60, Per: 10 * time.Minute})
	c.UploadBytes = cmp.Or(c.UploadBytes, limit.Rule{Max: 256 << 20, Per: time.Hour})
	c.MaxValues = cmp.Or(c.MaxValues, 256<<10)
	return c
}
