package feedback

import (
	"context"
	"errors"
	"fmt"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// Lengths of the lists that a dialogue shows when it does not say.
const (
	listedChoices = 10
	listedReports = 5
	labelText     = 40 // characters of a report's description in a list
)

// answers are what a dialogue knows so far of a report. Anything else in them is left out, and so is what is not yet whole.
type answers struct {
	Description string `json:"description"`
	Category    string `json:"category"`
	Place       Place  `json:"place"`
}

// check looks at the place of a report that is being written: the ward and the unit that it leads to, or what to mend.
func (a *App) check(c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Answers answers }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	in.Answers.Place.Address = cleanText(in.Answers.Place.Address)
	if _, _, ok := in.Answers.Place.Point(); !ok && in.Answers.Place.Address == "" {
		return miniapps.Result{Data: miniapps.Checked{}}, nil
	}
	category := in.Answers.Category
	if category == unsure {
		category = ""
	}
	ward, unit, err := route(a.deps.City, in.Answers.Place, category)
	if err != nil {
		return a.refused(c.Lang, err)
	}
	names := map[string]any{"ward": wardName(ward, c.Lang), "unit": unit.Name.In(c.Lang)}
	return miniapps.Result{
		Data: miniapps.Checked{Derived: map[string]any{
			"ward": ward.Code, "wardName": names["ward"], "unit": unit.ID, "unitName": names["unit"],
		}},
		Blocks: message.Blocks{message.Words{Text: a.text(c.Lang, "goes_to", names)}},
	}, nil
}

// refused gives as a check's result what is wrong with the answers. Any other error stays one.
func (a *App) refused(lang message.Lang, err error) (miniapps.Result, error) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.Invalid || len(f.Fields) == 0 {
		return miniapps.Result{}, err
	}
	var out miniapps.Checked
	for _, x := range f.Fields {
		out.Errors = append(out.Errors, miniapps.WrongAnswer{Path: x.Path, Text: a.deps.Texts.Text(lang, x.Key, x.Params)})
	}
	return miniapps.Result{Data: out}, nil
}

// ownReports is a page of a citizen's reports, whole and as choices for another action.
type ownReports struct {
	miniapps.Options
	Reports []Report `json:"reports"`
}

// mine lists the citizen's own reports, also as choices for another action.
func (a *App) mine(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		First int
		After Cursor
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	if in.First == 0 {
		in.First = listedReports
	}
	page, err := a.Mine(ctx, account.Viewer{Subjects: reachOf(c).Subjects}, in.First, in.After)
	if err != nil {
		return miniapps.Result{}, err
	}
	out := ownReports{Reports: page.Items, Options: miniapps.Options{Choices: []miniapps.Option{}}}
	if page.HasNext {
		out.After = string(page.Cursors[len(page.Cursors)-1])
	}
	blocks := message.Blocks{}
	for i := range page.Items {
		r := &page.Items[i]
		out.Choices = append(out.Choices, miniapps.Option{Value: r.ID, Label: shorten(r.Code.Grouped()+" · "+r.Description, labelText), Hint: a.status(c.Lang, r.Status)})
		blocks = append(blocks, a.card(c.Lang, r))
	}
	if len(blocks) == 0 {
		blocks = append(blocks, message.Words{Text: a.text(c.Lang, "none_yet", nil)})
	}
	return miniapps.Result{Data: out, Blocks: blocks, Next: a.suggest("submit", nil)}, nil
}

// track shows the public part of a report by its tracking code.
func (a *App) track(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Code string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	p, err := a.ByCode(ctx, in.Code)
	if err != nil {
		return miniapps.Result{}, underField(err, "code")
	}
	facts := a.facts(c.Lang, p.Category, p.Ward, p.Unit, p)
	card := message.Card{Title: a.title(c.Lang, p.Code), Subtitle: a.status(c.Lang, p.Status), Facts: facts}
	return miniapps.Result{Data: &p, Blocks: message.Blocks{card, message.Words{Text: a.text(c.Lang, "citizen_wrote", map[string]any{"text": quoted(p.Description)})}}}, nil
}

// underField names the field that a bad value came from.
func underField(err error, name string) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.Invalid || len(f.Fields) > 0 {
		return err
	}
	return fmt.Errorf("feedback: track: %w", fault.InvalidField(f.Key, name))
}
