package signpage

import (
	"fmt"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// longest is a story in which everything is as long as the registry allows, of one letter.
func longest(letter string) registry.Story {
	s := registry.Story{ID: "nha-hat-lon", Kind: registry.Work, Translations: map[string]registry.Translation{}}
	long := func(n int) string { return strings.Repeat(letter, n) }
	for _, l := range []string{"vi", "en", "fr", "de", "es", "it", "ja", "ko", "ru", "zh-Hans", "zh-Hant", "ar"} {
		s.Translations[l] = registry.Translation{State: registry.Draft, Words: registry.Words{Title: long(200), NamedAfter: long(300), Dates: long(100), Text: long(1997) + "\n\n" + long(1997) + "\n\n" + long(2002)}}
	}
	for i := range 12 {
		s.Pictures = append(s.Pictures, registry.Picture{URL: "https://p.example/" + strings.Repeat("p", 970) + fmt.Sprint(i), Credit: long(200), Alt: map[string]string{"vi": long(300), "en": long(300)}})
		s.Audio = append(s.Audio, registry.Recording{Lang: "vi", URL: "https://p.example/" + strings.Repeat("a", 970) + fmt.Sprint(i), Credit: long(200)})
	}
	for range 20 {
		s.Former, s.Sources = append(s.Former, long(200)), append(s.Sources, long(500))
	}
	return s
}

// TestSize tries stories of letters that take one to five bytes on a page, with 60 services whose texts are long.
func TestSize(t *testing.T) {
	t.Parallel()
	for _, letter := range []string{"a", "ữ", "漢", "😀", "'", "&", "\""} {
		d := open(t, func(x *Deps) {
			x.Services = func(message.Lang) []Service {
				var out []Service
				for i := range 60 {
					out = append(out, Service{App: "app", Action: fmt.Sprint(i), Title: strings.Repeat(letter, 40), Text: strings.Repeat(letter, 120), Icon: "/icons/feedback.svg", Form: true})
				}
				return out
			}
		})
		d.book.change(func() {
			d.book.story = longest(letter)
			c := d.book.coded[d.code]
			c.Plate.Street, c.Plate.Place.Address = strings.Repeat(letter, 120), strings.Repeat(letter, 200)
			d.book.coded[d.code] = c
		})
		for _, lang := range []string{"vi", "en", "ja"} {
			for _, full := range []bool{false, true} {
				page := d.page(t, Ask{Sign: d.code, Lang: lang, Full: full})
				wellFormed(t, page.Body)
				if n := len(page.Body); n >= MaxPage {
					t.Errorf("letters %s, %s, full %v: %d bytes", letter, lang, full, n)
				}
				if whole := strings.Count(string(page.Body), `class="more"`) == 0; full && !whole {
					t.Errorf("letters %s, %s: even all of it is cut", letter, lang)
				}
			}
		}
	}
}

// TestLongTextsAreWhole: what people write is not cut, only what is made to break the page.
func TestLongTextsAreWhole(t *testing.T) {
	d := open(t)
	d.book.change(func() {
		tr := d.book.story.Translations["vi"]
		tr.Text = strings.TrimSpace(strings.Repeat("Ngõ nhỏ, phố nhỏ, nhà tôi ở đó. ", 185))
		d.book.story.Translations["vi"] = tr
	})
	page := d.page(t, Ask{Sign: d.code, Lang: "vi"})
	if text := shownText(page); strings.Contains(text, "full=1") || strings.Count(text, "Ngõ nhỏ, phố") != 185 {
		t.Errorf("it is there %d times", strings.Count(text, "Ngõ nhỏ, phố"))
	}
	if d.page(t, Ask{Sign: d.code, Lang: "vi", Full: true}).ETag != page.ETag {
		t.Error("all of a page that was not cut is another page")
	}
	t.Logf("the longest plain story: %d bytes, %d packed", len(page.Body), len(page.Zipped))
}

func TestReadOn(t *testing.T) {
	d := open(t)
	d.book.change(func() { d.book.story = longest("'") })
	cut := string(d.page(t, Ask{Sign: d.code, Lang: "vi"}).Body)
	if !strings.Contains(cut, `href="/s/`+d.code+`?lang=vi&amp;full=1"`) || strings.Count(cut, "&#39;") > 9000 {
		t.Error("a story that does not fit is not cut")
	}
	text := shownText(d.page(t, Ask{Sign: d.code, Lang: "vi", Full: true}))
	if n := strings.Count(text, "&#39;"); n != 1997+1997+2002 {
		t.Errorf("all of the text has %d letters", n)
	}
}

// shownText gives the paragraphs of a page.
func shownText(a *Answer) string {
	_, text, _ := strings.Cut(string(a.Body), `<div class="text">`)
	text, _, _ = strings.Cut(text, `</div>`)
	text, _, _ = strings.Cut(text, `class="former"`)
	return text
}
