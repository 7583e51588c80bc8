package feedback

import (
	"slices"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// text puts a key below "feedback." into words.
func (a *App) text(lang message.Lang, key string, params map[string]any) string {
	return a.deps.Texts.Text(lang, "feedback."+key, params)
}

func (a *App) status(lang message.Lang, s casework.Status) string {
	return a.text(lang, "status."+string(s), nil)
}

func (a *App) title(lang message.Lang, code casework.Code) string {
	return a.text(lang, "title", map[string]any{"code": code.Grouped()})
}

// card sums a report up.
func (a *App) card(lang message.Lang, r *Report) message.Card {
	card := message.Card{Title: a.title(lang, r.Code), Subtitle: a.status(lang, r.Status), Facts: a.facts(lang, r.Category, r.Ward, r.Unit, r.Public())}
	if r.About != "" {
		card.Facts = append(card.Facts, message.Fact{Label: a.text(lang, "fact.about", nil), Value: r.About})
	}
	if reason := r.lastReason(); reason != "" {
		card.Facts = append(card.Facts, message.Fact{Label: a.text(lang, "fact.reason", nil), Value: reason})
	}
	return card
}

// lastReason is what staff last wrote to the citizen about the present state.
func (r *Report) lastReason() string {
	if len(r.Timeline) == 0 {
		return ""
	}
	return r.Timeline[len(r.Timeline)-1].Reason
}

func (a *App) facts(lang message.Lang, category, ward, unit string, p PublicReport) []message.Fact {
	name := a.text(lang, "unsure", nil)
	if c, ok := a.deps.City.Category(category); ok {
		name = c.Name.In(lang)
	}
	w, _ := a.deps.City.Ward(ward)
	u, _ := a.deps.City.Unit(unit)
	facts := []message.Fact{
		{Label: a.text(lang, "fact.category", nil), Value: name},
		{Label: a.text(lang, "fact.ward", nil), Value: wardName(w, lang)},
		{Label: a.text(lang, "fact.unit", nil), Value: u.Name.In(lang)},
		{Label: a.text(lang, "fact.sent", nil), Value: a.clock(p.CreatedAt, lang)},
	}
	if slices.Contains(openStatuses(), p.Status) {
		facts = append(facts, message.Fact{Label: a.text(lang, "fact.due", nil), Value: a.clock(p.DueAt, lang)})
	}
	return facts
}

// clock shows a time as the city's clocks do.
func (a *App) clock(t time.Time, lang message.Lang) string {
	return message.Moment(t.In(a.zone()), lang)
}

func wardName(w city.Ward, lang message.Lang) string {
	if lang == message.English {
		return w.FullNameEn
	}
	return w.FullName
}

func (a *App) choices(lang message.Lang, key string, of []miniapps.Option) message.Choices {
	out := message.Choices{Text: a.text(lang, key, nil), Options: []message.Choice{}}
	for _, c := range of {
		out.Options = append(out.Options, message.Choice{Label: c.Label, Value: c.Value})
	}
	return out
}

// maxQuoted is how many characters of somebody's words stand in an answer of the city's.
const maxQuoted = 500

// quoted gives words of somebody whom nobody knows, to stand between quotation marks: on one line and without such marks, so that no part of them can be taken for
// the city's own.
func quoted(s string) string {
	marks := strings.NewReplacer("“", "‘", "”", "’", "„", "‘", "«", "‘", "»", "’", "\"", "’")
	return shorten(marks.Replace(strings.Join(strings.Fields(cleanText(s)), " ")), maxQuoted)
}

// next gives what a citizen may want to do after sending a report.
func (a *App) next(r *Report) []miniapps.Suggestion {
	return append(a.suggest("comment", map[string]any{"id": r.ID}), a.suggest("mine", nil)...)
}

// nextForStaff gives the moves that can follow, behind what can be done about what the report is about.
func (a *App) nextForStaff(r *Report) []miniapps.Suggestion {
	var out []miniapps.Suggestion
	if a.deps.Follow != nil && r.About != "" {
		out = a.deps.Follow(r)
	}
	for _, s := range moves().Next(r.Status) {
		label := message.Text{message.Vietnamese: a.status(message.Vietnamese, s), message.English: a.status(message.English, s)}
		if s == Assigned {
			out = append(out, miniapps.Suggestion{Action: "assign", Input: map[string]any{"id": r.ID}, Label: label})
			continue
		}
		out = append(out, miniapps.Suggestion{Action: "transition", Input: map[string]any{"id": r.ID, "status": string(s)}, Label: label})
	}
	return out
}

// suggest offers an action under its own title.
func (a *App) suggest(action string, input map[string]any) []miniapps.Suggestion {
	for _, x := range a.manifest.Actions {
		if x.ID == action {
			return []miniapps.Suggestion{{Action: action, Input: input, Label: x.Title}}
		}
	}
	return nil
}
