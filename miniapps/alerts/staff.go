package alerts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/miniapps"
)

// maxReach is how far people are counted.
const maxReach = 1_000_000

// words is what a member of staff writes.
type words struct {
	Severity Severity  `json:"severity"`
	Wards    []string  `json:"wards"`
	Title    string    `json:"title"`
	TitleEn  string    `json:"titleEn"`
	Text     string    `json:"text"`
	TextEn   string    `json:"textEn"`
	Until    time.Time `json:"until"`
}

// version makes a version of what was written. INVALID names each wrong field.
func (a *App) version(ctx context.Context, w words, author string, now time.Time) (Version, error) {
	w.Wards = slices.Compact(slices.Sorted(slices.Values(w.Wards)))
	for i, code := range w.Wards {
		if _, ok := a.deps.City.Ward(code); !ok {
			return Version{}, fault.InvalidField("alerts.unknown_ward", "wards", fmt.Sprint(i))
		}
	}
	v := Version{
		Severity: w.Severity, Wards: w.Wards, Author: author, At: now, Until: w.Until.UTC().Truncate(time.Millisecond),
		Title: message.Text{message.Vietnamese: clean(w.Title)}, Text: message.Text{message.Vietnamese: clean(w.Text)},
	}
	if s := clean(w.TitleEn); s != "" {
		v.Title[message.English] = s
	}
	if s := clean(w.TextEn); s != "" {
		v.Text[message.English] = s
	}
	switch {
	case v.Title[message.Vietnamese] == "":
		return Version{}, fault.InvalidField("alerts.empty", "title")
	case v.Text[message.Vietnamese] == "":
		return Version{}, fault.InvalidField("alerts.empty", "text")
	case !v.Until.After(now):
		return Version{}, fault.InvalidField("alerts.past", "until")
	case v.Until.After(now.Add(a.cfg.Longest)):
		return Version{}, &fault.Error{Code: fault.Invalid, Fields: []fault.Field{{Path: []string{"until"}, Key: "alerts.too_long", Params: map[string]any{"hours": int(a.cfg.Longest.Hours())}}}}
	}
	var err error
	v.Reach, err = a.deps.Audience.Reach(ctx, v.Wards, maxReach)
	return v, err
}

// rule gives what one person may tell alone now; id is the bulletin that it is about, "" for a new one.
func (a *App) rule(ctx context.Context, author, id string, now time.Time) (rule, error) {
	told, err := a.records.alone(ctx, author, now.Add(-lately))
	if err != nil {
		return rule{}, fmt.Errorf("alerts: what one person told: %w", err)
	}
	r := rule{threshold: a.cfg.TwoPersons}
	for _, b := range told {
		if b.ID != id && b.Current != nil && !b.Current.Clear {
			r.before += b.Current.Reach
		}
	}
	return r, nil
}

// preview tells how many people a bulletin would reach, and whether it needs a second person.
func (a *App) preview(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in words
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	now := instant(c.Now)
	v, err := a.version(ctx, in, c.Actor.ID, now)
	if err != nil {
		return miniapps.Result{}, err
	}
	r, err := a.rule(ctx, c.Actor.ID, "", now)
	if err != nil {
		return miniapps.Result{}, err
	}
	data := preview{Reach: v.Reach, TwoPersons: r.two(&v, nil)}
	return miniapps.Result{Data: data, Blocks: message.Blocks{a.card(c.Lang, "", &v), message.Words{Text: a.reachText(c.Lang, data)}}}, nil
}

type preview struct {
	Reach      int  `json:"reach"`
	TwoPersons bool `json:"twoPersons"`
}

func (a *App) reachText(lang message.Lang, p preview) string {
	text := a.text(lang, "reach", map[string]any{"count": p.Reach})
	if p.TwoPersons {
		text += " " + a.text(lang, "two_persons", nil)
	}
	return text
}

// publish makes a bulletin.
func (a *App) publish(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	id := once.ID(c.Key)
	b, err := a.records.get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		b, err = a.create(ctx, c, id)
	}
	if err != nil {
		return miniapps.Result{}, fmt.Errorf("alerts: publish: %w", err)
	}
	if b.InputHash != c.InputHash {
		return miniapps.Result{}, once.Clash()
	}
	return a.done(c, b), nil
}

func (a *App) create(ctx context.Context, c miniapps.Call, id string) (*Bulletin, error) {
	var in struct {
		words
		Kind string `json:"kind"`
	}
	if err := decode(c, &in); err != nil {
		return nil, err
	}
	now := instant(c.Now)
	v, err := a.version(ctx, in.words, c.Actor.ID, now)
	if err != nil {
		return nil, err
	}
	b := &Bulletin{ID: id, Kind: in.Kind, State: Pending, History: []Step{}, CreatedAt: now, UpdatedAt: now, InputHash: c.InputHash, ExpiresAt: now.Add(a.cfg.Retention)}
	r, err := a.rule(ctx, c.Actor.ID, id, now)
	if err == nil {
		err = b.write(v, r, now)
	}
	if err != nil {
		return nil, err
	}
	err = a.records.insert(ctx, b)
	if fault.CodeOf(err) == fault.Conflict { // a parallel repeat was faster
		return a.records.get(ctx, id)
	}
	a.nudge()
	return b, err
}

