// Package admin is the operators' side of a running city: a small HTTP interface on the admin port, and the client that the commands use.
//
// A command reaches the same handler whether the city runs (over HTTP) or not (in the same process), so that each operation exists once.
// It owns paths, bodies and who may call; it does not know how anything is done.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// Staff manages members of staff.
type Staff interface {
	Add(ctx context.Context, m Member) (Member, error)
	Remove(ctx context.Context, phone string) error
	List(ctx context.Context) ([]Member, error)
}

// Member is a member of staff as an operator sees one.
type Member struct {
	Account string   `json:"account"`
	Phone   string   `json:"phone,omitempty"` // in full when adding; masked in answers
	Name    string   `json:"name,omitempty"`
	Roles   []string `json:"roles"`
	Unit    string   `json:"unit,omitempty"`
}

// Outbox shows and replays stored intents.
type Outbox interface {
	List(ctx context.Context, state, lane string, first int, after string) (Intents, error)
	Retry(ctx context.Context, id string) error
}

// Intents is a page of intents.
type Intents struct {
	Items []Intent `json:"items"`
	Next  string   `json:"next,omitempty"` // cursor of the next page; "" when there is none
}

// Intent is a stored intent without its payload.
type Intent struct {
	ID       string    `json:"id"`
	Lane     string    `json:"lane"`
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Since    time.Time `json:"since"`
	Due      time.Time `json:"due,omitzero"`
	Attempts int       `json:"attempts"`
	Reason   string    `json:"reason,omitempty"`
}

// Progress is called as long work advances; total is 0 while it is unknown.
type Progress func(done, total int)

// Drift is what recomputing the roll-ups found.
type Drift struct {
	Slots   int      `json:"slots"`   // recomputed
	Wrong   int      `json:"wrong"`   // that differed and were set right
	Busy    int      `json:"busy"`    // that moved while they were counted, so they were left alone
	Details []string `json:"details"` // the first few of them
}

// Stats recomputes roll-ups.
type Stats interface {
	Rebuild(ctx context.Context, p Progress) (Drift, error)
}

// Backup writes everything that is needed to restore the city, secrets excepted.
type Backup interface {
	Backup(ctx context.Context, w io.Writer) error
}

// Ops are all operations.
type Ops struct {
	Staff    Staff
	Outbox   Outbox
	Stats    Stats
	Backup   Backup
	Channels Channels // nil while no network needs consent
	Signs    Signs    // nil in a city without street signs
	Log      *slog.Logger
}

// maxBody is the largest request body, in bytes, where nothing else is said.
const maxBody = 16 << 10

// Handler serves the operations under /v1/ to callers that present the token.
func Handler(ops Ops, token string) http.Handler {
	mux := http.NewServeMux()
	h := handler{ops}
	mux.HandleFunc("POST /v1/staff", h.addStaff)
	mux.HandleFunc("POST /v1/staff/remove", h.removeStaff)
	mux.HandleFunc("GET /v1/staff", h.listStaff)
	mux.HandleFunc("GET /v1/outbox", h.listOutbox)
	mux.HandleFunc("POST /v1/outbox/retry", h.retry)
	mux.HandleFunc("POST /v1/stats/rebuild", h.rebuild)
	mux.HandleFunc("GET /v1/backup", h.backup)
	h.routeChannels(mux)
	h.routeSigns(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !opens(r, token) {
			h.answer(w, r, nil, fault.New(fault.Unauthorized, ""))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit(r.URL.Path))
		mux.ServeHTTP(w, r)
	})
}

type handler struct{ ops Ops }

func (h handler) addStaff(w http.ResponseWriter, r *http.Request) {
	var m Member
	if err := decode(r, &m); err != nil {
		h.answer(w, r, nil, err)
		return
	}
	made, err := h.ops.Staff.Add(r.Context(), m)
	h.answer(w, r, made, err)
}

func (h handler) removeStaff(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Phone string `json:"phone"`
	}
	err := decode(r, &in)
	if err == nil {
		err = h.ops.Staff.Remove(r.Context(), in.Phone)
	}
	h.answer(w, r, struct{}{}, err)
}

