package messenger

import (
	"context"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/netcall"
)

// Send makes one attempt. Reasons of never: bad_address, unknown_account, those of draw, of messages, of approved and of the table of error numbers,
// picture_address, qr_too_long, and refused_<HTTP status>. Of an alarm: those of the table.
//
// The network cannot tell a repeat, so a message that may have been taken is Later and Unsure: its echo carries Outbound.ID.
func (c *Channel) Send(ctx context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	page, token, ok := c.page(m.Account)
	switch {
	case !idRE.MatchString(string(to)):
		return refused("bad_address")
	case !ok:
		return refused("unknown_account")
	}
	p := post{page: page, token: token, to: string(to), out: m}
	if m.Template != nil {
		am, reason := c.approved(m.Template)
		if reason != "" {
			return refused(reason)
		}
		return c.deliver(ctx, p, am)
	}
	d, reason := c.draw(m.Blocks)
	if reason != "" {
		return refused(reason)
	}
	if d.picture != nil {
		return c.sendPicture(ctx, p, d)
	}
	ms, reason := c.messages(d, m.Kind)
	if reason != "" {
		return refused(reason)
	}
	return c.deliverAll(ctx, p, ms)
}

// post is where a message goes, from where, and by which right.
type post struct {
	page, token, to string
	out             channels.Outbound
}

// begun remembers for a while which messages of two parts have lost only their second, so that the first does not come twice. It is safe for concurrent use;
// what it forgets comes twice.
type begun struct {
	mu  sync.Mutex
	ids *simplelru.LRU[string, struct{}]
}

func newBegun() (*begun, error) {
	ids, err := simplelru.NewLRU[string, struct{}](1024, nil)
	return &begun{ids: ids}, err
}

func (b *begun) has(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ids.Contains(id)
}

func (b *begun) set(id string, begun bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if begun {
		b.ids.Add(id, struct{}{})
		return
	}
	b.ids.Remove(id)
}

// deliverAll sends a message that may have two parts. The second one names the whole, in the outcome and in the echo.
func (c *Channel) deliverAll(ctx context.Context, p post, ms []outgoingMessage) channels.Outcome {
	if len(ms) == 1 {
		return c.deliver(ctx, p, ms[0])
	}
	if !c.begun.has(p.out.ID) {
		lead := p
		lead.out.ID = ""
		if o := c.deliver(ctx, lead, ms[0]); o.Status != channels.Sent {
			return o
		}
		c.begun.set(p.out.ID, true)
	}
	o := c.deliver(ctx, p, ms[1])
	if o.Status != channels.Later {
		c.begun.set(p.out.ID, false)
	}
	return o
}

// sendPicture sends a picture by its address, or a code as a file.
func (c *Channel) sendPicture(ctx context.Context, p post, d draft) channels.Outcome {
	payload := outgoingPayload{}
	switch b := d.picture.(type) {
	case message.Image:
		if !webAddress(b.URL) {
			return refused("picture_address")
		}
		payload.URL, payload.IsReusable = b.URL, true
	case message.QR:
		id, o := c.uploadQR(ctx, p, b.Payload)
		if o.Status != "" {
			return o
		}
		payload.AttachmentID = id
	}
	return c.deliver(ctx, p, outgoingMessage{Attachment: &outgoingAttachment{Type: "image", Payload: payload}})
}

// deliver sends one message of the network. What a person wrote goes as an answer; when the window for answers is over, by our clock or the network's, on the
// ground of its writer. The network refuses before it sends anything, so nothing comes twice.
func (c *Channel) deliver(ctx context.Context, p post, m outgoingMessage) channels.Outcome {
	if p.out.ID != "" {
		carried, err := netcall.JSON(metadata{OutboxID: p.out.ID})
		if err != nil {
			return later(err)
		}
		m.Metadata = string(carried)
	}
	byHand := outgoing{Recipient: recipient{p.to}, MessagingType: typeTagged, Tag: tagHuman, Message: m}
	if p.out.Kind == channels.Staff && p.out.Late {
		return c.call(ctx, p, byHand)
	}
	o := c.call(ctx, p, outgoing{Recipient: recipient{p.to}, MessagingType: typeOf(p.out), Message: m})
	if p.out.Kind == channels.Staff && o.Status == channels.Never && o.Reason == channels.OutsideWindow {
		o = c.call(ctx, p, byHand)
	}
	return o
}

func typeOf(m channels.Outbound) string {
	switch {
	case m.Template != nil:
		return typeUtility
	case m.Kind == channels.Notice:
		return typeUpdate
	}
	return typeResponse
}

// call makes one request.
func (c *Channel) call(ctx context.Context, p post, body outgoing) channels.Outcome {
	raw, err := netcall.JSON(body)
	if err != nil {
		return later(err)
	}
	return outcome(c.ask(ctx, request{path: "/" + p.page + "/messages", token: p.token, contentType: "application/json", body: raw}))
}
