package main

import (
	"context"
	"strings"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

func (o signOps) Stories(ctx context.Context, f admin.StoryFilter) (admin.Page[admin.StoryLine], error) {
	var (
		page registry.Page[registry.Story]
		err  error
	)
	switch kind := registry.StoryKind(f.Kind); {
	case f.Text != "" && f.Kind != "":
		err = invalid("a text or a kind: not both")
	case kind != "" && kind != registry.Street && kind != registry.Work:
		err = invalid("there is no kind %q: give %s or %s", f.Kind, registry.Street, registry.Work)
	case f.Text != "":
		page, err = o.registry.SearchStories(ctx, f.Text, f.First, registry.Cursor(f.After))
	default:
		page, err = o.registry.Stories(ctx, kind, f.First, registry.Cursor(f.After))
	}
	out := admin.Page[admin.StoryLine]{Items: make([]admin.StoryLine, len(page.Items)), Next: nextOf(page)}
	for i := range page.Items {
		out.Items[i] = storyLine(&page.Items[i], false)
	}
	return out, o.inWords(err)
}

// storyLine gives a story, with its words or without.
func storyLine(s *registry.Story, words bool) admin.StoryLine {
	_, first := s.In(registry.Vietnamese)
	out := admin.StoryLine{ID: s.ID, Kind: string(s.Kind), Title: first.Title, Sample: s.Sample, Languages: []admin.StoryText{}}
	for _, lang := range s.Languages() {
		t := s.Translations[lang]
		text := admin.StoryText{Lang: lang, State: string(t.State), Revision: t.Revision, ReviewedBy: t.ReviewedBy}
		if t.Text == "" {
			text.State = "unwritten"
		}
		if words {
			text.Title, text.NamedAfter, text.Dates, text.Text = t.Title, t.NamedAfter, t.Dates, t.Text
		}
		out.Languages = append(out.Languages, text)
	}
	return out
}

func (o signOps) Story(ctx context.Context, id string) (admin.StoryDetail, error) {
	s, err := o.registry.Story(ctx, id)
	if err != nil {
		return admin.StoryDetail{}, o.inWords(err)
	}
	return admin.StoryDetail{StoryLine: storyLine(&s, true), Former: s.Former, Sources: s.Sources, History: o.changes(s.History)}, nil
}

// Review needs a name: whoever wrote the words does not review them, and operators are several.
func (o signOps) Review(ctx context.Context, r admin.StoryReview) (admin.StoryLine, error) {
	if strings.TrimSpace(r.By) == "" {
		return admin.StoryLine{}, invalid("a review needs the name of who read the words")
	}
	s, err := o.registry.Review(ctx, r.Story, r.Lang, r.Revision, registry.Act{By: operatorNamed(r.By)})
	if err != nil {
		return admin.StoryLine{}, o.inWords(err)
	}
	return storyLine(&s, false), nil
}
