package signs

import (
	"cmp"
	"context"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/damage"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// sign is what everybody may see of a plate.
type sign struct {
	Number    string             `json:"number"`
	State     registry.CodeState `json:"state"`
	Street    string             `json:"street"`
	Place     registry.Place     `json:"place"`
	Ward      string             `json:"ward"`
	WardName  string             `json:"wardName"`
	Condition registry.Condition `json:"condition"`
	Metres    float64            `json:"metres,omitempty"`
	Story     *story             `json:"story,omitempty"`
}

// story is a story in one language.
type story struct {
	ID         string             `json:"id"`
	Kind       registry.StoryKind `json:"kind"`
	Lang       string             `json:"lang"`
	Title      string             `json:"title"`
	NamedAfter string             `json:"namedAfter,omitempty"`
	Dates      string             `json:"dates,omitempty"`
	Text       string             `json:"text"`
	State      registry.State     `json:"state"`
	Sample     bool               `json:"sample,omitempty"`
}

// signOf gives the public part of a plate; s may be nil.
func (a *App) signOf(p *registry.Plate, state registry.CodeState, s *registry.Story, lang message.Lang) sign {
	out := sign{
		Number: a.Number(p), State: state, Street: p.Street, Place: p.Place, Ward: p.Ward, WardName: a.wardName(p.Ward, lang), Condition: p.Condition,
	}
	if s == nil {
		return out
	}
	in, t := s.Told(string(lang), string(message.English))
	out.Story = &story{s.ID, s.Kind, in, t.Title, t.NamedAfter, t.Dates, t.Text, t.State, s.Sample}
	return out
}

// show opens a sign.
func (a *App) show(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Sign string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	got, err := a.Look(ctx, in.Sign, Visit{Face: scans.Chat, Client: c.Citizen.Subject, At: c.Now})
	if err != nil {
		return miniapps.Result{}, err
	}
	if got.State == registry.Ended {
		return a.withdrawn(&got.Plate, c.Lang), nil
	}
	s, err := a.tale(ctx, got.Plate.Story)
	if err != nil {
		return miniapps.Result{}, err
	}
	data := a.signOf(&got.Plate, got.State, s, c.Lang)
	return miniapps.Result{Data: data, Blocks: a.blocks(data, s, c.Lang), Next: a.Here(&got.Plate, c.Lang)}, nil
}

// withdrawn answers a code that was revoked: whoever has it may stand before a fake, so nothing of the city's is lent to it but a way to tell.
func (a *App) withdrawn(p *registry.Plate, lang message.Lang) miniapps.Result {
	return miniapps.Result{
		Data: a.signOf(p, registry.Ended, nil, lang), Blocks: message.Blocks{message.Words{Text: a.text(lang, "revoked", nil)}},
		Next: []miniapps.Suggestion{{Action: ActionDamaged, Input: map[string]any{"sign": a.Number(p), "kind": damage.Fake}, Label: a.titleOf(ActionDamaged)}},
	}
}

// tale gives a plate's story; nil when it has none.
func (a *App) tale(ctx context.Context, id string) (*registry.Story, error) {
	if id == "" {
		return nil, nil
	}
	s, err := a.plates.Story(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil
	}
	return &s, err
}

// blocks shows a sign in a chat.
func (a *App) blocks(x sign, s *registry.Story, lang message.Lang) message.Blocks {
	var out message.Blocks
	card := message.Card{Title: x.Street, Facts: []message.Fact{
		{Label: a.text(lang, "fact.number", nil), Value: x.Number},
		{Label: a.text(lang, "fact.place", nil), Value: x.Place.Address},
		{Label: a.text(lang, "fact.ward", nil), Value: x.WardName},
	}}
	if x.Story == nil {
		return append(out, card)
	}
	card.Title, card.Subtitle = x.Story.Title, joined(" · ", x.Story.NamedAfter, x.Story.Dates)
	if x.Story.Kind == registry.Work && x.Street != "" {
		card.Facts = append(card.Facts, message.Fact{Label: a.text(lang, "fact.street", nil), Value: x.Street})
	}
	picture, credit := a.first(s.Pictures, x.Story.Lang, lang)
	out = append(out, card, message.Words{Text: joined("\n\n", append([]string{x.Story.Text}, append(a.marks(x.Story, lang), credit)...)...)})
	if picture.URL != "" {
		out = append(out, picture)
	}
	return out
}

// first gives the first of a story's pictures, told in the story's language, and whose it is, in the reader's; neither when there is none to show. The credit is
// a text of its own: what an image shows is for those who cannot see it, and not every network lets others read that.
func (a *App) first(all []registry.Picture, told string, lang message.Lang) (pic message.Image, credit string) {
	if len(all) == 0 {
		return message.Image{}, ""
	}
	p := all[0]
	address := a.picture(p)
	if address == "" {
		return message.Image{}, ""
	}
	return message.Image{URL: address, Alt: cmp.Or(p.Alt[told], p.Credit)}, a.text(lang, "credit", map[string]any{"credit": p.Credit})
}

// picture gives the address of a picture; "" when the city keeps it and has no way to show it.
func (a *App) picture(p registry.Picture) string {
	if p.Media != "" && a.deps.PictureURL != nil {
		return a.deps.PictureURL(p.Media)
	}
	return p.URL
}

// marks says what a reader must know of a story beside its words.
func (a *App) marks(s *story, lang message.Lang) []string {
	var out []string
	switch {
	case s.Text == "":
		out = append(out, a.text(lang, "unwritten", nil))
	case s.State != registry.Approved:
		out = append(out, a.text(lang, "draft", nil))
	}
	if s.Sample {
		out = append(out, a.text(lang, "sample", nil))
	}
	return out
}

func joined(sep string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, sep)
}
