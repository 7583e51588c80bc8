package zalofake

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

// stream sends a chat as it grows and changes, as Server-Sent Events. Their ids are "<run>.<revision>", so that a browser goes on where it was, and
// starts anew when the stand-in has been started anew. The first event is "hello", each further one an "entry".
func (n *Network) stream(w http.ResponseWriter, r *http.Request) {
	endless(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	user := r.PathValue("user")
	after := n.resumeAt(r.Header.Get("Last-Event-ID"))
	text := n.hello(user)
	for {
		if _, err := w.Write([]byte(text)); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		list := n.within(r.Context(), user, after)
		if n.ended() || r.Context().Err() != nil {
			return
		}
		text = ":\n\n"
		for _, e := range list {
			after = e.Rev
			text += fmt.Sprintf("id: %s.%d\nevent: entry\ndata: %s\n\n", n.run, e.Rev, compact(e))
		}
	}
}

func (n *Network) hello(user string) string {
	n.mu.Lock()
	p := n.person(user).public()
	n.mu.Unlock()
	data := compact(map[string]any{"run": n.run, "account": n.cfg.OAName, "user": p})
	return fmt.Sprintf("retry: 1000\nevent: hello\ndata: %s\n\n", data)
}

// resumeAt is the revision that a browser has seen; 0 when it has seen none of this run.
func (n *Network) resumeAt(id string) int64 {
	rev, ok := strings.CutPrefix(id, n.run+".")
	if !ok {
		return 0
	}
	at, _ := strconv.ParseInt(rev, 10, 64) // what is no number starts anew
	return at
}

// within gives what is new or changed in the order of the changes; nothing after a quiet while.
func (n *Network) within(ctx context.Context, user string, after int64) []Entry {
	ctx, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	list := n.await(ctx, user, func(e Entry) bool { return e.Rev > after })
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Rev, b.Rev) })
	return list
}

func (n *Network) ended() bool {
	select {
	case <-n.done:
		return true
	default:
		return false
	}
}
