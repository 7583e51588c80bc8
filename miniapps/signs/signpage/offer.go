package signpage

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// refTo is the action that a deep link begins a talk with: it shows a sign.
const refTo = "signs.show"

// refOf gives what a deep link from a page in that language carries: the action, the language unless it is the one that chats begin in, and the sign. It has the
// letters that Messenger allows in a ref, and far fewer than its 250.
func refOf(lang message.Lang, sign string) string {
	if lang == message.English {
		return refTo + "." + string(lang) + ":" + sign
	}
	return refTo + ":" + sign
}

// maxServices is how many services a page lists.
const maxServices = 40

// offer adds what can be done at the plate, and where the talk goes on.
func (p *Pages) offer(v *view, sign string) {
	ref := refOf(v.Lang, sign)
	chat := ""
	if p.deps.Links.Chat != "" {
		chat = p.chat(v.Lang, ref)
	}
	for _, s := range p.services(v.Lang) {
		href := chat
		if s.Form {
			href = inLang("/s/"+sign+"/do/"+url.PathEscape(s.App)+"/"+url.PathEscape(s.Action), v.PageLang)
		}
		if href != "" && len(v.Services) < maxServices {
			v.Services = append(v.Services, service{s.Title, s.Text, s.Icon, href})
		}
	}
	l := p.deps.Links
	add := func(key, class, href, send string) { // every part of href is ours or was looked at by New
		v.Talks = append(v.Talks, talk{v.T(key), class, send, template.URL(href)})
	}
	if l.MessengerPage != "" {
		add("messenger", "messenger", "https://m.me/"+l.MessengerPage+"?ref="+ref, "")
	}
	if l.ZaloOA != "" {
		add("zalo", "zalo", "https://zalo.me/"+l.ZaloOA, v.Number) // such a link carries nothing with it: the number is sent by hand
	}
	if l.App != "" {
		add("app", "app", strings.ReplaceAll(l.App, signHere, url.QueryEscape(sign)), "")
	}
	if chat != "" {
		add("chat", "chat", chat, "")
	}
	if p.deps.Damaged != nil {
		v.Tap = "/s/" + sign + "/damage"
		for _, k := range kinds {
			v.Kinds = append(v.Kinds, kind{k, v.T("kinds." + k)})
		}
	}
}

// chat leads to the web chat in a language; ref may be "".
func (p *Pages) chat(lang message.Lang, ref string) string {
	if ref == "" {
		return inLang(p.deps.Links.Chat, string(lang))
	}
	return inLang(p.deps.Links.Chat, string(lang)) + "&ref=" + ref
}

// services gives what can be done at a plate in a language.
func (p *Pages) services(lang message.Lang) []Service {
	if p.deps.Services == nil {
		return nil
	}
	return p.deps.Services(lang)
}

// maxAddress is the longest address that an action takes, in characters.
const maxAddress = 200

// FormAt prepares a service at the plate of a page. False when the plate has no such form: nobody reaches actions that the page does not offer, and none at a
// code that was revoked.
func (p *Pages) FormAt(a *Answer, app, action string) (Form, bool) {
	lang := message.English
	if a.Lang == registry.Vietnamese {
		lang = message.Vietnamese
	}
	all := p.services(lang)
	i := slices.IndexFunc(all, func(s Service) bool { return s.App == app && s.Action == action && s.Form })
	if i < 0 || a.State != string(registry.Current) || a.Plate == "" {
		return Form{}, false
	}
	back := inLang("/s/"+a.Sign, a.Lang)
	number, _ := p.plateNumber(a.Plate)
	return Form{
		App: app, Action: action, Lang: lang, Back: back, Self: inLang("/s/"+a.Sign+"/do/"+url.PathEscape(app)+"/"+url.PathEscape(action), a.Lang),
		Heading: number,
		Input:   map[string]any{cmp.Or(all[i].Field, "place"): map[string]any{"lat": a.Lat, "lon": a.Lon, "address": a.Where}},
	}, true
}

// where gives a plate's place in one line, as an address that people can be sent to: the street, the spot and the ward. When that is too long the spot is cut.
func (p *Pages) where(plate *registry.Plate) string {
	ward := ""
	if w, ok := p.deps.City.Ward(plate.Ward); ok {
		ward = w.FullName
	}
	spot := plate.Place.Address
	for n := len([]rune(spot)); ; n -= 10 {
		var parts []string
		for _, part := range []string{plate.Street, spot, ward} {
			if part != "" && !(part == plate.Street && strings.Contains(spot, part)) {
				parts = append(parts, part)
			}
		}
		out := strings.Join(parts, ", ")
		if len([]rune(out)) <= maxAddress || n <= 10 {
			return shortened(out, maxAddress)
		}
		spot = shortened(plate.Place.Address, n-10)
	}
}