// update replaces what a bulletin says.
func (a *App) update(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		words
		ID string `json:"id"`
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	now := instant(c.Now)
	v, err := a.version(ctx, in.words, c.Actor.ID, now)
	if err != nil {
		return miniapps.Result{}, err
	}
	r, err := a.rule(ctx, c.Actor.ID, in.ID, now)
	if err != nil {
		return miniapps.Result{}, err
	}
	return a.change(ctx, c, in.ID, func(b *Bulletin, now time.Time) error { return b.write(v, r, now) })
}

// clear gives the all-clear where the warning was.
func (a *App) clear(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ ID, Text, TextEn string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	return a.change(ctx, c, in.ID, func(b *Bulletin, now time.Time) error {
		if b.Current == nil {
			return fault.New(fault.Conflict, "alerts.never_told")
		}
		v := *b.Current
		v.Clear, v.Author, v.At, v.Until = true, c.Actor.ID, now, now.Add(24*time.Hour)
		v.Text = message.Text{message.Vietnamese: clean(in.Text)}
		if en := clean(in.TextEn); en != "" {
			v.Text[message.English] = en
		}
		return b.write(v, rule{threshold: a.cfg.TwoPersons}, now)
	})
}

func (a *App) approve(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		ID      string
		Version int
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	return a.change(ctx, c, in.ID, func(b *Bulletin, now time.Time) error { return b.approve(c.Actor.ID, in.Version, now) })
}

func (a *App) refuse(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		ID, Reason string
		Version    int
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	return a.change(ctx, c, in.ID, func(b *Bulletin, now time.Time) error {
		return b.refuse(c.Actor.ID, in.Version, clean(in.Reason), now)
	})
}

// change makes one step, once for its key, in a single write.
func (a *App) change(ctx context.Context, c miniapps.Call, id string, step func(*Bulletin, time.Time) error) (miniapps.Result, error) {
	b, err := a.records.update(ctx, id, func(b *Bulletin) (bool, error) {
		seen, err := b.Marks.Seen(c.Key, c.InputHash)
		if seen || err != nil {
			return false, err
		}
		now := instant(c.Now)
		if err := step(b, now); err != nil {
			return false, err
		}
		b.Marks.Add(c.Key, c.InputHash)
		b.ExpiresAt = now.Add(a.cfg.Retention)
		return true, nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return miniapps.Result{}, noBulletin()
	}
	if err != nil {
		return miniapps.Result{}, fmt.Errorf("alerts: change: %w", err)
	}
	a.nudge()
	return a.done(c, b), nil
}

// list gives the bulletins, the newest first.
func (a *App) list(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		First int
		After string
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	page, err := a.records.list(ctx, in.First, Cursor(in.After))
	if err != nil {
		return miniapps.Result{}, err
	}
	out := listed{Bulletins: page.Items}
	if page.HasNext {
		out.After = string(page.Cursors[len(page.Cursors)-1])
	}
	var blocks message.Blocks
	for i := range page.Items {
		blocks = append(blocks, a.show(c.Lang, &page.Items[i]))
	}
	if len(blocks) == 0 {
		blocks = message.Blocks{message.Words{Text: a.text(c.Lang, "none_written", nil)}}
	}
	return miniapps.Result{Data: out, Blocks: blocks}, nil
}

type listed struct {
	Bulletins []Bulletin `json:"bulletins"`
	After     string     `json:"after,omitempty"`
}

// progress tells how far the telling of a bulletin is.
func (a *App) progress(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ ID string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	b, err := a.records.get(ctx, in.ID)
	if fault.CodeOf(err) == fault.NotFound {
		return miniapps.Result{}, noBulletin()
	}
	if err != nil {
		return miniapps.Result{}, err
	}
	p, err := a.deps.Audience.Progress(ctx, b.ID)
	if fault.CodeOf(err) == fault.NotFound {
		p, err = Progress{}, nil
	}
	if err != nil {
		return miniapps.Result{}, err
	}
	p.Done = p.Done && p.Revision == b.Revision
	return miniapps.Result{Data: p, Case: caseRef(b.ID), Blocks: message.Blocks{
		message.Progress{Label: a.text(c.Lang, "progress", map[string]any{"failed": p.Failed}), Done: p.Told + p.Failed, Total: p.People},
	}}, nil
}

func (a *App) nudge() {
	if a.deps.Nudge != nil {
		a.deps.Nudge(RelayName)
	}
}

func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
