package graph

import (
	"cmp"
	"context"

	"golang.org/x/text/language"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// StreetStory is a story as the GraphQL type shows it, in the language that suits the caller best.
type StreetStory struct {
	story *registry.Story
	view  *view
	lang  string
	words registry.Translation
	alone bool // asked for by itself and not for the signs of a list
}

// IsNode marks a type that can be asked for by its id.
func (*StreetStory) IsNode() {}

// IsEntity marks a type that a router can ask for by its key.
func (*StreetStory) IsEntity() {}

// ID gives the opaque id.
func (s *StreetStory) ID() string { return idOf(kindStory, s.story.ID) }

// Kind tells what it is about.
func (s *StreetStory) Kind() StreetStoryKind {
	if s.story.Kind == registry.Work {
		return StreetStoryKindWork
	}
	return StreetStoryKindStreet
}

// Title gives the name of the street or work.
func (s *StreetStory) Title() string { return s.words.Title }

// NamedAfter tells whom or what it is named after; nil when that is not told.
func (s *StreetStory) NamedAfter() *string { return optionalText(s.words.NamedAfter) }

// Dates gives the dates; nil when they are not told.
func (s *StreetStory) Dates() *string { return optionalText(s.words.Dates) }

// Text gives the story.
func (s *StreetStory) Text() string { return s.words.Text }

// Language names the language of the words.
func (s *StreetStory) Language() string { return s.lang }

// State tells how far the words are.
func (s *StreetStory) State() TranslationState { return translationState(s.words) }

// Languages gives the languages that there is a version in.
func (s *StreetStory) Languages() []StreetStoryLanguage {
	names := s.story.Languages()
	out := make([]StreetStoryLanguage, len(names))
	for i, l := range names {
		out[i] = StreetStoryLanguage{Language: l, State: translationState(s.story.Translations[l])}
	}
	return out
}

// Translation gives the version in one language; nil when there is none.
func (s *StreetStory) Translation(language string) *StreetStoryTranslation {
	lang := language
	if _, ok := s.story.Translations[lang]; !ok {
		lang = spelled(language)
	}
	t, ok := s.story.Translations[lang]
	if !ok {
		return nil
	}
	return &StreetStoryTranslation{
		Language: lang, State: translationState(t), Title: t.Title, NamedAfter: optionalText(t.NamedAfter), Dates: optionalText(t.Dates), Text: t.Text,
	}
}

// spelled gives a language tag in its usual spelling: "zh_hans" is zh-Hans.
func spelled(lang string) string {
	tag, err := language.Parse(lang[:min(len(lang), maxTag)])
	if err != nil {
		return ""
	}
	return tag.String()
}

// maxTag bounds the language tags that are looked at, in bytes.
const maxTag = 35

// FormerNames gives earlier names.
func (s *StreetStory) FormerNames() []string { return orEmpty(s.story.Former) }

// Pictures gives the pictures. Their addresses are computed, so nothing is read.
func (s *StreetStory) Pictures() []StreetStoryPicture {
	out := make([]StreetStoryPicture, len(s.story.Pictures))
	for i, p := range s.story.Pictures {
		out[i] = StreetStoryPicture{Credit: p.Credit, Alt: optionalText(cmp.Or(p.Alt[s.lang], p.Alt[registry.Vietnamese])), picture: p, media: s.view.root.deps.Media}
	}
	return out
}

// Audio gives the story read aloud.
func (s *StreetStory) Audio() []StreetStoryAudio {
	out := make([]StreetStoryAudio, len(s.story.Audio))
	for i, a := range s.story.Audio {
		out[i] = StreetStoryAudio{Language: a.Lang, URL: a.URL, Credit: optionalText(a.Credit)}
		if a.Media != "" {
			out[i].URL = s.view.root.deps.Media.PublicURL(a.Media, media.Original)
		}
	}
	return out
}

// Sources tells where it was taken from.
func (s *StreetStory) Sources() []string { return orEmpty(s.story.Sources) }

// Sample tells whether it is an example.
func (s *StreetStory) Sample() bool { return s.story.Sample }

// Signs reads a page of the signs that tell it. INVALID within a list of signs, where it would be one read for each.
func (s *StreetStory) Signs(ctx context.Context, first *int, after *string) (*SignConnection, error) {
	if !s.alone {
		return nil, fault.New(fault.Invalid, "graph.one_story_at_a_time")
	}
	return s.view.signsTelling(ctx, s, first, after)
}

// within gives the story as its own signs show it.
func (s *StreetStory) within() *StreetStory {
	out := *s
	out.alone = false
	return &out
}

// StreetStoryPicture is a picture of a story.
type StreetStoryPicture struct {
	Credit string
	Alt    *string

	picture registry.Picture
	media   *media.Media
}

// URL gives the address, which stays the same: that of a rendition for what the city keeps.
func (p *StreetStoryPicture) URL(size *PhotoSize) string {
	if p.picture.Media == "" {
		return p.picture.URL
	}
	return p.media.PublicURL(p.picture.Media, rendition(size))
}

func translationState(t registry.Translation) TranslationState {
	if t.State == registry.Approved {
		return TranslationStateReviewed
	}
	return TranslationStateDraft
}

// storyOf shows a story in the language that suits the caller best.
func (v *view) storyOf(ctx context.Context, s *registry.Story, alone bool) *StreetStory {
	out := &StreetStory{story: s, view: v, alone: alone}
	out.lang, out.words = s.In(suiting(s, readsOf(ctx)))
	return out
}

// stories shows stories that were read together.
func (v *view) stories(ctx context.Context, found map[string]registry.Story, alone bool) map[string]*StreetStory {
	out := make(map[string]*StreetStory, len(found))
	for id, s := range found {
		out[id] = v.storyOf(ctx, &s, alone)
	}
	return out
}

// suiting gives the language of a story that suits somebody best who reads some languages: one that they read, in that order, or one close to it, such as zh-Hans
// for zh-CN. Otherwise Vietnamese.
func suiting(s *registry.Story, reads []language.Tag) string {
	if len(reads) == 0 {
		return registry.Vietnamese
	}
	if first := reads[0].String(); s.Translations[first].Title != "" {
		return first
	}
	has := s.Languages() // Vietnamese first: what a matcher falls back to
	tags := make([]language.Tag, len(has))
	for i, l := range has {
		tags[i] = language.Make(l)
	}
	_, i, confidence := language.NewMatcher(tags).Match(reads...)
	if confidence == language.No || i >= len(has) {
		return registry.Vietnamese
	}
	return has[i]
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
