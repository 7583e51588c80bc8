package intent

import (
	"math"
	"slices"
)

// model weighs the words of a text: how much likelier each is in the phrases of one class than in those of the others (naive Bayes over words, their
// spellings and neighbouring pairs, each counted once in a phrase).
type model struct {
	classes []string
	none    int // place in classes of small talk
	weights map[string][]float64
}

// Parameters, chosen by cross-validation over the phrases and on the half of the evaluation list that is not held out. None is critical: half or
// double of each changes the accuracy by about a percent.
const (
	unseen      = 3e-5 // rate at which a word is thought to be in the phrases of a class that has none with it: the same for small classes and large ones
	smallest    = 30.0 // phrases: a class of fewer is weighed as if it had so many, for a few phrases prove little about their words
	spread      = 6.0  // classes over which a word must be even to say nothing: a city with more services does not make "muốn" mean more
	temperature = 2.25 // words depend on each other, so together they prove less than it seems
	spellPart   = 0.5  // of a word's weight, for its diacritics
	pairPart    = 0.7  // of a word's weight, for a pair
	mendedPart  = 0.7  // of a word's weight, when it had to be put right
	rare        = 0.5  // phrases: a word seen in so many counts half
	phraseBonus = 0.6  // for each further word of a phrase that the text holds as it is
	unknown     = 0.05 // for small talk, for each feature that no phrase has
	noneBias    = 0.75 // for small talk
)

// feature is one thing that a text shows, and how much it counts.
type feature struct {
	name string
	part float64
}

// features gives the words, their spellings where they carry diacritics, and neighbouring pairs, each once.
func features(list []word) []feature {
	out := make([]feature, 0, 3*len(list))
	seen := make(map[string]bool, 3*len(list))
	add := func(name string, part float64) {
		if !seen[name] {
			seen[name] = true
			out = append(out, feature{name, part})
		}
	}
	for i, w := range list {
		part := 1.0
		if w.mended {
			part = mendedPart
		}
		add(w.Folded, part)
		if w.accented() {
			add("="+w.Spelling, part*spellPart)
		}
		if i > 0 {
			add(list[i-1].Folded+" "+w.Folded, part*pairPart)
		}
	}
	return out
}

// newModel makes a model of the phrases of each class.
func newModel(examples map[string][][]word) *model {
	m := &model{weights: map[string][]float64{}}
	for class := range examples {
		m.classes = append(m.classes, class)
	}
	slices.Sort(m.classes)
	m.none = slices.Index(m.classes, SmallTalk)
	counts := map[string][]float64{}
	sizes := make([]float64, len(m.classes))
	for c, class := range m.classes {
		sizes[c] = max(float64(len(examples[class])), smallest)
		for _, list := range examples[class] {
			for _, f := range features(list) {
				if counts[f.name] == nil {
					counts[f.name] = make([]float64, len(m.classes))
				}
				counts[f.name][c]++
			}
		}
	}
	for name, n := range counts {
		m.weights[name] = weigh(n, sizes)
	}
	return m
}

// weigh gives what a feature says for each class: the logarithm of how often it is there. A feature that is rare, or about as frequent everywhere as
// function words are, says little.
func weigh(counts, sizes []float64) []float64 {
	total := 0.0
	rates := make([]float64, len(counts))
	for c, n := range counts {
		total += n
		rates[c] = n / sizes[c]
	}
	trust := total / (total + rare) * concentration(rates) / temperature
	for c, n := range counts {
		rates[c] = trust * math.Log(n/sizes[c]+unseen)
	}
	return rates
}

// concentration is 1 for a feature of one class only and 0 for one that is equally frequent in all, or in more than spread classes.
func concentration(rates []float64) float64 {
	sum := 0.0
	for _, x := range rates {
		sum += x
	}
	entropy := 0.0
	for _, x := range rates {
		if x > 0 {
			entropy -= x / sum * math.Log(x/sum)
		}
	}
	if len(rates) < 2 {
		return 1
	}
	return max(0, 1-entropy/math.Log(min(spread, float64(len(rates)))))
}

// scores gives how likely each class is, by its place in classes. inside are the phrases that the text holds.
func (m *model) scores(list []word, inside []found) []float64 {
	z := make([]float64, len(m.classes))
	z[m.none] = noneBias
	for _, f := range features(list) {
		w := m.weights[f.name]
		if w == nil {
			z[m.none] += unknown
			continue
		}
		for c := range z {
			z[c] += f.part * w[c]
		}
	}
	for c, class := range m.classes {
		if n := longest(inside, class); c != m.none && n > 1 {
			z[c] += phraseBonus * float64(n-1)
		}
	}
	return softmax(z)
}

// longest gives the number of words of the longest phrase of an intent.
func longest(inside []found, intent string) int {
	n := 0
	for _, f := range inside {
		if f.intent == intent {
			n = max(n, f.size)
		}
	}
	return n
}

func softmax(z []float64) []float64 {
	top, sum := slices.Max(z), 0.0
	for i := range z {
		z[i] = math.Exp(z[i] - top)
		sum += z[i]
	}
	for i := range z {
		z[i] /= sum
	}
	return z
}
