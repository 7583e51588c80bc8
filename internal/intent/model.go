package intent

import (
	"math"
	"slices"
)

// model weighs the words of a text: how much likelier each is in the phrases of one intent than elsewhere (naive Bayes over words and their neighbours,
// each counted once). Phrases are short, so each is seen as a set.
type model struct {
	classes []string
	none    int // class of small talk
	weights map[string][]float32
}

// Parameters of the model, chosen on the development half of the evaluation list.
var (
	smoothing   = 0.005
	temperature = 2.25 // neighbouring words are not independent, so their evidence counts less than it seems
	mendedPart  = 0.7  // of the evidence of a word that was put right
	unlikePart  = 0.5  // of the evidence of a word whose diacritics are of another word
	unknown     = 0.15 // for small talk, for each word that no phrase knows
	spellPart   = 0.5
	pairPart    = 0.7
	concBase    = 0.0
	capHalf     = 0.5
	phraseBonus = 0.6
	noneBias    = 0.75 // for small talk
)

// feature is one thing that a text shows, and how surely.
type feature struct {
	name   string
	weight float64
}

// features gives the words, their spellings where they carry diacritics, and neighbouring pairs, each once.
func features(list []word, mended []bool) []feature {
	out := make([]feature, 0, 3*len(list))
	for i, w := range list {
		part := 1.0
		if mended != nil && mended[i] {
			part = mendedPart
		}
		out = append(out, feature{w.Folded, part})
		if w.accented() {
			out = append(out, feature{"=" + w.Spelling, part * spellPart})
		}
		if i > 0 {
			out = append(out, feature{list[i-1].Folded + " " + w.Folded, part * pairPart})
		}
	}
	return out
}

func newModel(examples map[string][][]word, none string) *model {
	m := &model{weights: map[string][]float32{}}
	for class := range examples {
		m.classes = append(m.classes, class)
	}
	slices.Sort(m.classes)
	m.none = slices.Index(m.classes, none)
	counts := map[string][]float64{}
	for c, class := range m.classes {
		for _, list := range examples[class] {
			seen := map[string]bool{}
			for _, f := range features(list, nil) {
				if seen[f.name] {
					continue
				}
				seen[f.name] = true
				if counts[f.name] == nil {
					counts[f.name] = make([]float64, len(m.classes))
				}
				counts[f.name][c]++
			}
		}
	}
	for name, n := range counts {
		w := make([]float32, len(m.classes))
		for c, class := range m.classes {
			w[c] = float32(math.Log((n[c] + smoothing) / (float64(len(examples[class])) + 2*smoothing)))
		}
		total, sum := 0.0, 0.0
		for c, x := range n {
			total += x
			sum += x / float64(len(examples[m.classes[c]]))
		}
		spread := 0.0
		for c, x := range n {
			if p := x / float64(len(examples[m.classes[c]])) / sum; p > 0 {
				spread -= p * math.Log(p)
			}
		}
		part := (concBase + (1-concBase)*(1-spread/math.Log(float64(len(w))))) * total / (total + capHalf)
		for c := range w {
			w[c] *= float32(part)
		}
		m.weights[name] = w
	}
	return m
}

// scores gives how likely each class is, by its place in classes.
func (m *model) scores(list []word, mended []bool, inside []found) []float64 {
	z := make([]float64, len(m.classes))
	z[m.none] = noneBias
	seen := map[string]bool{}
	for _, f := range features(list, mended) {
		if seen[f.name] {
			continue
		}
		seen[f.name] = true
		w := m.weights[f.name]
		if w == nil {
			z[m.none] += unknown / 3
			continue
		}
		for c := range z {
			z[c] += f.weight * float64(w[c]) / temperature
		}
	}
	longest := make([]int, len(z))
	for _, f := range inside {
		if c := slices.Index(m.classes, f.intent); c >= 0 {
			longest[c] = max(longest[c], f.size)
		}
	}
	for c, n := range longest {
		if c != m.none && n > 1 {
			z[c] += phraseBonus * float64(n-1)
		}
	}
	return softmax(z)
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
