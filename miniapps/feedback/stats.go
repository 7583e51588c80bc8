package feedback

import (
	"context"
	"iter"
	"strings"

	"github.com/motcua/motcua/internal/casework"
)

// Stats yields how many reports stand in each slot of a month ("2026-11"), or of all months for "". A slot's id is month/ward/category/state;
// the category of reports whose citizen was not sure is "unsure".
func (a *App) Stats(ctx context.Context, month string) iter.Seq2[casework.Slot, error] {
	if month != "" {
		month += "/"
	}
	return a.records.tally.Slots(ctx, month)
}

// maxRecounts is how often slots that move during a recount are counted again.
const maxRecounts = 3

// Rebuild counts all reports anew, corrects the slots that are wrong and tells which they were. Reports may come in meanwhile: slots that move while
// they are counted are counted again, at most three times, and then left as they are and reported as busy. Months from which reports may already have
// been removed keep their counts. progress hears how many reports were looked at.
func (a *App) Rebuild(ctx context.Context, progress func(reports int)) (casework.Difference, error) {
	oldest := a.now().Add(-a.cfg.Retention).In(a.zone()).AddDate(0, 1, 0).Format(slotMonth)
	covers := func(slot string) bool {
		month, _, _ := strings.Cut(slot, "/")
		return month >= oldest
	}
	var all casework.Difference
	for range maxRecounts {
		diff, err := a.records.tally.Recount(ctx, a.records.standings(ctx, func(r *Report) string { return r.slot(a.zone()) }), covers, progress)
		all.Slots, all.Busy = diff.Slots, diff.Busy
		all.Wrong = append(all.Wrong, diff.Wrong...)
		if err != nil || diff.Busy == 0 {
			return all, err
		}
	}
	return all, nil
}
