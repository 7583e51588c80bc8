package registry

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/once"
)

// StoryKind says what a story is about.
type StoryKind string

// The kinds of story.
const (
	Street StoryKind = "street"
	Work   StoryKind = "work" // a building, a bridge, a monument
)

// State says how far a translation is.
type State string

// The states.
const (
	Draft    State = "draft"
	Approved State = "reviewed" // by somebody other than who wrote it
)

// Vietnamese is the language that every story has.
const Vietnamese = "vi"

// Words is what a story says in one language.
type Words struct {
	Title      string `bson:"title" json:"title"`
	NamedAfter string `bson:"namedAfter,omitempty" json:"namedAfter,omitempty"` // whom or what, in one line
	Dates      string `bson:"dates,omitempty" json:"dates,omitempty"`           // of a life, an event or a building
	Text       string `bson:"text" json:"text"`                                 // paragraphs apart by an empty line; "" while it is not written
}

// Translation is a story in one language.
type Translation struct {
	Words      `bson:",inline"`
	State      State     `bson:"state" json:"state"`
	Revision   int       `bson:"revision" json:"revision"` // counts the changes of the words from 1
	Writer     string    `bson:"writer" json:"-"`          // account of who last changed the words
	WrittenAt  time.Time `bson:"writtenAt" json:"writtenAt"`
	ReviewedBy string    `bson:"reviewedBy,omitempty" json:"-"` // account, or a name that the city's list gave
	ReviewedAt time.Time `bson:"reviewedAt,omitempty" json:"reviewedAt,omitzero"`
}

// Picture is a picture of a story: either one that the city keeps or one elsewhere.
type Picture struct {
	Media  string            `bson:"media,omitempty" json:"media,omitempty"` // id
	URL    string            `bson:"url,omitempty" json:"url,omitempty"`     // https
	Credit string            `bson:"credit" json:"credit"`
	Alt    map[string]string `bson:"alt,omitempty" json:"alt,omitempty"` // by language
}

// Recording is a story read aloud.
type Recording struct {
	Lang   string `bson:"lang" json:"lang"`
	Media  string `bson:"media,omitempty" json:"media,omitempty"`
	URL    string `bson:"url,omitempty" json:"url,omitempty"`
	Credit string `bson:"credit,omitempty" json:"credit,omitempty"`
}

// Story is what the plates of a street or a work tell.
type Story struct {
	ID           string                 `bson:"_id" json:"id"` // lower-case letters, digits and hyphens
	Kind         StoryKind              `bson:"kind" json:"kind"`
	Former       []string               `bson:"former,omitempty" json:"former,omitempty"` // earlier names
	Translations map[string]Translation `bson:"translations" json:"translations"`         // by language
	Pictures     []Picture              `bson:"pictures,omitempty" json:"pictures,omitempty"`
	Audio        []Recording            `bson:"audio,omitempty" json:"audio,omitempty"`
	Sources      []string               `bson:"sources,omitempty" json:"sources,omitempty"`
	Sample       bool                   `bson:"sample,omitempty" json:"sample,omitempty"` // an example, to be replaced by the city's own
	Tokens       []string               `bson:"tokens" json:"-"`
	History      []Change               `bson:"history" json:"-"`
	Dropped      int                    `bson:"dropped,omitempty" json:"-"`
	Marks        once.Marks             `bson:"marks,omitempty" json:"-"`
	CreatedAt    time.Time              `bson:"createdAt" json:"createdAt"`
	UpdatedAt    time.Time              `bson:"updatedAt" json:"updatedAt"`
}

// Languages gives the languages of the story: Vietnamese first, the others by name.
func (s *Story) Languages() []string {
	return slices.SortedFunc(maps.Keys(s.Translations), func(a, b string) int {
		if (a == Vietnamese) != (b == Vietnamese) {
			if a == Vietnamese {
				return -1
			}
			return 1
		}
		return cmp.Compare(a, b)
	})
}

// Written tells whether the story has a text: every other language follows the Vietnamese.
func (s *Story) Written() bool { return s.Translations[Vietnamese].Text != "" }

// In gives the story in the first of the languages that it has, else in Vietnamese.
func (s *Story) In(prefer ...string) (lang string, t Translation) {
	for _, l := range append(slices.Clip(prefer), Vietnamese) {
		if t, ok := s.Translations[l]; ok {
			return l, t
		}
	}
	return "", Translation{}
}

// Told gives the story in the first of the languages in which it has a text, else in Vietnamese; one without any text, by its name in the first of them.
func (s *Story) Told(prefer ...string) (lang string, t Translation) {
	for _, l := range append(slices.Clip(prefer), Vietnamese) {
		if t := s.Translations[l]; t.Text != "" {
			return l, t
		}
	}
	return s.In(prefer...)
}

// names gives all names of the story, which the plates that tell it are found by too.
func (s *Story) names() []string {
	out := slices.Clone(s.Former)
	for _, lang := range s.Languages() {
		out = append(out, s.Translations[lang].Title)
	}
	return out
}

// facts gives what the history follows, as text.
func (s *Story) facts() []fact {
	out := []fact{{"kind", string(s.Kind)}, {"former", fmt.Sprintf("%q", s.Former)}, {"sample", fmt.Sprint(s.Sample)}}
	for _, lang := range s.Languages() {
		t := s.Translations[lang]
		out = append(out, fact{"title." + lang, t.Title}, fact{"named_after." + lang, t.NamedAfter}, fact{"dates." + lang, t.Dates},
			fact{"text." + lang, t.Text}, fact{"state." + lang, string(t.State)})
	}
	for i, p := range s.Pictures {
		out = append(out, fact{fmt.Sprintf("pictures.%d", i), fmt.Sprint(p.Media, p.URL, " ", p.Credit, " ", p.Alt)}) // a map is printed in the order of its keys
	}
	for i, a := range s.Audio {
		out = append(out, fact{fmt.Sprintf("audio.%d", i), fmt.Sprint(a.Lang, " ", a.Media, a.URL, " ", a.Credit)})
	}
	return append(out, fact{"sources", fmt.Sprintf("%q", s.Sources)})
}

// record notes a change.
func (s *Story) record(c Change) {
	s.History, s.Dropped = remember(s.History, s.Dropped, c)
	s.UpdatedAt = c.At
}
