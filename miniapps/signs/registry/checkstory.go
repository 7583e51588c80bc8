package registry

import (
	"encoding/json"
	"net/url"
	"strings"

	"golang.org/x/text/language"

	"github.com/motcua/motcua/internal/fault"
)

// CheckStory gives all that is wrong with a row that is clean, when somebody brings it.
func CheckStory(row StoryRow, by string) []fault.Field {
	var l list
	l.storyID("id", row.ID)
	if row.Kind != Street && row.Kind != Work {
		l.add("kind", "kind", params{"allowed": joined([]StoryKind{Street, Work})})
	}
	if _, ok := row.Texts[Vietnamese]; !ok {
		l.add("name."+Vietnamese, "vietnamese", nil)
	}
	l.few("name", len(row.Texts), maxLanguages)
	for _, lang := range sortedKeys(row.Texts) {
		l.translation(lang, row.Texts[lang], by)
	}
	l.names("former", row.Former, maxFormer, maxTitle)
	l.names("sources", row.Sources, maxSources, maxSource)
	l.pictures(row.Pictures)
	l.recordings(row.Audio)
	if n := row.size(); n > MaxStory {
		l.add("id", "story_large", params{"max": MaxStory >> 10, "got": (n + 1023) >> 10})
	}
	return l
}

func (l *list) translation(lang string, t TextRow, by string) {
	l.lang("name."+lang, lang)
	l.words(lang, t.Words, false)
	switch {
	case t.State != Draft && t.State != Approved:
		l.add("state."+lang, "state", params{"allowed": joined([]State{Draft, Approved})})
	case t.State == Approved && (t.ReviewedBy == "" || t.ReviewedBy == by):
		l.add("reviewed_by."+lang, "reviewer", nil)
	}
	l.line("reviewed_by."+lang, t.ReviewedBy, maxName, false)
}

// words checks what a story says. Its text is only needed where it is written, not where a list names the story.
func (l *list) words(lang string, w Words, text bool) {
	l.line("name."+lang, w.Title, maxTitle, true)
	l.line("named_after."+lang, w.NamedAfter, maxNamed, false)
	l.line("dates."+lang, w.Dates, maxDates, false)
	l.text("text."+lang, w.Text, maxText, text, true)
}

func (l *list) names(path string, names []string, limit, each int) {
	l.few(path, len(names), limit)
	for i, s := range names {
		l.line(at(path, i), s, each, true)
	}
}

func (l *list) pictures(pictures []Picture) {
	l.few("pictures", len(pictures), maxPictures)
	for i, p := range pictures {
		path := at("pictures", i)
		l.source(path, p.Media, p.URL)
		if p.Credit == "" {
			l.add(path+".credit", "credit", nil)
		}
		l.line(path+".credit", p.Credit, maxCredit, false)
		for _, lang := range sortedKeys(p.Alt) {
			l.lang(path+".alt."+lang, lang)
			l.line(path+".alt."+lang, p.Alt[lang], maxAlt, false)
		}
	}
}

func (l *list) recordings(audio []Recording) {
	l.few("audio", len(audio), maxAudio)
	for i, a := range audio {
		path := at("audio", i)
		l.lang(path+".lang", a.Lang)
		l.source(path, a.Media, a.URL)
		l.line(path+".credit", a.Credit, maxCredit, false)
	}
}

// source checks where a picture or a recording is: in the city's keeping or at an address, not both.
func (l *list) source(path, media, address string) {
	switch {
	case (media == "") == (address == ""):
		l.add(path, "media_or_url", nil)
	case media != "" && !mediaRE.MatchString(media):
		l.add(path+".media", "media", nil)
	case address != "" && !secure(address):
		l.add(path+".url", "https", nil)
	}
}

// secure tells whether an address is an https one that a page may name: with a host, without a name and password.
func secure(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || length(address) > maxURL {
		return false
	}
	_, bad := badRune(address, false)
	return !bad && !strings.ContainsAny(address, " \"'<>\\`")
}

// lang checks a language: a tag in its usual spelling, such as "fr" or "zh-Hant".
func (l *list) lang(path, lang string) {
	if !isLang(lang) {
		l.add(path, "lang", nil)
	}
}

func isLang(lang string) bool {
	tag, err := language.Parse(lang)
	return err == nil && len(lang) <= 12 && tag != language.Und && tag.String() == lang
}

// size gives the bytes of all that the row holds.
func (row StoryRow) size() int {
	raw, err := json.Marshal(row)
	if err != nil { // strings and maps of strings always can be
		return MaxStory + 1
	}
	return len(raw)
}
