package intent

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
)

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
