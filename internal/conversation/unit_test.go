package conversation

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

func testWords(t testing.TB) words { return readWords(configstest.Texts(t)) }

func TestReadNumber(t *testing.T) {
	tests := []struct {
		text  string
		lang  message.Lang
		whole bool
		want  string // "" none
	}{
		{"5", "vi", true, "5"},
		{"007", "vi", true, "7"},
		{"-3", "vi", true, "-3"},
		{"1.000,5", "vi", false, "1000.5"},
		{"1,000.5", "en", false, "1000.5"},
		{"1.000,5", "en", false, "1000.5"},
		{"1,000.5", "vi", false, "1000.5"},
		{"1.000", "vi", false, "1000"},
		{"1.000", "en", false, "1.000"},
		{"1,000", "en", false, "1000"},
		{"1,000", "vi", true, "1000"},
		{"1.500.000", "vi", false, "1500000"},
		{"1 500 000", "vi", false, "1500000"},
		{"1 500 000,25", "vi", false, "1500000.25"},
		{"0.125", "vi", false, "0.125"},
		{"2,5", "vi", false, "2.5"},
		{"250.000 đồng", "vi", false, "250000"},
		{"250.000đ", "vi", false, "250000"},
		{"3 người", "vi", true, "3"},
		{"12 %", "vi", false, "12"},
		{"2 triệu", "vi", false, ""},
		{"2 tr", "vi", false, ""},
		{"5k", "vi", false, ""},
		{"3 million", "en", false, ""},
		{"1.5.3", "vi", false, ""},
		{"1,50,000", "en", false, ""},
		{"ba", "vi", true, ""},
		{"", "vi", true, ""},
		{"1e9", "vi", true, ""},
		{strings.Repeat("9", 40), "vi", true, ""},
	}
	w := testWords(t)
	for _, tt := range tests {
		got, ok := w.readNumber(tt.text, tt.lang, tt.whole)
		if string(got) != tt.want || ok != (tt.want != "") {
			t.Errorf("%q in %s: got %q %v, want %q", tt.text, tt.lang, got, ok, tt.want)
		}
	}
}

func TestShowNumber(t *testing.T) {
	for _, tt := range []struct{ in, vi, en string }{
		{"5", "5", "5"}, {"2026", "2026", "2026"}, {"12345", "12.345", "12,345"}, {"-1234567.5", "-1.234.567,5", "-1,234,567.5"}, {"1e9", "1e9", "1e9"},
	} {
		if got := showNumber(json.Number(tt.in), "vi"); got != tt.vi {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.vi)
		}
		if got := showNumber(json.Number(tt.in), "en"); got != tt.en {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.en)
		}
	}
}

func TestReadDate(t *testing.T) {
	w := testWords(t)
	for _, tt := range []struct{ text, want string }{
		{"25/12/2026", "2026-12-25"}, {"25-12-2026", "2026-12-25"}, {"5.1.2027", "2027-01-05"}, {"25 12 2026", "2026-12-25"}, {"25/12/26", "2026-12-25"},
		{"25-12", "2026-12-25"}, {"2/8", "2027-08-02"}, {"3/8", "2026-08-03"}, {"29/2", "2028-02-29"}, {"2026-12-25", "2026-12-25"},
		{"hôm nay", "2026-08-03"}, {"Hom nay", "2026-08-03"}, {"mai", "2026-08-04"}, {"ngày mai", "2026-08-04"}, {"tomorrow", "2026-08-04"}, {"ngày kia", "2026-08-05"},
		{"31/2/2026", ""}, {"12/25/2026", ""}, {"25", ""}, {"bữa nào cũng được", ""}, {"", ""}, {"0/0", ""},
	} {
		got, ok := w.readDate(tt.text, noon)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q: got %q %v, want %q", tt.text, got, ok, tt.want)
		}
	}
	if got, ok := w.readMoment("14h30 ngày mai", noon); !ok || got != "2026-08-04T14:30:00+07:00" {
		t.Errorf("got %q %v", got, ok)
	}
	// At five to midnight in UTC it is already tomorrow in Hai Phong.
	if got, _ := w.readDate("hôm nay", noon.Add(14*60*60*1e9)); got != "2026-08-04" {
		t.Errorf("got %q", got)
	}
}

