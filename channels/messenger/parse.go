package messenger

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/loose"
)

const (
	maxBody = 1 << 20         // bytes of a webhook; real ones have a few hundred
	maxSkew = 5 * time.Minute // that the network's clock may be ahead of ours
)

// Parse believes a webhook, or refuses it with UNAUTHORIZED: unsigned, signed by nobody we know, wholly older than max_age, or ahead of our clock. INVALID
// when it is over 1 MB, or signed and yet no JSON. GET is the network's question whether the address is ours: FORBIDDEN when it does not know the verify
// token. It is a function of the request and the clock.
func (c *Channel) Parse(r channels.Request) (channels.Batch, error) {
	if r.Method == http.MethodGet {
		return c.handshake(r.Query)
	}
	if len(r.Body) > maxBody {
		return channels.Batch{}, fault.Wrap(fault.Invalid, errors.New("messenger: webhook: over 1 MB"))
	}
	if err := c.verify(r.Header, r.Body); err != nil {
		return channels.Batch{}, err
	}
	if !json.Valid(r.Body) {
		return channels.Batch{}, fault.Wrap(fault.Invalid, errors.New("messenger: webhook: signed, but no JSON"))
	}
	var b webhook
	loose.Object(r.Body, &b)
	now := c.now()
	if err := c.fresh(b, now); err != nil {
		return channels.Batch{}, err
	}
	rd := &reader{c: c, now: now}
	rd.webhook(b)
	slices.SortStableFunc(rd.out.Events, func(x, y channels.Event) int { return x.At.Compare(y.At) })
	return rd.out, nil
}

// fresh refuses a body that is repeated by somebody, or from a time to come. One in which something is new is taken, and what is old in it left.
func (c *Channel) fresh(b webhook, now time.Time) error {
	newest := time.Time{}
	for _, e := range b.Entry {
		for _, stamp := range append(stamps(e.Messaging, e.Standby), e.Time) {
			if at, ok := moment(stamp); ok && at.After(newest) {
				newest = at
			}
		}
	}
	if newest.IsZero() {
		return nil // nothing in it says when; the ids tell a repeat
	}
	if age := now.Sub(newest); age > c.cfg.MaxAge || age < -maxSkew {
		return unauthorized("too old, or ahead of our clock")
	}
	return nil
}

func stamps(lists ...loose.List[item]) []loose.String {
	var out []loose.String
	for _, l := range lists {
		for _, i := range l {
			out = append(out, i.Timestamp)
		}
	}
	return out
}

// moment reads a time in milliseconds.
func moment(stamp loose.String) (time.Time, bool) {
	millis, err := strconv.ParseInt(string(stamp), 10, 64)
	return time.UnixMilli(millis).UTC(), err == nil && millis > 0
}

// reader gathers what a webhook says.
type reader struct {
	c   *Channel
	now time.Time
	out channels.Batch
}

func (rd *reader) leave(why string) { rd.out.Ignored = append(rd.out.Ignored, why) }

func (rd *reader) webhook(b webhook) {
	if b.Object != "page" {
		rd.leave(whyObject)
		return
	}
	for _, e := range b.Entry {
		rd.entry(e)
	}
}

func (rd *reader) entry(e entry) {
	for _, i := range e.Messaging {
		rd.item(e, i, false)
	}
	for _, i := range e.Standby {
		rd.item(e, i, true)
	}
	for _, ch := range e.Changes {
		rd.leave(changeOf(string(ch.Field)))
	}
	for _, name := range e.unknown {
		rd.leave(unknown(name))
	}
}

// item reads one event. It has one kind; should the network ever put several into one, each counts.
func (rd *reader) item(e entry, i item, standby bool) {
	at, ok := moment(i.Timestamp)
	if !ok {
		if at, ok = moment(e.Time); !ok {
			at = rd.now
		}
	}
	if rd.now.Sub(at) > rd.c.cfg.MaxAge {
		rd.leave(whyOld)
		return
	}
	if len(i.parts) == 0 {
		rd.leave(unknown(""))
	}
	for _, name := range i.names() {
		rd.part(happened{name: name, raw: i.parts[name], page: string(e.ID), item: i, at: at, standby: standby})
	}
}

// part reads one kind of an event.
func (rd *reader) part(h happened) {
	r, known := readings[h.name]
	switch {
	case !known:
		rd.leave(unknown(h.name))
		return
	case r.read == nil:
		rd.leave(r.why)
		return
	}
	e, why := r.read(rd.c, h)
	if why == "" && e.From == "" {
		why = whyNobody
	}
	if why != "" {
		rd.leave(why)
		return
	}
	rd.out.Events = append(rd.out.Events, rd.c.complete(h, e))
}

// complete fills in what all events have. What happens while somebody else holds the conversation asks for nothing, so an opened chat counts as said.
func (c *Channel) complete(h happened, e channels.Event) channels.Event {
	if e.Account == "" {
		e.Account = h.page
	}
	if e.At.IsZero() {
		e.At = h.at
	}
	if e.ID == "" {
		e.ID = h.id(e)
	}
	if _, ours := c.tokens[e.Account]; !ours {
		e.Foreign = true
	}
	if h.standby && (e.Kind == channels.Said || e.Kind == channels.Opened) {
		e.Kind, e.Standby = channels.Said, true
	}
	return e
}

var nameRE = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// unknown names what the network has learnt and we have not.
func unknown(name string) string {
	if !nameRE.MatchString(name) {
		return whyUnknown
	}
	return whyUnknown + " " + name
}
