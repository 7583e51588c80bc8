package registry

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fault"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps/signs/platecode"
)

func TestPutPlate(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d := told(t, e, 1)
		first := d.get(1)
		if first.ID != "000001" || len(first.Codes) != 1 || first.Codes[0].Batch != "HP-2022-01" || !first.Codes[0].RevokedAt.IsZero() || first.Condition != Good ||
			!first.InstalledAt.Equal(plate(1).Installed) || !first.SeenAt.IsZero() || !first.CreatedAt.Equal(noon) || len(first.Cells) != 3 {
			t.Errorf("got %+v", first)
		}
		d.later(time.Hour)
		if got := d.plate(plate(1)); got != Same {
			t.Errorf("again: got %s", got)
		}
		if again := d.get(1); again.UpdatedAt != first.UpdatedAt || again.Codes[0] != first.Codes[0] {
			t.Errorf("a repeat changed %+v", again)
		}
		row := plate(1)
		row.Address, row.Batch = "Trước cửa nhà hát", "HP-2023-01"
		held := d.get(1)
		if got := ComparePlate(&held, d.Clean(row)); got != Different {
			t.Errorf("compared: got %s", got)
		}
		if held.Codes[0].Batch != "HP-2022-01" || held.Place.Address != "Góc quảng trường" {
			t.Error("comparing changed the plate")
		}
		if got := d.plate(row); got != Different {
			t.Errorf("changed: got %s", got)
		}
		p := d.get(1)
		if p.Place.Address != row.Address || p.Codes[0].Batch != "HP-2023-01" || p.Codes[0].Code != first.Codes[0].Code || p.UpdatedAt != noon.Add(time.Hour) {
			t.Errorf("got %+v", p)
		}
		h, err := d.History(t.Context(), "000001")
		if err != nil || len(h.Changes) != 2 || h.Dropped != 0 {
			t.Fatalf("got %+v, %v", h, err)
		}
		want := []Altered{{"address", "Góc quảng trường", "Trước cửa nhà hát"}, {"batch", "HP-2022-01", "HP-2023-01"}}
		if c := h.Changes[1]; h.Changes[0].Kind != Created || c.Kind != Updated || c.By != "importer" || !c.At.Equal(noon.Add(time.Hour)) || len(c.Fields) != 2 || c.Fields[0] != want[0] || c.Fields[1] != want[1] {
			t.Errorf("got %+v", h.Changes)
		}
	})
}