func TestFits(t *testing.T) {
	of := []named{{label: "Chiếu sáng công cộng", value: "light"}, {label: "Cây xanh"}, {label: "Cầy hương"}, {label: "Bảng hiệu"}, {label: "Bằng cấp"}, {label: "7"}, {label: "Thoát nước"}, {label: "Nước sạch"}}
	for _, tt := range []struct {
		text string
		want []int
	}{
		{"Chiếu sáng công cộng", []int{0}}, {"chieu sang cong cong", []int{0}}, {"CHIẾU SÁNG", []int{0}}, {"light", []int{0}}, {"chiéu sang công", []int{0}},
		{"cây", []int{1, 2}}, {"cay x", []int{1}}, {"bảng", []int{3, 4}}, {"bang hieu", []int{3}}, {"bang heiu", []int{3}}, {"bảng hiệu ạ", []int{3}},
		{"nước", []int{7}}, {"thoát", []int{6}}, {"7", []int{5}}, {"x", nil}, {"", nil}, {"chuyện khác hẳn", nil}, {"công cộng", []int{0}},
	} {
		if got := fits(tt.text, of); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: got %v, want %v", tt.text, got, tt.want)
		}
	}
}

func TestExactlyToldApartByDiacritics(t *testing.T) {
	of := []named{{label: "Bảng"}, {label: "Bằng"}}
	for text, want := range map[string]int{"bảng": 0, "BẰNG": 1, "bang": -1, "băng": -1} {
		if got := exactly(text, of); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestPosition(t *testing.T) {
	for text, want := range map[string]int{"1": 0, " 2. ": 1, "số 3": 2, "so 3": 2, "03": 2, "4": -1, "0": -1, "-1": -1, "1,5": -1, "1 2": -1, "một": -1, "99999999999": -1} {
		if got := position(text, 3); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestPaths(t *testing.T) {
	var v any = map[string]any{"a": "x"}
	v = put(v, steps("l/0/n"), "first")
	v = put(v, steps("l/7/n"), "second") // behind the end is the end
	v = put(v, steps("l/0/m"), json.Number("1"))
	if got := string(encode(v)); got != `{"a":"x","l":[{"m":1,"n":"first"},{"n":"second"}]}` {
		t.Fatalf("got %s", got)
	}
	if x, ok := get(v, "l/1/n"); !ok || x != "second" {
		t.Fatalf("got %v %v", x, ok)
	}
	for _, p := range []string{"l/2", "l/x", "a/b", "l/-1", "q"} {
		if x, ok := get(v, p); ok {
			t.Errorf("%s: got %v", p, x)
		}
	}
	v = drop(v, steps("l/0"))
	v = drop(v, steps("l/9"))
	v = drop(v, steps("a"))
	if got := string(encode(v)); got != `{"l":[{"n":"second"}]}` {
		t.Fatalf("got %s", got)
	}
}

func TestRulesTellAllThatIsWrong(t *testing.T) {
	err := Rules{Report: "feedback", LongText: -1, Remind: -1, Page: 51}.Validate()
	for _, key := range []string{"report", "long_text", "remind", "page"} {
		if err == nil || !strings.Contains(err.Error(), key+":") {
			t.Errorf("%s is not named in %v", key, err)
		}
	}
	if err := (Rules{}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestNewMachineWantsTheReport(t *testing.T) {
	w := newWorld(t, Rules{}, feedbackApp(t))
	for _, report := range []string{"feedback.assign", "feedback.none", "other.submit"} {
		if _, err := NewMachine(w.services, newPlainIntents(nil), configstest.Texts(t), Rules{Report: report}); err == nil {
			t.Errorf("%s is taken", report)
		}
	}
}

// TestTextsAreThere holds every key that the code names against the catalogues.
func TestTextsAreThere(t *testing.T) {
	c := configstest.Texts(t)
	for _, key := range append(keysInCode(t), keysMade()...) {
		if !c.Has("conversation." + key) {
			t.Errorf("conversation.%s has no text", key)
		}
	}
}

// keysMade are the keys that the code puts together.
func keysMade() []string {
	var out []string
	for _, c := range []command{cmdMenu, cmdCancel, cmdBack, cmdHelp, cmdVietnamese, cmdEnglish, cmdChange, cmdSkip, cmdMore, cmdFirst, cmdDone} {
		out = append(out, "control."+string(c))
	}
	for _, k := range []kind{kindPhoto, kindVideo} {
		for _, s := range []string{"count.", "took_", "no_use_", "no_room_", "send_"} {
			out = append(out, s+string(k))
		}
	}
	for _, r := range []string{"audio", "file", "sticker", "animation", "link", "card", "too_large", "unreadable", "unreachable", "anything"} {
		out = append(out, "refused."+r)
	}
	return append(out, "not_date", "not_moment", "not_time", "send_place", "no_use_place", "needs_phone", "needs_eid")
}

// TestBounds: answers never outgrow an input.
func TestBounds(t *testing.T) {
	w := newWorld(t, Rules{}, feedbackApp(t))
	w.do("tôi muốn phản ánh")
	w.do(strings.Repeat("ngập nước ", 401))
	if w.state.Question.Path != "description" {
		t.Fatalf("asked for %s", w.state.Question.Path)
	}
	w.do(strings.Repeat("ngập nước ", 400))
	if w.state.Question.Path != "place" {
		t.Fatalf("asked for %s", w.state.Question.Path)
	}
	many := make([]string, 500)
	for i := range many {
		many[i] = fmt.Sprintf("p%d", i)
	}
	w.hear(Heard{Photos: many, Text: strings.Repeat("x", 1<<20)})
	if raw, _ := json.Marshal(w.state); len(raw) > 64<<10 {
		t.Errorf("the state has %d bytes", len(raw))
	}
}

// TestCallIsKeptUntilAnswered: a change stands in the state with its key; something the person does in between does not make another of it.
func TestCallIsKeptUntilAnswered(t *testing.T) {
	w := newWorld(t, Rules{}, feedbackApp(t))
	for _, line := range []string{"ổ gà to trước cổng trường", "[place 20.85 106.68]", "bỏ qua"} {
		w.do(line)
	}
	effects := w.step(Heard{ID: "event", At: w.now, Text: "đồng ý"})
	call, ok := effects[len(effects)-1].(Call)
	if !ok || call.Key != "event#1" || w.state.Call == nil || w.state.Call.Key != call.Key {
		t.Fatalf("got %+v, state %+v", effects, w.state.Call)
	}
	w.step(Heard{ID: "later", At: w.now, Text: "đồng ý"}) // the answer got lost, and the person writes again
	effects = w.step(Heard{ID: "last", At: w.now, Text: "thử lại"})
	again, ok := effects[len(effects)-1].(Call)
	if !ok || again.Key != call.Key || string(again.Input) != string(call.Input) {
		t.Fatalf("got %+v", effects)
	}
	if effects = w.step(Returned{At: w.now, Result: miniapps.Result{}}); len(effects) != 1 || w.state.Draft != nil {
		t.Fatalf("got %+v", effects)
	}
	if effects = w.step(Returned{At: w.now}); len(effects) != 0 {
		t.Fatalf("an answer nobody waits for: %+v", effects)
	}
}

// TestLongEventIDsMakeShortKeys: a key has at most 128 bytes, and different events have different ones.
func TestLongEventIDsMakeShortKeys(t *testing.T) {
	w := newWorld(t, Rules{}, feedbackApp(t))
	seen := map[string]bool{}
	for _, id := range []string{strings.Repeat("a", 200), strings.Repeat("a", 199) + "b", ""} {
		tn := w.machine.begin(State{Event: id, At: noon})
		if k := tn.key(); len(k) > 128 || seen[k] {
			t.Errorf("%q", k)
		} else {
			seen[k] = true
		}
	}
}

// TestFaultsHaveClearWords: whatever a call answers, something is said, and the dialogue goes on.
func TestFaultsHaveClearWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Rules{}, feedbackApp(t))
	for _, f := range []*fault.Error{
		fault.New(fault.Unauthorized, ""), fault.New(fault.Forbidden, "runner.step_up"), fault.New(fault.Forbidden, "runner.consent_needed"), fault.New(fault.Forbidden, ""),
		fault.New(fault.Conflict, "once.key_reused"), fault.New(fault.NotFound, ""), fault.New(fault.RateLimited, "").After(90e9), fault.New(fault.Unavailable, "runner.busy"),
		{Code: fault.Internal, Public: "secret", Cause: fmt.Errorf("secret")}, fault.New(fault.Invalid, ""), fault.InvalidField("feedback.address_unknown", "place"),
		fault.InvalidField("runner.key_missing", "idempotencyKey"), {Code: fault.Invalid, Fields: []fault.Field{{Path: []string{"photos", "0"}, Key: "feedback.not_a_photo"}, {Path: []string{"photos", "1"}, Public: "Ảnh hỏng."}}},
	} {
		w.state, w.calls = State{}, nil
		for _, line := range []string{"ổ gà to trước cổng trường", "[photo p1 p2]", "[place 20.85 106.68]", "bỏ qua"} {
			w.do(line)
		}
		w.fail["submit"] = f
		w.do("đồng ý")
		text := w.log.String()[strings.LastIndex(w.log.String(), "~"):]
		if strings.Contains(text, "secret") || strings.Contains(text, "conversation.") || w.state.Draft == nil {
			t.Errorf("%v:\n%s", f, text)
		}
		for n := 0; w.state.Draft != nil; n++ {
			if n > 5 {
				t.Fatalf("%v: no way out:\n%s", f, w.log.String())
			}
			switch q := w.state.Question; {
			case q.Kind == askConfirm:
				w.do("đồng ý")
			case q.Kind == askField && len(q.Options) == 0:
				w.hear(Heard{Place: &Place{Lat: 20.9, Lon: 106.7}})
			default:
				w.do("1")
			}
		}
		keys := map[string]string{}
		for _, c := range w.calls {
			if old, again := keys[c.Key]; c.Key != "" && again && old != string(c.Input) {
				t.Errorf("%v: key %s with another input", f, c.Key)
			}
			keys[c.Key] = string(c.Input)
		}
	}
}

// TestNewVersion: answers that no longer fit are dropped, the others stay, and an action that is gone ends the dialogue.
func TestNewVersion(t *testing.T) {
	w := newWorld(t, Rules{}, feedbackApp(t))
	w.do("ổ gà to trước cổng trường")
	w.do("[place 20.85 106.68]")
	app := feedbackApp(t)
	app.manifest = changed(t, app.manifest, func(s string) string {
		return strings.Replace(s, `"minLength":10,`, `"minLength":60,`, 1)
	})
	w.install(Rules{}, app)
	w.do("mặt đường")
	if w.state.Question.Path != "description" || !strings.Contains(w.log.String(), "Dịch vụ vừa được cập nhật nên cần hỏi lại: nội dung.") {
		t.Fatalf("asked for %s\n%s", w.state.Question.Path, w.log.String())
	}
	if _, ok := get(anyOf(w.state.Draft.Answers), "place"); !ok {
		t.Error("the place is lost")
	}
	w.install(Rules{}, schemaApp(t, "testdata/desk.json"))
	w.do("mặt đường")
	if w.state.Draft != nil || !strings.Contains(w.log.String(), "nay không còn trên kênh này") {
		t.Fatal(w.log.String())
	}
}

func anyOf(raw json.RawMessage) any {
	var v any
	_ = json.Unmarshal(raw, &v)
	return v
}

// changed gives a later version of a manifest.
func changed(t *testing.T, m miniapps.Manifest, edit func(string) string) miniapps.Manifest {
	t.Helper()
	m.VersionCode++
	m.Actions = slices.Clone(m.Actions)
	for i := range m.Actions {
		var v any
		if err := json.Unmarshal(m.Actions[i].Input, &v); err != nil {
			t.Fatal(err)
		}
		m.Actions[i].Input = json.RawMessage(edit(string(encode(v))))
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out, err := miniapps.ParseManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWithTheRealRecogniser: what people say in the middle of a dialogue, to the words that the program knows.
func TestWithTheRealRecogniser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Rules{Report: "feedback.submit"}, feedbackApp(t))
	m, err := NewMachine(w.services, realIntents(t, w.services.Apps()), configstest.Texts(t), Rules{Report: "feedback.submit"})
	if err != nil {
		t.Fatal(err)
	}
	w.machine = m
	for _, tt := range []struct{ text, kind, path string }{
		{"huy bo", "menu", ""}, {"quay lại giúp tôi", "field", "description"}, {"trợ giúp với", "field", "place"}, {"phản ánh của tôi", "leave", "place"},
		{"menu", "menu", ""}, {"12 Lạch Tray, Lê Chân", "field", "category"}, {"bỏ qua", "field", "place"}, {"sua lai", "change", ""}, {"tiếng anh", "field", "place"},
		{"ngõ 3 Đông Khê, Lê Chân", "field", "category"},
	} {
		w.state, w.now = State{}, noon
		w.do("tôi muốn phản ánh")
		w.do("đèn đường hỏng trước nhà số 12")
		w.do(tt.text)
		if q := w.state.Question; string(q.Kind) != tt.kind || q.Path != tt.path {
			t.Errorf("%q: asked %s %s, want %s %s\n%s", tt.text, q.Kind, q.Path, tt.kind, tt.path, w.log.String())
		}
	}
}
