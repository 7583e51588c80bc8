package feedback

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// The words of the store that the app's signatures use.
type (
	// Engine keeps the documents.
	Engine = store.Engine
	// Cursor is a place in a list.
	Cursor = store.Cursor
	// Page is one screenful of a list.
	Page[T any] = store.Page[T]
)

// records keeps reports, their comments, what a search finds them by, old entries and counts.
type records struct {
	reports  *store.Collection[Report]
	comments *store.Collection[Comment]
	words    *store.Collection[words]
	archive  *casework.Archive
	tally    *casework.Tally

	byOwner, byUnit, byStatus store.Query // of reports
	byReport                  store.Query // of comments
	byWord                    store.Query // of words
}

// words is what a search finds a report by. It is a document of its own, so that filing and changing a report does not wait for sixty index entries.
type words struct {
	ID        string     `bson:"_id"` // of the report
	Tokens    []string   `bson:"tokens"`
	CreatedAt time.Time  `bson:"createdAt"`
	ExpiresAt *time.Time `bson:"expiresAt,omitempty"`
}

func openRecords(ctx context.Context, e Engine) (*records, error) {
	r := &records{}
	return r, errors.Join(r.openReports(ctx, e), r.openComments(ctx, e), r.openWords(ctx, e), r.openCounts(ctx, e))
}

func (s *records) openReports(ctx context.Context, e Engine) error {
	var err error
	s.reports, err = store.Define[Report](ctx, e, store.Kind{
		Name: "feedback", Owned: true, ExpiresAt: "expiresAt",
		Indexes: append(casework.RelayIndexes(),
			store.Index{Name: "by_owner", Equal: []string{"owner"}, Order: "createdAt"},
			store.Index{Name: "by_unit", Equal: []string{"unit", "status"}, Order: "dueAt"},
			store.Index{Name: "by_status", Equal: []string{"status"}, Order: "dueAt"},
		),
	})
	if err != nil {
		return err
	}
	var e1, e2, e3 error
	s.byOwner, e1 = s.reports.Query("by_owner")
	s.byUnit, e2 = s.reports.Query("by_unit")
	s.byStatus, e3 = s.reports.Query("by_status")
	return errors.Join(e1, e2, e3)
}

func (s *records) openComments(ctx context.Context, e Engine) error {
	var err error
	s.comments, err = store.Define[Comment](ctx, e, store.Kind{
		Name: "feedback_comments", Owned: true, ExpiresAt: "expiresAt",
		Indexes: append(casework.RelayIndexes(), store.Index{Name: "by_report", Equal: []string{"report"}, Order: "createdAt"}),
	})
	if err != nil {
		return err
	}
	s.byReport, err = s.comments.Query("by_report")
	return err
}

func (s *records) openWords(ctx context.Context, e Engine) error {
	var err error
	s.words, err = store.Define[words](ctx, e, store.Kind{
		Name: "feedback_words", Owned: true, ExpiresAt: "expiresAt",
		Indexes: []store.Index{{Name: "by_word", Equal: []string{"tokens"}, Many: "tokens", Order: "createdAt"}},
	})
	if err != nil {
		return err
	}
	s.byWord, err = s.words.Query("by_word")
	return err
}

func (s *records) openCounts(ctx context.Context, e Engine) error {
	var e1, e2 error
	s.archive, e1 = casework.NewArchive(ctx, e, "feedback_history")
	s.tally, e2 = casework.NewTally(ctx, e, "feedback_stats")
	return errors.Join(e1, e2)
}

func (s *records) insert(ctx context.Context, r *Report) error { return s.reports.Insert(ctx, *r) }

func (s *records) get(ctx context.Context, id string) (*Report, error) {
	r, err := s.reports.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return &r, nil
}

func (s *records) getMany(ctx context.Context, ids []string) (map[string]Report, error) {
	return s.reports.GetMany(ctx, ids)
}

