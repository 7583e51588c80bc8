package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps/feedback"
)

// TestALongNoticeIsTextedShort tells somebody who has nothing but a phone something that is longer than a text message: its beginning arrives.
func TestALongNoticeIsTextedShort(t *testing.T) {
	leaktest.Check(t)
	w := newTown(t, forenoon, noneApproved)
	n := w.moveIn("Nam", "+84903000001", nil, true, "", false)
	long := message.Text{"vi": strings.Repeat("Bà con chằng chống nhà cửa. ", 30), "en": "Stay indoors."}
	must(t, w.sender.Post(t.Context(), notify.Notice{
		ID: "long", To: n.subject, App: feedback.ID, Notice: "commented", CaseApp: feedback.ID, CaseID: "a", At: w.clock.now(),
		Params: map[string]any{"code": codeOf("a"), "unit": message.Text{"vi": "Phòng Hạ tầng", "en": "Infrastructure"}, "text": long},
	}))
	w.run(time.Minute, 10*time.Second)
	if got := w.left("a"); got != "sms/paid" {
		t.Fatalf("left by %s: %+v", got, w.dispatches(feedback.ID, "a"))
	}
	for _, m := range w.city.SMS.Messages(n.phone) {
		if most := w.settings.Channels.SMS.MaxText; utf8.RuneCountInString(m.Text) > most || !strings.HasSuffix(m.Text, "…") || !strings.Contains(m.Text, codeOf("a")) {
			t.Errorf("got %q, want up to %d characters", m.Text, most)
		}
	}
}
