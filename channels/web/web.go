// Package web is the chat on the city's own pages: a network without anybody in between.
//
// It owns the tokens by which a visitor is known, what a message from a page may hold, and how messages become lines of the log that the pages read. A visitor
// is nobody until a message comes: a token is signed and not stored. The package keeps nothing, knows no HTTP route, and does not know what is said or why.
package web

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/webchat"
)

// Name is the channel's.
const Name = "web"

// Signer makes and checks signatures in constant time; *secret.Box does, under the keys before the last change too.
type Signer interface {
	Sign(purpose, data string) string
	Verify(purpose, data, signature string) bool
}

// Log stores lines, each once by its id, and gives their places; *webchat.Log does.
type Log interface {
	Append(ctx context.Context, visitor string, line webchat.Line) (seq int64, err error)
}

// Config is what the city decides of the channel. All of it is needed.
type Config struct {
	MaxText    int           // runes of a visitor's message
	SessionMax time.Duration // life of a token; each use of the page gets a new one
}

// Channel is the web chat. It is safe for concurrent use.
type Channel struct {
	cfg    Config
	signer Signer
	log    Log
	now    func() time.Time
}

var _ channels.Channel = (*Channel)(nil)

// New makes the channel.
func New(signer Signer, log Log, cfg Config, now func() time.Time) *Channel {
	return &Channel{cfg: cfg, signer: signer, log: log, now: now}
}

// Profile gives the limits: there are none. The page shows every kind of block, and may be written to at any time.
func (c *Channel) Profile() channels.Profile {
	return channels.Profile{Name: Name, Native: true, Images: true, Links: true}
}

// visitorRE is what a visitor's id looks like: 16 random bytes in base64url.
var visitorRE = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)

// Send appends to the visitor's log; a repeat by its ID changes nothing there. Reasons of never: bad_address, unsupported for what has no blocks, and the
// code of the log's fault in lower case.
func (c *Channel) Send(ctx context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	switch {
	case !visitorRE.MatchString(string(to)):
		return channels.Outcome{Status: channels.Never, Reason: "bad_address"}
	case len(m.Blocks) == 0:
		return channels.Outcome{Status: channels.Never, Reason: "unsupported"}
	case ctx.Err() != nil:
		return channels.Outcome{Status: channels.Later, Cause: ctx.Err()}
	}
	line := webchat.Line{ID: m.ID, From: webchat.Bot, At: c.now(), Blocks: m.Blocks}
	if m.Kind == channels.Staff {
		line.From, line.Name = webchat.Staff, m.From
	}
	_, err := c.log.Append(ctx, string(to), line)
	return outcome(m.ID, err)
}

// outcome says what an attempt led to. It is never unsure: the same id takes effect once.
func outcome(id string, err error) channels.Outcome {
	f := fault.Of(err)
	switch {
	case f == nil:
		return channels.Outcome{Status: channels.Sent, MessageID: id}
	case f.Code == fault.Unavailable || f.Code == fault.RateLimited:
		return channels.Outcome{Status: channels.Later, Retry: f.RetryAfter, Cause: err}
	}
	return channels.Outcome{Status: channels.Never, Reason: strings.ToLower(string(f.Code)), Cause: err}
}

// Heard puts what a visitor said into the log and gives its place; 0 for an event that says nothing. It must be there before anything answers it, so whoever
// acts on an event calls this first: the page that sent it may be gone before its own call has come so far.
func (c *Channel) Heard(ctx context.Context, e channels.Event) (seq int64, err error) {
	if e.Kind != channels.Said {
		return 0, nil
	}
	id := c.LineID(e)
	if id == "" || !visitorRE.MatchString(string(e.From)) {
		return 0, fault.Wrap(fault.Internal, errors.New("web: an event of another network"))
	}
	line := webchat.Line{ID: id, From: webchat.You, At: e.At, Text: e.Text, Choice: e.Choice}
	if p := e.Place; p != nil {
		line.Place = &webchat.Place{Lat: p.Lat, Lon: p.Lon, Label: p.Label}
	}
	for _, a := range e.Attachments {
		line.Uploads = append(line.Uploads, webchat.Upload{ID: a.Media, Kind: string(a.Kind)})
	}
	return c.log.Append(ctx, string(e.From), line)
}
