package signpage

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/scanpage"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// notice is a page that says one thing and where to go from there.
type notice struct {
	frame
	Tone       string // warn, good, look or wait
	Heading    string
	Paragraphs []string
	Code       string // of a case
	Tap        string // where to say that a revoked code still hangs
	Find       bool   // asks for the number or code of a sign
	Links      []way
}

type way struct {
	Name string
	Href template.URL
}

// notes keeps the pages that are the same for everybody.
type notes struct {
	mu   sync.Mutex
	kept map[string]*Answer
}

// once gives a page that is made only once; name tells them apart.
func (n *notes) once(name string, lang message.Lang, make func() *Answer) *Answer {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := name + " " + string(lang)
	if a, ok := n.kept[key]; ok {
		return a
	}
	if n.kept == nil {
		n.kept = map[string]*Answer{}
	}
	n.kept[key] = make()
	return n.kept[key]
}

// say makes such a page. path, with a question mark or not, is where it is, for the links to other languages; "" has none.
func (p *Pages) say(status int, n notice, path string) *Answer {
	n.Title, n.Style = n.T("title", "name", n.Heading, "city", n.City), p.style.css
	for _, l := range []string{registry.Vietnamese, english} {
		if path == "" {
			break
		}
		n.Languages = append(n.Languages, choice{Tag: l, Name: nameOf(l), Href: path + l, Here: l == string(n.Lang)})
	}
	body := write("notice.html", n)
	return &Answer{Status: status, Body: body, Zipped: p.zips.zip(body), Cache: forNobody, Policy: p.policy(nil, nil), Lang: string(n.Lang)}
}

// switched leads to the page that is shown, in another language: an address relative to itself.
const switched = "?lang="

// help is where a visitor can tell the city about what they see.
func (p *Pages) help(n *notice) {
	if p.deps.Links.Chat != "" {
		n.Links = append(n.Links, way{n.T("to_chat"), template.URL(p.chat(n.Lang, ""))})
	}
	if phone := p.deps.Links.Hotline; phone != "" {
		n.Links = append(n.Links, way{n.T("to_call", "phone", phone), dial(phone)})
	}
	n.Links = append(n.Links, way{n.T("to_city"), "/"})
}

// warning is a page with a title, two paragraphs and where to ask.
func (p *Pages) warning(lang, key string, pairs ...any) notice {
	n := notice{frame: p.frame(lang), Tone: "warn"}
	n.Heading, n.Paragraphs = n.T(key+".title"), []string{n.T(key+".text", pairs...)}
	return n
}

// invented is the answer to a code that the city never made. It says nothing of what was asked for: who sticks up such codes shall not write on this page.
func (p *Pages) invented(lang message.Lang) *Answer {
	return p.notes.once("invented", lang, func() *Answer {
		n := p.warning(string(lang), "invented")
		n.Paragraphs = append(n.Paragraphs, n.T("invented.more"))
		p.help(&n)
		a := p.say(404, n, switched)
		a.State = string(registry.Invented)
		return a
	})
}

// unknown is the answer to a code that is made as the city's are and belongs to no plate.
func (p *Pages) unknown(lang string) *Answer {
	n := p.warning(lang, "unknown")
	n.Paragraphs = append(n.Paragraphs, n.T("unknown.more"))
	p.help(&n)
	return p.say(404, n, switched)
}

// noNumber is the answer to a number that no plate has or can have.
func (p *Pages) noNumber(lang string) *Answer {
	n := p.warning(lang, "no_number", "example", p.example())
	n.Tone, n.Find = "look", true
	p.help(&n)
	return p.say(404, n, switched)
}

// Front asks for the number of a sign.
func (p *Pages) Front(a Ask) *Answer {
	lang := p.noticeLang(a)
	return p.notes.once("front", lang, func() *Answer { return p.asking(lang, 200, "front") })
}

// asking makes a page that asks for the number of a sign. In another language it is the front.
func (p *Pages) asking(lang message.Lang, status int, key string) *Answer {
	n := p.warning(string(lang), key, "example", p.example())
	n.Tone, n.Find = "look", true
	p.help(&n)
	return p.say(status, n, "/s/"+switched)
}

// example is a number as plates have it.
func (p *Pages) example() string { return p.deps.Codes.Numbers().Format(572) }

// Named gives the last part of the address of what somebody typed or pasted: a number or code in its one spelling where one is found in it, else the text as it
// is, if it looks like a code or is an address of somebody else's; false for any other words. Who is asked for a number may leave its letters out.
func (p *Pages) Named(text string) (sign string, ok bool) {
	text = strings.TrimFunc(text, around)
	numbers := p.deps.Codes.Numbers()
	if lettered := numbers.Prefix() + "-" + text; numbers.Resembles(lettered) {
		text = lettered
	}
	found, ok := p.deps.Codes.FromText(text, p.deps.Base)
	switch {
	case !ok:
		return text, numbers.Resembles(text) || formed(text) || strings.Contains(text, "://")
	case found.Code != "":
		return string(found.Code), true
	}
	return numbers.Format(found.Number), true
}

