package signpage

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

func TestLanguage(t *testing.T) {
	d := open(t)
	for _, tt := range []struct{ lang, accept, want string }{
		{"", "", "vi"}, {"", "de", "en"}, {"", "*", "vi"}, {"", "ko-KR,ko;q=0.9,*;q=0.5", "en"}, {"", "zh-CN,zh;q=0.9", "en"}, {"", "ko,vi;q=0.1", "vi"}, {"", "\x00;;q", "vi"},
		{"en", "fr", "en"}, {"fr", "", "fr"}, {"de", "en", "en"}, {"<b>", "fr-CA", "fr"},
		{"", "en-US,en;q=0.9", "en"}, {"", "fr-CA,fr;q=0.9", "fr"}, {"", "de,fr;q=0.5", "fr"}, {"", "xx-yy,fr;q=0.5", "fr"},
		{"", "en-US,en;q=0.9,vi;q=0.8", "vi"}, // they read what was reviewed
		{"", strings.Repeat("xx-yy,", 100) + "en", "vi"},
		{"", "en," + strings.Repeat("xx-yy,", 100), "en"},
	} {
		for range 2 { // found, and remembered
			if got := d.page(t, Ask{Sign: d.code, Lang: tt.lang, Accept: tt.accept}); got.Lang != tt.want {
				t.Errorf("?lang=%q, Accept-Language %q: got %s, want %s", tt.lang, tt.accept, got.Lang, tt.want)
			}
		}
	}
}

// TestChosenLanguage: a language in an address is understood as others write it.
func TestChosenLanguage(t *testing.T) {
	d := open(t)
	d.book.change(func() {
		for _, l := range []string{"zh-Hans", "pt"} {
			d.book.story.Translations[l] = d.book.story.Translations["fr"]
		}
	})
	for chosen, want := range map[string]string{
		"EN": "en", "en-US": "en", "en_GB": "en", "Vi-vn": "vi", "zh": "zh-Hans", "zh-CN": "zh-Hans", "ZH-hans": "zh-Hans", "FR-ca": "fr", "pt-BR": "pt",
		"ja": "vi" /* which the page has not: what the browser asks for decides */, "und": "vi", "*": "vi", "xx": "vi", "en;q=0": "vi", "\x00": "vi", "english": "vi", "en-" + strings.Repeat("x", 5000): "vi",
	} {
		for range 2 { // found, and remembered
			if got := d.page(t, Ask{Sign: d.code, Lang: chosen, Accept: "vi"}); got.Lang != want {
				t.Errorf("?lang=%.20q: got %s, want %s", chosen, got.Lang, want)
			}
		}
	}
	for chosen, want := range map[string]string{"EN": "en", "en-US": "en", "zh": "vi", "vi-VN": "vi", "xx": "vi"} {
		if got := d.page(t, Ask{Sign: "AAAAAAAAAAAAA", Lang: chosen}); got.Lang != want {
			t.Errorf("a notice with ?lang=%q: got %s, want %s", chosen, got.Lang, want)
		}
	}
	for i := range 2 * maxWishes {
		d.page(t, Ask{Sign: d.code, Lang: "en-x-" + strconv.Itoa(i)})
	}
	if n := d.known.found.Len(); n > maxWishes {
		t.Errorf("%d wishes are remembered", n)
	}
}

// TestLanguageOfVisitorsFromAbroad: whose language there is none of reads English, around the story too, and in pages about nothing.
func TestLanguageOfVisitorsFromAbroad(t *testing.T) {
	d := open(t)
	d.book.change(func() { delete(d.book.story.Translations, "fr") })
	for accept, want := range map[string]string{"fr-FR,fr;q=0.9": "en", "ko": "en", "zh-TW,zh;q=0.9": "en", "vi-VN,fr;q=0.9": "vi", "fr,vi;q=0.5": "vi", "fr,en;q=0.5": "en", "": "vi"} {
		for _, sign := range []string{d.code, "AAAAAAAAAAAAA", "HP-00573-3", "HP-00572-5"} {
			page := d.page(t, Ask{Sign: sign, Accept: accept})
			if page.Lang != want || !strings.Contains(string(page.Body), `<html lang="`+want+`"`) {
				t.Errorf("%s, Accept-Language %q: got %s, want %s", sign, accept, page.Lang, want)
			}
		}
	}
	d.book.change(func() { delete(d.book.story.Translations, "en") })
	d.Forget()
	if body := string(d.page(t, Ask{Sign: d.code, Accept: "ko"}).Body); !strings.Contains(body, `<html lang="en"`) || !strings.Contains(body, `lang="vi" dir="ltr"`) {
		t.Error("a story that is not translated has no English around it")
	}
}

