package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/internal/admin"
)

// signCommands are the commands on street signs.
type signCommands struct {
	*runtime
	// on carries out f on the city, whether it runs or not.
	on func(ctx context.Context, f func(ctx context.Context, s admin.Signs) error) error
}

func signsCommand(r *runtime) *cobra.Command {
	return signCommands{r, func(ctx context.Context, f func(context.Context, admin.Signs) error) error {
		return r.operate(ctx, func(ctx context.Context, c *admin.Client) error { return f(ctx, c.Signs()) })
	}}.all()
}

func (c signCommands) all() *cobra.Command {
	return group("signs", "Street signs: lists of plates and their stories, files for the printer, what becomes of them",
		c.importLists(), c.print(), c.list(), c.show(), c.batches(), c.reissue(), c.revoke(), c.condition(), c.stories(), c.review(),
		c.events(), c.settle(), c.silent(), c.heat())
}

// listing are the flags that lists have in common.
type listing struct {
	first int
	after string
	json  bool
}

func (l *listing) flags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().IntVar(&l.first, "first", 50, "at most this many; 0 means all")
	cmd.Flags().StringVar(&l.after, "after", "", "go on behind this cursor")
	return withJSON(cmd, &l.json)
}

func withJSON(cmd *cobra.Command, on *bool) *cobra.Command {
	cmd.Flags().BoolVar(on, "json", false, "print JSON")
	return cmd
}

// atOnce is how much of a list is asked for at once: no more is given.
const atOnce = 100

// pages asks for a list until it ends or as much as is wanted has come.
func pages[T any](l listing, ask func(admin.Slice) (admin.Page[T], error)) (admin.Page[T], error) {
	out := admin.Page[T]{Items: []T{}, Next: l.after}
	for {
		want := atOnce
		if l.first > 0 {
			want = min(want, l.first-len(out.Items))
		}
		page, err := ask(admin.Slice{First: want, After: out.Next})
		if err != nil {
			return out, err
		}
		out.Items, out.Next = append(out.Items, page.Items...), page.Next
		if out.Next == "" || l.first > 0 && len(out.Items) >= l.first {
			return out, nil
		}
	}
}

// printPage prints a part of a list as lines or as JSON.
func printPage[T any](c signCommands, l listing, p admin.Page[T], head string, line func(T) []string) error {
	if l.json {
		return c.printJSON(p)
	}
	lines := make([]string, len(p.Items))
	for i, item := range p.Items {
		lines[i] = row(line(item)...)
	}
	err := c.table(head, lines)
	if p.Next != "" {
		fmt.Fprintln(c.stdout, "more: --after "+p.Next)
	}
	return err
}

// row makes a line of a table.
func row(cells ...string) string {
	for i, s := range cells {
		cells[i] = visible(s)
	}
	return strings.Join(cells, "\t")
}

// visible shows a text that may come from anybody: what would move a terminal's cursor, or turn a line around, is replaced.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) && !unicode.Is(unicode.Bidi_Control, r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

func (c signCommands) printJSON(v any) error {
	out := json.NewEncoder(c.stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// moment prints a time to the minute; zero as nothing.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04")
}

// paragraph prints a heading and what stands below it, or nothing.
func paragraph(w io.Writer, head string, lines ...string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", head)
	for _, l := range lines {
		fmt.Fprintln(w, "  "+visible(l))
	}
}
