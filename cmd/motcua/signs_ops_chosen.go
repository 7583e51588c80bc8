package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// maxPrinted is how many plates one file for the printer holds; more are printed in several.
const maxPrinted = 5000

// chosen gives the plates of an order, by number.
func (o signOps) chosen(ctx context.Context, order admin.PrintOrder) ([]registry.Plate, error) {
	ways := 0
	for _, said := range []bool{order.Batch != "", order.Unordered, order.Numbers != ""} {
		if said {
			ways++
		}
	}
	if ways != 1 {
		return nil, invalid("which plates: give one of batch, numbers and unordered")
	}
	if order.Numbers != "" {
		return o.numbered(ctx, order.Numbers)
	}
	var out []registry.Plate
	for after := registry.Cursor(""); ; {
		page, err := o.registry.ByBatch(ctx, order.Batch, store.MaxPage, after)
		if err != nil {
			return nil, err
		}
		if out = append(out, page.Items...); len(out) > maxPrinted {
			return nil, invalid("these are more than %d plates: print them by numbers, in several files", maxPrinted)
		}
		if !page.HasNext {
			break
		}
		after = page.Cursors[len(page.Cursors)-1]
	}
	if len(out) == 0 {
		return nil, notFound("there is no plate of that kind: `motcua signs batches` lists the batches")
	}
	slices.SortFunc(out, func(a, b registry.Plate) int { return a.Number - b.Number })
	return out, nil
}

// numbered gives the plates with some numbers, all of which must exist.
func (o signOps) numbered(ctx context.Context, said string) ([]registry.Plate, error) {
	numbers, err := o.numbersIn(said)
	if err != nil {
		return nil, err
	}
	var (
		out     []registry.Plate
		missing []string
	)
	for part := range slices.Chunk(numbers, store.MaxPage) {
		ids := make([]string, len(part))
		for i, n := range part {
			ids[i] = registry.PlateID(n)
		}
		found, err := o.registry.PlatesByID(ctx, ids)
		if err != nil {
			return nil, err
		}
		for i, id := range ids {
			p, ok := found[id]
			if !ok {
				missing = append(missing, strconv.Itoa(part[i]))
				continue
			}
			out = append(out, p)
		}
	}
	if n := len(missing); n > 0 {
		return nil, notFound("%d plates do not exist: %s", n, strings.Join(missing[:min(n, 10)], ", ")+ifElse(n > 10, ", …", ""))
	}
	return out, nil
}

// numbersIn reads "1-20,35,HP-00123-7", each number once, in order.
func (o signOps) numbersIn(said string) ([]int, error) {
	seen := map[int]bool{}
	var out []int
	for part := range strings.SplitSeq(said, ",") {
		first, last, err := o.span(part)
		if err != nil {
			return nil, err
		}
		for n := first; n <= last; n++ {
			if !seen[n] {
				seen[n], out = true, append(out, n)
			}
			if len(out) > maxPrinted {
				return nil, invalid("these are more than %d plates: print them in several files", maxPrinted)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// span reads one number, printed or plain, or two plain ones with a hyphen between.
func (o signOps) span(s string) (first, last int, err error) {
	s = strings.TrimSpace(s)
	if n, ok := plainNumber(s); ok && n > 0 {
		return n, n, nil
	}
	from, to, ok := strings.Cut(s, "-")
	a, okA := plainNumber(from)
	b, okB := plainNumber(to)
	if ok && okA && okB && a > 0 && a <= b {
		return a, b, nil
	}
	if n, ok := o.codes.Numbers().Parse(s); ok {
		return n, n, nil
	}
	return 0, 0, invalid("%q is no plate's number, and no range like 1-20", s)
}
