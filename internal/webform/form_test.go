package webform

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

var update = flag.Bool("update", false, "write the golden pages anew")

// golden compares a page with testdata/<name>.html, without what changes each time.
func golden(t *testing.T, name string, p page) {
	t.Helper()
	body := ticketRE.ReplaceAllString(p.body, `name="t" value="TICKET"`)
	body = regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(body, "<style></style>")
	body = regexp.MustCompile(`(/media/|value=")[0-9a-f]{8}-[0-9a-f-]{27}`).ReplaceAllString(body, "${1}FILE")
	body = regexp.MustCompile(`\?e=[^"]*`).ReplaceAllString(body, "?SIGNED")
	file := filepath.Join("testdata", name+".html")
	if *update {
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if body != string(want) {
		t.Errorf("the page is not %s (go test -update writes it anew):\n%s", file, body)
	}
}

func TestFormsLookAsTheyDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	golden(t, "everything", w.show().wants(t, 200))
	w.Lang = message.English
	golden(t, "everything.en", w.show().wants(t, 200))
	w.Lang = message.Vietnamese
	s := w.good().set("f/story", "ngắn").set("f/who/phone", "12").set("f/times", "1.000.000").set("f/place", "Hà Nội")
	golden(t, "wrong", w.send(s.file("f/photos", "a.jpg", photo(t, 1))).wants(t, 400))
	w.Action = "buy"
	s = sheet{ticket: w.show().ticket(t), do: "send", values: [][2]string{{"f/seats", "2"}, {"f/pin", "9876"}}}
	golden(t, "confirm", w.send(s).wants(t, 200))
}

func TestHeadersAreStrict(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	p := w.show()
	csp := p.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "style-src 'sha256-", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy %q has no %s", csp, want)
		}
	}
	if strings.Contains(csp, "unsafe") || strings.Contains(csp, "script-src") {
		t.Errorf("the policy is %q", csp)
	}
	for name, want := range map[string]string{"Cache-Control": "private, no-cache", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Set-Cookie": ""} {
		if got := p.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if len(w.guests) != 0 {
		t.Error("a form that is only shown made a guest")
	}
}

func TestEveryKindIsUnderstood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	s := w.good().set("f/story", "dòng một\r\ndòng hai\x00 ").
		with("f/who/mail", "mo@example.vn").with("f/place", " 12  Lạch Tray ").with("f/times", "1.000").with("f/length", "2,5").
		with("f/day", "2026-12-25").with("f/at", "2026-12-25T14:30").with("f/clock", "08:05").with("f/colour", "lam").
		with("f/wards", "g1").with("f/wards", "g2").with("f/helpers", "An\r\n\r\n Bình \r\n").with("f/either", "12").with("f/hide", "false").
		with("f/code", "123456").with("f/source", "nobody asks").with("f/form", "digital").with("f/unknown", "x").
		file("f/photos", "a.jpg", photo(t, 1)).file("f/photos", "b.jpg", photo(t, 2)).file("f/film", "", nil)
	p := w.send(s).wants(t, 200)
	in := w.desk.input(t)
	photos, _ := in["photos"].([]any)
	if len(photos) != 2 {
		t.Errorf("photos are %v", in["photos"])
	}
	delete(in, "photos")
	got, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"at":"2026-12-25T14:30:00+07:00","clock":"08:05:00+07:00","code":"123456","colour":"lam","day":"2026-12-25","either":"12","form":"paper",` +
		`"group":"g3","helpers":["An","Bình"],"hide":false,"kind":"again","length":2.5,"name":"Nguyễn Thị Mơ","pin":"0123","place":{"address":"12  Lạch Tray"},` +
		`"story":"dòng một\ndòng hai","times":1000,"wards":["g1","g2"],"who":{"mail":"mo@example.vn","phone":"0912 345 678"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	code := goodCode(w.desk.calls[0].Key)
	p.has(t, "Đã gửi xong", `<p class="sign">`+code.Grouped()+`</p>`, "/chat?lang=vi&amp;ref=desk.find%3A"+string(code), `href="/s/TEST"`)
	c := w.desk.calls[0].Citizen
	if !strings.HasPrefix(c.Subject, "guest-") || c.Assurance != "guest" || w.desk.calls[0].Actor.ID != "" {
		t.Errorf("it was carried out for %+v", c)
	}
}

