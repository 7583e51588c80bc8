package intake

import (
	"errors"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"github.com/motcua/motcua/miniapps/signs/registry"
)

// storyYAML is the file of one story.
type storyYAML struct {
	ID         string            `yaml:"id"` // as the file's name
	Kind       string            `yaml:"kind"`
	Name       map[string]string `yaml:"name"` // by language, as all that follow
	Former     []string          `yaml:"former"`
	NamedAfter map[string]string `yaml:"named_after"`
	Dates      map[string]string `yaml:"dates"`
	Text       map[string]string `yaml:"text"`
	State      map[string]string `yaml:"state"` // draft, which is the default, or reviewed
	ReviewedBy map[string]string `yaml:"reviewed_by"`
	Pictures   []pictureYAML     `yaml:"pictures"`
	Audio      []recordingYAML   `yaml:"audio"`
	Sources    []string          `yaml:"sources"`
	Sample     bool              `yaml:"sample"`
}

type pictureYAML struct {
	File   string            `yaml:"file"` // among what is given beside the lists; or
	URL    string            `yaml:"url"`
	Credit string            `yaml:"credit"`
	Alt    map[string]string `yaml:"alt"`
}

type recordingYAML struct {
	Lang   string `yaml:"lang"`
	File   string `yaml:"file"`
	URL    string `yaml:"url"`
	Credit string `yaml:"credit"`
}

// readYAML reads one story.
func (c *checking) readYAML(f File) {
	text, reason := plain(f.Data)
	if reason != "" {
		c.unread(f.Name, 0, "", reason, nil)
		return
	}
	if len(text) > maxYAML {
		c.unread(f.Name, 0, "", "story_large", map[string]any{"got": len(text) >> 10, "max": registry.MaxStory >> 10})
		return
	}
	if line := fancy(string(text)); line > 0 {
		c.unread(f.Name, line, "", "yaml_plain", nil)
		return
	}
	var y storyYAML
	if err := yaml.UnmarshalWithOptions(text, &y, yaml.Strict()); err != nil {
		line, key := yamlError(err)
		c.unread(f.Name, line, "", key, nil)
		return
	}
	y.Kind = c.in.words.kinds.read(y.Kind)
	for lang, state := range y.State {
		y.State[lang] = c.in.words.states.read(state)
	}
	row := registry.CleanStory(y.row())
	r := checked{Row: Row{File: f.Name, Story: &row}, named: filesOf(&row, y), cells: map[string]string{}}
	for _, n := range r.named {
		r.cells[n.column] = n.file
	}
	if base := path.Base(f.Name); strings.TrimSuffix(base, path.Ext(base)) != row.ID && row.ID != "" {
		r.fault("id", "file_name", map[string]any{"want": excerpt(row.ID) + ".yaml"})
	}
	c.rows = append(c.rows, r)
}

// row gives the story. A language that any part names is one that it has.
func (y storyYAML) row() registry.StoryRow {
	row := registry.StoryRow{ID: y.ID, Kind: registry.StoryKind(y.Kind), Former: y.Former, Sources: y.Sources, Sample: y.Sample}
	row.Texts = map[string]registry.TextRow{}
	for _, part := range []map[string]string{y.Name, y.NamedAfter, y.Dates, y.Text, y.State, y.ReviewedBy} {
		for lang := range part {
			state := registry.State(y.State[lang])
			if state == "" {
				state = registry.Draft
			}
			words := registry.Words{Title: y.Name[lang], NamedAfter: y.NamedAfter[lang], Dates: y.Dates[lang], Text: y.Text[lang]}
			row.Texts[lang] = registry.TextRow{Words: words, State: state, ReviewedBy: y.ReviewedBy[lang]}
		}
	}
	for _, p := range y.Pictures {
		row.Pictures = append(row.Pictures, registry.Picture{URL: p.URL, Credit: p.Credit, Alt: p.Alt})
	}
	for _, a := range y.Audio {
		row.Audio = append(row.Audio, registry.Recording{Lang: a.Lang, URL: a.URL, Credit: a.Credit})
	}
	return row
}

// maxNested is how deep lists may lie within a line.
const maxNested = 8

// fancy gives the line of the first thing that no story needs and that a reader of YAML can be made to choke on: what repeats other parts, names types, opens
// a second document or nests deeply. 0 when there is none.
func fancy(text string) int {
	depth, entries, documents, line := 0, 0, 0, 0
	for _, t := range lexer.Tokenize(text) {
		if t.Position == nil {
			continue
		}
		if t.Position.Line != line {
			line, entries = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.DirectiveType:
			return max(line, 1)
		case token.DocumentHeaderType:
			documents++
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			entries++
		}
		if depth > maxNested || entries > maxNested || documents > 1 {
			return max(line, 1)
		}
	}
	return 0
}

// yamlError gives where a file is wrong and why, as far as that is known.
func yamlError(err error) (line int, key string) {
	var at yaml.Error
	if errors.As(err, &at) {
		if t := at.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line
		}
	}
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) {
		return line, "yaml_field"
	}
	return line, "yaml"
}
