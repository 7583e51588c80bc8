package feedback

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fold"
)

// Get gives a report to its owner and to staff in reach. NOT_FOUND for everybody else, whether it exists or not.
func (a *App) Get(ctx context.Context, v account.Viewer, id string) (*Report, error) {
	return a.visible(ctx, id, casework.ReachOf(v))
}

// GetMany gives those of the reports that the viewer may see, by id, in one read.
func (a *App) GetMany(ctx context.Context, v account.Viewer, ids []string) (map[string]*Report, error) {
	docs, err := a.records.getMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	reach, out := casework.ReachOf(v), make(map[string]*Report, len(docs))
	for id, r := range docs {
		if reach.Sees(&r.Case) {
			out[id] = &r
		}
	}
	return out, nil
}

// ByCode gives everybody the public part of a report. INVALID for what is no tracking code, NOT_FOUND for one that names no report.
func (a *App) ByCode(ctx context.Context, code string) (PublicReport, error) {
	r, err := a.byCode(ctx, code)
	if err != nil {
		return PublicReport{}, err
	}
	p := r.Public()
	if r.HideName || r.Owner == "" || a.deps.Names == nil {
		return p, nil
	}
	names, err := a.deps.Names.Names(ctx, []string{r.Owner})
	if err != nil {
		return PublicReport{}, err
	}
	p.Author = names[r.Owner]
	return p, nil
}

func (a *App) byCode(ctx context.Context, text string) (*Report, error) {
	code, err := casework.ParseCode(text)
	if err != nil {
		return nil, err
	}
	ref, err := a.deps.Codes.Case(ctx, code)
	if fault.CodeOf(err) == fault.NotFound || err == nil && ref.App != ID {
		return nil, noReport()
	}
	if err != nil {
		return nil, err
	}
	r, err := a.records.get(ctx, ref.ID)
	if fault.CodeOf(err) == fault.NotFound { // reserved, but never stored
		return nil, noReport()
	}
	return r, err
}

// Mine gives the viewer's own reports over all subjects of the account, newest first. UNAUTHORIZED for a guest without a subject.
func (a *App) Mine(ctx context.Context, v account.Viewer, first int, after Cursor) (Page[Report], error) {
	subjects := named(v.Subjects)
	if len(subjects) == 0 {
		return Page[Report]{}, fault.New(fault.Unauthorized, "")
	}
	return a.records.own(ctx, subjects, first, after)
}

// named gives the subjects that name somebody: what the system raised is owned by "", and that is nobody's to list.
func named(subjects []string) []string {
	return slices.DeleteFunc(slices.Clone(subjects), func(s string) bool { return s == "" })
}

// Queue gives staff the reports of a unit in a state, the most urgent first. The unit "" is the own one for an officer, all of them for dispatchers and
// administrators; the status "" means all in which somebody has still to act. FORBIDDEN for citizens and for units out of reach.
func (a *App) Queue(ctx context.Context, v account.Viewer, unit string, status casework.Status, first int, after Cursor) (Page[Report], error) {
	unit, err := staffUnit(v, unit)
	if err != nil {
		return Page[Report]{}, err
	}
	statuses := []casework.Status{status}
	if status == "" {
		statuses = openStatuses()
	}
	if !slices.Contains(Statuses(), statuses[0]) {
		return Page[Report]{}, fault.InvalidField("feedback.unknown_status", "status")
	}
	return a.records.queue(ctx, unit, statuses, first, after)
}

// Comments gives the comments of a report that the viewer may see, oldest first. NOT_FOUND as Get.
func (a *App) Comments(ctx context.Context, v account.Viewer, id string, first int, after Cursor) (Page[Comment], error) {
	if _, err := a.Get(ctx, v, id); err != nil {
		return Page[Comment]{}, err
	}
	return a.records.commentsOf(ctx, id, first, after)
}