func TestWhatIsKnownCannotBeAltered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.Input = map[string]any{
		"place": map[string]any{"lat": 20.8578, "lon": 106.681, "address": "Đường Lạch Tray, phường Gia Viên"}, "source": "sign:HP-00572-4", "group": "g7",
	}
	p := w.show()
	p.has(t, "Đường Lạch Tray, phường Gia Viên", "<dd>Nhóm 7</dd>")
	for _, no := range []string{`name="f/place"`, `name="f/group"`, "sign:HP-00572-4"} {
		if strings.Contains(p.body, no) {
			t.Errorf("the page holds %s", no)
		}
	}
	s := w.good().set("f/place", "Hà Nội").set("f/source", "forged").set("f/group", "g1").with("f/place/lat", "1").with("f/place/address", "Hà Nội")
	w.send(s).wants(t, 200)
	in := w.desk.input(t)
	raw, _ := json.Marshal([]any{in["place"], in["source"], in["group"]})
	if want := `[{"address":"Đường Lạch Tray, phường Gia Viên","lat":20.8578,"lon":106.681},"sign:HP-00572-4","g7"]`; string(raw) != want {
		t.Errorf("got %s", raw)
	}

	t.Run("what the form was shown with counts", func(t *testing.T) {
		s := w.good()
		w.Input = map[string]any{"source": "moved meanwhile", "group": "g8"}
		w.send(s).wants(t, 200)
		if in := w.desk.input(t); in["source"] != "sign:HP-00572-4" || in["group"] != "g7" {
			t.Errorf("got %v and %v", in["source"], in["group"])
		}
	})
}

func TestTicketsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	good := w.good()
	flip := func(s string, at int) string {
		b := []byte(s)
		b[at] ^= 1
		return string(b)
	}
	tests := map[string]func(sheet) sheet{
		"none":           func(s sheet) sheet { s.ticket = ""; return s },
		"not ours":       func(s sheet) sheet { s.ticket = "eyJpIjoiYSJ9"; return s },
		"first changed":  func(s sheet) sheet { s.ticket = flip(s.ticket, 12); return s },
		"middle changed": func(s sheet) sheet { s.ticket = flip(s.ticket, len(s.ticket)/2); return s },
		"cut":            func(s sheet) sheet { s.ticket = s.ticket[:len(s.ticket)-9]; return s },
		"very long":      func(s sheet) sheet { s.ticket = strings.Repeat("A", 200_000); return s },
		"of another form": func(s sheet) sheet {
			w.Action = "buy"
			defer func() { w.Action = "everything" }()
			s.ticket = w.show().ticket(t)
			return s
		},
		"of another place": func(s sheet) sheet {
			w.Self = "/form?other"
			defer func() { w.Self = "/form" }()
			s.ticket = w.show().ticket(t)
			return s
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			p := w.send(change(good).file("f/photos", "a.jpg", photo(t, 1)))
			if w.desk.count() != 0 || len(w.guests) != 0 {
				t.Fatal("something was carried out or kept")
			}
			if p.status != 410 && p.status != 413 {
				t.Fatalf("status %d", p.status)
			}
			if p.status == 410 {
				p.has(t, "không dùng được nữa", "Xin làm lại giấy", "Nguyễn Thị Mơ")
				if again := good; true {
					again.ticket = p.ticket(t)
					if w.send(again).status != 200 {
						t.Error("the new form cannot be sent")
					}
					w.desk.calls, w.guests = nil, map[string]int{}
				}
			}
		})
	}
}

func TestSentTwiceTakesEffectOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	s := w.good().file("f/photos", "a.jpg", photo(t, 1))
	answers := make(chan page, 4)
	for range cap(answers) {
		go func() { answers <- w.send(s) }()
	}
	first := <-answers
	for range cap(answers) - 1 {
		if p := <-answers; p.status != 200 || p.body != first.body {
			t.Errorf("status %d; the answers differ: %v", p.status, p.body != first.body)
		}
	}
	if n := w.desk.count(); n != 1 {
		t.Fatalf("carried out %d times", n)
	}

	t.Run("with other answers it is said to have been sent", func(t *testing.T) {
		p := w.send(s.set("f/story", "một chuyện khác hẳn")).wants(t, 409)
		p.has(t, "Đã gửi rồi", "mã hiện ở lần gửi trước", "mở biểu mẫu mới")
		if code := goodCode(w.desk.calls[0].Key).Grouped(); strings.Contains(p.body, code) {
			t.Error("whoever holds the ticket is told the code")
		}
		if w.desk.count() != 1 {
			t.Error("carried out again")
		}
	})
	t.Run("another photo is another answer", func(t *testing.T) {
		s := s
		s.files = nil
		w.send(s.file("f/photos", "a.jpg", photo(t, 200))).wants(t, 409)
	})
	t.Run("a new form is something new", func(t *testing.T) {
		w.send(w.good()).wants(t, 200)
		if w.desk.count() != 2 {
			t.Error("not carried out")
		}
	})
}

// TestRepeatAfterAKill sends a form whose first attempt ended between the files and the action: nothing but the store is left of it.
func TestRepeatAfterAKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	s := w.good().file("f/photos", "a.jpg", photo(t, 1)).file("f/photos", "b.jpg", photo(t, 2))
	w.desk.failWith(fault.New(fault.Unavailable, "runner.timeout"))
	p := w.send(s).wants(t, 503)
	p.has(t, "trả lời quá chậm", "Xin làm lại giấy")
	if len(p.kept()) != 2 {
		t.Fatalf("kept are %v", p.kept())
	}
	w.send(s).wants(t, 200) // the same bytes, as a browser repeats them
	first := w.desk.input(t)["photos"]

	again := s // from the page with the error: the files have come
	again.ticket, again.files = p.ticket(t), nil
	for _, k := range p.kept() {
		again = again.with(k[0], k[1])
	}
	w.send(again).wants(t, 200)
	if w.desk.count() != 1 {
		t.Errorf("carried out %d times", w.desk.count())
	}
	if got := w.desk.input(t)["photos"]; len(got.([]any)) != 2 || !slices.Equal(got.([]any), first.([]any)) {
		t.Errorf("photos are %v, were %v", got, first)
	}
}

func TestAnOldFormIsShownOnceMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	s := w.good().file("f/photos", "a.jpg", photo(t, 1))
	w.pass(25 * time.Hour)
	p := w.send(s).wants(t, 410)
	p.has(t, "Biểu mẫu mở đã lâu", "Xin làm lại giấy", `value="g3" selected`)
	if w.desk.count() != 0 || len(p.kept()) != 1 {
		t.Fatalf("carried out %d times, kept %v", w.desk.count(), p.kept())
	}
	if strings.Contains(p.body, "0123") {
		t.Error("the page shows the sensitive answer")
	}
	again := w.good() // its ticket is replaced
	again.ticket, again.values = p.ticket(t), s.values
	again = again.set("f/pin", "").with(p.kept()[0][0], p.kept()[0][1])
	w.send(again).wants(t, 200)
	if in := w.desk.input(t); in["pin"] != "0123" || len(in["photos"].([]any)) != 1 {
		t.Errorf("got %v", in)
	}
}

func TestAnswersAreKeptBesideWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	s := w.good().set("f/story", "ngắn").set("f/kind", "").set("f/group", "g20").set("page/group", "2").set("f/colour", "tím").set("f/place", "5 Phố Huế, Hà Nội").set("f/times", "ba lần").
		file("f/photos", "a.jpg", photo(t, 1)).file("f/photos", "notes.txt", []byte("không phải ảnh"))
	p := w.send(s).wants(t, 400)
	p.has(t, `href="#f-story"`, `href="#f-kind"`, `href="#f-place">Chỗ này ở ngoài thành phố.`, `href="#f-times"`, "ba lần", `<option value="tím" selected>`,
		`value="g20" selected>Nhóm 20<`, `href="#f-photos"`, "Giữ ảnh 1", "<details open>", `aria-invalid="true"`, "<title>Lỗi: ")
	if w.desk.count() != 0 {
		t.Fatal("carried out")
	}
	mended := s.set("f/story", "dài hơn rồi").set("f/kind", "new").set("f/place", "12 Lạch Tray").set("f/times", "3").with(p.kept()[0][0], p.kept()[0][1])
	mended.ticket, mended.files = p.ticket(t), nil
	w.send(mended).wants(t, 200)
	if n := len(w.desk.input(t)["photos"].([]any)); n != 1 {
		t.Errorf("%d photos, want the one that had come", n)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{UploadBytes: limit.Rule{Max: 20 << 20, Per: time.Hour}})
	big := append(photo(t, 1), make([]byte, 1<<20)...)
	tests := []struct {
		name string
		s    func(sheet) sheet
		want string // beside the field; "" when it is sent
		kept int
	}{
		{"none was chosen", func(s sheet) sheet { return s.file("f/photos", "", nil) }, "", 0},
		{"the same twice", func(s sheet) sheet { return s.file("f/photos", "a", photo(t, 1)).file("f/photos", "b", photo(t, 1)) }, "", 0},
		{"empty", func(s sheet) sheet { return s.file("f/photos", "a.jpg", nil) }, "không có nội dung", 0},
		{"too big", func(s sheet) sheet { return s.file("f/photos", "a.jpg", big) }, "tối đa 1 MB", 0},
		{"too many", func(s sheet) sheet {
			return s.file("f/photos", "a", photo(t, 1)).file("f/photos", "b", photo(t, 2)).file("f/photos", "c", photo(t, 3)).file("f/photos", "d", photo(t, 4))
		}, "nhiều nhất 2 tệp", 2},
		{"HEIC", func(s sheet) sheet {
			return s.file("f/photos", "a.heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"))
		}, "HEIC", 0},
		{"nothing that the city takes", func(s sheet) sheet { return s.file("f/photos", "a.jpg", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;")) }, "cần ảnh JPEG", 0},
		{"a photo is no film", func(s sheet) sheet { return s.file("f/film", "a.mp4", photo(t, 1)) }, "cần video", 0},
		{"broken", func(s sheet) sheet { return s.file("f/photos", "a.jpg", photo(t, 1)[:900]) }, "bị hỏng", 0},
		{"for no field", func(s sheet) sheet { return s.file("f/story", "a.jpg", photo(t, 1)).file("x", "b", photo(t, 1)) }, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := w.send(tt.s(w.good()))
			if tt.want == "" {
				p.wants(t, 200)
				return
			}
			p.wants(t, 400).has(t, tt.want)
			if len(p.kept()) != tt.kept {
				t.Errorf("kept are %v, want %d", p.kept(), tt.kept)
			}
		})
	}
	t.Run("one is not wanted any more", func(t *testing.T) {
		p := w.send(w.good().asking("keep").file("f/photos", "a", photo(t, 1)).file("f/photos", "b", photo(t, 2))).wants(t, 200)
		if len(p.kept()) != 2 {
			t.Fatalf("kept are %v", p.kept())
		}
		s := w.good().with(p.kept()[1][0], p.kept()[1][1])
		s.ticket = p.ticket(t)
		w.send(s).wants(t, 200)
		if got := w.desk.input(t)["photos"].([]any); len(got) != 1 || got[0] != p.kept()[1][1] {
			t.Errorf("photos are %v", got)
		}
	})
	t.Run("ids of others are nobody's", func(t *testing.T) {
		w.send(w.good().with("keep/f/photos", "x").with("keep/photos", "0197c5f0-0000-7000-8000-00000000c171").with("f/photos", "0197c5f0-0000-7000-8000-00000000c171")).wants(t, 200)
		if got := w.desk.input(t)["photos"]; got != nil {
			t.Errorf("photos are %v", got)
		}
	})
	t.Run("kept too long", func(t *testing.T) {
		p := w.send(w.good().asking("keep").file("f/photos", "a", photo(t, 1)).file("f/photos", "b", photo(t, 2))).wants(t, 200)
		w.desk.failWith(fault.InvalidField("media.unknown", "photos", "0"))
		s := w.good().with(p.kept()[0][0], p.kept()[0][1]).with(p.kept()[1][0], p.kept()[1][1])
		s.ticket = p.ticket(t)
		again := w.send(s).wants(t, 400)
		again.has(t, "Không tìm thấy tệp này")
		if got := again.kept(); len(got) != 1 || got[0] != p.kept()[1] {
			t.Errorf("kept are %v", got)
		}
	})
}