// formed tells whether a text has as many letters and digits as a code, and nothing else but what people put between them.
func formed(text string) bool {
	n := 0
	for _, r := range text {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			n++
		case r != '-' && r != ' ':
			return false
		}
	}
	return n == signsOfCode
}

// signsOfCode is how many signs a code has.
const signsOfCode = 13

// revoked is the answer to a code that is no longer good. Such a code may hang on an old plate, or be copied onto a fake one: the page lends it no trust, shows
// none of the story, and never the code that the plate has now. What the plate tells can be read under its number, if it still has a code.
func (p *Pages) revoked(s *subject, lang string) *Answer {
	plate := &s.coded.Plate
	printed := p.deps.Codes.Numbers().Format(plate.Number)
	n := p.warning(lang, "revoked", "number", printed, "place", p.where(plate))
	n.Paragraphs[0] = n.T("revoked.text", "number", printed, "place", p.where(plate), "day", day(s.coded.RevokedAt, n.Lang))
	if s.coded.ReplacedBy != "" {
		n.Paragraphs = append(n.Paragraphs, n.T("revoked.replaced"))
		_, t := s.story.In(lang, string(n.Lang))
		name := t.Title
		if name == "" {
			name = plate.Street
		}
		n.Links = append(n.Links, way{n.T("to_place", "name", name), template.URL(inLang("/s/"+printed, lang))})
	}
	n.Paragraphs = append(n.Paragraphs, n.T("revoked.more"))
	if p.deps.Damaged != nil {
		n.Tap = s.path() + "/damage"
	}
	p.help(&n)
	return p.say(410, n, switched)
}

// Notice gives a page that says why something is not done, and when it may be tried again: after wait, where that matters.
func (p *Pages) Notice(a Ask, what scanpage.Notice, wait time.Duration) *Answer {
	switch lang := p.noticeLang(a); what {
	case scanpage.TooMany, scanpage.TappedOften:
		return p.wait(lang, what, wait)
	case scanpage.Refused:
		return p.notes.once(string(what), lang, func() *Answer { return p.told(lang, 403, string(what), "warn") })
	case scanpage.NoSign:
		return p.notes.once(string(what), lang, func() *Answer { return p.asking(lang, 404, "not_a_number") })
	case scanpage.NoPage:
		return p.notes.once(string(what), lang, func() *Answer { return p.asking(lang, 404, "no_page") })
	case scanpage.Unavailable:
		return p.notes.once(string(what), lang, func() *Answer {
			out := p.told(lang, 503, "trouble", "wait")
			out.RetryAfter = 10
			return out
		})
	default:
		return p.notes.once(string(what), lang, func() *Answer { return p.told(lang, 500, "trouble", "wait") })
	}
}

// maxWait is the longest wait that a notice speaks of, in minutes.
const maxWait = 60

// wait is the page for who has to. It is kept for each number of minutes: whoever tries a million codes must not have a million pages made.
func (p *Pages) wait(lang message.Lang, what scanpage.Notice, wait time.Duration) *Answer {
	minutes := min(max(ceil(wait, time.Minute), 1), maxWait)
	out := *p.notes.once(string(what)+" "+strconv.Itoa(minutes), lang, func() *Answer { return p.told(lang, 429, string(what), "wait", "minutes", minutes) })
	out.RetryAfter = max(ceil(wait, time.Second), 1)
	return &out
}

// told makes a notice without a way to other languages: it may be the answer to a form.
func (p *Pages) told(lang message.Lang, status int, key, tone string, pairs ...any) *Answer {
	n := p.warning(string(lang), key, pairs...)
	n.Tone = tone
	p.help(&n)
	return p.say(status, n, "")
}

// ceil gives how many of a unit a time fills or begins.
func ceil(t, unit time.Duration) int { return int((t + unit - 1) / unit) }

// Thanks is the page after a tap. False without the proof that it was made: the city thanks for nothing that it has not heard.
func (p *Pages) Thanks(a *Answer, told Told) (*Answer, bool) {
	if !p.proved(a, told) {
		return nil, false
	}
	n := notice{frame: p.frame(a.Lang), Tone: "good", Code: told.Code}
	printed := a.Plate
	if number, ok := p.plateNumber(a.Plate); ok {
		printed = number
	}
	key := "thanks.text"
	if told.Kind == "fake" || told.Kind == "elsewhere" {
		key = "thanks." + told.Kind
	}
	n.Heading, n.Paragraphs = n.T("thanks.title"), []string{n.T(key, "number", printed)}
	if a.State == string(registry.Current) {
		n.Links = append(n.Links, way{n.T("to_page"), template.URL(inLang("/s/"+a.Sign, a.Lang))})
	}
	p.help(&n)
	q := url.Values{"kind": {told.Kind}, "made": {told.Proof}}
	if told.Code != "" {
		q.Set("case", told.Code)
	}
	return p.say(200, n, "?"+q.Encode()+"&lang="), true
}

// plateNumber gives the printed number of a plate by its id.
func (p *Pages) plateNumber(id string) (string, bool) {
	n := 0
	for _, r := range id {
		if r < '0' || r > '9' || n > platecode.MaxNumber {
			return "", false
		}
		n = 10*n + int(r-'0')
	}
	out := p.deps.Codes.Numbers().Format(n)
	return out, out != ""
}
