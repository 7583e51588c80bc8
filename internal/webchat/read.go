package webchat

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// MaxRead is how many lines one call gives at most.
const MaxRead = 100

// Read gives the lines behind a place, oldest first, at most limit and MaxRead of them. A place beyond the end is one of a conversation that has been
// forgotten since; then it gives the new one from its start.
func (l *Log) Read(ctx context.Context, visitor string, after int64, limit int) ([]Line, error) {
	lines, _, err := l.behind(ctx, headID(visitor), position{seq: after}, limit)
	return lines, err
}

// Before gives the lines in front of a place, oldest first, the latest limit (and MaxRead) of them. 0 means behind the last line.
func (l *Log) Before(ctx context.Context, visitor string, before int64, limit int) ([]Line, error) {
	id := headID(visitor)
	h, err := l.heads.Get(ctx, id)
	if err != nil {
		return nil, gone(err)
	}
	if before <= 0 || before > h.Next {
		before = h.Next
	}
	limit = within(limit)
	found := backward(nil, h.Lines, before, limit)
	before = min(before, h.first())
	for len(found) < limit && before > 1 {
		pages, err := l.pages.Collect(ctx, l.pages.ByID().Between(h.Log+"/", pageID(h.Log, before)).Descending().First(pagesAtOnce))
		if err != nil {
			return nil, fmt.Errorf("webchat: read: %w", err)
		}
		if len(pages) == 0 {
			break
		}
		for _, p := range pages {
			found = backward(found, p.Lines, before, limit)
			before = min(before, p.Lines[0].Seq)
		}
	}
	return l.open(id, found)
}

// pagesAtOnce is how many pages are read in one go.
const pagesAtOnce = 3

func within(limit int) int {
	if limit <= 0 {
		return MaxRead
	}
	return min(limit, MaxRead)
}

// backward puts those of the lines that lie in front of a place, the latest first in need, before what was found behind them.
func backward(found, lines []entry, before int64, limit int) []entry {
	end := 0
	for end < len(lines) && lines[end].Seq < before {
		end++
	}
	start := max(0, end-(limit-len(found)))
	return append(append([]entry{}, lines[start:end]...), found...)
}

// behind gives the lines behind a position, and the log that they stand in; "" when there is none.
func (l *Log) behind(ctx context.Context, id string, after position, limit int) ([]Line, string, error) {
	h, err := l.heads.Get(ctx, id)
	if err != nil {
		return nil, "", gone(err)
	}
	next := after.seq + 1
	if after.log != h.Log && (after.log != "" || next > h.Next) { // of another log; without a name, only a place beyond the end tells
		next = 1
	}
	found, err := l.forward(ctx, h, max(next, 1), within(limit))
	if err != nil {
		return nil, "", fmt.Errorf("webchat: read: %w", err)
	}
	lines, err := l.open(id, found)
	return lines, h.Log, err
}

// forward gives the entries from a place on: out of pages as long as the head does not hold them.
func (l *Log) forward(ctx context.Context, h head, next int64, limit int) ([]entry, error) {
	var found []entry
	for next < h.first() && len(found) < limit {
		p, ok, err := l.pageAt(ctx, h, next)
		if err != nil {
			return nil, err
		}
		if !ok {
			break // their time was over
		}
		for _, e := range p.Lines {
			if e.Seq >= next && len(found) < limit {
				found = append(found, e)
			}
		}
		next = p.Last + 1
	}
	for _, e := range h.Lines {
		if e.Seq >= next && len(found) < limit {
			found = append(found, e)
		}
	}
	return found, nil
}

// pageAt gives the page that holds a place, or the next one when that is there no more.
func (l *Log) pageAt(ctx context.Context, h head, seq int64) (page, bool, error) {
	ids := l.pages.ByID()
	holding := ids.Between(h.Log+"/", pageID(h.Log, seq+1)).Descending().First(1)
	following := ids.Between(pageID(h.Log, seq+1), pageID(h.Log, h.first())).First(1)
	for _, q := range []store.Query{holding, following} {
		found, err := l.pages.Collect(ctx, q)
		if err != nil {
			return page{}, false, err
		}
		if len(found) > 0 && found[0].Last >= seq {
			return found[0], true, nil
		}
	}
	return page{}, false, nil
}

func (l *Log) open(id string, entries []entry) ([]Line, error) {
	out := make([]Line, 0, len(entries))
	for _, e := range entries {
		line, err := l.unseal(id, e)
		if err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, nil
}

// Begun tells whether anything was said in a visitor's conversation.
func (l *Log) Begun(ctx context.Context, visitor string) (bool, error) {
	_, err := l.heads.Get(ctx, headID(visitor))
	if fault.CodeOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil, err
}

// Find gives the place of a line by its id; 0 when the log holds no such line.
func (l *Log) Find(ctx context.Context, visitor, id string) (int64, error) {
	h, err := l.heads.Get(ctx, headID(visitor))
	if err != nil {
		return 0, gone(err)
	}
	if seq := h.find(id); seq > 0 || h.first() == 1 {
		return seq, nil
	}
	return l.paged(ctx, h.Log, id)
}

// paged gives the place of a line that the pages of a log hold; 0 when they do not.
func (l *Log) paged(ctx context.Context, log, id string) (int64, error) {
	found, err := l.pages.Collect(ctx, l.byLine.Where(log, id).First(1))
	if err != nil {
		return 0, fmt.Errorf("webchat: find: %w", err)
	}
	for _, p := range found {
		for _, e := range p.Lines {
			if e.ID == id {
				return e.Seq, nil
			}
		}
	}
	return 0, nil
}
