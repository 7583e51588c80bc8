package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/webchat"
)

// The purposes of signatures: what is signed for one is worth nothing for another.
const (
	purposeToken  = "web chat visitor"
	purposeTicket = "web chat upload"
)

// maxToken is the longest token or ticket looked at, in bytes.
const maxToken = 300

// Begin makes a visitor and their token. Nothing is stored.
func (c *Channel) Begin(lang message.Lang) (token string) {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it never fails: crypto/rand ends the program before
	return c.token(webchat.Visitor{ID: base64.RawURLEncoding.EncodeToString(id), Lang: lang.Or()})
}

// Renew gives the visitor of a good token another one: for another language, from now on, and under the present key.
func (c *Channel) Renew(v webchat.Visitor, lang message.Lang) (token string) {
	v.Lang = lang.Or()
	return c.token(v)
}

// token is <id>.<language>.<when it was made>.<signature>; the time is in Unix seconds, to base 36.
func (c *Channel) token(v webchat.Visitor) string {
	what := v.ID + "." + string(v.Lang) + "." + strconv.FormatInt(c.now().Unix(), 36)
	return what + "." + c.signer.Sign(purposeToken, what)
}

// Visitor gives who asks, by the header "Authorization: Chat <token>". UNAUTHORIZED when the token is missing, not ours, or so old that who has it did not come
// back in time: one that was copied must not be good for ever.
func (c *Channel) Visitor(h http.Header) (webchat.Visitor, error) {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	what, mac, ok := cutLast(token)
	parts := strings.Split(what, ".")
	if !strings.EqualFold(scheme, "Chat") || !ok || len(parts) != 3 || len(token) > maxToken || !c.signer.Verify(purposeToken, what, mac) ||
		!visitorRE.MatchString(parts[0]) || !c.lasts(parts[2]) {
		return webchat.Visitor{}, &fault.Error{Code: fault.Unauthorized, Key: "webchat.session", Cause: errors.New("web: no good token")}
	}
	return webchat.Visitor{ID: parts[0], Lang: message.Lang(parts[1]).Or()}, nil
}

// lasts tells whether a token of that time is still good.
func (c *Channel) lasts(made string) bool {
	at, err := strconv.ParseInt(made, 36, 64)
	return err == nil && c.now().Before(time.Unix(at, 0).Add(c.cfg.SessionMax))
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// Ticket names an uploaded file towards the page that uploaded it, so that no other visitor can send it on: <kind>.<id>.<signature>.
func (c *Channel) Ticket(v webchat.Visitor, a channels.Attachment) string {
	what := string(a.Kind) + "." + a.Media
	return what + "." + c.signer.Sign(purposeTicket, v.ID+"."+what)
}

// attachment gives the file behind a ticket of the visitor.
func (c *Channel) attachment(v webchat.Visitor, ticket string) (channels.Attachment, bool) {
	what, mac, ok := cutLast(ticket)
	if !ok || len(ticket) > maxToken || !c.signer.Verify(purposeTicket, v.ID+"."+what, mac) {
		return channels.Attachment{}, false
	}
	kind, id, _ := strings.Cut(what, ".")
	return channels.Attachment{Kind: channels.AttachmentKind(kind), Media: id}, true
}

// eventID tells a repeat of a visitor's message. Pages choose ids as they like, so the visitor is part of it; a hash keeps the id from telling who that is.
func eventID(v webchat.Visitor, id string) string {
	h := sha256.Sum256([]byte("web chat event\x00" + v.ID + "\x00" + id))
	return id + "." + hex.EncodeToString(h[:8])
}

// LineID gives the id that the page gave its message, under which Heard keeps it; "" for an event that none sent.
func (c *Channel) LineID(e channels.Event) string {
	id, _, ok := strings.Cut(e.ID, ".")
	if !ok {
		return ""
	}
	return id
}
