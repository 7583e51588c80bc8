package intent

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"

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

// Report tells how well sentences are understood.
type Report struct {
	Overall Share
	Intents map[string]Share // "" for those that ask for nothing
	Groups  map[string]Share // "plain", "typo", "vi", "en"
	Wrong   []Wrong
}

// Share is how many of how many are right.
type Share struct{ Right, All int }

// Part is the share as a number from 0 to 1; 1 of nothing.
func (s Share) Part() float64 {
	if s.All == 0 {
		return 1
	}
	return float64(s.Right) / float64(s.All)
}

func (s Share) plus(right bool) Share {
	s.All++
	if right {
		s.Right++
	}
	return s
}

// Wrong is a sentence that was not understood.
type Wrong struct {
	Labelled
	Got   string // the best match; "" none
	Score float64
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

// Print writes the report as a table.
func (r Report) Print(w io.Writer) error {
	p := printer{w: w}
	p.share("overall", r.Overall)
	for _, g := range slices.Sorted(maps.Keys(r.Groups)) {
		p.share(g, r.Groups[g])
	}
	p.line("")
	for _, name := range slices.Sorted(maps.Keys(r.Intents)) {
		p.share(cmp.Or(name, "(none)"), r.Intents[name])
	}
	p.line("")
	for _, x := range r.confusions() {
		p.line("%4d  %s taken for %s", x.n, cmp.Or(x.want, "(none)"), cmp.Or(x.got, "(none)"))
	}
	return p.err
}

type confusion struct {
	want, got string
	n         int
}

// confusions gives what was taken for what, the most frequent first.
func (r Report) confusions() []confusion {
	counts := map[[2]string]int{}
	for _, x := range r.Wrong {
		counts[[2]string{x.Intent, x.Got}]++
	}
	var out []confusion
	for k, n := range counts {
		out = append(out, confusion{k[0], k[1], n})
	}
	slices.SortFunc(out, func(a, b confusion) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.want, b.want), cmp.Compare(a.got, b.got))
	})
	return out
}

// printer writes lines until the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) share(name string, s Share) {
	p.line("%-20s %4d of %4d  %5.1f %%", name, s.Right, s.All, 100*s.Part())
}
