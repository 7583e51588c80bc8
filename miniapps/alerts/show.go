package alerts

import (
	"strconv"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// done shows a bulletin to the member of staff who changed it.
func (a *App) done(c miniapps.Call, b *Bulletin) miniapps.Result {
	return miniapps.Result{Data: b, Blocks: message.Blocks{a.show(c.Lang, b)}, Case: caseRef(b.ID)}
}

// show shows how a bulletin stands: what waits, else what was told.
func (a *App) show(lang message.Lang, b *Bulletin) message.Card {
	v, state := b.Current, string(b.State)
	if b.Next != nil {
		v, state = b.Next, "waiting"
	}
	if v == nil {
		return message.Card{Title: a.text(lang, "state."+state, nil)}
	}
	card := a.card(lang, state, v)
	if b.Next != nil {
		card.Facts = append(card.Facts, message.Fact{Label: a.text(lang, "fact.version", nil), Value: strconv.Itoa(v.Number)})
	}
	return card
}

// card shows a version; state "" shows none.
func (a *App) card(lang message.Lang, state string, v *Version) message.Card {
	card := message.Card{
		Title: v.Title.In(lang), Subtitle: v.Text.In(lang),
		Facts: []message.Fact{
			{Label: a.text(lang, "fact.severity", nil), Value: a.text(lang, "severity."+string(v.Severity), nil)},
			{Label: a.text(lang, "fact.wards", nil), Value: a.wardNames(v.Wards).In(lang)},
			{Label: a.text(lang, "fact.until", nil), Value: a.clock(v.Until, lang)},
		},
	}
	if state != "" {
		card.Facts = append(card.Facts, message.Fact{Label: a.text(lang, "fact.state", nil), Value: a.text(lang, "state."+state, nil)})
	}
	return card
}
