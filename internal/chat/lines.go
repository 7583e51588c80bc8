package chat

import (
	"slices"
	"strings"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/retry"
)

// Who speaks in a line.
const (
	FromPerson = "person"
	FromBot    = "bot"
	FromStaff  = "staff"
)

// line is one thing that was said, kept for an officer who takes the conversation over.
type line struct {
	ID    string              `json:"id"` // of the event, or what the ids of the messages begin with
	At    time.Time           `json:"at"`
	From  string              `json:"from"`
	Name  string              `json:"name,omitempty"` // of the member of staff
	Text  string              `json:"text,omitempty"`
	Media []string            `json:"media,omitempty"`
	Lost  []string            `json:"lost,omitempty"` // kinds of attachments that were not taken
	Place *conversation.Place `json:"place,omitempty"`
}

// How much is kept: some lines always, so that an officer sees what it is about; more while one is asked for.
const (
	maxLine      = 2000 // runes of a line of a person
	maxBotLine   = 300  // runes of a line of the dialogue
	fewLines     = 10
	fewBytes     = 4 << 10
	manyLines    = 50
	manyBytes    = 20 << 10
	lineOverhead = 64 // bytes of a line beside its words, about
)

func (l line) size() int {
	n := lineOverhead + len(l.ID) + len(l.Text) + len(l.Name)
	for _, s := range slices.Concat(l.Media, l.Lost) {
		n += len(s)
	}
	return n
}

func sizeOf(lines []line) int {
	n := 0
	for _, l := range lines {
		n += l.size()
	}
	return n
}

// keep remembers lines, each once, and tells whether there were any new ones. The oldest give way.
func (c *Chats) keep(x *chat, lines ...line) bool {
	news := false
	for _, l := range lines {
		if !slices.ContainsFunc(x.Lines, func(o line) bool { return o.ID == l.ID }) {
			x.Lines, news = append(x.Lines, l), true
		}
	}
	most, size := fewLines, fewBytes
	if x.Desk != nil {
		most, size = manyLines, manyBytes
	}
	from := max(0, len(x.Lines)-most)
	for oldest := c.now().Add(-c.cfg.Lines); from < len(x.Lines) && (sizeOf(x.Lines[from:]) > size && from < len(x.Lines)-1 || x.Lines[from].At.Before(oldest)); {
		from++
	}
	x.Lines = slices.Clone(x.Lines[from:])
	return news
}

// linesOf gives what the person says with an event, without secrets; none when that is nothing to read. The conversation is as the event found it.
func (c *Chats) linesOf(x *chat, m inbox.Message, at time.Time) []line {
	e := m.Event
	l := line{ID: m.ID, At: at, From: FromPerson, Text: cut(c.kept(x, m, at), maxLine)}
	if e.Contact != nil {
		l.Text = strings.TrimSpace(e.Contact.Name + " " + e.Contact.Phone)
	}
	if e.Place != nil {
		l.Place = &conversation.Place{Lat: e.Place.Lat, Lon: e.Place.Lon, Label: cut(e.Place.Label, maxBotLine)}
	}
	for i, a := range e.Attachments {
		if f := fetched(m, i); f.Media != "" {
			l.Media = append(l.Media, f.Media)
		} else {
			l.Lost = append(l.Lost, string(a.Kind))
		}
	}
	if e.Kind == channels.Proved || l.Text == "" && l.Place == nil && len(l.Media)+len(l.Lost) == 0 {
		return nil
	}
	return []line{l}
}

// kept gives what the person wrote without secrets: nothing of it when that cannot be told.
func (c *Chats) kept(x *chat, m inbox.Message, at time.Time) (text string) {
	err := retry.Safely(func() error {
		text = c.deps.Steps.Kept(x.State, heardOf(m, at))
		return nil
	})
	if err != nil {
		return conversation.Masked
	}
	return text
}

// textOf gives what blocks say, as one text without secrets.
func textOf(blocks message.Blocks) string {
	var parts []string
	for _, b := range blocks {
		switch b := b.(type) {
		case message.Words:
			if b.Secret {
				b.Text = conversation.Masked
			}
			parts = append(parts, b.Text)
		case message.Choices:
			parts = append(parts, b.Text)
		case message.Card:
			parts = append(parts, b.Title)
		case message.QR:
			parts = append(parts, b.Caption)
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n")
}

// cut shortens a text to that many runes.
func cut(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return string(r[:most-1]) + "…"
}