func TestMarks(t *testing.T) {
	d := open(t)
	for _, tt := range []struct {
		lang        string
		has, hasNot []string
	}{
		{"vi", []string{"dữ liệu mẫu"}, []string{"chưa được thẩm định"}},
		{"en", []string{"sample data", "This translation has not been reviewed yet."}, []string{"has not been translated"}},
		{"fr", []string{"sample data", "This translation has not been reviewed yet.", `<article class="story" lang="fr" dir="ltr">`, `<html lang="en"`}, nil},
	} {
		body := string(d.page(t, Ask{Sign: d.code, Lang: tt.lang}).Body)
		for _, s := range tt.has {
			if !strings.Contains(body, s) {
				t.Errorf("%s lacks %q", tt.lang, s)
			}
		}
		for _, s := range tt.hasNot {
			if strings.Contains(body, s) {
				t.Errorf("%s has %q", tt.lang, s)
			}
		}
	}
	d.book.change(func() { delete(d.book.story.Translations, "en") })
	d.Forget()
	if body := string(d.page(t, Ask{Sign: d.code, Lang: "en"}).Body); !strings.Contains(body, "has not been translated into English yet") || !strings.Contains(body, `lang="vi" dir="ltr"`) {
		t.Error("an English page with the Vietnamese story does not say so")
	}
}

func TestPlateWithoutStory(t *testing.T) {
	d := open(t)
	for _, id := range []string{"", "gone"} {
		d.book.change(func() {
			c := d.book.coded[d.code]
			c.Plate.Story = id
			d.book.coded[d.code] = c
		})
		d.Forget()
		page := d.page(t, Ask{Sign: d.code, Lang: "en"})
		wellFormed(t, page.Body)
		if body := string(page.Body); page.Status != 200 || !strings.Contains(body, "<h1>Phố Hoàng Văn Thụ</h1>") || !strings.Contains(body, "is being written") {
			t.Errorf("story %q: %d", id, page.Status)
		}
	}
}

// TestUnwrittenStory: plates hang before their stories are written. All that is known is shown, and a friendly line stands for the rest, in the reader's language.
func TestUnwrittenStory(t *testing.T) {
	named := func(title string) registry.Translation {
		return registry.Translation{State: registry.Draft, Words: registry.Words{Title: title, NamedAfter: "Nguyễn Văn <A>"}}
	}
	written := named("Opera Street")
	written.Text = "Here people sing."
	for _, tt := range []struct {
		name   string
		kind   registry.StoryKind
		story  map[string]registry.Translation
		lang   string
		has    []string
		hasnot []string
	}{
		{"a name in one language", registry.Street, map[string]registry.Translation{"vi": named("Phố Nhà Hát")}, "vi",
			[]string{"<h1>Phố Nhà Hát</h1>", `<p class="unwritten">Câu chuyện của con phố này đang được viết.`, `content="Nguyễn Văn &lt;A&gt;`}, []string{"chưa được thẩm định"}},
		{"read by a visitor", registry.Work, map[string]registry.Translation{"vi": named("Phố Nhà Hát")}, "en",
			[]string{"<h1>Phố Nhà Hát</h1>", `<p class="unwritten" lang="en" dir="ltr">The story of this landmark is being written.`}, []string{"reviewed", "translated"}},
		{"a name in both", registry.Street, map[string]registry.Translation{"vi": named("Phố Nhà Hát"), "en": named("Opera Street")}, "en",
			[]string{"<h1>Opera Street</h1>", "The story of this street is being written."}, []string{"translated"}},
		{"written in English alone", registry.Street, map[string]registry.Translation{"vi": named("Phố Nhà Hát"), "en": written}, "en",
			[]string{"<h1>Opera Street</h1>", "Here people sing.", "has not been reviewed"}, []string{"being written"}},
		{"read in Vietnamese", registry.Street, map[string]registry.Translation{"vi": named("Phố Nhà Hát"), "en": written}, "vi",
			[]string{"<h1>Phố Nhà Hát</h1>", "đang được viết"}, []string{"people sing"}},
		{"written in Vietnamese alone", registry.Street, map[string]registry.Translation{"vi": written, "en": named("Opera Street")}, "en",
			[]string{"Here people sing.", "has not been translated into English yet"}, []string{"being written"}},
		{"a third name", registry.Street, map[string]registry.Translation{"vi": written, "fr": named("Rue de l’Opéra")}, "fr",
			[]string{"Here people sing."}, []string{"Rue de", "hreflang=\"fr\""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t)
			d.book.change(func() { d.book.story.Kind, d.book.story.Translations = tt.kind, tt.story })
			page := d.page(t, Ask{Sign: d.code, Lang: tt.lang})
			wellFormed(t, page.Body)
			for _, s := range append(tt.has, "pictures.example", "Nhà hát Tây", `class="acts"`, `class="sources"`) {
				if !strings.Contains(string(page.Body), s) {
					t.Errorf("the page lacks %q: %s", s, page.Body)
				}
			}
			for _, s := range tt.hasnot {
				if strings.Contains(string(page.Body), s) {
					t.Errorf("the page says %q: %s", s, page.Body)
				}
			}
		})
	}
}

