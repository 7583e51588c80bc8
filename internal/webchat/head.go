package webchat

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// How much a head holds, so that its document stays under 64 KB.
const (
	maxLines = 60       // in a head
	maxBytes = 40 << 10 // of the lines of a head
	maxLine  = 20 << 10 // of one line
	overhead = 96       // of a line beside what is sealed of it: place, time, names of fields
	maxID    = 200      // of a line's id
)

// head is the latest part of a conversation: the one document that changes. Its methods are the only changes it goes through.
type head struct {
	ID        string    `bson:"_id"`
	Log       string    `bson:"log"`   // begins the ids of its pages; another one after the conversation was forgotten
	Next      int64     `bson:"next"`  // place of the next line
	Kept      int64     `bson:"kept"`  // place of the last line that stands in a page too; 0 when there are no pages
	Lines     []entry   `bson:"lines"` // never empty
	ExpiresAt time.Time `bson:"expires_at"`
}

// entry is a line as it is stored.
type entry struct {
	Seq    int64     `bson:"seq"`
	ID     string    `bson:"id"`
	At     time.Time `bson:"at"` // when it was stored
	Sealed []byte    `bson:"sealed"`
}

// page holds lines that the head has no room for. It never changes.
type page struct {
	ID        string    `bson:"_id"` // <log>/<place of its first line>
	Log       string    `bson:"log"`
	Last      int64     `bson:"last"`
	IDs       []string  `bson:"ids"` // of its lines
	Lines     []entry   `bson:"lines"`
	ExpiresAt time.Time `bson:"expires_at"`
}

// newHead begins a conversation.
func newHead(id string) head { return head{ID: id, Log: id + "/" + uuid.NewString()[:8], Next: 1} }

// pageID gives the id of the page that begins at a place; ids are in the order of places.
func pageID(log string, seq int64) string { return fmt.Sprintf("%s/%016d", log, seq) }

// find gives the place of a line that the head holds; 0 when it does not.
func (h *head) find(id string) int64 {
	for _, e := range h.Lines {
		if e.ID == id {
			return e.Seq
		}
	}
	return 0
}

// first gives the place of the first line that the head holds.
func (h *head) first() int64 {
	if len(h.Lines) == 0 {
		return h.Next
	}
	return h.Lines[0].Seq
}

// add puts a line at the end, dropping as many lines as it must that pages hold. It tells whether there was room.
func (h *head) add(e entry, retention time.Duration) bool {
	drop := 0
	for !fits(h.Lines[drop:], e) {
		if drop == len(h.Lines) || h.Lines[drop].Seq > h.Kept {
			return false
		}
		drop++
	}
	e.Seq = h.Next
	h.Lines = append(slices.Clone(h.Lines[drop:]), e)
	h.Next++
	if end := e.At.Add(retention); end.After(h.ExpiresAt) {
		h.ExpiresAt = end
	}
	return true
}

// fits tells whether lines leave room for one more.
func fits(lines []entry, e entry) bool {
	size := e.size()
	for _, x := range lines {
		size += x.size()
	}
	return len(lines) < maxLines && (size <= maxBytes || len(lines) == 0)
}

func (e entry) size() int { return len(e.Sealed) + len(e.ID) + overhead }

// older gives the lines to put into the next page: the older half of those that stand in none.
func (h *head) older() []entry {
	var loose []entry
	size := 0
	for _, e := range h.Lines {
		if e.Seq > h.Kept {
			loose = append(loose, e)
			size += e.size()
		}
	}
	half, n := size/2, 0
	for size > half && n < len(loose) {
		size -= loose[n].size()
		n++
	}
	return loose[:n]
}

// page makes a page of lines.
func (h *head) page(lines []entry, retention time.Duration) page {
	p := page{ID: pageID(h.Log, lines[0].Seq), Log: h.Log, Last: lines[len(lines)-1].Seq, Lines: lines}
	for _, e := range lines {
		p.IDs = append(p.IDs, e.ID)
	}
	latest := slices.MaxFunc(lines, func(a, b entry) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	p.ExpiresAt = latest.At.Add(retention)
	return p
}
