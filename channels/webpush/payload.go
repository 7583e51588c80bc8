package webpush

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/clip"
)

// Payload is what a page's service worker is given. The names are the city's own.
type Payload struct {
	ID       string            `json:"id"`                 // of the message: the same when it comes twice
	Title    string            `json:"title,omitempty"`    // of the notification
	Text     string            `json:"text"`               // below it
	Link     string            `json:"link,omitempty"`     // that a tap opens: an address of ours, or its path. "" opens the page
	Collapse string            `json:"collapse,omitempty"` // the tag of the notification: a later one takes its place
	At       time.Time         `json:"at"`
	Data     map[string]string `json:"data,omitempty"`
}

// maxPlain is how much the library encrypts into one record of 4,096 bytes.
const maxPlain = 3993

// payload writes a push as the page reads it, its text shortened until it fits. ok is false when it cannot fit.
func (c *Channel) payload(id string, p channels.Push) (body []byte, ok bool) {
	out := Payload{ID: id, Title: p.Title, Link: p.Link, Collapse: p.Collapse, At: c.now().UTC().Truncate(time.Second), Data: p.Data}
	text, ok := clip.Text(p.Text, func(s string) bool {
		out.Text = s
		body = encode(out)
		return body != nil && len(body) <= maxPlain
	})
	if !ok {
		return nil, false
	}
	out.Text = text
	return encode(out), true
}

// encode writes JSON with & and < in addresses as they are; nil when it cannot be written.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// topic names what a waiting message is replaced by: 32 characters of base64url (RFC 8030, section 5.4), the same for the same name.
func topic(collapse string) string {
	if collapse == "" {
		return ""
	}
	h := sha256.Sum256([]byte(collapse))
	return base64.RawURLEncoding.EncodeToString(h[:24])
}
