package scans

// book gathers what is to be added to documents, by key, until it is written. It does not lock.
//
// What one write adds is set apart when the write begins, and keeps its number until the write is known to have taken place: that may take several tries, which
// together count once. What comes meanwhile gathers for the write behind it.
type book[K comparable, D any] struct {
	limit   int
	entries map[K]*entry[D]
	line    []K // every key of entries that is not being written, the longest waiting first
}

type entry[D any] struct {
	more    D // gathers
	hasMore bool
	sent    D // is being written, or its outcome is not known
	number  int64
}

// job is one write.
type job[K comparable, D any] struct {
	key    K
	add    D
	number int64 // of the write; higher than those of all earlier ones
}

func newBook[K comparable, D any](limit int) book[K, D] {
	return book[K, D]{limit: limit, entries: map[K]*entry[D]{}}
}

// at gives what gathers for a key, to be added to. It is nil when there is no room for another key.
func (b *book[K, D]) at(key K) *D {
	e := b.entries[key]
	if e == nil {
		if len(b.entries) >= b.limit {
			return nil
		}
		e = &entry[D]{}
		b.entries[key] = e
		b.line = append(b.line, key)
	}
	e.hasMore = true
	return &e.more
}

// take begins at most so many writes. next numbers those that are tried for the first time. Each must be given to done.
func (b *book[K, D]) take(most int, next func() int64) []job[K, D] {
	n := min(most, len(b.line))
	out := make([]job[K, D], 0, n)
	for _, key := range b.line[:n] {
		e := b.entries[key]
		if e.number == 0 {
			var none D
			e.sent, e.more, e.hasMore, e.number = e.more, none, false, next()
		}
		out = append(out, job[K, D]{key, e.sent, e.number})
	}
	b.line = append(b.line[:0:0], b.line[n:]...)
	return out
}

// done ends a write. One that failed, or whose outcome is not known, waits for its turn again.
func (b *book[K, D]) done(key K, written bool) {
	e := b.entries[key]
	if written {
		var none D
		e.sent, e.number = none, 0
	}
	if written && !e.hasMore {
		delete(b.entries, key)
		return
	}
	b.line = append(b.line, key)
}
