package webform

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/scanpage"
)

// Bounds of what is looked at of a browser's wishes.
const (
	maxAccept = 200 // bytes
	maxTag    = 35  // bytes of a language that was chosen (RFC 5646 §4.4.1)
)

// spoken are the languages of pages, as those who speak them call them.
var spoken = []struct {
	lang message.Lang
	name string
}{{message.Vietnamese, "Tiếng Việt"}, {message.English, "English"}}

// languages gives what a page can be read in, by the paths that it has then.
func languages(here message.Lang, paths map[message.Lang]string) []choosable {
	var out []choosable
	for _, l := range spoken {
		if path := paths[l.lang]; path != "" {
			out = append(out, choosable{string(l.lang), l.name, path, l.lang == here})
		}
	}
	return out
}

// langOf gives the language of a page: the one that was chosen, else the first of the browser's that there is. Who asks for others alone is a visitor from abroad,
// and reads English rather than Vietnamese; who asks for nothing is at home.
func langOf(a scanpage.Ask) message.Lang {
	if len(a.Lang) <= maxTag {
		if l := known(a.Lang); l != "" {
			return l
		}
	}
	accept := a.Accept
	if len(accept) > maxAccept {
		accept = accept[:max(strings.LastIndexByte(accept[:maxAccept], ','), 0)]
	}
	tags, weights, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return message.Vietnamese
	}
	others := false
	for i, t := range tags {
		if l := known(t.String()); l != "" && weights[i] > 0 {
			return l
		}
		others = others || weights[i] > 0 && t != language.Und && t.String() != "mul"
	}
	if others {
		return message.English
	}
	return message.Vietnamese
}

// known gives the language of a tag; "" for others.
func known(tag string) message.Lang {
	t, err := language.Parse(tag)
	if err != nil || tag == "" {
		return ""
	}
	base, sure := t.Base()
	for _, l := range spoken {
		if sure > language.Low && base.String() == string(l.lang) {
			return l.lang
		}
	}
	return ""
}
