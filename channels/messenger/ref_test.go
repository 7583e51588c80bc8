package messenger

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRefsComeThroughUnchanged whatever way they come: with words behind a colon, and as long as the network allows.
func TestRefsComeThroughUnchanged(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	for _, ref := range []string{"signs.show:938NM5X4140SV", "signs.show:HP-00572-4", "a_b.c=d:e", strings.Repeat("x", maxRef)} {
		for way, rest := range map[string]string{
			"to a conversation that there is": `"referral":{"ref":"` + ref + `","source":"SHORTLINK","type":"OPEN_THREAD"}`,
			"to a new one":                    `"postback":{"mid":"m","title":"Bắt đầu","payload":"GET_STARTED","referral":{"ref":"` + ref + `"}}`,
			"beside words":                    `"message":{"mid":"m","text":"x","referral":{"ref":"` + ref + `"}}`,
			"from the menu":                   `"postback":{"title":"Biển","payload":"ref:` + ref + `"}`,
			"from a website":                  `"optin":{"ref":"` + ref + `"}`,
		} {
			b, err := c.Parse(sign(envelope(noon, rest), appSecret))
			require.NoError(t, err, way)
			require.Len(t, b.Events, 1, way)
			require.Equal(t, ref, b.Events[0].Ref, way)
		}
	}
}