// TestSharedWithoutPicture: a page without pictures of its own names none to those who share it, and says how it is to be shown.
func TestSharedWithoutPicture(t *testing.T) {
	d := open(t)
	d.book.change(func() { d.book.story.Pictures = nil })
	body := string(d.page(t, Ask{Sign: d.code, Lang: "vi"}).Body)
	if strings.Contains(body, "og:image") || !strings.Contains(body, `name="twitter:card" content="summary">`) || !strings.Contains(body, `og:title" content="Nhà hát lớn Hải Phòng"`) {
		t.Error(body)
	}
}

// TestCodeStaysSecret: neither who opens a plate by its number nor who has a revoked code learns the code that is good.
func TestCodeStaysSecret(t *testing.T) {
	d := open(t)
	for _, a := range []Ask{{Sign: printed, Lang: "vi"}, {Sign: printed, Lang: "en"}, {Sign: d.old, Lang: "vi"}, {Sign: d.old, Lang: "en"}} {
		if page := d.page(t, a); strings.Contains(string(page.Body), d.code) || page.Code == d.code {
			t.Errorf("%+v gives the code", a)
		}
	}
	if body := string(d.page(t, Ask{Sign: d.old, Lang: "en"}).Body); strings.Contains(body, "stolen") {
		t.Error("what staff wrote is shown")
	}
}

func TestLinksOn(t *testing.T) {
	d := open(t)
	for sign, want := range map[string][]string{
		d.code: {"https://m.me/haiphong.city?ref=signs.show.en:" + d.code, "https://zalo.me/579745863508352884", `translate="no">` + printed + `</code>`, "https://city.example/app/signs/" + d.code, "/chat?lang=en&amp;ref=signs.show.en:" + d.code,
			`href="/s/` + d.code + `/do/feedback/submit?lang=en"`, `action="/s/` + d.code + `/damage"`, `property="og:url" content="https://city.example/s/` + printed + `"`, `rel="canonical" href="https://city.example/s/` + printed + `?lang=en"`},
		printed: {"https://m.me/haiphong.city?ref=signs.show.en:" + printed, "https://city.example/app/signs/" + printed, `action="/s/` + printed + `/damage"`},
	} {
		body := string(d.page(t, Ask{Sign: sign, Lang: "en"}).Body)
		for _, s := range want {
			if !strings.Contains(body, s) {
				t.Errorf("the page of %s lacks %s", sign, s)
			}
		}
	}
	bare := open(t, func(d *Deps) { d.Links, d.Damaged, d.Services, d.MediaURL = Links{}, nil, nil, nil })
	body := string(bare.page(t, Ask{Sign: bare.code, Lang: "en"}).Body)
	for _, s := range []string{"m.me", "zalo", "<form", "/do/", "/chat", `href="tel:`, "/media/", "Here you can", "Go on talking"} {
		if strings.Contains(body, s) {
			t.Errorf("a page without it has %s", s)
		}
	}
	if ref := refOf(message.English, d.code); len(ref) > 250 || strings.Trim(ref, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=:.") != "" {
		t.Errorf("%s is no ref of Messenger's", ref)
	}
}

