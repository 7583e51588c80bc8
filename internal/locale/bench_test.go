package locale_test

import (
	"log/slog"
	"os"
	"testing"

	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/message"
)

// BenchmarkText measures the texts of answers, as citizens' catalogues give them.
func BenchmarkText(b *testing.B) {
	c, err := locale.Load(os.DirFS("../../configs/locales"))
	if err != nil {
		b.Fatal(err)
	}
	c.LogGaps(slog.New(slog.DiscardHandler))
	for _, bm := range []struct {
		name, key string
		params    map[string]any
	}{
		{"plain", "fault.invalid", nil},
		{"with a placeholder", "account.sms_code", map[string]any{"code": "123456", "minutes": 5}},
		{"with a gap", "account.sms_code", nil},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Text(message.Vietnamese, bm.key, bm.params)
			}
		})
	}
}
