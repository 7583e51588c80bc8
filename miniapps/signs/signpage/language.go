package signpage

import (
	"cmp"
	"slices"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/text/language"

	"github.com/motcua/motcua/miniapps/signs/registry"
)

const english = "en"

// Bounds of what is remembered of browsers' wishes.
const (
	maxWishes = 4096
	maxWish   = 200 // bytes of a wish; a longer one is cut, which may only cost its last languages
	maxTag    = 35  // bytes of a language that was chosen (RFC 5646 §4.4.1); what is longer is none
)

// negotiator finds the language of a page. Browsers have few different wishes, so it remembers what it found: matching takes longer than all the rest.
type negotiator struct{ found *lru.Cache[wish, int] }

// wish is what somebody wants of pages in the same languages: one that was chosen, or else what a browser asks for.
type wish struct{ spoken, chosen, accept string }

func newNegotiator() *negotiator {
	found, _ := lru.New[wish, int](maxWishes) // fails only without a size
	return &negotiator{found}
}

// choose gives the place of the language among those of the page: the one that was chosen, or what is nearest to it; else the best for the browser, if need be
// among the drafts; else English for a browser that asks for others, and Vietnamese for one that asks for nothing.
func (n *negotiator) choose(s *subject, a Ask) int {
	if i := n.chosen(s, a.Lang); i >= 0 {
		return i
	}
	return n.wanted(s, a.Accept)
}

// chosen gives the place of a language that an address names, as the page's own links do or as people and other pages write it: "EN", "en-US", "zh" for simplified
// Chinese; -1 when the page has nothing like it.
func (n *negotiator) chosen(s *subject, lang string) int {
	if lang == "" || len(lang) > maxTag {
		return -1
	}
	if i := slices.Index(s.langs, lang); i >= 0 {
		return i
	}
	w := wish{spoken: s.spoken, chosen: lang}
	if i, ok := n.found.Get(w); ok {
		return i
	}
	i := -1
	if tag, err := language.Parse(lang); err == nil && tag != language.Und {
		i = slices.Index(s.langs, match(s.langs, []language.Tag{tag}))
	}
	w.chosen = strings.Clone(lang) // the request's bytes are used again for the next one
	n.found.Add(w, i)
	return i
}

func (n *negotiator) wanted(s *subject, accept string) int {
	if len(accept) > maxWish {
		accept = accept[:max(strings.LastIndexByte(accept[:maxWish], ','), 0)]
	}
	w := wish{spoken: s.spoken, accept: accept}
	if i, ok := n.found.Get(w); ok {
		return i
	}
	i := slices.Index(s.langs, negotiated(s, accept))
	w.accept = strings.Clone(w.accept) // the request's bytes are used again for the next one
	n.found.Add(w, i)
	return i
}

// negotiated gives the language for a browser. Who asks for others than the page has is a visitor from abroad, and reads English rather than Vietnamese.
func negotiated(s *subject, accept string) string {
	asked := wanted(accept)
	if len(asked) == 0 {
		return registry.Vietnamese
	}
	return cmp.Or(match(s.sure, asked), match(s.langs, asked), english)
}

// notice gives the language of a page without a story.
func (n *negotiator) notice(a Ask) string {
	s := subject{langs: []string{registry.Vietnamese, english}, spoken: "notices"}
	return s.langs[n.choose(&s, a)]
}

// wanted gives the languages that a browser asks for by name, the dearest first. Any language at all, "*", names none.
func wanted(accept string) []language.Tag {
	var known []string // one that the tables do not know must not cost the others
	for one := range strings.SplitSeq(accept, ",") {
		if strings.HasPrefix(strings.TrimSpace(one), "*") {
			continue
		}
		if _, _, err := language.ParseAcceptLanguage(one); err == nil {
			known = append(known, one)
		}
	}
	asked, _, err := language.ParseAcceptLanguage(strings.Join(known, ","))
	if err != nil {
		return nil
	}
	return asked
}

// match gives the one of the languages that somebody who asks for some reads best; "" when they read none.
func match(langs []string, asked []language.Tag) string {
	if len(langs) == 0 {
		return ""
	}
	have := make([]language.Tag, len(langs))
	for i, l := range langs {
		have[i] = language.Make(l)
	}
	_, i, sure := language.NewMatcher(have).Match(asked...)
	if sure < language.High {
		return ""
	}
	return langs[i]
}

// rightToLeft tells how a language is written.
func rightToLeft(lang string) bool {
	script, _ := language.Make(lang).Script()
	return slices.Contains([]string{"Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg"}, script.String())
}

// selfNames are the languages as those who speak them call them. Others are shown by their tag.
var selfNames = map[string]string{
	"vi": "Tiếng Việt", "en": "English", "fr": "Français", "de": "Deutsch", "es": "Español", "it": "Italiano", "pt": "Português", "nl": "Nederlands",
	"ru": "Русский", "uk": "Українська", "pl": "Polski", "cs": "Čeština", "zh": "中文", "zh-Hans": "简体中文", "zh-Hant": "繁體中文", "ja": "日本語", "ko": "한국어",
	"th": "ไทย", "lo": "ລາວ", "km": "ខ្មែរ", "id": "Bahasa Indonesia", "ms": "Bahasa Melayu", "ar": "العربية", "he": "עברית", "hi": "हिन्दी", "sv": "Svenska",
}

func nameOf(lang string) string { return cmp.Or(selfNames[lang], lang) }