// TestRefusedFilesLeaveNobody: a guest is made for what is kept, not for a file that nobody can use.
func TestRefusedFilesLeaveNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	for name, s := range map[string]sheet{
		"broken":        w.good().file("f/photos", "a.jpg", photo(t, 1)[:900]),
		"no photo":      w.good().file("f/photos", "a.txt", []byte("không phải ảnh")),
		"no film":       w.good().file("f/film", "a.mp4", photo(t, 1)),
		"empty":         w.good().file("f/photos", "a.jpg", nil).set("f/story", ""),
		"nothing, kept": w.good().asking("keep"),
	} {
		w.send(s)
		if len(w.guests) != 0 {
			t.Fatalf("%s: %d guests were made", name, len(w.guests))
		}
	}
	p := w.send(w.good().file("f/photos", "a.jpg", photo(t, 1)[:900]).file("f/photos", "b.jpg", photo(t, 2))).wants(t, 400)
	if len(w.guests) != 1 || len(p.kept()) != 1 {
		t.Errorf("%d guests for one photo that is kept: %v", len(w.guests), p.kept())
	}
}

// TestFilesOfOneAddress: what is sent is given back to the address, once; what is left lying is not, and a form holds no more than it needs.
func TestFilesOfOneAddress(t *testing.T) {
	t.Parallel()
	size := len(photo(t, 1))
	w := newWorld(t, Config{UploadBytes: limit.Rule{Max: 3 * size, Per: time.Hour}})
	for range 6 { // a whole quarter
		w.send(w.good().file("f/photos", "a.jpg", photo(t, 1))).wants(t, 200)
	}
	sent := w.good().file("f/photos", "a.jpg", photo(t, 1))
	for range 4 { // each counts its bytes once more, of which one set is given back
		w.send(sent)
	}
	w.send(w.good().asking("keep").file("f/photos", "a.jpg", photo(t, 1))).wants(t, 400).has(t, "Từ mạng này đã gửi lên nhiều ảnh")
	w.send(w.good()).wants(t, 200) // without files everybody still can
	w.pass(time.Hour)
	w.forms.cfg.UploadBytes.Max, w.forms.deps.MaxPhoto, w.forms.deps.MaxVideo = 1<<40, 64<<10, 64<<10
	junk := w.good().asking("keep").file("f/photos", "a.jpg", make([]byte, 64<<10))
	for i := range triesOf*int(w.forms.mostBytes(w.forms.forms[ref{"desk", "everything"}]))>>16 + 1 {
		if tooMany := strings.Contains(w.send(junk).body, "đã gửi lên nhiều ảnh"); tooMany {
			if i < 10 {
				t.Errorf("a form may send only %d times 64 KB", i)
			}
			return
		}
	}
	t.Error("one form may send without end")
}

// TestUnseenCharacters: what is sent reads as what it says.
func TestUnseenCharacters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.send(w.good().set("f/story", "Biển\u202e ở\u2066 số\u200b 12\u2069\r\nbị\x07 gãy\ufeff").set("f/name", "Mơ\u202e nguyễN").set("f/colour", "đỏ\u200f")).wants(t, 200)
	in := w.desk.input(t)
	if in["story"] != "Biển ở số 12\nbị gãy" || in["name"] != "Mơ nguyễN" || in["colour"] != "đỏ" {
		t.Errorf("got %q", in)
	}
}

// TestManyValues: hundreds of values for one field are not looked for among all options.
func TestManyValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	s := w.good().set("f/group", "g3").asking("find")
	for i := range 300 {
		s = s.with("f/group", fmt.Sprint("x", i)).with("f/kind", fmt.Sprint("y", i))
	}
	p := w.send(s).wants(t, 200)
	p.has(t, `value="g3" selected`)
	if strings.Contains(p.body, `"x1"`) || strings.Contains(p.body, `"y1"`) {
		t.Errorf("they are shown: %s", p.body)
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	var all []optionView
	for _, hint := range []string{"A", "", "A", "A", "B", "C", "C", ""} {
		all = append(all, optionView{Value: fmt.Sprint(len(all)), Hint: hint})
	}
	var got []string
	for _, g := range grouped(all) {
		got = append(got, fmt.Sprint(g.Label, len(g.Options)))
	}
	if want := "[1 1 A2 1 C2 1]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if grouped(nil) != nil {
		t.Error("of nothing there is a group")
	}
}

