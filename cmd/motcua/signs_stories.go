package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/internal/admin"
)

const storyHead = "STORY\tKIND\tTITLE\tLANGUAGES\tSAMPLE"

func storyCells(s admin.StoryLine) []string {
	var languages []string
	for _, t := range s.Languages {
		languages = append(languages, fmt.Sprintf("%s %s, revision %d", t.Lang, t.State, t.Revision))
	}
	return []string{s.ID, s.Kind, s.Title, strings.Join(languages, "; "), ifElse(s.Sample, "sample", "")}
}

func (c signCommands) stories() *cobra.Command {
	var (
		f admin.StoryFilter
		l listing
	)
	cmd := &cobra.Command{
		Use: "stories [STORY]", Short: "List the stories that plates tell, or show the words of one", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error {
				if len(args) == 1 {
					return c.story(ctx, s, args[0], l.json)
				}
				page, err := pages(l, func(part admin.Slice) (admin.Page[admin.StoryLine], error) {
					f.Slice = part
					return s.Stories(ctx, f)
				})
				if err != nil {
					return err
				}
				return printPage(c, l, page, storyHead, storyCells)
			})
		},
	}
	cmd.Flags().StringVar(&f.Text, "text", "", "with these words in names and former names; diacritics may be left out")
	cmd.Flags().StringVar(&f.Kind, "kind", "", "street or work")
	cmd.MarkFlagsMutuallyExclusive("text", "kind")
	return l.flags(cmd)
}

// story shows the words of a story with the revision that a review names.
func (c signCommands) story(ctx context.Context, s admin.Signs, id string, asJSON bool) error {
	d, err := s.Story(ctx, id)
	if err != nil {
		return err
	}
	if asJSON {
		return c.printJSON(d)
	}
	if err := c.table(storyHead, []string{row(storyCells(d.StoryLine)...)}); err != nil {
		return err
	}
	for _, t := range d.Languages {
		head := fmt.Sprintf("%s: %s, revision %d", t.Lang, t.State, t.Revision)
		if t.ReviewedBy != "" {
			head += ", reviewed by " + visible(t.ReviewedBy)
		}
		paragraph(c.stdout, head, append(filled(t.Title, t.NamedAfter, t.Dates), strings.Split(t.Text, "\n")...)...)
	}
	paragraph(c.stdout, "Former names", d.Former...)
	paragraph(c.stdout, "Sources", d.Sources...)
	var changes []string
	for _, h := range d.History {
		changes = append(changes, changeLine(h))
	}
	paragraph(c.stdout, "History", changes...)
	return nil
}

// filled gives the texts that are not empty.
func filled(texts ...string) []string {
	var out []string
	for _, s := range texts {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (c signCommands) review() *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use: "review STORY LANG REVISION", Short: "Approve the words of a story in one language, as they were read", Args: cobra.ExactArgs(3),
		Long: "Approve the words of a story in one language, as they were read: `motcua signs stories STORY` shows them with their revision.\n" +
			"Nobody approves what they wrote, and words that have changed since are refused.",
		RunE: func(cmd *cobra.Command, args []string) error {
			revision, err := strconv.Atoi(args[2])
			if err != nil {
				return fmt.Errorf("%q is no revision: `motcua signs stories %s` tells it", args[2], args[0])
			}
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error {
				line, err := s.Review(ctx, admin.StoryReview{Story: args[0], Lang: args[1], Revision: revision, By: by})
				if err != nil {
					return err
				}
				return c.table(storyHead, []string{row(storyCells(line)...)})
			})
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "name of who read the words and approves them")
	return required(cmd, "by")
}
