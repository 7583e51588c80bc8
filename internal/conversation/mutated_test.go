package conversation

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
)

// TestDamagedStatesAreSurvived: whatever a stored state says, a step neither panics nor loops nor falls silent, and the person can begin anew.
func TestDamagedStatesAreSurvived(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Rules{Report: "feedback.submit", Page: 3}, feedbackApp(t), schemaApp(t, "testdata/desk.json"))
	survives(t, w, []string{
		"[photo p1]", "gửi phản ánh", "đèn đường hỏng ở ngõ 5", "12 Lạch Tray, Lê Chân", "xem thêm", "đường", "sửa", "menu", "quay lại", "phản ánh của tôi", "2",
		"[fail submit UNAVAILABLE]", "đồng ý", "để sau", "đăng ký đoàn", "cờ", "loa", "xong", "1, 2", "xong", "có", "An", "30", "xong", "2000", "huỷ",
		"xin giấy", "giấy khai sinh", "huỷ", "giờ mở cửa",
	})
}

// TestDamagedSignInsAreSurvived is the same for those who are signing in.
func TestDamagedSignInsAreSurvived(t *testing.T) {
	t.Parallel()
	survives(t, newCitizenWorld(t, signing), []string{
		"gửi kiến nghị sửa vỉa hè trước chợ", "[photo p1]", "0912345678", "111111", "[ref link.G00DCODE]", "Lê Chân", "gặp cán bộ", "1", "[fail send UNAUTHORIZED]", "có",
		"[guest]", "0912345678", "bỏ phiếu", "2", "huỷ",
	})
}

func survives(t *testing.T, w *world, lines []string) {
	t.Helper()
	states, values := storedStates(t, w, lines)
	rapid.Check(t, func(rt *rapid.T) {
		tree := anyOf(rapid.SampledFrom(states).Draw(rt, "state"))
		for range rapid.IntRange(1, 4).Draw(rt, "damages") {
			tree = damaged(rt, tree, values)
		}
		var s State
		if json.Unmarshal(encode(tree), &s) != nil {
			return
		}
		for range 3 {
			s = stepOn(rt, w.machine, s, drawInput(rt, values))
		}
		s = stepOn(rt, w.machine, s, Heard{ID: "e", At: noon, Choice: tokenDo + string(cmdCancel)})
		if s.Draft != nil || s.Aside != nil || s.Question == nil {
			rt.Fatalf("no way out of %s", encode(tree))
		}
	})
}

// storedStates gives the states of some dialogues, and the strings in them.
func storedStates(t *testing.T, w *world, lines []string) (states []json.RawMessage, values []string) {
	t.Helper()
	seen := map[string]bool{"": true, "place/lat": true, "photos/3": true, "guests/0/name": true, "-1": true}
	for _, line := range lines {
		w.do(line)
		raw, err := json.Marshal(w.state)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, raw)
		stringsIn(anyOf(raw), seen)
	}
	return states, slices.Sorted(maps.Keys(seen))
}

func stringsIn(v any, into map[string]bool) {
	switch v := v.(type) {
	case string:
		into[v] = true
	case []any:
		for _, x := range v {
			stringsIn(x, into)
		}
	case map[string]any:
		for k, x := range v {
			into[k] = true
			stringsIn(x, into)
		}
	}
}

// damaged changes one value somewhere in a tree.
func damaged(rt *rapid.T, v any, values []string) any {
	switch x := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(x))
		if len(keys) == 0 {
			return v
		}
		k := rapid.SampledFrom(keys).Draw(rt, "key")
		if rapid.IntRange(0, 6).Draw(rt, "gone") == 0 {
			delete(x, k)
			return x
		}
		x[k] = damaged(rt, x[k], values)
		return x
	case []any:
		if len(x) == 0 {
			return v
		}
		i := rapid.IntRange(0, len(x)-1).Draw(rt, "item")
		x[i] = damaged(rt, x[i], values)
		return x
	case string:
		return rapid.SampledFrom(values).Draw(rt, "text")
	case float64:
		return float64(rapid.IntRange(-3, 99).Draw(rt, "number"))
	}
	return v
}

func drawInput(rt *rapid.T, values []string) Input {
	text := rapid.SampledFrom(values).Draw(rt, "said")
	switch rapid.IntRange(0, 7).Draw(rt, "input") {
	case 5:
		return Heard{ID: "e", At: noon, Ref: text, Contact: &Contact{Phone: text}}
	case 6:
		return HandedBack{At: noon}
	case 7:
		return Heard{ID: "e", At: noon, Text: "gặp cán bộ"}
	case 0:
		return Heard{ID: "e", At: noon, Text: text}
	case 1:
		return Heard{ID: "e", At: noon, Choice: text}
	case 2:
		return Heard{ID: "e", At: noon, Photos: []string{"p9"}, Place: &Place{Lat: 20, Lon: 106}, Text: text}
	case 3:
		return Returned{At: noon, Err: fault.InvalidField("schema.wrong", steps(text)...)}
	}
	return Returned{At: noon, Result: miniapps.Result{Data: map[string]any{"choices": []any{map[string]any{"value": text}}, "after": text, "derived": map[string]any{text: text}}}}
}

// stepOn takes a step and answers the calls that it leads to.
func stepOn(rt *rapid.T, m *Machine, s State, in Input) State {
	for n := 0; ; n++ {
		if n > maxCalls+1 {
			rt.Fatal("calls without end")
		}
		next, effects := m.Step(s, in)
		if _, heard := in.(Heard); heard && len(effects) == 0 {
			rt.Fatal("silence")
		}
		if next.Call == nil {
			return next
		}
		s, in = next, Returned{At: noon, Err: fault.New(fault.Unavailable, "")}
	}
}
