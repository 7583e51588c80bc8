package signs

import (
	"strings"
	"testing"
)

// TestAppLinkNamesThePlate refuses a link into the app that cannot tell it which plate somebody stands before.
func TestAppLinkNamesThePlate(t *testing.T) {
	t.Parallel()
	for link, good := range map[string]bool{
		"": true, "motcua://s/{sign}": true, "https://app.city.example/s/{sign}?from=sign": true, "motcua://{sign}": true,
		"motcua://s/": false, "https://app.city.example/": false, "javascript:alert(1)//{sign}": false, "javascript://x/%0aalert({sign})": false,
		"JavaScript://x/{sign}": false, "data://text/{sign}": false, "/s/{sign}": false, "//app.city.example/{sign}": false, "file:///{sign}": false, "mo tcua://s/{sign}": false, "{sign}": false,
	} {
		err := Config{AppLink: link}.Validate()
		if told := err != nil && strings.Contains(err.Error(), "app_link: must be an address with {sign}"); told == good {
			t.Errorf("%q: %v, want it taken: %v", link, err, good)
		}
	}
}
