package intent

import (
	"fmt"
	"hash/fnv"
	"io"

	"github.com/goccy/go-yaml"

	"github.com/motcua/motcua/internal/message"
)

// Labelled is a sentence and what it asks for.
type Labelled struct {
	Text   string       `yaml:"text"`
	Intent string       `yaml:"intent"` // "" for one that asks for nothing that is known
	Lang   message.Lang `yaml:"lang"`
	Plain  bool         `yaml:"plain"` // Vietnamese without diacritics
	Typo   bool         `yaml:"typo"`
}

// ReadLabelled reads a list of sentences written as YAML.
func ReadLabelled(data []byte) ([]Labelled, error) {
	var out []Labelled
	if err := yaml.UnmarshalWithOptions(data, &out, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("intent: sentences: %w", err)
	}
	return out, nil
}

// HeldOut tells whether a sentence belongs to the half that is only ever measured: by a hash of its text, so it never changes sides.
func (l Labelled) HeldOut() bool {
	h := fnv.New32a()
	_, _ = io.WriteString(h, l.Text)
	return h.Sum32()>>16&1 == 1
}

// Split gives the sentences on which words and parameters may be tuned, and those on which the result is measured.
func Split(list []Labelled) (development, heldOut []Labelled) {
	for _, l := range list {
		if l.HeldOut() {
			heldOut = append(heldOut, l)
			continue
		}
		development = append(development, l)
	}
	return development, heldOut
}

// Evaluate tries a list of sentences. One with an intent is right when that is the best match. One without is right when nothing is Sure: the caller
// then asks, or shows what there is.
func Evaluate(r *Recogniser, list []Labelled) Report {
	out := Report{Intents: map[string]Share{}, Groups: map[string]Share{}}
	for _, l := range list {
		var best Match
		if found := r.Recognise(l.Text); len(found) > 0 {
			best = found[0]
		}
		right := best.Intent == l.Intent || l.Intent == "" && best.Score < Sure
		out.Overall = out.Overall.plus(right)
		out.Intents[l.Intent] = out.Intents[l.Intent].plus(right)
		for _, g := range l.groups() {
			out.Groups[g] = out.Groups[g].plus(right)
		}
		if !right {
			out.Wrong = append(out.Wrong, Wrong{Labelled: l, Got: best.Intent, Score: best.Score})
		}
	}
	return out
}

func (l Labelled) groups() []string {
	out := []string{string(l.Lang)}
	if l.Plain {
		out = append(out, "plain")
	}
	if l.Typo {
		out = append(out, "typo")
	}
	return out
}
