package graph

import (
	"github.com/motcua/motcua/graph/guard"
	"github.com/motcua/motcua/internal/store"
)

// pageLength gives the length of page that an argument asks for; 0 lets the service choose.
func pageLength(first *int) int {
	if first == nil {
		return 0
	}
	return min(max(*first, 0), guard.MaxPage)
}

// cursorOf gives the cursor of an argument. The store checks it.
func cursorOf(after *string) store.Cursor {
	if after == nil {
		return ""
	}
	return store.Cursor(*after)
}

// pageInfo tells where a page begins and ends.
func pageInfo(cursors []store.Cursor, hasNext bool, after *string) *PageInfo {
	p := &PageInfo{HasNextPage: hasNext, HasPreviousPage: after != nil && *after != ""}
	if n := len(cursors); n > 0 {
		start, end := string(cursors[0]), string(cursors[n-1])
		p.StartCursor, p.EndCursor = &start, &end
	}
	return p
}
