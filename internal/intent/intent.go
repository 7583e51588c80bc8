// Package intent tells what a person asks for in a chat: an action of a mini-app by the words that its manifest lists, or a command to the dialogue itself.
//
// It is made once from phrases and never changes. It understands Vietnamese with and without diacritics, English, and common slips of the finger: letters
// missing, doubled or swapped, wrong tone marks, missing spaces, keys of the Telex input method left in the text. It reads one sentence at a time and
// knows nothing of what was said before, of any single mini-app, or of what happens next.
package intent

import (
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// Phrase is one way to ask for something.
type Phrase struct {
	Text   string
	Lang   message.Lang
	Intent string // "app.action", the name of a command, or one of the kinds below that mean no intent
	Open   bool   // it only asks: what follows is the matter
}

// Kinds of phrases that are never recognised themselves. They help to understand the others.
const (
	Courtesy  = "courtesy"   // said around a request without changing it: "please"
	Link      = "link"       // said between an open phrase and its matter: "about"
	Alike     = "alike"      // words that say the same, the first of which stands for all
	SmallTalk = "small_talk" // said by people who ask for nothing that there is
)

// Match is one thing that a text may ask for.
type Match struct {
	Intent string
	Lang   message.Lang // of the phrase that came closest
	Score  float64      // 0 to 1, at least Floor
	Whole  bool         // the text says nothing beyond the phrase
	Open   bool         // the text begins with a phrase that only asks
	Rest   string       // with Open: what follows the phrase, as it was typed; "" none
}

const (
	// Floor is the least score of a match.
	Floor = 0.35
	// Sure is the score from which on a match can be acted on. Below it, ask first.
	Sure = 0.6
)

const (
	maxMatches = 5
	maxRunes   = 300 // of a text that are read; what people want is said at the start
)

// Of gives the opening phrases of all actions that citizens may ask for.
func Of(apps []miniapps.Manifest) []Phrase {
	var out []Phrase
	for _, m := range apps {
		for _, a := range m.Actions {
			for _, lang := range []message.Lang{message.Vietnamese, message.English} {
				for _, text := range a.OpeningWords[lang] {
					words, open := miniapps.Opens(text)
					out = append(out, Phrase{Text: words, Lang: lang, Intent: m.AppID + "." + a.ID, Open: open})
				}
			}
		}
	}
	return out
}
