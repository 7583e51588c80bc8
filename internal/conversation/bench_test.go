package conversation

import (
	"testing"
)

// BenchmarkStep measures one answer in the middle of a dialogue.
func BenchmarkStep(b *testing.B) {
	w := newWorld(b, Rules{}, feedbackApp(b))
	w.machine.intents = realIntents(b, w.services.Apps())
	w.do("tôi muốn phản ánh")
	b.ReportAllocs()
	for b.Loop() {
		w.machine.Step(w.state, Heard{ID: "e", At: noon, Text: "cây đổ chắn ngang đường trước số 12 Lạch Tray"})
	}
}
