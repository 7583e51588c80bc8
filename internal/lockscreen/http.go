package lockscreen

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Routes serves the screens below a path such as "/control/devices":
//
//	GET    <path>/{device}/screen?after=&wait=  what it shows, or what changed after a revision, waiting up to so many seconds
//	DELETE <path>/{device}/screen               wipes it
//	GET    <path>/{device}/stream               the same as Server-Sent Events
//	POST   <path>/{device}/tap {"id"}           opens a notification
func (s *Screens) Routes(mux *http.ServeMux, path string) {
	mux.HandleFunc("GET "+path+"/{device}/screen", s.screen)
	mux.HandleFunc("DELETE "+path+"/{device}/screen", s.wipe)
	mux.HandleFunc("GET "+path+"/{device}/stream", s.stream)
	mux.HandleFunc("POST "+path+"/{device}/tap", s.tap)
}

func (s *Screens) screen(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64) // none: from the start
	wait, _ := strconv.Atoi(r.URL.Query().Get("wait"))
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(min(max(wait, 0), 60))*time.Second)
	defer cancel()
	if wait > 0 {
		endless(w)
	}
	write(w, http.StatusOK, s.Wait(ctx, r.PathValue("device"), after))
}

func (s *Screens) wipe(w http.ResponseWriter, r *http.Request) {
	s.Clear(r.PathValue("device"))
	write(w, http.StatusOK, struct{}{})
}

func (s *Screens) tap(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ID string `json:"id"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 4<<10)).Decode(&in); err != nil {
		write(w, http.StatusBadRequest, map[string]string{"error": "id is needed"})
		return
	}
	n, ok := s.Tap(r.PathValue("device"), in.ID)
	if !ok {
		write(w, http.StatusNotFound, map[string]string{"error": "no such notification"})
		return
	}
	write(w, http.StatusOK, n)
}

// quiet is how long a stream says nothing at most, so that a browser that has left is found out.
const quiet = 15 * time.Second

// stream sends a screen as it changes. The ids of events are "<run>.<revision>", so that a browser goes on where it was, and starts anew when the stand-in
// has been started anew. The first event is "hello", each further one a "note".
func (s *Screens) stream(w http.ResponseWriter, r *http.Request) {
	endless(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	device, after := r.PathValue("device"), s.resumeAt(r.Header.Get("Last-Event-ID"))
	text := fmt.Sprintf("retry: 1000\nevent: hello\ndata: %s\n\n", compact(map[string]string{"run": s.run, "device": device}))
	for {
		if _, err := io.WriteString(w, text); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		list := s.soon(r.Context(), device, after)
		if s.ended() || r.Context().Err() != nil {
			return
		}
		text = ":\n\n"
		for _, n := range list {
			after = n.Rev
			text += fmt.Sprintf("id: %s.%d\nevent: note\ndata: %s\n\n", s.run, n.Rev, compact(n))
		}
	}
}

// soon is Wait that gives up after a quiet while.
func (s *Screens) soon(ctx context.Context, device string, after int64) []Note {
	ctx, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	return s.Wait(ctx, device, after)
}

// resumeAt is the revision that a browser has seen; 0 when it has seen none of this run.
func (s *Screens) resumeAt(id string) int64 {
	rev, ok := strings.CutPrefix(id, s.run+".")
	if !ok {
		return 0
	}
	at, _ := strconv.ParseInt(rev, 10, 64) // what is no number starts anew
	return at
}

func (s *Screens) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// endless lets a request last longer than the server's deadlines.
func endless(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{}) // a recorder in a test has none
	_ = c.SetWriteDeadline(time.Time{})
}

func compact(v any) []byte {
	b, _ := json.Marshal(v) // texts and numbers
	return b
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has left needs no answer
}
