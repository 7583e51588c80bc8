package conversation

import (
	"encoding/json"
	"testing"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
)

// FuzzStep: no text and no stored state makes a step panic, loop, or fall silent.
func FuzzStep(f *testing.F) {
	w := newWorld(f, Rules{Report: "feedback.submit"}, feedbackApp(f), schemaApp(f, "testdata/desk.json"))
	w.quiet = true
	for _, line := range []string{"[hello]", "đèn đường hỏng ở ngõ 5", "12 Lạch Tray, Lê Chân", "xem thêm", "đường", "[photo p1]", "sửa", "menu", "[tap Tiếp tục: Gửi phản ánh]", "phản ánh của tôi", "2", "đăng ký đoàn", "1", "cờ", "loa", "xong", "1, 2", "đăng ký đoàn", "English", "cancel", "giờ mở cửa"} {
		w.do(line)
		raw, err := json.Marshal(w.state)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw), line, "", uint8(0))
		f.Add(string(raw), "", "mc:is:category=road", uint8(1))
	}
	f.Add(`{"call":{"app":"x"},"wait":{"for":"result"},"draft":{"app":"feedback","action":"submit","version":9,"answers":[1],"want":"photos/9","asked":["a/0"],"sent":{}},"question":{"kind":"field","path":"place/lat","from":-5}}`, "1", "mc:send:", uint8(7))
	f.Add(`{"parked":[null,{"app":"q","action":"r"}],"question":{"kind":"instead"},"draft":{"app":"desk","action":"list","answers":{"guests":[{"name":3}]}}}`, "có", "mc:add:guests/9", uint8(15))
	c := newCitizenWorld(f, signing)
	c.quiet = true
	for _, line := range []string{"gửi kiến nghị sửa vỉa hè trước chợ", "[photo p1]", "0912345678", "111111", "[ref link.G00DCODE]", "Lê Chân", "gặp cán bộ", "1", "good-b4ck", "nhận lại tiền vì nộp hai lần"} {
		c.do(line)
		raw, err := json.Marshal(c.state)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw), line, "", uint8(0))
		f.Add(string(raw), line, "link.G00DCODE", uint8(32))
	}
	f.Add(`{"aside":{"app":"petition","action":"send"}}`, "hủy", "", uint8(0))
	f.Add(`{"aside":{"app":"q","action":"r","sent":{}},"draft":{"app":"me","action":"code"},"call":{"app":"x"},"wait":{"for":"in_app"}}`, "0912345678", "", uint8(64))
	g := newSignWorld(f)
	g.quiet = true
	for _, line := range []string{"HP-00572-4", "[tap Phản ánh tại đây]", "[ref signs.show:HP-00573-2]", "báo biển hỏng", "[code p1 938NM5X4140SV]"} {
		g.do(line)
		raw, err := json.Marshal(g.state)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw), "HP-00572-4", "signs.show:HP-00572-4", uint8(32))
		f.Add(string(raw), "", "https://evil.example/s/938NM5X4140SV", uint8(1))
	}
	machines := []*Machine{w.machine, c.machine, g.machine}
	f.Fuzz(func(t *testing.T, state, text, choice string, how uint8) {
		for _, m := range machines {
			fuzzStep(t, m, state, text, choice, how)
		}
	})
}

func fuzzStep(t *testing.T, m *Machine, state, text, choice string, how uint8) {

	var s State
	if json.Unmarshal([]byte(state), &s) != nil {
		return
	}
	heard := Heard{ID: "e", At: noon, Text: text, Choice: choice, Hello: how&16 != 0}
	if how&32 != 0 {
		heard.Ref = choice
	}
	if how&64 != 0 {
		heard.Contact = &Contact{Name: choice, Phone: text}
	}
	var in Input = heard
	if how&1 != 0 {
		in = Heard{ID: "e", At: noon, Text: text, Photos: []string{"p1", text}, Scanned: []string{text, choice}, Videos: []string{"v"}, Place: &Place{Lat: 1e9, Label: text}, Refused: []Refused{{Kind: text, Reason: choice}}}
	}
	if how&2 != 0 {
		in = Returned{At: noon, Result: miniapps.Result{Data: json.RawMessage(`{"choices":[{"value":"a"},{"label":"b"}],"after":"x","errors":[{"path":["q"]}],"derived":{"n":1}}`)}}
	}
	if how&4 != 0 {
		in = Returned{At: noon, Err: fault.InvalidField("schema.wrong", text, "0")}
	}
	for n := 0; ; n++ {
		if n > maxCalls+1 {
			t.Fatal("calls without end")
		}
		_, isHeard := in.(Heard)
		next, effects := m.Step(s, in)
		if isHeard && len(effects) == 0 {
			t.Fatal("silence")
		}
		if next.Call == nil {
			return
		}
		s, in = next, Returned{At: noon, Result: miniapps.Result{Data: map[string]any{"choices": []any{map[string]any{"value": text, "label": choice}}, "after": choice}}}
	}
}

// FuzzParse: what people type as a number or a day is read as one that is valid, or not at all.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.000,5", "-1 000", "25/12/2026", "mai", "14h30 25-12", "0912 345 678", "+84", "1,2,3"} {
		f.Add(s)
	}
	w := testWords(f)
	f.Fuzz(func(t *testing.T, text string) {
		if n, ok := w.readNumber(text, "vi", false); ok && !json.Valid([]byte(n)) {
			t.Errorf("%q is no number", n)
		}
		if d, ok := w.readDate(text, noon); ok && showDate(d, "vi") == d {
			t.Errorf("%q is no day", d)
		}
		if m, ok := w.readMoment(text, noon); ok && showMoment(m, "vi") == m {
			t.Errorf("%q is no moment", m)
		}
		phones(text)
		w.near(text)
	})
}