// TestListDoesNotUndo: an old list does not take back what was noted since, a new one does.
func TestListDoesNotUndo(t *testing.T) {
	t.Parallel()
	d := told(t, memory.New(), 1)
	if _, err := d.SetCondition(t.Context(), "000001", Damaged, "", Act{By: "officer"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reissue(t.Context(), "000001", "HP-2026-09", "bể", Act{By: "officer"}); err != nil {
		t.Fatal(err)
	}
	if got := d.plate(plate(1)); got != Same {
		t.Errorf("the same list: got %s", got)
	}
	if p := d.get(1); p.Condition != Damaged || p.Batch != "HP-2026-09" {
		t.Errorf("got %s, %s", p.Condition, p.Batch)
	}
	row := plate(1)
	row.Condition = Worn
	if got := d.plate(row); got != Different || d.get(1).Condition != Worn {
		t.Errorf("a new list: got %s, %s", got, d.get(1).Condition)
	}
	row.Condition, row.Installed = "", time.Time{}
	if got := d.plate(row); got != Same || d.get(1).InstalledAt.IsZero() {
		t.Errorf("a list that says nothing: got %s", got)
	}
}

func TestPutPlateRefuses(t *testing.T) {
	t.Parallel()
	d := told(t, memory.New(), 0)
	tests := []struct {
		name   string
		change func(*PlateRow)
		want   string
	}{
		{"good", func(*PlateRow) {}, ""},
		{"ward and unit left open", func(r *PlateRow) { r.Ward, r.Unit = "", "" }, ""},
		{"decomposed and blanks", func(r *PlateRow) { r.Address = " Go\u0301c\u00a0 quảng trường " }, ""},
		{"number 0", func(r *PlateRow) { r.Number = 0 }, "number number"},
		{"number too high", func(r *PlateRow) { r.Number = 1_000_000 }, "number number"},
		{"nothing", func(r *PlateRow) { *r = PlateRow{Number: 1, Lat: lat, Lon: lon} }, "story needed, street needed, address needed, side side"},
		{"unknown story", func(r *PlateRow) { r.Story = "khong-co" }, "story story"},
		{"malformed story", func(r *PlateRow) { r.Story = "Nhà hát" }, "story story_id, story story"},
		{"side", func(r *PlateRow) { r.Side = "trái" }, "side side"},
		{"condition", func(r *PlateRow) { r.Condition = "ok" }, "condition condition"},
		{"swapped", func(r *PlateRow) { r.Lat, r.Lon = lon, lat }, "lat swapped"},
		{"outside", func(r *PlateRow) { r.Lat, r.Lon = 21.0285, 105.8542 }, "lat outside"},
		{"not on Earth", func(r *PlateRow) { r.Lat = 2085735 }, "lat degrees"},
		{"no number", func(r *PlateRow) { r.Lat = math.NaN() }, "lat degrees"},
		{"other ward", func(r *PlateRow) { r.Ward = "11383" }, "ward other_ward"},
		{"unknown ward", func(r *PlateRow) { r.Ward, r.Unit = "99999", "" }, "ward ward_but"},
		{"unknown ward, no place", func(r *PlateRow) { r.Ward, r.Unit, r.Lat = "99999", "", 0 }, "lat outside, ward ward"},
		{"unit", func(r *PlateRow) { r.Unit = "ward-99999" }, "unit unit"},
		{"batch", func(r *PlateRow) { r.Batch = "đợt 1" }, "batch batch"},
		{"future", func(r *PlateRow) { r.Installed = noon.Add(49 * time.Hour) }, "installed day_range"},
		{"tomorrow", func(r *PlateRow) { r.Installed = noon.Add(24 * time.Hour) }, ""},
		{"long ago", func(r *PlateRow) { r.Installed = time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC) }, "installed day_range"},
		{"long street", func(r *PlateRow) { r.Street = strings.Repeat("ư", 121) }, "street too_long"},
		{"longest street", func(r *PlateRow) { r.Street = strings.Repeat("ư", 120) }, ""},
		{"line break", func(r *PlateRow) { r.Address = "Số 1\nSố 2" }, "address control"},
		{"zero width", func(r *PlateRow) { r.Address = "Số\u200b 1" }, "address control"},
		{"right to left", func(r *PlateRow) { r.Street = "Phố \u202e1" }, "street control"},
		{"garbled", func(r *PlateRow) { r.Street = "Phá»‘ Tráº§n HÆ°ng Äáº¡o" }, "street garbled"},
		{"guillemets are fine", func(r *PlateRow) { r.Address = "Quán «Cá» cũ" }, ""},
		{"html", func(r *PlateRow) { r.Address = "<b>Số 1</b>" }, "address html"},
		{"less than", func(r *PlateRow) { r.Address = "Số 1 < số 3 & 5" }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row := plate(7)
			tt.change(&row)
			_, err := d.PutPlate(t.Context(), row, "importer")
			if got := wrongs(err); got != tt.want || (err != nil) != (tt.want != "") {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
	held, err := d.PlateByNumber(t.Context(), 7)
	if err != nil || held.Ward != ward || held.Unit != "ward-"+ward {
		t.Errorf("got %+v, %v", held, err)
	}
}

func TestStoryRefuses(t *testing.T) {
	t.Parallel()
	long := func(lang string, r *StoryRow) {
		r.Texts[lang] = TextRow{Words: Words{Title: "x", Text: strings.Repeat("ư", 6000)}, State: Draft}
	}
	vi := func(r *StoryRow, f func(*TextRow)) {
		t := r.Texts["vi"]
		f(&t)
		r.Texts["vi"] = t
	}
	tests := []struct {
		name   string
		change func(*StoryRow)
		want   string
	}{
		{"good", func(*StoryRow) {}, ""},
		{"id", func(r *StoryRow) { r.ID = "Nhà hát" }, "id story_id"},
		{"kind", func(r *StoryRow) { r.Kind = "bridge" }, "kind kind"},
		{"no Vietnamese", func(r *StoryRow) { delete(r.Texts, "vi") }, "name.vi vietnamese"},
		{"no words", func(r *StoryRow) { r.Texts["fr"] = TextRow{State: Draft} }, "name.fr needed"},
		{"language", func(r *StoryRow) { r.Texts["vn-XX-yy"] = r.Texts["en"] }, "name.vn-XX-yy lang"},
		{"Chinese", func(r *StoryRow) { r.Texts["zh-Hant"] = r.Texts["en"] }, ""},
		{"dotted language", func(r *StoryRow) { r.Texts["e.n"] = r.Texts["en"] }, "name.e.n lang"},
		{"state", func(r *StoryRow) { vi(r, func(t *TextRow) { t.State = "done" }) }, "state.vi state"},
		{"reviewed by nobody", func(r *StoryRow) { vi(r, func(t *TextRow) { t.State = Approved }) }, "reviewed_by.vi reviewer"},
		{"reviewed by oneself", func(r *StoryRow) { vi(r, func(t *TextRow) { t.State, t.ReviewedBy = Approved, "importer" }) }, "reviewed_by.vi reviewer"},
		{"reviewed before it is written", func(r *StoryRow) { vi(r, func(t *TextRow) { t.State, t.Text = Approved, "" }) }, ""},
		{"reviewed", func(r *StoryRow) { vi(r, func(t *TextRow) { t.State, t.ReviewedBy = Approved, "Sở Văn hóa" }) }, ""},
		{"html", func(r *StoryRow) { vi(r, func(t *TextRow) { t.Text = "a <script>alert(1)</script>" }) }, "text.vi html"},
		{"reference", func(r *StoryRow) { vi(r, func(t *TextRow) { t.Title = "a&#x3c;b" }) }, "name.vi html"},
		{"too long", func(r *StoryRow) { vi(r, func(t *TextRow) { t.Text = strings.Repeat("ư", 6001) }) }, "text.vi too_long"},
		{"joiners in a text", func(r *StoryRow) { vi(r, func(t *TextRow) { t.Text = "a\u200bb\u00adc" }) }, ""},
		{"a bell in a text", func(r *StoryRow) { vi(r, func(t *TextRow) { t.Text = "a\u0007b" }) }, "text.vi control"},
		{"too large", func(r *StoryRow) {
			for _, lang := range []string{"de", "es", "fr", "ja", "ko", "ru"} {
				long(lang, r)
			}
		}, "id story_large"},
		{"plain http", func(r *StoryRow) { r.Pictures[0].URL = "http://anh.example/a.jpg" }, "pictures.0.url https"},
		{"script", func(r *StoryRow) { r.Pictures[0].URL = "javascript:alert(1)" }, "pictures.0.url https"},
		{"password", func(r *StoryRow) { r.Pictures[0].URL = "https://a:b@anh.example/a.jpg" }, "pictures.0.url https"},
		{"no host", func(r *StoryRow) { r.Pictures[0].URL = "https:///a.jpg" }, "pictures.0.url https"},
		{"no credit", func(r *StoryRow) { r.Pictures[0].Credit = " " }, "pictures.0.credit credit"},
		{"media and url", func(r *StoryRow) { r.Pictures[0].Media = "m1" }, "pictures.0 media_or_url"},
		{"neither", func(r *StoryRow) { r.Audio = []Recording{{Lang: "vi"}} }, "audio.0 media_or_url"},
		{"audio", func(r *StoryRow) { r.Audio = []Recording{{Lang: "vi", Media: "m-1"}} }, ""},
		{"many", func(r *StoryRow) { r.Former = strings.Split(strings.Repeat("a ", 21), " ") }, "former too_many"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			row := opera()
			tt.change(&row)
			_, err := openDesk(t, memory.New()).PutStory(t.Context(), row, "importer")
			if got := wrongs(err); got != tt.want || (err != nil) != (tt.want != "") {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

// TestStoryBeforeItIsWritten: a story may be a name alone. Then it is a draft that nobody can review, and a list that names it again does not take its text back.
func TestStoryBeforeItIsWritten(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d := openDesk(t, e)
		whole, name := opera(), opera()
		name.Texts = map[string]TextRow{"vi": {Words: Words{Title: whole.Texts["vi"].Title}, State: Approved, ReviewedBy: "Sở Văn hóa"}}
		stand := func() Story {
			s, err := d.Story(t.Context(), name.ID)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		if res := d.story(name); res != New {
			t.Errorf("got %s", res)
		}
		if s := stand(); s.Written() || s.Translations["vi"].State != Draft || s.Translations["vi"].ReviewedBy != "" {
			t.Errorf("got %+v", s.Translations)
		}
		_, err := d.Review(t.Context(), name.ID, "vi", 1, Act{By: "an"})
		if wantCode(t, err, fault.Conflict); fault.Of(err).Key != "signs.no_text" {
			t.Errorf("got %v", err)
		}
		_, err = d.Translate(t.Context(), name.ID, "vi", Words{Title: "Nhà hát"}, Act{By: "an"})
		wantCode(t, err, fault.Invalid)
		d.story(whole)
		if _, err := d.Review(t.Context(), name.ID, "vi", stand().Translations["vi"].Revision, Act{By: "an"}); err != nil {
			t.Fatal(err)
		}
		short := whole
		short.Texts = map[string]TextRow{"vi": {Words: whole.Texts["vi"].Words, State: Draft}}
		vi := short.Texts["vi"]
		vi.Text = ""
		short.Texts["vi"] = vi
		held := stand()
		if res := CompareStory(&held, CleanStory(short)); res != Same {
			t.Errorf("a row without the text would be %s", res)
		}
		if res := d.story(short); res != Same || stand().Translations["vi"].State != Approved || !held.Written() {
			t.Errorf("a row without the text: %s, %+v", res, stand().Translations["vi"])
		}
		vi.Title = "Nhà hát thành phố"
		short.Texts["vi"] = vi
		if res := d.story(short); res != Different || stand().Translations["vi"].State != Draft || stand().Translations["vi"].Text == "" {
			t.Errorf("another name: %s, %+v", res, stand().Translations["vi"])
		}
	})
}

// TestEveryReasonHasWords: what is wrong can be said in both languages, with all placeholders filled.
func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	texts := configstest.Texts(t)
	d := openDesk(t, memory.New())
	row := PlateRow{Number: -1, Street: "<b>" + strings.Repeat("x", 200), Address: "a\x00", Lat: lat, Lon: lon, Ward: "11383", Unit: "x", Batch: "đ", Condition: "x", Installed: noon.Add(99 * time.Hour)}
	fields := d.CheckPlate(row)
	row.Ward = "x"
	fields = append(fields, d.CheckPlate(row)...)
	row.Lat, row.Lon = row.Lon, row.Lat
	fields = append(fields, d.CheckPlate(row)...)
	bad := StoryRow{ID: "É", Texts: map[string]TextRow{"x.y": {State: Approved}, "z": {}}, Pictures: []Picture{{}, {URL: "http://a"}, {Media: "/"}}, Former: make([]string, 30)}
	fields = append(fields, CheckStory(bad, "")...)
	if len(fields) < 25 {
		t.Fatalf("only %d reasons", len(fields))
	}
	for _, f := range fields {
		for _, lang := range []string{"vi", "en"} {
			text := texts.Field(langOf(lang), f)
			if text == f.Key || strings.Contains(text, "<no value>") {
				t.Errorf("%v %s: got %q", f.Path, f.Key, text)
			}
		}
	}
	for _, key := range []string{"no_plate", "no_story", "no_translation", "no_code", "too_many_codes", "words_changed", "own_words", "no_text"} {
		if !texts.Has("signs." + key) {
			t.Errorf("no text for %s", key)
		}
	}
}

// scripted gives codes from a list, over and over.
type scripted struct {
	Codes
	list []platecode.Code
}

func (s *scripted) Mint() (platecode.Code, error) {
	c := s.list[0]
	s.list = append(s.list[1:], c)
	return c, nil
}

// TestTakenCodes: a code that another plate has is not given twice.
func TestTakenCodes(t *testing.T) {
	t.Parallel()
	d := told(t, memory.New(), 0)
	a, _ := codes(t).Mint()
	b, _ := codes(t).Mint()
	d.deps.Codes = &scripted{d.deps.Codes, []platecode.Code{a, a, b}}
	d.plate(plate(1))
	row := plate(2)
	row.Lat += 0.001
	d.plate(row)
	if one, two := d.get(1).Codes[0].Code, d.get(2).Codes[0].Code; one != string(a) || two != string(b) {
		t.Errorf("got %s and %s, want %s and %s", one, two, a, b)
	}
	row = plate(3)
	_, err := d.PutPlate(t.Context(), row, "importer")
	wantCode(t, err, fault.Internal)
}
