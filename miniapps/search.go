package miniapps

import (
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
)

// Hit is one app, or one action of it, that a search found.
type Hit struct {
	App    string
	Action string // "" when the app itself was found
	Score  int    // higher is better; comparable within one search only
}

const (
	maxHits  = 20
	maxWords = 12 // of a search text that are looked at
)

// How much it counts where a word was found.
const (
	inName        = 8
	inOpening     = 4
	inDescription = 1
)

// searchIndex holds what can be found, folded, in catalogue order. A city has tens of services, so it is read from end to end.
type searchIndex []entry

type entry struct {
	hit   Hit
	words map[string]int // folded word → weight
}

func newSearchIndex(apps []Manifest) searchIndex {
	var x searchIndex
	for _, m := range apps {
		app := entry{hit: Hit{App: m.AppID}, words: map[string]int{}}
		app.add(inName, m.Name)
		app.add(inName, m.ShortName)
		app.add(inDescription, m.Description)
		x = append(x, app)
		for _, a := range m.Actions {
			if a.Audience != ByCitizen || len(a.OpeningWords) == 0 {
				continue
			}
			act := entry{hit: Hit{App: m.AppID, Action: a.ID}, words: map[string]int{}}
			act.add(inName, a.Title)
			act.add(inDescription, a.Description)
			for _, phrases := range a.OpeningWords {
				act.addWords(inOpening, strings.Join(phrases, " "))
			}
			x = append(x, act)
		}
	}
	return x
}

func (e entry) add(weight int, t message.Text) {
	for _, s := range t {
		e.addWords(weight, s)
	}
}

func (e entry) addWords(weight int, s string) {
	for _, w := range fold.Words(s) {
		e.words[w] = max(e.words[w], weight)
	}
}

func (x searchIndex) search(text string) []Hit {
	words := fold.Words(text)
	if len(words) > maxWords {
		words = words[:maxWords]
	}
	var hits []Hit
	for _, e := range x {
		if score := e.score(words); score > 0 {
			h := e.hit
			h.Score = score
			hits = append(hits, h)
		}
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return b.Score - a.Score })
	return hits[:min(len(hits), maxHits)]
}

// score is 0 unless every word is there, whole or as the beginning of one.
func (e entry) score(words []string) int {
	total := 0
	for _, w := range words {
		best := 2 * e.words[w]
		for have, weight := range e.words {
			if strings.HasPrefix(have, w) {
				best = max(best, weight)
			}
		}
		if best == 0 {
			return 0
		}
		total += best
	}
	return total
}
