package signpage

import (
	"cmp"
	"html/template"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// frame is what all pages have around what they say.
type frame struct {
	words     func(key string, params map[string]any) string
	Lang      message.Lang // of everything around the story
	PageLang  string       // that was chosen
	Title     string
	City      string
	Style     template.CSS
	Languages []choice
	Hotline   string
}

// choice is one language to change to.
type choice struct {
	Tag, Name       string
	Href, Alternate string // within the city's pages, and in full
	Here            bool
}

// T gives a text of the catalogues; pairs are names and values of its placeholders.
func (f frame) T(key string, pairs ...any) string {
	params := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			params[name] = pairs[i+1]
		}
	}
	return f.words(key, params)
}

// Phone is the address that dials the hotline.
func (f frame) Phone() template.URL { return dial(f.Hotline) }

// dial gives the address of a telephone number, which New has looked at: it holds digits and what stands between them.
func dial(phone string) template.URL {
	return template.URL("tel:" + strings.NewReplacer(" ", "", ".", "", "(", "", ")", "", "-", "").Replace(phone))
}

// view is the page about a plate.
type view struct {
	frame
	Heading, Kind, NamedAfter, Dates, Summary string
	Spoken                                    string // language of the story
	Foreign                                   bool   // it is not the one around it
	Dir                                       string
	Marks, Paragraphs, Former                 []string
	Unwritten                                 string // stands for a text that is still to come
	More                                      string // leads to all of the text
	Pictures                                  []picture
	Cover                                     *picture
	Recordings                                []recording
	Sources                                   []source
	Left                                      int // sources that are not shown
	Services                                  []service
	Talks                                     []talk
	Kinds                                     []kind
	Tap                                       string
	Canonical, Address                        string // addresses: of the page in its language, and of the plate, by number: a page that is shared is no scan
	Locale                                    string
	Locales                                   []string
	Linked                                    any
	Number, Street, Place, Ward, Side         string
	Condition, Installed, Unit                string
}

// longName is from how many characters on a name is written smaller.
const longName = 40

// Long tells whether the name takes much room.
func (v view) Long() bool { return len([]rune(v.Heading)) > longName }

// UI marks what stands inside the story and is not in its language.
func (v view) UI() template.HTMLAttr {
	if !v.Foreign {
		return ""
	}
	return template.HTMLAttr(` lang="` + string(v.Lang) + `" dir="ltr"`) // one of the two languages of the catalogues
}

type (
	picture struct {
		URL, Alt, Lang, Credit string // Lang of Alt
		Width, Height          int
		Measured               bool // they are known, not guessed
	}
	recording struct{ URL, Lang, Name, Label, Credit string }
	source    struct{ Text, Link string }
	service   struct{ Title, Text, Icon, Href string }
	talk      struct {
		Name, Class, Send string
		Href              template.URL
	}
	kind struct{ Value, Label string }
)

// words binds the texts to a language; keys are those of this page.
func (p *Pages) words(lang message.Lang) func(string, map[string]any) string {
	return func(key string, params map[string]any) string {
		return p.deps.Texts.Text(lang, "signpage."+key, params)
	}
}

// frame gives what is around a page in a language. Languages beyond Vietnamese and English have English around the story.
func (p *Pages) frame(lang string) frame {
	ui := message.English
	if lang == registry.Vietnamese {
		ui = message.Vietnamese
	}
	return frame{words: p.words(ui), Lang: ui, PageLang: lang, City: p.deps.City.Name().In(ui), Style: p.style.css, Hotline: p.deps.Links.Hotline}
}

// view gathers what the page about a subject says in a language, all of it.
func (p *Pages) view(s *subject, lang string) view {
	plate := &s.coded.Plate
	v := view{frame: p.frame(lang), Number: p.deps.Codes.Numbers().Format(plate.Number), Street: plate.Street, Place: plate.Place.Address}
	if w, ok := p.deps.City.Ward(plate.Ward); ok {
		v.Ward = w.FullName
		if v.Lang != message.Vietnamese {
			v.Ward = cmp.Or(w.FullNameEn, w.FullName)
		}
	}
	if u, ok := p.deps.City.Unit(plate.Unit); ok {
		v.Unit = u.Name.In(v.Lang)
	}
	v.Condition, v.Installed = v.T("condition."+string(plate.Condition)), day(plate.InstalledAt, v.Lang)
	if plate.Place.Side != "" {
		v.Side = v.T("side." + string(plate.Place.Side))
	}
	v.tell(s, lang)
	p.illustrate(&v, s)
	v.Title = v.T("title", "name", v.Heading, "city", v.City)
	p.link(&v, s, lang)
	p.offer(&v, s.key)
	v.Linked = p.linked(&v, s)
	return v
}

