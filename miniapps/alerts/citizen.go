package alerts

import (
	"context"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// maxFollowed is how many wards a citizen follows at most.
const maxFollowed = 20

// shownAtOnce is how many bulletins a citizen is shown.
const shownAtOnce = 5

// current shows what holds now: in one ward, in those that the citizen follows, or anywhere.
func (a *App) current(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Ward string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	on, err := a.records.on(ctx, instant(c.Now))
	if err != nil {
		return miniapps.Result{}, err
	}
	followed, err := a.deps.Audience.Followed(ctx, c.Citizen)
	if err != nil {
		return miniapps.Result{}, err
	}
	on = slices.DeleteFunc(on, func(b Bulletin) bool { return !a.concerns(&b, in.Ward, followed, c.Now) })
	slices.SortStableFunc(on, func(x, y Bulletin) int { return rank[y.Current.Severity] - rank[x.Current.Severity] })
	out := miniapps.Result{Data: currentData{Bulletins: publicOf(on)}}
	for i := range on[:min(len(on), shownAtOnce)] {
		out.Blocks = append(out.Blocks, a.card(c.Lang, "", on[i].Current))
	}
	if len(on) == 0 {
		out.Blocks = message.Blocks{message.Words{Text: a.text(c.Lang, "none", nil)}}
	}
	if len(followed) == 0 && c.Citizen.Subject != "" {
		out.Next = []miniapps.Suggestion{{Action: "follow", Label: a.titleOf("follow")}}
	}
	return out, nil
}

var rank = map[Severity]int{Info: 0, Advisory: 1, Warning: 2, Danger: 3}

// concerns tells whether a bulletin is for whoever asks.
func (a *App) concerns(b *Bulletin, ward string, followed []string, now time.Time) bool {
	if ward != "" || len(followed) == 0 {
		return b.On(ward, now)
	}
	return slices.ContainsFunc(followed, func(w string) bool { return b.On(w, now) })
}

// publicBulletin is what citizens see of a bulletin.
type publicBulletin struct {
	ID       string       `json:"id"`
	Kind     string       `json:"kind"`
	Severity Severity     `json:"severity"`
	Wards    []string     `json:"wards"`
	Title    message.Text `json:"title"`
	Text     message.Text `json:"text"`
	At       time.Time    `json:"at"`
	Until    time.Time    `json:"until"`
}

type currentData struct {
	Bulletins []publicBulletin `json:"bulletins"`
}

func publicOf(on []Bulletin) []publicBulletin {
	out := make([]publicBulletin, len(on))
	for i, b := range on {
		v := b.Current
		out[i] = publicBulletin{ID: b.ID, Kind: b.Kind, Severity: v.Severity, Wards: v.Wards, Title: v.Title, Text: v.Text, At: v.At, Until: v.Until}
		if out[i].Wards == nil {
			out[i].Wards = []string{}
		}
	}
	return out
}

// follow adds a ward to those that the citizen is warned for.
func (a *App) follow(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	return a.choose(ctx, c, "following", func(have []string, ward string) ([]string, error) {
		if slices.Contains(have, ward) {
			return have, nil
		}
		if len(have) >= maxFollowed {
			return nil, fault.InvalidField("alerts.too_many", "ward")
		}
		return append(slices.Clone(have), ward), nil
	})
}

// unfollow takes one off.
func (a *App) unfollow(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	return a.choose(ctx, c, "not_following", func(have []string, ward string) ([]string, error) {
		return slices.DeleteFunc(slices.Clone(have), func(w string) bool { return w == ward }), nil
	})
}

func (a *App) choose(ctx context.Context, c miniapps.Call, said string, change func(have []string, ward string) ([]string, error)) (miniapps.Result, error) {
	var in struct{ Ward string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	if c.Citizen.Subject == "" {
		return miniapps.Result{}, fault.New(fault.Unauthorized, "")
	}
	w, ok := a.deps.City.Ward(in.Ward)
	if !ok {
		return miniapps.Result{}, fault.InvalidField("alerts.unknown_ward", "ward")
	}
	have, err := a.deps.Audience.Followed(ctx, c.Citizen)
	if err != nil {
		return miniapps.Result{}, err
	}
	want, err := change(have, in.Ward)
	if err != nil {
		return miniapps.Result{}, err
	}
	if err := a.deps.Audience.Follow(ctx, c.Citizen, want, c.Key); err != nil {
		return miniapps.Result{}, err
	}
	return miniapps.Result{
		Data:   followData{Wards: want},
		Blocks: message.Blocks{message.Words{Text: a.text(c.Lang, said, map[string]any{"ward": wardName(w, c.Lang)})}},
		Next:   []miniapps.Suggestion{{Action: "current", Label: a.titleOf("current")}},
	}, nil
}

type followData struct {
	Wards []string `json:"wards"`
}
