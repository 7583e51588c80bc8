package feedback

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/miniapps"
)

// comment adds what the owner or the staff in reach have to say. A comment is a document of its own, so a report may have any number of them.
func (a *App) comment(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	r, text, err := a.remark(ctx, c)
	if err != nil {
		return miniapps.Result{}, err
	}
	x := a.write(r, text, c)
	if x, err = a.records.insertComment(ctx, x); err != nil {
		return miniapps.Result{}, fmt.Errorf("feedback: comment: %w", err)
	}
	a.nudge(CommentRelay)
	said := message.Words{Text: a.text(c.Lang, "comment_stored", map[string]any{"code": r.Code.Grouped()})}
	return miniapps.Result{Data: x, Blocks: message.Blocks{said}, Case: caseRef(r.ID)}, nil
}

// remark reads what a call has to say of a report in its reach.
func (a *App) remark(ctx context.Context, c miniapps.Call) (*Report, string, error) {
	var in struct{ ID, Text string }
	if err := decode(c, &in); err != nil {
		return nil, "", err
	}
	text, err := commentText(in.Text)
	if err != nil {
		return nil, "", err
	}
	r, err := a.visible(ctx, in.ID, reachOf(c))
	return r, text, err
}

// commentText brings a comment into the form that is stored. INVALID when nothing is left of it, or too much.
func commentText(s string) (string, error) {
	text := cleanText(s)
	if text == "" || len([]rune(text)) > maxComment {
		f := fault.InvalidField("feedback.comment_length", "text")
		f.Fields[0].Params = map[string]any{"max": maxComment}
		return "", f
	}
	return text, nil
}

// newComment makes the comment of a call, without what is to be told of it.
func (a *App) newComment(r *Report, text string, c miniapps.Call) *Comment {
	now := casework.Instant(c.Now)
	return &Comment{
		ID: r.ID + "/" + once.ID(c.Key), Report: r.ID, By: casework.Citizen, Actor: c.Actor.ID, Text: text,
		CreatedAt: now, InputHash: c.InputHash, ExpiresAt: now.Add(a.cfg.Retention),
	}
}

// write makes the comment of a call, with the notice that the owner, if there is one, gets of an answer by staff.
func (a *App) write(r *Report, text string, c miniapps.Call) *Comment {
	x := a.newComment(r, text, c)
	now := x.CreatedAt
	if reachOf(c).Owns(&r.Case) {
		return x
	}
	x.By, x.Unit = casework.Staff, r.Unit
	if c.Actor.Unit != "" {
		x.Unit = c.Actor.Unit
	}
	if r.Owner == "" { // nobody to tell, but watchers hear of it
		x.Wake(now)
		return x
	}
	unit, _ := a.deps.City.Unit(x.Unit)
	x.Tell(casework.Notice{
		ID: x.ID, To: r.Owner, Notice: "commented", Case: r.ID, At: now,
		Params: map[string]string{"code": r.Code.Grouped(), "text": shorten(text, noticeText)}, Names: map[string]message.Text{"unit": unit.Name},
	})
	return x
}

// visible gives a report that is in reach. NOT_FOUND for everybody else, whether it exists or not.
func (a *App) visible(ctx context.Context, id string, reach casework.Reach) (*Report, error) {
	r, err := a.records.get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound || err == nil && !reach.Sees(&r.Case) {
		return nil, noReport()
	}
	return r, err
}
