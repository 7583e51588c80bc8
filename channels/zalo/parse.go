package zalo

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netcall"
)

// Parse believes a webhook, or refuses it with UNAUTHORIZED: unsigned, signed by nobody we know, of another application, older than max_age, or ahead of our
// clock. INVALID when it is over 1 MB, or signed and yet no JSON. One webhook tells of one event. It is a function of the request and the clock.
func (c *Channel) Parse(r channels.Request) (channels.Batch, error) {
	if len(r.Body) > maxBody {
		return channels.Batch{}, fault.Wrap(fault.Invalid, errors.New("zalo: webhook: over 1 MB"))
	}
	mac, present := signature(r.Header)
	if !present && c.cfg.ConsoleTest {
		return channels.Batch{}, nil // the console's test button: it wants 200, and nothing in it can be believed
	}
	if mac == nil {
		return channels.Batch{}, unauthorized("unsigned")
	}
	stamp, at, err := c.verify(r.Body, mac)
	if err != nil {
		return channels.Batch{}, err
	}
	b, err := decode(r.Body)
	if err != nil {
		return channels.Batch{}, fault.Wrap(fault.Invalid, err)
	}
	read := readingOf(string(b.EventName))
	if strings.EqualFold(netcall.Header(r.Header, "X-ZEvent-Server"), "ZNS") || b.Message.TrackingID != "" {
		read = templated(b, read)
	}
	e, why := c.event(b, read, stamp, at)
	if why != "" {
		return ignored(why), nil
	}
	return channels.Batch{Events: []channels.Event{e}}, nil
}

func ignored(why string) channels.Batch { return channels.Batch{Ignored: []string{why}} }

// decode reads a body that was verified. A field of another type than we know stays empty instead of losing the rest: what a citizen said matters more
// than a new shape of its ornaments.
func decode(body []byte) (*webhook, error) {
	var b webhook
	err := json.Unmarshal(body, &b)
	var other *json.UnmarshalTypeError
	if err != nil && !errors.As(err, &other) {
		return nil, errors.New("zalo: webhook: signed, but no JSON") // the decoder's words may quote the body
	}
	return &b, nil
}

// event gives what happened, or why it is left alone.
func (c *Channel) event(b *webhook, r reading, stamp string, at time.Time) (e channels.Event, why string) {
	if r.read == nil {
		return channels.Event{}, r.why
	}
	e = r.read(b)
	if e.From == "" {
		return channels.Event{}, whyNobody
	}
	if e.Account == "" {
		e.Account = c.cfg.OAID // the signature is made with this account's key
	}
	e.ID, e.At = eventID(b, e, stamp), at
	e.Foreign = e.Account != c.cfg.OAID
	return e, ""
}