func TestLinksAreChecked(t *testing.T) {
	for _, l := range []Links{{App: "https://city.example/x"}, {App: "javascript:alert({sign})"}, {App: "{sign}"}, {MessengerPage: "https://m.me/x"}, {ZaloOA: "1?x"}, {Hotline: "call me"}, {Chat: "//evil.example"}} {
		if l.Validate() == nil {
			t.Errorf("%+v is taken", l)
		}
	}
	if err := (Links{App: "motcua://s/{sign}", Hotline: "+84 225 3.823-823", Chat: "/chat"}).Validate(); err != nil {
		t.Error(err)
	}
}

// hostile is what somebody might write who can change stories.
var hostile = []string{
	`"><script>alert(1)</script>`, `</script><script>alert(1)</script>`, `<!--<script>`, `{{.Style}}`, `'";--></style><img src=x onerror=alert(1)>`, "\u2028alert(1)//",
	`javascript:alert(1)`, `data:text/html,<script>alert(1)</script>`, `&lt;script&gt;`, "a\x00b", `]]>`, `${alert(1)}`, `\u003cscript\u003e`,
}

var tagsRE = regexp.MustCompile(`<[a-z][^>]*>`)

func TestHostileStories(t *testing.T) {
	for _, bad := range hostile {
		d := open(t, func(x *Deps) {
			x.Services = func(message.Lang) []Service {
				return []Service{{App: bad, Action: bad, Title: bad, Text: bad, Icon: bad, Form: true}, {App: "a", Action: "b", Title: bad, Icon: bad}}
			}
		})
		clean := shape(string(d.page(t, Ask{Sign: d.code, Lang: "en"}).Body))
		d.book.change(func() {
			s := &d.book.story
			s.Former, s.Sources = []string{bad, bad}, []string{bad, "https://evil.example/" + bad}
			for i := range s.Pictures {
				s.Pictures[i].Credit, s.Pictures[i].Alt = bad, map[string]string{"en": bad}
			}
			s.Pictures[1].URL = bad
			s.Audio[0].Credit = bad
			for l, tr := range s.Translations {
				tr.Words = registry.Words{Title: bad, NamedAfter: bad, Dates: bad, Text: bad + "\n\n" + bad}
				s.Translations[l] = tr
			}
			c := d.book.coded[d.code]
			c.Plate.Street, c.Plate.Place.Address = bad, bad
			d.book.coded[d.code] = c
			c = d.book.coded[d.old]
			c.Plate.Street, c.Plate.Place.Address = bad, bad
			d.book.coded[d.old] = c
		})
		d.Forget()
		page := d.page(t, Ask{Sign: d.code, Lang: "en"})
		body := string(page.Body)
		for _, evil := range []string{"<script>", "onerror=alert(1)>", `href="javascript:`, `src="javascript:`, `href="data:`, `src="data:`, "<!--"} {
			if strings.Contains(body, evil) {
				t.Errorf("%q comes through as %s", bad, evil)
			}
		}
		for _, tag := range shape(body) {
			if !slices.Contains(clean, tag) {
				t.Errorf("%q makes a tag <%s>", bad, tag)
			}
		}
		data := linkedIn(t, body)
		if got := data["about"].(map[string]any)["name"]; strings.ReplaceAll(fmt.Sprint(got), "\ufffd", "\x00") != bad {
			t.Errorf("%q is described as %q", bad, got)
		}
		if strings.ContainsAny(page.Policy, "\"<>\r\n") || strings.Contains(page.Policy, "evil") || strings.Count(page.Policy, ";") != 6 {
			t.Errorf("%q changes the policy: %s", bad, page.Policy)
		}
		if old := string(d.page(t, Ask{Sign: d.old, Lang: "en"}).Body); strings.Contains(old, "<script>") || strings.Contains(old, "onerror=alert(1)>") {
			t.Errorf("%q comes through on the page of a revoked code", bad)
		}
	}
}

