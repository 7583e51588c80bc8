package conversation

import (
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/message"
)

// realWorld is a city of one app that understands what the program does.
func realWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, Rules{Report: "feedback.submit"}, feedbackApp(t))
	w.machine.intents = realIntents(t, w.services.Apps())
	return w
}

// TestBareWordsAnswerNothing: a yes, a no or a go-ahead where none is asked is no intent, no address and no description.
func TestBareWordsAnswerNothing(t *testing.T) {
	t.Parallel()
	w := realWorld(t)
	lines := []string{"tôi muốn phản ánh", "cây gãy cành chắn hết lối đi", "12 Lạch Tray, Lê Chân"}
	for _, text := range []string{"đồng ý", "ok", "oke", "gửi đi", "gửi", "có", "không", "vâng", "dạ", "yes", "no", "tôi đồng ý"} {
		for i, path := range []string{"", "description", "place", "category"} {
			w.state = State{}
			for _, line := range lines[:i] {
				w.do(line)
			}
			var before string
			if w.state.Draft != nil {
				before = string(w.state.Draft.Answers)
			}
			w.do(text)
			q, d := w.state.Question, w.state.Draft
			switch {
			case path == "":
				if d != nil || q.Kind != askMenu || strings.Contains(w.log.String(), "chưa rõ bà con cần") {
					t.Errorf("%q at first: asked %s", text, q.Kind)
				}
			case d == nil || string(d.Answers) != before:
				t.Errorf("%q as %s is taken for something", text, path)
			case path == "category" && (text == "không" || text == "no"): // leaves out what is optional
				if q.Kind != askConfirm {
					t.Errorf("%q asked %s", text, q.Kind)
				}
			case q.Kind != askField || q.Path != path:
				t.Errorf("%q as %s: asked %s %s", text, path, q.Kind, q.Path)
			}
		}
	}
}

// TestNotKnowingIsAnOption: in whatever words people say that they do not know, it is the option that says so.
func TestNotKnowingIsAnOption(t *testing.T) {
	t.Parallel()
	w := realWorld(t)
	for _, text := range []string{"không rõ", "ko ro", "chua biet", "không biết", "chưa rõ", "k rõ", "not sure", "I don't know", "chua ro ạ"} {
		w.state = State{}
		for _, line := range []string{"tôi muốn phản ánh", "cây gãy cành chắn hết lối đi", "12 Lạch Tray, Lê Chân", text} {
			w.do(line)
		}
		if v, _ := get(anyOf(w.state.Draft.Answers), "category"); v != "unsure" {
			t.Errorf("%q is %v", text, v)
		}
	}
}

// TestPhotosThatComeWithAHastyNumberAreKept: only the number waits for the summary to be read.
func TestPhotosThatComeWithAHastyNumberAreKept(t *testing.T) {
	w := newWorld(t, Rules{}, feedbackApp(t))
	for _, line := range []string{"ổ gà to trước cổng trường", "[place 20.85 106.68]", "bỏ qua"} {
		w.do(line)
	}
	w.hear(Heard{Photos: []string{"p1"}})
	if v, _ := get(anyOf(w.state.Draft.Answers), "photos/0"); v != "p1" || w.state.Question.Kind != askConfirm {
		t.Fatalf("got %v, asked %s", v, w.state.Question.Kind)
	}
	w.hear(Heard{Text: "1"})
	if w.state.Draft == nil {
		t.Fatal("sent unseen")
	}
	w.now = w.now.Add(seeTime)
	w.hear(Heard{Text: "1"})
	if w.state.Draft != nil {
		t.Fatal("not sent")
	}
}

// TestTitlesAsNetworksShowThem: a title is known with the number in front of it, and cut.
func TestTitlesAsNetworksShowThem(t *testing.T) {
	options := []message.Choice{{Label: "Chiếu sáng công cộng"}, {Label: "Chiếu sáng công viên"}, {Label: "Cây"}}
	controls := []message.Choice{{Label: "Thêm: Ảnh hiện trường"}}
	for text, want := range map[string]int{
		"1. Chiếu sáng công cộng": 0, "2. Chiếu sáng công…": 1, "Chiếu sáng công…": -1, "Chiếu sáng công v…": 1, "3. Cây": 2, "4. Cây": 2, "C…": -1, "Thêm: Ảnh hiện…": 3,
		"Chiếu sáng công cộng bị hỏng": -1, "1": -1, "": -1,
	} {
		if got := button(text, options, controls); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

// TestOldChoicesAreBounded: the state remembers the last few questions only.
func TestOldChoicesAreBounded(t *testing.T) {
	w := newWorld(t, Rules{Page: maxPage}, feedbackApp(t))
	for range 5 {
		for _, line := range []string{"menu", "phản ánh", "khiếu nại", "hủy"} {
			w.do(line)
			titles := 0
			for _, list := range w.state.Before {
				titles += len(list)
			}
			if len(w.state.Before) > maxBefore || titles > maxBefore*maxTitles {
				t.Fatalf("%d questions, %d titles", len(w.state.Before), titles)
			}
		}
	}
}

// TestHasteIsMeasuredFromTheSummary: a call before the summary takes time, and what was sent meanwhile has not seen it.
func TestHasteIsMeasuredFromTheSummary(t *testing.T) {
	w := newWorld(t, Rules{}, feedbackApp(t))
	for _, line := range []string{"ổ gà to trước cổng trường", "[place 20.85 106.68]"} {
		w.do(line)
	}
	effects := w.step(Heard{ID: "pick", At: w.now, Text: "3"})
	for len(effects) == 1 && w.state.Call != nil {
		r := w.run(*w.state.Call)
		r.At = w.now.Add(9 * time.Second)
		effects = w.step(r)
	}
	if w.state.Question.Kind != askConfirm {
		t.Fatalf("asked %s", w.state.Question.Kind)
	}
	w.step(Heard{ID: "meanwhile", At: w.now.Add(5 * time.Second), Text: "1"})
	if w.state.Draft.Sent != nil {
		t.Error("sent unseen")
	}
}
