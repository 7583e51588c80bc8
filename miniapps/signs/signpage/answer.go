package signpage

import (
	"context"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/scanpage"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// The words that the port knows too.
type (
	// Ask says which page somebody wants.
	Ask = scanpage.Ask
	// Answer is a page as it is sent.
	Answer = scanpage.Page
	// Form is a service that is about to be done at a plate.
	Form = scanpage.Form
	// Told is what somebody told by a tap.
	Told = scanpage.Told
)

// What a Cache-Control says.
const (
	// A phone that comes back within a minute need not ask, and within one more may show what it has while it asks. Caches in front of the city may do the same;
	// what they answer is not counted as a scan. No longer than that: so long a code that was just revoked is shown as good.
	forAMinute = "public, max-age=60, stale-while-revalidate=60"
	forNobody  = "no-store"
)

// Ready gives a page that can be sent at once: it reads nothing from the store and computes nothing that is long.
//
// The cache is asked before the check in the code is. That weakens nothing: only a code whose check was right is ever kept, under its one spelling, so that
// finding it proves as much. Whoever measures how long an answer takes learns whether somebody looked at the same page a minute ago, not what a check would be.
func (p *Pages) Ready(a Ask) (*Answer, bool) {
	s := p.ready.fresh(a.Sign, p.deps.Now())
	if s == nil {
		key, kind := p.read(a.Sign)
		switch {
		case kind == nothing:
			return p.invented(p.noticeLang(a)), true
		case kind == mistyped, key == a.Sign:
			return nil, false
		}
		if s = p.ready.fresh(key, p.deps.Now()); s == nil {
			return nil, false
		}
	}
	p.counted.hits.Inc()
	return p.pageOf(s, a), true
}

// Open gives a page, from the store if need be. A code or number that is nobody's is no error: it has a page too. The error is the store's.
func (p *Pages) Open(ctx context.Context, a Ask) (*Answer, error) {
	if out, ok := p.Ready(a); ok {
		return out, nil
	}
	if _, kind := p.read(a.Sign); kind == mistyped {
		return p.noNumber(p.known.notice(a)), nil
	}
	p.counted.misses.Inc()
	s, err := p.subject(ctx, a.Sign)
	if err != nil {
		return nil, err
	}
	return p.pageOf(s, a), nil
}

// pageOf gives the page about a subject in the language of who asks.
func (p *Pages) pageOf(s *subject, a Ask) *Answer {
	i := p.known.choose(s, a)
	full := 0
	if a.Full {
		full = 1
	}
	slot := &s.pages[2*i+full]
	slot.once.Do(func() { slot.answer = p.render(s, s.langs[i], a.Full) })
	if slot.answer == nil { // making it panicked, which was logged then
		return p.Notice(a, scanpage.Broken, 0)
	}
	return slot.answer
}

// ByNumber tells whether somebody asks for a plate by its number, mistyped or not. Numbers follow each other, so whoever wants can try them all; codes cannot be
// guessed.
func (p *Pages) ByNumber(sign string) bool {
	_, kind := p.read(sign)
	return kind == number || kind == mistyped
}

// Seen tells whoever counts that a person at a network address has looked at a page. A page that was opened by a number is no scan, and not told.
func (p *Pages) Seen(a *Answer, client string) {
	byNumber := a.Code == "" && a.State != scanpage.Invented
	if p.deps.Seen == nil || a.State == "" || byNumber {
		return
	}
	p.deps.Seen(Visit{Code: a.Code, Plate: a.Plate, Ward: a.Ward, State: registry.CodeState(a.State), Lat: a.Lat, Lon: a.Lon, Client: client, At: p.deps.Now()})
}

// Forget drops the pages about some plates, because they changed; without any it drops all, as after a change of a story. Pages that are being made are not kept.
func (p *Pages) Forget(plates ...string) { p.ready.forget(plates) }

// naming tells what a text in an address is.
type naming int

const (
	nothing naming = iota // neither a code that the city made nor a number
	code
	number
	mistyped // it looks like a number of the city's, and its digits do not go together
)

// maxSign is how much of a text is looked at, in bytes: a code of full-width signs, each escaped.
const maxSign = 300

// read gives the one spelling of what a text names, without the marks around it: an address at the end of a sentence takes the full stop with it. It looks nothing
// up.
func (p *Pages) read(sign string) (key string, kind naming) {
	if len(sign) > maxSign {
		return "", nothing
	}
	if strings.IndexByte(sign, '%') >= 0 {
		if plain, err := url.PathUnescape(sign); err == nil {
			sign = plain
		}
	}
	sign = strings.TrimFunc(sign, around)
	if c, ok := p.deps.Codes.Parse(sign); ok {
		return string(c), code
	}
	if n, ok := p.deps.Codes.Numbers().Parse(sign); ok {
		return p.deps.Codes.Numbers().Format(n), number
	}
	if p.deps.Codes.Numbers().Resembles(sign) {
		return "", mistyped
	}
	return "", nothing
}

// around tells which signs may stand around a code or number, and never in it: of sentences and quotations, and those that nobody sees.
func around(r rune) bool {
	return unicode.IsPunct(r) || unicode.IsSymbol(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}

// isCode tells apart the two kinds of keys.
func isCode(key string) bool { return strings.IndexByte(key, '-') < 0 }

// noticeLang gives the language of what a page about nothing in particular says.
func (p *Pages) noticeLang(a Ask) message.Lang {
	return message.Lang(p.known.notice(a)).Or()
}

// day is a date as the city writes it.
func day(t time.Time, lang message.Lang) string {
	if t.IsZero() {
		return ""
	}
	if lang == message.Vietnamese {
		return t.In(zone).Format("02/01/2006")
	}
	return t.In(zone).Format("2 January 2006")
}

// zone is the time of the country: UTC+7 without summer time.
var zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)