// History gives the entries of a report that no longer fit into it, those with numbers above after, oldest first, at most limit. NOT_FOUND as Get.
func (a *App) History(ctx context.Context, v account.Viewer, id string, after, limit int) ([]casework.Entry, error) {
	if _, err := a.Get(ctx, v, id); err != nil {
		return nil, err
	}
	return a.records.archive.List(ctx, id, after, limit)
}

// Limits of a search.
const (
	maxQueryWords = 8
	maxCandidates = 2000 // reports with the rarest word that are looked at
	maxOwn        = 500  // own reports that are looked at
	maxFound      = 100
)

// Found is what a search gives.
type Found struct {
	Reports []Report // newest first, never nil
	Narrow  bool     // there may be more: add a word
}

// Search finds reports that hold all words of text, with or without diacritics, or the one with that tracking code: a citizen's own, and for staff those
// in reach. first is capped at 100; 0 and less mean 20. UNAUTHORIZED for a guest without a subject.
func (a *App) Search(ctx context.Context, v account.Viewer, text string, first int) (Found, error) {
	if len(named(v.Subjects)) == 0 && !v.IsStaff() {
		return Found{}, fault.New(fault.Unauthorized, "")
	}
	if first <= 0 {
		first = 20
	}
	first = min(first, maxFound)
	if _, err := casework.ParseCode(text); err == nil {
		return a.searchCode(ctx, v, text)
	}
	tokens := fold.Words(text)
	tokens = tokens[:min(len(tokens), maxQueryWords)]
	if len(tokens) == 0 {
		return Found{Reports: []Report{}}, nil
	}
	if v.IsStaff() {
		return a.searchAll(ctx, v, tokens, first)
	}
	return a.searchOwn(ctx, v, tokens, first)
}

func (a *App) searchCode(ctx context.Context, v account.Viewer, text string) (Found, error) {
	out := Found{Reports: []Report{}}
	r, err := a.byCode(ctx, text)
	if fault.CodeOf(err) == fault.NotFound {
		return out, nil
	}
	if err == nil && casework.ReachOf(v).Sees(&r.Case) {
		out.Reports = append(out.Reports, *r)
	}
	return out, err
}

// searchAll looks through all reports by their words and shows those in reach.
func (a *App) searchAll(ctx context.Context, v account.Viewer, tokens []string, first int) (Found, error) {
	ids, more, err := a.records.candidates(ctx, tokens, maxCandidates)
	out := Found{Reports: []Report{}, Narrow: more}
	if err != nil {
		return out, err
	}
	for chunk := range slices.Chunk(ids, maxFound) {
		docs, err := a.GetMany(ctx, v, chunk)
		if err != nil {
			return out, err
		}
		for _, id := range chunk {
			r := docs[id]
			if r == nil {
				continue
			}
			if len(out.Reports) == first {
				out.Narrow = true
				return out, nil
			}
			out.Reports = append(out.Reports, *r)
		}
	}
	return out, nil
}

// searchOwn reads a citizen's reports, of which there are few.
func (a *App) searchOwn(ctx context.Context, v account.Viewer, tokens []string, first int) (Found, error) {
	out := Found{Reports: []Report{}}
	var after Cursor
	for range maxOwn / maxFound {
		page, err := a.records.own(ctx, named(v.Subjects), maxFound, after)
		if err != nil {
			return out, err
		}
		for _, r := range page.Items {
			if !r.holds(tokens) {
				continue
			}
			if len(out.Reports) == first {
				out.Narrow = true
				return out, nil
			}
			out.Reports = append(out.Reports, r)
		}
		if !page.HasNext {
			return out, nil
		}
		after = page.Cursors[len(page.Cursors)-1]
	}
	out.Narrow = true
	return out, nil
}

// Existing gives those of the ids whose reports are there. It asks for nobody's sake, so it tells no more than that.
func (a *App) Existing(ctx context.Context, ids []string) ([]string, error) {
	found, err := a.records.getMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("feedback: existing: %w", err)
	}
	return slices.Collect(maps.Keys(found)), nil
}
