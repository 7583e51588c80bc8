// Package signpage makes the page that a phone shows when it scans a street sign: the story, what can be done at that spot, and how to tell a pasted-over code
// from the city's own.
//
// It owns the words and looks of the page, in which language it is, how long it is kept ready, and that it stays small: below MaxPage bytes whatever the story,
// without scripts, and with nothing from elsewhere but the story's own pictures and recordings. It does not know HTTP, who scans, or what a scan is counted for.
package signpage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/setting"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// Registry is what the page asks of the registry of plates and stories.
type Registry interface {
	PlateByCode(ctx context.Context, text string) (registry.Coded, error)
	// PlateByNumber gives a plate. NOT_FOUND when there is none.
	PlateByNumber(ctx context.Context, number int) (registry.Plate, error)
	// Story gives a story. NOT_FOUND when there is none.
	Story(ctx context.Context, id string) (registry.Story, error)
}

// City is what the page asks of the city's data.
type City interface {
	Name() message.Text
	Ward(code string) (city.Ward, bool)
	Unit(id string) (city.Unit, bool)
}

// Service is one thing that can be done where a plate hangs.
type Service struct {
	App, Action string // ids
	Field       string // of the action's input that takes the place; "" means "place"
	Title, Text string // in the language that was asked for; Text may be ""
	Icon        string // path of a picture on the city's own pages; "" means none
	Form        bool   // a page without JavaScript can do it; else the chat does
}

// Links lead on to where the same talk goes on. What is "" is not offered.
type Links struct {
	MessengerPage string // id or name of the city's page, as in m.me/<page>
	ZaloOA        string // id of the official account, as in zalo.me/<id>
	App           string // address that opens the city's app; {sign} in it stands for the code or number
	Chat          string // path of the web chat; it is given ?lang= and ref
	Hotline       string // telephone number
}

// Visit is one opening of a page by a person.
type Visit struct {
	Code     string             // as it is stored; "" when it was invented
	Plate    string             // id; "" when the code is none of a plate's
	Ward     string             // of the plate
	State    registry.CodeState // of the code
	Lat, Lon float64            // where the plate hangs
	Client   string             // network address of who asks
	At       time.Time
}

// Deps is what the pages work with. All are needed but those that say what nil means.
type Deps struct {
	Registry Registry
	Codes    *platecode.Codes
	City     City
	Texts    *locale.Catalogue
	Base     platecode.Base
	Links    Links
	Services func(lang message.Lang) []Service // what can be done at any plate, in the order of the page; nil means nothing
	MediaURL func(id, rendition string) string // address of a picture or recording that the city keeps, good for an hour at least; nil leaves those out
	// MediaSize gives the width and height of pictures that the city keeps, by id. nil, and what is missing, mean that nothing is known.
	MediaSize func(ctx context.Context, ids []string) (map[string][2]int, error)
	// Seen is told of each visit. It must not block. nil means nobody.
	Seen func(Visit)
	// Damaged notes what somebody tapped about a plate, and gives the code of the case about it; "" when there is none. nil leaves the buttons out.
	Damaged func(ctx context.Context, plate, kind, client string) (code string, err error)
	Signer  Signer // proves what was told by a tap, to all replicas
	Now     func() time.Time
	Reg     prometheus.Registerer // nil counts nothing

	MaxCached int           // plates whose pages are kept ready; 0 means 1000. With two languages, a plate takes about 40 KB, and never more than 160 KB
	TTL       time.Duration // how long they are kept; 0 means 60s
}

// MaxPage is the size that no page reaches, in bytes before compression.
const MaxPage = 60_000

// Pages makes and keeps the pages. It is safe for concurrent use.
type Pages struct {
	deps    Deps
	style   styles
	ready   *shelf
	known   *negotiator
	taps    *tapped
	zips    *zipper
	notes   notes
	counted counted
}

// New prepares the pages.
func New(d Deps) (*Pages, error) {
	if d.Registry == nil || d.Codes == nil || d.City == nil || d.Texts == nil || d.Signer == nil || d.Now == nil || d.Base == (platecode.Base{}) {
		return nil, errors.New("signs: pages need a registry, codes, a city, texts, a signer, an address and a clock")
	}
	if err := d.Links.Validate(); err != nil {
		return nil, err
	}
	d.MaxCached, d.TTL = cmp.Or(d.MaxCached, 1000), cmp.Or(d.TTL, time.Minute)
	if d.MaxCached < 1 || d.TTL < 0 {
		return nil, errors.New("signs: pages: what is kept must not be negative")
	}
	p := &Pages{deps: d, style: newStyles(), ready: newShelf(d.MaxCached), known: newNegotiator(), taps: newTapped(d.Now), zips: newZipper()}
	var err error
	if p.counted, err = newCounted(d.Reg); err != nil {
		return nil, fmt.Errorf("signs: pages: %w", err)
	}
	return p, nil
}

// Validate reports every link that is not right.
func (l Links) Validate() error {
	var faults setting.Faults
	for key, v := range map[string]string{"messenger_page": l.MessengerPage, "zalo_oa": l.ZaloOA} {
		faults.Refuse(strings.Trim(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != "", key, "must be the name or id alone, without an address around it")
	}
	for key, err := range map[string]error{"hotline": CheckHotline(l.Hotline), "app": CheckApp(l.App)} {
		if err != nil {
			faults.Add(key, "%w", err)
		}
	}
	faults.Refuse(l.Chat != "" && (!strings.HasPrefix(l.Chat, "/") || strings.HasPrefix(l.Chat, "//")), "chat", "must be a path")
	return faults.Err()
}

// CheckApp tells what is wrong with Links.App: a link that is the same for every plate opens the app somewhere, and a script is no link. Nothing is wrong with "".
func CheckApp(link string) error {
	u, err := url.Parse(strings.ReplaceAll(link, signHere, "HP-00001-3"))
	switch {
	case link == "":
		return nil
	case err != nil || u.Scheme == "" || !strings.Contains(link, signHere) || slices.Contains([]string{"javascript", "data", "vbscript", "blob", "file"}, u.Scheme):
		return fmt.Errorf("must be an address with %s in it", signHere)
	}
	return nil
}

// CheckHotline tells what is wrong with Links.Hotline; nothing is with "".
func CheckHotline(number string) error {
	if strings.Trim(number, "0123456789+ .()-") != "" {
		return errors.New("must be a telephone number")
	}
	return nil
}

// signHere stands for the code or number in Links.App.
const signHere = "{sign}"
