package message_test

import (
	"testing"
	"time"

	"github.com/motcua/motcua/internal/message"
)

func TestMoment(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 2, 3, 4, 5, 0, 0, time.UTC)
	for lang, want := range map[message.Lang]string{message.Vietnamese: "04:05 03/02/2026", message.English: "04:05 3 Feb 2026", "": "04:05 03/02/2026", "fr": "04:05 03/02/2026"} {
		if got := message.Moment(at, lang); got != want {
			t.Errorf("%q: got %q, want %q", lang, got, want)
		}
		if got := message.Date(at, lang); got != want[len("04:05 "):] {
			t.Errorf("%q: got the day %q", lang, got)
		}
	}
}