// shape gives the tags of a page, each once, without what their attributes say.
func shape(body string) []string {
	var out []string
	for _, tag := range tagsRE.FindAllString(body, -1) {
		name := strings.FieldsFunc(tag, func(r rune) bool { return strings.ContainsRune("<> /", r) })[0]
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func linkedIn(t *testing.T, body string) map[string]any {
	t.Helper()
	_, rest, ok := strings.Cut(body, `<script type="application/ld+json">`)
	text, _, closed := strings.Cut(rest, "</script>")
	if !ok || !closed {
		t.Fatal("there is no description for machines")
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

func TestDescriptionForMachines(t *testing.T) {
	d := open(t)
	data := linkedIn(t, string(d.page(t, Ask{Sign: d.code, Lang: "vi"}).Body))
	about := data["about"].(map[string]any)
	geo, address := about["geo"].(map[string]any), about["address"].(map[string]any)
	for got, want := range map[any]any{
		data["inLanguage"]: "vi", about["@type"]: "LandmarksOrHistoricalBuildings", geo["latitude"]: 20.85735, geo["longitude"]: 106.6831, address["addressLocality"]: "Phường Hồng Bàng",
		about["containedInPlace"].(map[string]any)["name"]: "Phường Hồng Bàng", about["image"]: "https://city.example/media/pic1?r=medium",
	} {
		if got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestPicturesOfOthersAreAllowedByHost(t *testing.T) {
	d := open(t)
	d.book.change(func() {
		d.book.story.Pictures = append(d.book.story.Pictures, registry.Picture{URL: "https://b.example:8443/x.png", Credit: "x"}, registry.Picture{URL: "https://pictures.example/y.png", Credit: "x"},
			registry.Picture{URL: "https://bücher.example/x.png", Credit: "x"}, registry.Picture{URL: "https://a.example;script-src *;/x.png", Credit: "x"}, registry.Picture{URL: "https://u:p@c.example/x.png", Credit: "x"})
	})
	got := d.page(t, Ask{Sign: d.code}).Policy
	if !strings.Contains(got, "img-src 'self' https://b.example:8443 https://pictures.example; media-src 'self';") || !strings.HasPrefix(got, "default-src 'none'; style-src 'sha256-") {
		t.Error(got)
	}
}

func TestPlaceInWords(t *testing.T) {
	d := open(t)
	p := plate()
	if got, want := d.where(&p), "Phố Hoàng Văn Thụ, Trước Nhà hát lớn, phía quảng trường, Phường Hồng Bàng"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.Place.Address = "Số 2 Phố Hoàng Văn Thụ"
	if got, want := d.where(&p), "Số 2 Phố Hoàng Văn Thụ, Phường Hồng Bàng"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.Street, p.Place.Address = strings.Repeat("Đường dài ", 12), strings.Repeat("ngõ sâu ", 25)
	got := d.where(&p)
	if n := len([]rune(got)); n > maxAddress || n < maxAddress-30 || !strings.HasPrefix(got, "Đường dài") || !strings.HasSuffix(got, "Phường Hồng Bàng") {
		t.Errorf("%d: %q", n, got)
	}
}

func TestFormAt(t *testing.T) {
	d := open(t)
	page := d.page(t, Ask{Sign: d.code, Lang: "fr"})
	f, ok := d.FormAt(page, "alerts", "follow")
	place, _ := f.Input["where"].(map[string]any)
	if !ok || place["lat"] != 20.85735 || place["lon"] != 106.6831 || place["address"] != page.Where || f.Lang != message.English || f.Back != "/s/"+d.code+"?lang=fr" ||
		f.Self != "/s/"+d.code+"/do/alerts/follow?lang=fr" || f.Heading != printed {
		t.Errorf("got %+v, %v", f, ok)
	}
	if f, ok := d.FormAt(page, "feedback", "submit"); !ok || f.Input["place"] == nil {
		t.Errorf("got %+v, %v", f, ok)
	}
	for _, tt := range []struct{ sign, app, action string }{{d.code, "trees", "care"}, {d.code, "feedback", "assign"}, {d.old, "feedback", "submit"}, {"AAAAAAAAAAAAA", "feedback", "submit"}} {
		if _, ok := d.FormAt(d.page(t, Ask{Sign: tt.sign}), tt.app, tt.action); ok {
			t.Errorf("%+v has a form", tt)
		}
	}
}

func TestTextsAreEscapedOnce(t *testing.T) {
	d := open(t)
	d.book.change(func() {
		tr := d.book.story.Translations["en"]
		tr.Text = `Tom & "Jerry" <3`
		d.book.story.Translations["en"] = tr
	})
	body := string(d.page(t, Ask{Sign: d.code, Lang: "en"}).Body)
	if !strings.Contains(html.UnescapeString(body), `<p>Tom & "Jerry" <3</p>`) {
		t.Error("the text is not shown as it is")
	}
}
