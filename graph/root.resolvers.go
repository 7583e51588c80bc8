package graph

import (
	"context"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fold"
)

// maxSearch bounds the text of a search, in characters; maxFound what each part of it yields.
const (
	maxSearch = 200
	maxFound  = 5
)

// Search resolves Query.search.
func (q queries) Search(ctx context.Context, text string) ([]SearchResult, error) {
	if n := utf8.RuneCountInString(text); n == 0 || n > maxSearch {
		return nil, fault.InvalidField("graph.search_length", "text").With("max", maxSearch)
	}
	out := []SearchResult{}
	out = append(out, q.findApps(ctx, text)...)
	out = append(out, q.findCategories(ctx, text)...)
	out = append(out, q.findWards(ctx, text)...)
	found, err := q.findReports(ctx, viewerOf(ctx), text)
	return append(out, found...), err
}

func (q queries) findApps(ctx context.Context, text string) (out []SearchResult) {
	seen := map[string]bool{}
	for _, hit := range q.deps.Runner.Catalogue().Search(text) {
		app := q.shelves[langOf(ctx)].byID[hit.App]
		if app == nil || seen[hit.App] || len(out) == maxFound {
			continue
		}
		seen[hit.App] = true
		out = append(out, *app)
	}
	return out
}

func (q queries) findCategories(ctx context.Context, text string) (out []SearchResult) {
	for _, c := range head(q.deps.City.GuessCategory(text)) {
		out = append(out, *q.gazettes[langOf(ctx)].byCode[c.Code])
	}
	return out
}

// findWards gives the wards that the text names, as an address does.
func (q queries) findWards(ctx context.Context, text string) (out []SearchResult) {
	for _, w := range head(q.wardsNamed(text)) {
		out = append(out, *q.gazettes[langOf(ctx)].wards[w.Code])
	}
	return out
}

func (q queries) wardsNamed(text string) []city.Ward {
	if found, ok := q.deps.City.ResolveAddress(text); ok {
		if found.Divided {
			return found.Candidates
		}
		return []city.Ward{found.Ward}
	}
	return nil
}

// findReports looks through what the viewer may see; a guest has none.
func (q queries) findReports(ctx context.Context, v account.Viewer, text string) ([]SearchResult, error) {
	if !v.SignedIn() || len(fold.Words(text)) == 0 {
		return nil, nil
	}
	found, err := q.deps.Reports.Search(ctx, v, text, maxFound)
	if err != nil {
		return nil, err
	}
	out := make([]SearchResult, len(found.Reports))
	for i := range found.Reports {
		out[i] = &Feedback{report: &found.Reports[i], view: q.view(ctx)}
	}
	return out, nil
}

func head[T any](list []T) []T { return list[:min(len(list), maxFound)] }

// Node resolves Query.node.
func (q queries) Node(ctx context.Context, id string) (Node, error) {
	kind, inner, err := parseID(id)
	if err != nil {
		return nil, nil
	}
	n, err := q.node(ctx, kind, inner)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil
	}
	return n, err
}

func (q queries) node(ctx context.Context, kind, id string) (Node, error) {
	g := q.gazettes[langOf(ctx)]
	switch kind {
	case kindFeedback:
		r, err := q.deps.Reports.Get(ctx, viewerOf(ctx), id)
		if err != nil {
			return nil, err
		}
		return q.view(ctx).one(r), nil
	case kindNotice:
		item, err := q.deps.Notices.Get(ctx, viewerOf(ctx), id)
		if err != nil {
			return nil, err
		}
		return q.view(ctx).notice(item), nil
	case kindSign:
		return present[Node](q.signByID(ctx, id))
	case kindStory:
		return present[Node](q.story(ctx, id))
	case kindAccount:
		if viewerOf(ctx).Account != id || id == "" {
			return nil, nil
		}
		return present[Node](q.Me(ctx))
	case kindMiniApp:
		return known[Node](q.shelves[langOf(ctx)].byID[id])
	case kindWard:
		return known[Node](g.wards[id])
	case kindUnit:
		return known[Node](g.units[id])
	case kindCategory:
		return known[Node](g.byCode[id])
	}
	return nil, nil
}

// known gives a value through an interface, without making a nil pointer look like something.
func known[I any, T any, P interface {
	*T
}](p P) (I, error) {
	var none I
	if p == nil {
		return none, nil
	}
	v, _ := any(p).(I)
	return v, nil
}

func present[I any, T any](p *T, err error) (I, error) {
	var none I
	if err != nil {
		return none, err
	}
	return known[I](p)
}
