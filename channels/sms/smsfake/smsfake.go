// Package smsfake stands in for an SMS provider on this machine: it speaks the wire of channels/sms, keeps what it was given, and shows a phone per
// number on a page.
//
// It refuses what a provider refuses: a wrong token, a number that is none, an empty or too long text. A message whose id it knows is not kept twice.
// It does not imitate delivery receipts, parts and their price, sender names, opt-outs, or the time a message takes.
package smsfake

import (
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/channels/channelfake"
)

// Message is one message as the phone has it.
type Message struct {
	ID   string    `json:"id"`
	To   string    `json:"to"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Fault makes the provider fail for its next requests.
type Fault struct {
	Status     int  `json:"status"`      // answered instead of doing the work; 0 with Lost
	Times      int  `json:"times"`       // for how many requests
	RetryAfter int  `json:"retry_after"` // seconds; 0 sends no such header
	Lost       bool `json:"lost"`        // does the work, then breaks the connection without an answer
}

// What is kept: enough for a person to look at, and not more with time.
const (
	perPhone  = 50
	manyPhone = 2000
	maxText   = 1000 // runes
	maxBody   = 16 << 10
)

// Provider is the stand-in. Mount it below a path of its own: it serves POST messages, GET messages?phone=, GET . (page or JSON) and POST faults.
type Provider struct {
	token string
	now   func() time.Time
	mux   *http.ServeMux

	mu     sync.Mutex
	phones map[string][]Message // oldest first
	order  []string             // phones, the one written to longest ago first
	fault  Fault
}

var _ http.Handler = (*Provider)(nil)

// New makes a provider that accepts this token.
func New(token string, now func() time.Time) *Provider {
	p := &Provider{token: token, now: now, phones: map[string][]Message{}, mux: http.NewServeMux()}
	p.mux.HandleFunc("POST /messages", p.accept)
	p.mux.HandleFunc("GET /messages", p.list)
	p.mux.HandleFunc("POST /faults", p.setFault)
	p.mux.HandleFunc("GET /{$}", p.page)
	return p
}

// ServeHTTP answers a request.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// Messages gives what a phone has received, oldest first.
func (p *Provider) Messages(phone string) []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Message{}, p.phones[phone]...)
}

// Break makes the next requests fail.
func (p *Provider) Break(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// Fault tells what goes wrong.
func (p *Provider) Fault() Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

var e164RE = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

func (p *Provider) accept(w http.ResponseWriter, r *http.Request) {
	if !p.knows(r) {
		refuse(w, http.StatusUnauthorized, "bad_token")
		return
	}
	f, failing := p.next()
	if failing && !f.Lost {
		fail(w, f)
		return
	}
	var m Message
	if err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&m); err != nil || m.ID == "" {
		refuse(w, http.StatusBadRequest, "bad_request")
		return
	}
	if reason := fault(m); reason != "" {
		refuse(w, http.StatusUnprocessableEntity, reason)
		return
	}
	p.keep(m)
	if failing {
		panic(http.ErrAbortHandler) // net/http breaks the connection and goes on
	}
	channelfake.Write(w, http.StatusOK, map[string]string{"id": "fake-" + m.ID})
}

func fault(m Message) string {
	switch {
	case !e164RE.MatchString(m.To):
		return "invalid_recipient"
	case strings.TrimSpace(m.Text) == "":
		return "text_refused"
	case utf8.RuneCountInString(m.Text) > maxText:
		return "text_too_long"
	}
	return ""
}

func (p *Provider) knows(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+p.token)) == 1
}

// next takes one failure off those that are set.
func (p *Provider) next() (Fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fault.Times <= 0 {
		return Fault{}, false
	}
	p.fault.Times--
	return p.fault, true
}

// keep stores a message unless its id is known, and forgets the oldest.
func (p *Provider) keep(m Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.phones[m.To]
	if slices.ContainsFunc(list, func(x Message) bool { return x.ID == m.ID }) {
		return
	}
	m.At = p.now().UTC()
	list = append(list, m)
	p.phones[m.To] = list[max(0, len(list)-perPhone):]
	p.order = append(slices.DeleteFunc(p.order, func(s string) bool { return s == m.To }), m.To)
	if len(p.order) > manyPhone {
		delete(p.phones, p.order[0])
		p.order = p.order[1:]
	}
}

// list answers with the messages of one phone, oldest first, or with the last of all phones.
func (p *Provider) list(w http.ResponseWriter, r *http.Request) {
	if phone := r.URL.Query().Get("phone"); phone != "" {
		channelfake.Write(w, http.StatusOK, p.Messages(phone))
		return
	}
	channelfake.Write(w, http.StatusOK, p.all())
}

// all gives the messages of the phones written to last, oldest message first.
func (p *Provider) all() []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	const shown = 30 // phones on a page
	out := []Message{}
	for _, phone := range p.order[max(0, len(p.order)-shown):] {
		out = append(out, p.phones[phone]...)
	}
	slices.SortStableFunc(out, func(a, b Message) int { return a.At.Compare(b.At) })
	return out
}

func (p *Provider) setFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	if err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&f); err != nil || !f.Lost && f.Times > 0 && (f.Status < 200 || f.Status > 599) {
		refuse(w, http.StatusBadRequest, "bad_request")
		return
	}
	p.Break(f)
	channelfake.Write(w, http.StatusOK, f)
}

//go:embed page.html
var page []byte

// page shows a phone per number to a browser, and the same as JSON to a program.
func (p *Provider) page(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		channelfake.Write(w, http.StatusOK, p.all())
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	_, _ = w.Write(page) // a browser that has left needs no page
}

func fail(w http.ResponseWriter, f Fault) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	refuse(w, f.Status, "broken_on_purpose")
}

func refuse(w http.ResponseWriter, status int, reason string) {
	channelfake.Write(w, status, map[string]string{"error": reason})
}
