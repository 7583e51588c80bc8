package signs

import (
	"context"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// storyFile is all that is recorded of a story.
type storyFile struct {
	Story   registry.Story    `json:"story"`
	History []registry.Change `json:"history"`
	Dropped int               `json:"dropped"`
}

// story shows a story's file.
func (a *App) story(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Story string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	s, err := a.plates.Story(ctx, in.Story)
	if err != nil {
		return miniapps.Result{}, err
	}
	return miniapps.Result{Data: storyFile{s, s.History, s.Dropped}, Blocks: a.storyBlocks(&s, c.Lang)}, nil
}

// translate writes a story in one language.
func (a *App) translate(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		Story, Lang string
		registry.Words
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	s, err := a.plates.Translate(ctx, in.Story, in.Lang, in.Words, actOf(c))
	return a.written(c, s, inInput(err))
}

// inInput has what is wrong with the words of a story point to the fields of the translate action, where the registry names those of a story's file:
// "name.fr" is the title.
func inInput(err error) error {
	f := fault.Of(err)
	if f == nil || len(f.Fields) == 0 {
		return err
	}
	out := *f
	out.Fields = slices.Clone(f.Fields)
	for i, field := range out.Fields {
		out.Fields[i].Path = []string{inputField(strings.Join(field.Path, "."))}
	}
	return &out
}

func inputField(path string) string {
	name, lang, _ := strings.Cut(path, ".")
	switch {
	case name == "name" && lang == "": // there are too many languages
		return "lang"
	case name == "name":
		return "title"
	case name == "named_after":
		return "namedAfter"
	case name == "id": // the whole has grown too large
		return "text"
	}
	return name
}

// review approves what somebody else wrote.
func (a *App) review(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		Story, Lang string
		Revision    int
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	s, err := a.plates.Review(ctx, in.Story, in.Lang, in.Revision, actOf(c))
	return a.written(c, s, err)
}

func (a *App) written(c miniapps.Call, s registry.Story, err error) (miniapps.Result, error) {
	if err != nil {
		return miniapps.Result{}, err
	}
	return miniapps.Result{Data: s, Blocks: a.storyBlocks(&s, c.Lang)}, nil
}

// storyBlocks shows to staff how far the languages of a story are.
func (a *App) storyBlocks(s *registry.Story, lang message.Lang) message.Blocks {
	_, t := s.In(string(lang))
	card := message.Card{Title: t.Title, Subtitle: s.ID}
	for _, l := range s.Languages() {
		x := s.Translations[l]
		card.Facts = append(card.Facts, message.Fact{Label: l, Value: a.text(lang, "state."+string(x.State), map[string]any{"revision": x.Revision})})
	}
	return message.Blocks{card}
}
