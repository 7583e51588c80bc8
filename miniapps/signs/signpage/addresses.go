package signpage

import (
	"net/url"
	"strings"

	"github.com/motcua/motcua/miniapps/signs/platecode"
)

// address gives where a picture or recording is; "" when it cannot be shown.
func (p *Pages) address(media, elsewhere, rendition string) string {
	switch {
	case media != "" && p.deps.MediaURL != nil:
		return p.deps.MediaURL(media, rendition)
	case media == "" && webAddress(elsewhere) != "":
		return elsewhere
	}
	return ""
}

// absolute gives an address in full.
func (p *Pages) absolute(address string) string {
	if strings.HasPrefix(address, "/") {
		return p.root() + address
	}
	return address
}

// root is the city's address without a path.
func (p *Pages) root() string { return strings.TrimSuffix(p.deps.Base.Link(""), "/s/") }

// link adds where the page is, in which languages.
func (p *Pages) link(v *view, s *subject, lang string) {
	// Search engines are told the address by the number: a code that they listed would be one that nobody needs to have scanned.
	v.Address = p.deps.Base.Link(platecode.Code(v.Number))
	v.Canonical = inLang(v.Address, lang)
	v.Locale = ogLocale(v.Spoken)
	for _, l := range s.langs {
		v.Languages = append(v.Languages, choice{l, nameOf(l), inLang(s.path(), l), inLang(v.Address, l), l == lang})
		if l != v.Spoken {
			v.Locales = append(v.Locales, ogLocale(l))
		}
	}
}

// path is where the page is on the city's own pages.
func (s *subject) path() string { return "/s/" + s.key }

func inLang(address, lang string) string { return address + "?lang=" + url.QueryEscape(lang) }

// ogLocale gives a language as Open Graph writes it: with a country (ogp.me, og:locale).
func ogLocale(lang string) string {
	if known := map[string]string{"vi": "vi_VN", "en": "en_US", "fr": "fr_FR", "zh": "zh_CN", "zh-Hans": "zh_CN", "zh-Hant": "zh_TW", "ja": "ja_JP", "ko": "ko_KR", "de": "de_DE", "ru": "ru_RU", "es": "es_ES"}[lang]; known != "" {
		return known
	}
	return strings.ReplaceAll(lang, "-", "_")
}

// webAddress gives a text that is an address of the web as a whole, with a host and without a name and password; "" for any other.
func webAddress(text string) string {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil || strings.ContainsAny(text, " \"'<>\\`") {
		return ""
	}
	return text
}
