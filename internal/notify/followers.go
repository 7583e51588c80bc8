package notify

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// maxWalk is how many areas one walk covers: a city has 114 wards.
const maxWalk = 1000

// Followers gives the subjects of people who follow any of the areas, each once (none: any area at all), behind after and at most limit, and where to go on;
// the cursor is "" at the end. It may give fewer than limit although more follow.
func (n *Notices) Followers(ctx context.Context, areas []string, after string, limit int) ([]string, string, error) {
	areas, at, err := walkOf(areas, after)
	if err != nil {
		return nil, "", err
	}
	limit = max(1, min(limit, maxWalk))
	out := []string{}
	for at.Area < len(areas) && len(out) < limit {
		q := n.byArea.Where(areas[at.Area])
		found, err := n.wishes.Collect(ctx, q.Behind(at.Cursor).First(limit-len(out)))
		if err != nil {
			return nil, "", fmt.Errorf("notify: followers: %w", err)
		}
		if len(found) == 0 {
			at = place{Area: at.Area + 1}
			continue
		}
		for _, w := range found {
			if w.first(areas) == areas[at.Area] {
				out = append(out, w.Subject)
			}
		}
		if at.Cursor, err = n.wishes.CursorAt(q, found[len(found)-1]); err != nil {
			return nil, "", fmt.Errorf("notify: followers: %w", err)
		}
	}
	if at.Area >= len(areas) {
		return out, "", nil
	}
	return out, fmt.Sprintf("%d.%s", at.Area, at.Cursor), nil
}

// walkOf gives the areas to walk over, sorted, and the place that a cursor names. INVALID for a cursor that is none.
func walkOf(areas []string, after string) ([]string, place, error) {
	areas = sorted(areas)
	if len(areas) == 0 {
		areas = []string{Everywhere}
	}
	if after == "" {
		return areas, place{}, nil
	}
	area, cursor, _ := strings.Cut(after, ".")
	n, err := strconv.Atoi(area)
	if err != nil || n < 0 {
		return nil, place{}, fault.New(fault.Invalid, "store.bad_cursor").Because(err)
	}
	return areas, place{Area: n, Cursor: store.Cursor(cursor)}, nil
}

// CountFollowers counts the people who follow any of the areas (none: any area at all), each once, but stops at max.
func (n *Notices) CountFollowers(ctx context.Context, areas []string, max int) (int, error) {
	areas = sorted(areas)
	if len(areas) == 0 {
		areas = []string{Everywhere}
	}
	total := 0
	for _, area := range areas {
		if len(areas) == 1 {
			return n.wishes.Count(ctx, n.byArea.Where(area), max)
		}
		for w, err := range n.wishes.Find(ctx, n.byArea.Where(area).First(maxFollowers)) {
			if err != nil {
				return 0, fmt.Errorf("notify: followers: %w", err)
			}
			if w.first(areas) == area {
				total++
			}
			if total >= max {
				return max, nil
			}
		}
	}
	return total, nil
}