// update changes a report. The closure may run several times; when it tells that nothing changed, nothing is written.
func (s *records) update(ctx context.Context, id string, change func(*Report) (changed bool, err error)) (*Report, error) {
	r, err := s.reports.Update(ctx, id, store.IfChanged(change))
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// insertComment stores a comment, or gives the one that an earlier call with the same key has stored. CONFLICT when that call had another input.
func (s *records) insertComment(ctx context.Context, c *Comment) (*Comment, error) {
	err := s.comments.Insert(ctx, *c)
	if fault.CodeOf(err) != fault.Conflict {
		return c, err
	}
	old, err := s.comments.Get(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if old.InputHash != c.InputHash {
		return nil, once.Clash()
	}
	return &old, nil
}

// own gives the reports of some subjects, newest first.
func (s *records) own(ctx context.Context, subjects []string, first int, after Cursor) (Page[Report], error) {
	return s.reports.Page(ctx, first, after, each(subjects, func(subject string) store.Query { return s.byOwner.Where(subject).Descending() })...)
}

// queue gives the reports of a unit ("" for all) in some states, the most urgent first.
func (s *records) queue(ctx context.Context, unit string, statuses []casework.Status, first int, after Cursor) (Page[Report], error) {
	return s.reports.Page(ctx, first, after, each(statuses, func(st casework.Status) store.Query {
		if unit == "" {
			return s.byStatus.Where(string(st))
		}
		return s.byUnit.Where(unit, string(st))
	})...)
}

func (s *records) commentsOf(ctx context.Context, report string, first int, after Cursor) (Page[Comment], error) {
	return s.comments.Page(ctx, first, after, s.byReport.Where(report))
}

func each[T any](of []T, query func(T) store.Query) []store.Query {
	out := make([]store.Query, len(of))
	for i, x := range of {
		out[i] = query(x)
	}
	return out
}

// index stores what a search finds the report by, and when that may go.
func (s *records) index(ctx context.Context, r *Report) error {
	held, err := s.words.Get(ctx, r.ID)
	if fault.CodeOf(err) == fault.NotFound {
		err = s.words.Insert(ctx, words{ID: r.ID, Tokens: r.tokens(), CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt})
		if fault.CodeOf(err) != fault.Conflict {
			return err
		}
		held, err = s.words.Get(ctx, r.ID)
	}
	if err != nil || r.ExpiresAt == nil || held.ExpiresAt != nil {
		return err
	}
	_, err = s.words.Update(ctx, r.ID, func(w *words) error {
		w.ExpiresAt = r.ExpiresAt
		return nil
	})
	return err
}

// candidates gives the ids of reports that hold all the words, newest first. The rarest word drives, and at most max of its reports are looked at;
// more tells that there were more than those.
func (s *records) candidates(ctx context.Context, tokens []string, max int) (ids []string, more bool, err error) {
	rarest, least := "", max+2
	for _, t := range tokens {
		n, err := s.words.Count(ctx, s.byWord.Where(t), min(least, max+1))
		if err != nil {
			return nil, false, err
		}
		if n < least {
			rarest, least = t, n
		}
	}
	if least == 0 || rarest == "" {
		return nil, false, nil
	}
	for w, err := range s.words.Find(ctx, s.byWord.Where(rarest).Descending().First(max)) {
		if err != nil {
			return nil, false, err
		}
		if containsAll(w.Tokens, tokens) {
			ids = append(ids, w.ID)
		}
	}
	return ids, least > max, nil
}

func containsAll(list, wanted []string) bool {
	for _, w := range wanted {
		if !slices.Contains(list, w) {
			return false
		}
	}
	return true
}

func outOfReport(r *Report) *casework.Outbound { return &r.Outbound }

func outOfComment(c *Comment) *casework.Outbound { return &c.Outbound }

// park keeps what a relay cannot carry out.
type park func(ctx context.Context, p casework.Parked) error

func (s *records) reportRelay(now func() time.Time, park park, steps ...casework.Step[Report]) (*casework.Relay[Report], error) {
	return casework.NewRelay(s.reports, casework.Parts[Report]{
		ID:     func(r *Report) string { return r.ID },
		Out:    outOfReport,
		Settle: func(current, done *Report, left casework.Left) { current.Case.Settle(&done.Case, left) },
		Park:   park,
	}, now, steps...)
}

func (s *records) commentRelay(now func() time.Time, park park, steps ...casework.Step[Comment]) (*casework.Relay[Comment], error) {
	return casework.NewRelay(s.comments, casework.Parts[Comment]{
		ID:     func(c *Comment) string { return c.ID },
		Out:    outOfComment,
		Settle: func(current, done *Comment, left casework.Left) { current.Outbound.Settle(&done.Outbound, left) },
		Park:   park,
	}, now, steps...)
}

// scanPage is how many reports one read of a full scan takes.
const scanPage = 200

// standings yields where each report is counted, in the order of ids.
func (s *records) standings(ctx context.Context, slot func(*Report) string) func(yield func(casework.Standing, error) bool) {
	return func(yield func(casework.Standing, error) bool) {
		q := s.reports.ByID().First(scanPage)
		for n := scanPage; n == scanPage; {
			page := q
			n = 0
			for r, err := range s.reports.Find(ctx, page) {
				if !yield(casework.Standing{Slot: slot(&r), Pending: r.Counts}, err) || err != nil {
					return
				}
				n++
				q.From = r.ID + "\x00" // right behind this one, for the next page
			}
		}
	}
}