func (h handler) listStaff(w http.ResponseWriter, r *http.Request) {
	list, err := h.ops.Staff.List(r.Context())
	h.answer(w, r, list, err)
}

func (h handler) listOutbox(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	first, err := strconv.Atoi(q.Get("first"))
	if q.Get("first") != "" && err != nil {
		h.answer(w, r, nil, fault.Wrap(fault.Invalid, err))
		return
	}
	page, err := h.ops.Outbox.List(r.Context(), q.Get("state"), q.Get("lane"), first, q.Get("after"))
	h.answer(w, r, page, err)
}

func (h handler) retry(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ID string `json:"id"`
	}
	err := decode(r, &in)
	if err == nil {
		err = h.ops.Outbox.Retry(r.Context(), in.ID)
	}
	h.answer(w, r, struct{}{}, err)
}

// step is one line of a long answer: progress, or the end with a result or an error.
type step struct {
	Done  int         `json:"done,omitempty"`
	Total int         `json:"total,omitempty"`
	Drift *Drift      `json:"drift,omitempty"`
	Signs *SignReport `json:"signs,omitempty"`
	Error *problem    `json:"error,omitempty"`
}

type problem struct {
	Code  fault.Code `json:"code"`
	Cause string     `json:"cause"` // operators see the cause; it holds no secrets
}

// lines begins an answer line by line, so that the caller can show how far the work is.
func (h handler) lines(w http.ResponseWriter) func(step) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	flush := http.NewResponseController(w)
	return func(s step) {
		if out.Encode(s) == nil {
			_ = flush.Flush() // not every writer can; the lines then come at the end
		}
	}
}

func (h handler) rebuild(w http.ResponseWriter, r *http.Request) {
	say := h.lines(w)
	drift, err := h.ops.Stats.Rebuild(r.Context(), func(done, total int) { say(step{Done: done, Total: total}) })
	if err != nil {
		h.log(r, err)
		say(step{Error: problemOf(err)})
		return
	}
	say(step{Drift: &drift})
}

// backup streams the archive. An error before its first byte is answered; one in the middle cuts the answer off, so that the client cannot take half for
// the whole.
func (h handler) backup(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/zip")
	out := &begun{to: w}
	err := h.ops.Backup.Backup(r.Context(), out)
	switch {
	case err == nil:
	case !out.any:
		h.answer(w, r, nil, err)
	default:
		h.log(r, err)
		if p, ok := w.(*pipeWriter); ok {
			p.body.CloseWithError(err) // the caller is in this process and has no log to look into
		}
		panic(http.ErrAbortHandler)
	}
}

// begun remembers whether anything was written.
type begun struct {
	to  io.Writer
	any bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.any = true
	return b.to.Write(p)
}

func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	return fault.Wrap(fault.Invalid, d.Decode(into))
}

func (h handler) answer(w http.ResponseWriter, r *http.Request, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		h.log(r, err)
		w.WriteHeader(statusOf(fault.CodeOf(err)))
		v = problemOf(err)
	}
	if err := json.NewEncoder(w).Encode(v); err != nil {
		h.ops.Log.WarnContext(r.Context(), "admin answer not sent", "err", err)
	}
}

// log tells of a request that failed. What was only asked wrongly is no trouble of the city's.
func (h handler) log(r *http.Request, err error) {
	level := slog.LevelWarn
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.NotFound, fault.Conflict:
		level = slog.LevelInfo
	}
	h.ops.Log.Log(r.Context(), level, "admin request failed", "path", r.URL.Path, "err", err)
}

// problemOf gives what an operator is told: the innermost cause, which says most.
func problemOf(err error) *problem {
	f := fault.Of(err)
	if f.Cause != nil {
		return &problem{f.Code, f.Cause.Error()}
	}
	return &problem{f.Code, f.Error()}
}

func statusOf(c fault.Code) int {
	switch c {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// err gives the fault that a problem told of.
func (p *problem) err() error { return &fault.Error{Code: p.Code, Cause: errors.New(p.Cause)} }
