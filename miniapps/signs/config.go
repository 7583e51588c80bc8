package signs

import (
	"cmp"
	"time"

	"github.com/motcua/motcua/internal/setting"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/scans"
	"github.com/motcua/motcua/miniapps/signs/signpage"
)

// Config holds the settings of street signs.
type Config struct {
	// Prefix stands before the numbers on the plates, "HP-00572-4": one to four letters from A to Z. Plates that hang keep theirs, so it never changes. Default HP.
	Prefix string `koanf:"prefix"`
	// AppLink opens a sign in the city's app: an address with {sign}, which stands for its number, "motcua://s/{sign}". "" offers no app.
	AppLink string `koanf:"app_link"`
	// Hotline is the telephone number that the pages of signs give. "" gives none.
	Hotline string `koanf:"hotline"`
	// Pages is how many plates' pages are kept ready in memory, about 40 KB each; 0 means 1000. PageLife is how long each is; 0 means 1m.
	Pages    int           `koanf:"pages"`
	PageLife time.Duration `koanf:"page_life"`
	// CasesPerHour is how many cases about broken plates one unit is given in an hour; the next wait for the hour to be over. 0 means 30.
	CasesPerHour int `koanf:"cases_per_hour"`
	// Category is what cases about broken plates are counted under and due by, of the city's catalogue of reports; "" gives them none. Default "".
	Category string `koanf:"category"`
	// Scans says how scans are counted, and which are suspicious.
	Scans scans.Config `koanf:"scans"`
}

// Validate reports all settings that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	if _, err := platecode.NewNumbers(c.prefix()); err != nil {
		faults.Add("prefix", "%w", err)
	}
	for key, err := range map[string]error{"app_link": signpage.CheckApp(c.AppLink), "hotline": signpage.CheckHotline(c.Hotline)} {
		if err != nil {
			faults.Add(key, "%w", err)
		}
	}
	faults.Under("scans", c.Scans.Validate())
	faults.Number("pages", c.Pages, 1, 100_000)
	faults.Refuse(c.CasesPerHour < 0, "cases_per_hour", "must not be negative")
	faults.Span("page_life", c.PageLife, time.Millisecond, time.Hour)
	return faults.Err()
}

func (c Config) prefix() string { return cmp.Or(c.Prefix, "HP") }
