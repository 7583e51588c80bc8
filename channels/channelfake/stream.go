package channelfake

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// quiet is how long a stream says nothing at most, so that a browser that has left is found out.
const quiet = 15 * time.Second

// Stream sends a chat as it grows and changes, as Server-Sent Events, until ctx or the request ends. Their ids are "<run>.<revision>", so that a browser
// goes on where it was, and starts anew when the stand-in has been started anew. The first event is "hello" with what is given, each further one an "entry".
func (c *Chat) Stream(ctx context.Context, w http.ResponseWriter, r *http.Request, run string, hello any) {
	Endless(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.Context(), cancel)()
	after := resumeAt(run, r.Header.Get("Last-Event-ID"))
	text := fmt.Sprintf("retry: 1000\nevent: hello\ndata: %s\n\n", Compact(hello))
	for {
		if _, err := w.Write([]byte(text)); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		list := c.within(ctx, after)
		if ctx.Err() != nil {
			return
		}
		text = ":\n\n"
		for _, e := range list {
			after = e.Rev
			text += fmt.Sprintf("id: %s.%d\nevent: entry\ndata: %s\n\n", run, e.Rev, Compact(e))
		}
	}
}

// resumeAt is the revision that a browser has seen; 0 when it has seen none of this run.
func resumeAt(run, id string) int64 {
	rev, ok := strings.CutPrefix(id, run+".")
	if !ok {
		return 0
	}
	at, _ := strconv.ParseInt(rev, 10, 64) // what is no number starts anew
	return at
}

// within gives what is new or changed in the order of the changes; nothing after a quiet while.
func (c *Chat) within(ctx context.Context, after int64) []Entry {
	ctx, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	list := c.Await(ctx, func(e Entry) bool { return e.Rev > after })
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Rev, b.Rev) })
	return list
}
