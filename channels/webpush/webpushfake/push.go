package webpushfake

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/internal/lockscreen"
)

const maxBody = 4096 // bytes, what push services have to take at least (RFC 8030, section 7.2)

var topicRE = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// refusal is why a push is not taken.
type refusal struct {
	status int
	reason string
}

// push takes one message (RFC 8030, section 5).
func (s *Service) push(w http.ResponseWriter, r *http.Request) {
	lose, ok := s.fate(w, r)
	if !ok {
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		panic(http.ErrAbortHandler) // the client left in the middle
	}
	id, bad := s.take(r, body)
	if bad != nil {
		s.refuse(w, *bad)
		return
	}
	if lose {
		panic(http.ErrAbortHandler) // net/http breaks the connection and goes on
	}
	w.Header().Set("Location", s.address("/message/"+id))
	w.WriteHeader(http.StatusCreated)
}

func (s *Service) address(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base + path
}

func (s *Service) refuse(w http.ResponseWriter, bad refusal) {
	s.count(bad.status)
	channelfake.Write(w, bad.status, map[string]any{"code": bad.status, "error": bad.reason})
}

// take judges a message and keeps it.
func (s *Service) take(r *http.Request, body []byte) (id string, bad *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.byID[r.PathValue("id")]
	switch {
	case b == nil:
		return "", &refusal{http.StatusNotFound, "unknown subscription"}
	case b.over:
		return "", &refusal{http.StatusGone, "the subscription is over"}
	case len(body) > maxBody:
		return "", &refusal{http.StatusRequestEntityTooLarge, "payload too large"}
	}
	m, reason := headers(r.Header)
	if reason != "" {
		return "", &refusal{http.StatusBadRequest, reason}
	}
	if bad := s.signature(r.Header.Get("Authorization"), b.server); bad != nil {
		return "", bad
	}
	m.ID, m.Device, m.Bytes, m.At = rand.Text(), b.name, len(body), s.cfg.Now().UTC()
	plain, err := decrypt(body, b.key, b.auth)
	if m.Broken = err != nil; m.Broken {
		s.stats.Broken++
	}
	if json.Valid(plain) {
		m.Payload = plain
	}
	s.stats.Taken++
	s.deliver(b, m)
	return m.ID, nil
}

// headers reads what a push says of itself; reason is "" when it is well-formed.
func headers(h http.Header) (m Message, reason string) {
	ttl, err := strconv.Atoi(h.Get("TTL"))
	if err != nil || ttl < 0 {
		return Message{}, "TTL is missing or malformed"
	}
	if h.Get("Content-Encoding") != "aes128gcm" {
		return Message{}, "Content-Encoding must be aes128gcm"
	}
	m = Message{TTL: ttl, Topic: h.Get("Topic"), Urgency: h.Get("Urgency")}
	if _, has := h["Topic"]; has && !topicRE.MatchString(m.Topic) {
		return Message{}, "Topic must be 1 to 32 characters of base64url"
	}
	if m.Urgency == "" {
		m.Urgency = "normal"
	}
	if !slices.Contains([]string{"very-low", "low", "normal", "high"}, m.Urgency) {
		return Message{}, "Urgency is none of the four"
	}
	return m, ""
}

// deliver shows a message now, or keeps it for a browser that is away. It is called with mu held.
func (s *Service) deliver(b *browser, m Message) {
	if !b.away {
		s.arrive(b, m)
		return
	}
	if m.TTL == 0 {
		return
	}
	if m.Topic != "" {
		b.waiting = slices.DeleteFunc(b.waiting, func(x Message) bool { return x.Topic == m.Topic })
	}
	b.waiting = append(b.waiting, m)
	b.waiting = b.waiting[max(0, len(b.waiting)-perDevice):]
}

// arrive hands a message to the page's service worker, which shows it. It is called with mu held.
func (s *Service) arrive(b *browser, m Message) {
	b.got = append(b.got, m)
	b.got = b.got[max(0, len(b.got)-perDevice):]
	var p struct {
		Title, Text, Link, Collapse string
		Data                        map[string]string
	}
	if json.Unmarshal(m.Payload, &p) != nil {
		return // the service worker would show nothing of it
	}
	s.screens.Show(b.name, lockscreen.Note{
		ID: m.ID, Title: p.Title, Text: p.Text, Link: p.Link, Collapse: p.Collapse, Data: p.Data, Urgent: m.Urgency == "high",
	})
}