// TestReportKinds: all kinds of reports are in one list with headings, and can be looked for by words.
func TestReportKinds(t *testing.T) {
	t.Parallel()
	w, _ := newReports(t)
	p := w.show().wants(t, 200)
	p.has(t, `<optgroup label="Chiếu sáng và điện lực">`, `<option value="pothole">Ổ gà, mặt đường hư hỏng</option>`, `name="find/category"`)
	if n := strings.Count(p.body, "<optgroup"); n < 8 || n != strings.Count(p.body, "</optgroup>") || strings.Contains(p.body, `value="more category"`) {
		t.Errorf("%d headings: %s", n, p.body)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	p := w.show()
	p.has(t, `value="g10"`, `value="more group"`, `name="find/group"`)
	if strings.Contains(p.body, "Nhóm 11") {
		t.Error("the second page is shown")
	}
	s := w.good().asking("more group").with("page/group", "1")
	p = w.send(s).wants(t, 200)
	p.has(t, "Nhóm 11", "Nhóm 20", `name="page/group" value="2"`, `<option value="g3" selected>`, "Xin làm lại giấy")
	p = w.send(s.set("page/group", "2")).wants(t, 200)
	p.has(t, "Nhóm 25")
	if strings.Contains(p.body, `value="more group"`) {
		t.Error("there is more behind the last page")
	}
	found := w.send(w.good().set("f/group", "").with("find/group", "nhom 25").with("was/group", "")).wants(t, 200) // by the enter key
	found.has(t, "Nhóm 25", `value="nhom 25"`)
	if strings.Contains(found.body, "Nhóm 24") || w.desk.count() != 0 {
		t.Error("the words were not looked for")
	}
	w.send(w.good().set("f/group", "g25").with("find/group", "nhom 25").with("was/group", "nhom 25")).wants(t, 200)
	if w.desk.input(t)["group"] != "g25" {
		t.Error("the option that was found was not taken")
	}
	gone := w.send(w.good().asking("find").set("f/group", "g99").with("find/group", "xyz"))
	gone.wants(t, 200).has(t, "Chưa thấy lựa chọn nào khớp", `value="g99" checked`)
}

func TestAgreedBeforeItIsCarriedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.Action = "buy"
	s := sheet{ticket: w.show().ticket(t), do: "send", values: [][2]string{{"f/seats", "2"}, {"f/pin", "9876"}}}
	p := w.send(s.file("f/ticket", "a.jpg", photo(t, 1))).wants(t, 200)
	p.has(t, "Bà con đồng ý mua chứ ạ?", "Đồng ý mua", "<dt>Giá tiền (đồng)</dt><dd>15.000</dd>", "Mỗi vé 15.000 đồng.", "••••", "1 ảnh")
	if w.desk.count() != 0 || strings.Contains(p.body, "9876") {
		t.Fatal("carried out before it was agreed to, or the sensitive answer is shown")
	}
	agreed := regexp.MustCompile(`name="ok" value="([^"]+)"`).FindStringSubmatch(p.body)[1]
	yes := sheet{ticket: p.ticket(t), do: "agree", values: [][2]string{{"f/seats", "2"}, {"ok", agreed}, p.kept()[0]}}

	t.Run("other answers are asked about anew", func(t *testing.T) {
		w.send(yes.set("f/seats", "9")).wants(t, 200).has(t, "Bà con đồng ý mua chứ ạ?")
		if w.desk.count() != 0 {
			t.Error("carried out")
		}
	})
	t.Run("back to the answers", func(t *testing.T) {
		w.send(yes.asking("edit")).wants(t, 200).has(t, `name="f/seats" type="text" inputmode="numeric" value="2"`, "Giữ ảnh 1")
	})
	w.send(yes).wants(t, 200).has(t, "Đã gửi xong")
	if in := w.desk.input(t); in["pin"] != "9876" || in["seats"] != json.Number("2") || len(in["ticket"].([]any)) != 1 {
		t.Errorf("got %v", in)
	}
}

func TestSuggestionsAreOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.desk.suggest = &miniapps.Instead{Action: "find", Label: message.Text{message.Vietnamese: "Xem việc đã có"}}
	s := w.good().set("f/story", "tranh chấp")
	p := w.send(s).wants(t, 200)
	p.has(t, "Xem việc đã có", "/chat?lang=vi&amp;ref=desk.find", "Không, tôi vẫn gửi")
	if w.desk.count() != 0 {
		t.Fatal("carried out")
	}
	name := regexp.MustCompile(`name="go" value="([^"]+)"`).FindStringSubmatch(p.body)[1]
	w.send(s.with("go", name)).wants(t, 200).has(t, "Đã gửi xong")
}

func TestReadOnlyActionsNeedNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.Action = "find"
	s := sheet{ticket: w.show().ticket(t), do: "send", values: [][2]string{{"f/code", "7K3-9QM-X2B"}}}
	w.send(s).wants(t, 200).has(t, "Đang làm")
	if len(w.guests) != 0 {
		t.Error("a guest was made")
	}
}

// TestNothingToAsk: what only shows something is shown at once when all is known, and leads on to pages.
func TestNothingToAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{Shows: limit.Rule{Max: 4, Per: time.Hour}, Sends: limit.Rule{Max: 1, Per: time.Hour}})
	w.Action, w.Input = "near", map[string]any{"place": map[string]any{"lat": 20.8578, "lon": 106.681, "address": "Đường Lạch Tray, phường Gia Viên"}}
	w.Link = func(app, action string, input map[string]any) (string, bool) {
		code, _ := input["code"].(string)
		return "/codes/" + code + "?a=1&lang=vi", app == "desk" && action == "find"
	}
	golden(t, "near", w.show().wants(t, 200))
	w.Link = nil
	if p := w.show().wants(t, 200); strings.Contains(p.body, "Xem tiếp") || strings.Contains(p.body, "<form") {
		t.Errorf("without pages: %s", p.body)
	}
	w.desk.failWith(fault.New(fault.Unavailable, ""))
	w.show().wants(t, 503).has(t, `href="/form"`, "Mở lại biểu mẫu")
	w.show().wants(t, 200)
	w.show().wants(t, 429).has(t, "Có quá nhiều lượt gửi")
	if len(w.guests) != 0 {
		t.Error("a guest was made")
	}
}

// TestSomethingToAsk: what has to be asked is, and its result leads on as well.
func TestSomethingToAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.Action, w.Link = "near", func(_, action string, _ map[string]any) (string, bool) { return "/codes", action == "find" }
	p := w.show().wants(t, 200)
	p.has(t, `name="f/place"`, `value="send">Xem</button>`)
	w.send(sheet{ticket: p.ticket(t), do: "send", values: [][2]string{{"f/place", "12 Lạch Tray"}}}).wants(t, 200).has(t, "Gần 12 Lạch Tray", `<a href="/codes">Tra cứu</a>`)
	w.Action, w.Input = "buy", map[string]any{"seats": 2, "pin": "1", "ticket": []any{}}
	w.show().wants(t, 200).has(t, "<form") // it changes something
	if w.desk.count() != 0 {
		t.Error("a look carried something out")
	}
}

func TestTooOften(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{Sends: limit.Rule{Max: 2, Per: time.Hour}, Shows: limit.Rule{Max: 11, Per: time.Hour}, UploadBytes: limit.Rule{Max: 10, Per: time.Hour}})
	for range 2 {
		w.send(w.good()).wants(t, 200)
	}
	p := w.send(w.good()).wants(t, 429)
	p.has(t, "Có quá nhiều lượt gửi", "Xin làm lại giấy")
	if p.header.Get("Retry-After") == "" || w.desk.count() != 2 {
		t.Errorf("carried out %d times, Retry-After %q", w.desk.count(), p.header.Get("Retry-After"))
	}
	w.send(w.good().file("f/photos", "a.jpg", photo(t, 1))).wants(t, 400).has(t, "đã gửi lên nhiều ảnh")
	w.show().wants(t, 200)
	p = w.show().wants(t, 429)
	p.has(t, "Chưa mở được biểu mẫu", "Có quá nhiều lượt gửi")
	other := httptest.NewRequest(http.MethodGet, "/form", nil)
	other.Header.Set("X-Test-Address", "198.51.100.9")
	w.do(other).wants(t, 200)
}

func TestFaultsOfTheActionAreSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	tests := []struct {
		err    error
		status int
		want   string
	}{
		{fault.InvalidField("schema.too_short", "story"), 400, `href="#f-story"`},
		{&fault.Error{Code: fault.Invalid, Fields: []fault.Field{{Path: []string{"source"}, Public: "Nguồn lạ."}}}, 400, "<li>Nguồn lạ.</li>"},
		{&fault.Error{Code: fault.Conflict, Public: "Hết chỗ rồi."}, 409, "Hết chỗ rồi."},
		{fault.New(fault.Forbidden, ""), 403, "không có quyền"},
		{fault.New(fault.NotFound, ""), 404, "Không tìm thấy"},
		{fault.New(fault.Unavailable, "").After(3 * time.Second), 503, "tạm gián đoạn"},
		{fault.New(fault.Internal, ""), 500, "Hệ thống gặp lỗi"},
	}
	for _, tt := range tests {
		w.desk.failWith(tt.err)
		p := w.send(w.good()).wants(t, tt.status)
		p.has(t, tt.want, "Xin làm lại giấy")
		if tt.status == 503 && p.header.Get("Retry-After") != "3" {
			t.Errorf("Retry-After is %q", p.header.Get("Retry-After"))
		}
	}
}

func TestWhatIsNoForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{MaxValues: 8192})
	post := func(kind, body string) page {
		r := httptest.NewRequest(http.MethodPost, "/form", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		return w.do(r)
	}
	post("application/json", `{}`).wants(t, 400).has(t, "không đọc được", `href="/form"`)
	post("application/x-www-form-urlencoded", `f/story=x`).wants(t, 400)
	post("multipart/form-data", ``).wants(t, 400)
	post("multipart/form-data; boundary=x", `what`).wants(t, 410)
	post("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\ncut off").wants(t, 400)
	post("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: attachment\r\n\r\ny\r\n--x--\r\n").wants(t, 400)
	w.send(w.good().with("f/story", strings.Repeat("x", 100<<10))).wants(t, 413).has(t, "Chưa gửi được biểu mẫu", "quá lớn")
	many := w.good()
	for range 900 {
		many = many.with("f/wards", "g1")
	}
	w.send(many).wants(t, 413)
	w.send(w.good().file("f/photos", "a", make([]byte, 6<<20))).wants(t, 413)
	w.Action = "own"
	w.show().wants(t, 404)
	w.send(sheet{}).wants(t, 404)
	if w.desk.count() != 0 {
		t.Error("something was carried out")
	}
}

func TestNothingIsShownAsMarkup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	w.Heading, w.Back = evil, `javascript:alert(1)`
	s := w.good().asking("keep")
	for _, name := range []string{"f/story", "f/name", "f/group", "f/place", "f/times", "find/group", "was/group", "page/group", "go", evil} {
		s = s.set(name, evil)
	}
	for _, p := range []page{w.send(s), w.send(s.asking("send")), w.send(s.asking("more " + evil)), w.send(s.asking(evil))} {
		for _, no := range []string{"<script", "<img src=x", "javascript:alert"} {
			if strings.Contains(p.body, no) {
				t.Errorf("status %d: the page holds %s:\n%s", p.status, no, p.body)
			}
		}
	}
}

func TestCan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	tests := []struct {
		action string
		known  []string
		why    string // "" when it can
	}{
		{"everything", nil, ""},
		{"buy", nil, ""},
		{"find", nil, ""},
		{"near", nil, ""},
		{"after", nil, "needs challenge"},
		{"after", []string{"challenge"}, ""},
		{"point", nil, "needs place"},
		{"point", []string{"place"}, ""},
		{"own", nil, "no action of guests"},
		{"nothing", nil, "no action of guests"},
	}
	for _, tt := range tests {
		err := w.forms.Why("desk", tt.action, tt.known...)
		if (err == nil) != (tt.why == "") || err != nil && !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s with %v: got %v, want %q", tt.action, tt.known, err, tt.why)
		}
		if w.forms.Can("desk", tt.action, tt.known...) != (tt.why == "") {
			t.Errorf("%s with %v: Can says otherwise", tt.action, tt.known)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if err := (Config{}).Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []Config{{Life: time.Second}, {MaxValues: 1}, {Shows: limit.Rule{Max: -1, Per: time.Hour}}, {Sends: limit.Rule{Max: 1}}, {UploadBytes: limit.Rule{Per: time.Hour}}} {
		if c.Validate() == nil {
			t.Errorf("%+v is fine", c)
		}
	}
}