// tell takes over the story: in the language of the page if there is one, else the best for who reads the words around it.
func (v *view) tell(s *subject, lang string) {
	spoken, t := s.story.Told(lang, string(v.Lang))
	v.Spoken = cmp.Or(spoken, registry.Vietnamese)
	v.Foreign, v.Dir = v.Spoken != string(v.Lang), "ltr"
	if rightToLeft(v.Spoken) {
		v.Dir = "rtl"
	}
	v.Heading, v.NamedAfter, v.Dates = cmp.Or(t.Title, v.Street), t.NamedAfter, t.Dates
	v.Kind = v.T("kind." + cmp.Or(string(s.story.Kind), "plate"))
	for paragraph := range strings.SplitSeq(t.Text, "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			v.Paragraphs = append(v.Paragraphs, paragraph)
		}
	}
	v.Summary = shortened(strings.Join(strings.Fields(t.Text), " "), 200)
	if len(v.Paragraphs) == 0 {
		v.Unwritten = v.T("unwritten." + cmp.Or(string(s.story.Kind), "plate"))
		v.Summary = strings.TrimSpace(shortened(t.NamedAfter, 200) + "\n" + v.T("summary", "number", v.Number, "place", v.Place))
	}
	if spoken == "" {
		return
	}
	v.mark(s, spoken, lang, t)
	v.Former = s.story.Former
	for _, text := range s.story.Sources {
		v.Sources = append(v.Sources, source{text, webAddress(text)})
	}
}

// mark says what a reader must know of the story beside its words. Of words that are still to come there is nothing to know.
func (v *view) mark(s *subject, spoken, lang string, t registry.Translation) {
	written := len(v.Paragraphs) > 0
	if written && spoken == registry.Vietnamese && lang != spoken {
		v.Marks = append(v.Marks, v.T("untranslated"))
	}
	if written && t.State != registry.Approved {
		key := "draft_other"
		if spoken == registry.Vietnamese {
			key = "draft"
		}
		v.Marks = append(v.Marks, v.T(key))
	}
	if s.story.Sample {
		v.Marks = append(v.Marks, v.T("sample"))
	}
}

// illustrate adds pictures and recordings by reference.
func (p *Pages) illustrate(v *view, s *subject) {
	for _, x := range s.story.Pictures {
		address := p.address(x.Media, x.URL, "medium")
		if address == "" {
			continue
		}
		out := picture{URL: address, Credit: x.Credit, Lang: v.Spoken, Width: 960, Height: 640} // most pictures are 3:2
		for _, l := range []string{registry.Vietnamese, string(v.Lang), v.Spoken} {
			if alt := x.Alt[l]; alt != "" {
				out.Alt, out.Lang = alt, l
			}
		}
		if size, ok := s.sizes[x.Media]; ok && size[0] > 0 && size[1] > 0 {
			out.Width, out.Height, out.Measured = size[0], size[1], true
		}
		v.Pictures = append(v.Pictures, out)
	}
	if len(v.Pictures) > 0 {
		cover := v.Pictures[0]
		cover.URL, cover.Alt = p.absolute(cover.URL), cmp.Or(cover.Alt, v.Heading)
		v.Cover = &cover
	}
	for _, x := range s.story.Audio {
		if address := p.address(x.Media, x.URL, ""); address != "" {
			name := nameOf(x.Lang)
			v.Recordings = append(v.Recordings, recording{address, x.Lang, name, v.T("listen_in", "lang", name), x.Credit})
		}
	}
	slices.SortStableFunc(v.Recordings, func(a, b recording) int { return rank(a.Lang != v.Spoken) - rank(b.Lang != v.Spoken) })
}

func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}

// shortened cuts a text to a number of characters, behind a word.
func shortened(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	cut := string(runes[:most-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:.–-") + "…"
}
