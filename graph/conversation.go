package graph

import (
	"context"
	"time"

	"github.com/motcua/motcua/internal/chat"
	"github.com/motcua/motcua/miniapps/feedback"
)

// Conversation is a conversation at a desk as the GraphQL type shows it. Its lines are read, and the look recorded, when they are asked for.
type Conversation struct {
	item chat.DeskItem
	view *view
}

// ID gives the opaque id.
func (c *Conversation) ID() string { return idOf(kindConversation, c.item.ID) }

// Network names the network that it is on.
func (c *Conversation) Network() string { return c.item.Channel }

// State tells where it stands; nil once the program answers again.
func (c *Conversation) State() *ConversationState { return stateOf(c.item.State) }

func stateOf(s string) *ConversationState {
	var out ConversationState
	switch s {
	case chat.DeskWaiting:
		out = ConversationStateWaiting
	case chat.DeskTaken:
		out = ConversationStateTaken
	default:
		return nil
	}
	return &out
}

// Since tells since when the citizen waits or the member of staff answers.
func (c *Conversation) Since() *time.Time { return optionalTime(c.item.Since) }

// LastAt tells when the citizen last did something there.
func (c *Conversation) LastAt() *time.Time { return optionalTime(c.item.LastAt) }

// WritableUntil tells until when the network lets staff write.
func (c *Conversation) WritableUntil() *time.Time { return optionalTime(c.item.OpenUntil) }

// Unit gives the unit whose queue it is in.
func (c *Conversation) Unit() *Unit { return c.view.gazette.units[c.item.Unit] }

// Mine tells whether the viewer answers it.
func (c *Conversation) Mine() bool { return c.item.Mine }

// Feedback gives the report it was about.
func (c *Conversation) Feedback(ctx context.Context) (*Feedback, error) {
	if c.item.Case.App != feedback.ID || c.item.Case.ID == "" {
		return nil, nil
	}
	report, err := nullIfMissing(c.view.root.deps.Reports.Get(ctx, viewerOf(ctx), c.item.Case.ID))
	if err != nil || report == nil {
		return nil, err
	}
	return c.view.one(report), nil
}

// Lines gives what was said last.
func (c *Conversation) Lines(ctx context.Context) ([]ConversationLine, error) {
	item, err := c.view.root.deps.Desk.Conversation(ctx, viewerOf(ctx), c.item.ID)
	if err != nil {
		return nil, err
	}
	out := make([]ConversationLine, len(item.Lines))
	for i, l := range item.Lines {
		out[i] = c.view.line(l)
	}
	return out, nil
}

var speakers = map[string]Speaker{chat.FromPerson: SpeakerCitizen, chat.FromBot: SpeakerProgram, chat.FromStaff: SpeakerStaff}

// line shows one line of a conversation.
func (v *view) line(l chat.Line) ConversationLine {
	out := ConversationLine{
		At: l.At, From: speakers[l.From], Name: optionalText(l.Name), Text: l.Text, Attachments: make([]ConversationAttachment, len(l.Media)), Lost: l.Lost,
		State: optionalText(l.Fate.State), Reason: optionalText(l.Fate.Reason),
	}
	for i, id := range l.Media {
		out.Attachments[i] = ConversationAttachment{ID: id, URL: v.root.deps.Media.URL(id, "")}
	}
	if out.Lost == nil {
		out.Lost = []string{}
	}
	if l.Place != nil {
		out.Point = &GeoPoint{Lat: l.Place.Lat, Lon: l.Place.Lon}
	}
	return out
}
