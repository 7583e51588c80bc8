package signpage

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"html/template"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/motcua/motcua/miniapps/signs/registry"
)

//go:embed parts
var parts embed.FS

// The templates and the style are the same for all cities.
var (
	templates = template.Must(template.ParseFS(parts, "parts/*.html"))
	blankRE   = regexp.MustCompile(`\s*\n\s*`)
	hostRE    = regexp.MustCompile(`^[a-zA-Z0-9.-]+(:[0-9]{1,5})?$`)
)

// styles is the one style sheet. It stands in the page: one request less for a phone on a slow line.
type styles struct {
	css  template.CSS
	hash string // as a Content-Security-Policy names it
}

func newStyles() styles {
	raw, _ := parts.ReadFile("parts/page.css") // it was embedded
	css := blankRE.ReplaceAllString(strings.TrimSpace(string(raw)), "")
	css = strings.NewReplacer("; ", ";", ": ", ":", ", ", ",", " {", "{", "{ ", "{", " }", "}", ";}", "}").Replace(css) // no string in it has any of these
	sum := sha256.Sum256([]byte(css))
	return styles{template.CSS(css), "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}
}

// policy lets a page show pictures and play recordings from where they are, send a form to the city, and nothing else.
func (p *Pages) policy(pictures, recordings []string) string {
	return "default-src 'none'; style-src " + p.style.hash + "; img-src 'self'" + p.origins(pictures) + "; media-src 'self'" + p.origins(recordings) +
		"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// origins gives the origins of addresses, each once. One whose host is not plain letters is left out, and what it has is not shown.
func (p *Pages) origins(addresses []string) string {
	var out []string
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil || u.Host == "" || !hostRE.MatchString(u.Host) {
			continue
		}
		if origin := u.Scheme + "://" + u.Host; origin != p.root() && !slices.Contains(out, origin) {
			out = append(out, origin)
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		return ""
	}
	return " " + strings.Join(out, " ")
}

// render makes the page about a subject in a language.
func (p *Pages) render(s *subject, lang string, full bool) *Answer {
	switch s.coded.State {
	case registry.Current:
	case "":
		return p.about(s, p.noNumber(lang))
	case registry.Ended:
		return p.about(s, p.revoked(s, lang))
	default:
		return p.about(s, p.unknown(lang))
	}
	v := p.view(s, lang)
	body, shown := p.fitted(v, full, inLang(s.path(), lang)+"&full=1")
	var pictures, recordings []string
	for _, x := range shown.Pictures {
		pictures = append(pictures, x.URL)
	}
	for _, x := range shown.Recordings {
		recordings = append(recordings, x.URL)
	}
	sum := sha256.Sum256(body)
	return p.about(s, &Answer{
		Status: 200, Body: body, Zipped: p.zips.zip(body), ETag: `W/"` + hex.EncodeToString(sum[:12]) + `"`, Cache: forAMinute,
		Policy: p.policy(pictures, recordings), Lang: lang,
	})
}

// about notes what a page is about.
func (p *Pages) about(s *subject, a *Answer) *Answer {
	a.State, a.Code, a.Plate, a.Ward = string(s.coded.State), s.coded.Code, s.coded.Plate.ID, s.coded.Plate.Ward
	a.Lat, a.Lon = s.coded.Plate.Place.Lat, s.coded.Plate.Place.Lon
	a.Sign = s.key
	if a.Plate != "" {
		a.Where = p.where(&s.coded.Plate)
	}
	return a
}

// cut is one way to make a page smaller.
type cut struct {
	pictures, recordings, sources, services, former, text int // at most; of the text, characters
}

// all leaves a part as it is.
const all = 1 << 20

// fitted writes a page below MaxPage. Hardly any story needs to be cut: 6,000 letters, a dozen pictures and the rest take 40 KB. What does is first shown with
// fewer pictures and sources, then with less text, the rest of which is behind a link.
func (p *Pages) fitted(v view, full bool, more string) (body []byte, shown view) {
	ways := []cut{{all, all, all, all, all, all}, {6, 4, 8, all, 6, all}, {3, 2, 3, 20, 3, all}, {1, 1, 1, 10, 1, 2500}, {0, 0, 0, 5, 0, 1200}}
	if full { // of a text that was cut; where none was, this is the page itself
		ways = []cut{ways[0], ways[1], ways[2], {1, 1, 1, 10, 1, all}, {0, 0, 0, 0, 0, all}}
	}
	for _, way := range ways {
		shown = way.of(v, more)
		if body = write("page.html", shown); len(body) < MaxPage {
			break
		}
	}
	return body, shown
}

func (c cut) of(v view, more string) view {
	v.Pictures, v.Recordings, v.Services = first(v.Pictures, c.pictures), first(v.Recordings, c.recordings), first(v.Services, c.services)
	v.Left = max(len(v.Sources)-c.sources, 0)
	v.Sources, v.Former = first(v.Sources, c.sources), first(v.Former, c.former)
	if c.services == 0 { // the rest of what was read on another page, which describes itself
		v.Linked = nil
	}
	left := c.text
	for i, text := range v.Paragraphs {
		n := len([]rune(text))
		if n > left {
			v.Paragraphs = append(slices.Clone(v.Paragraphs[:i]), shortened(text, max(left, 2)))
			v.More = more
			break
		}
		left -= n
	}
	return v
}

func first[T any](list []T, n int) []T { return list[:min(len(list), n)] }

// write fills in a template. It cannot fail with what it is given; if it did, half a page would be worse than one that says so.
func write(name string, data any) []byte {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, data); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// zipper packs pages. It keeps writers: each takes more than a page, and longer to make than to use.
type zipper struct{ writers sync.Pool }

func newZipper() *zipper {
	return &zipper{sync.Pool{New: func() any { return gzip.NewWriter(nil) }}}
}

func (z *zipper) zip(body []byte) []byte {
	w, _ := z.writers.Get().(*gzip.Writer)
	defer z.writers.Put(w)
	out := bytes.NewBuffer(make([]byte, 0, len(body)/2))
	w.Reset(out)
	_, err := w.Write(body)
	if err != nil || w.Close() != nil || out.Len() >= len(body) { // writing into memory does not fail
		return nil
	}
	return bytes.Clone(out.Bytes())
}
