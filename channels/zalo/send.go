package zalo

import (
	"context"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zaloapi"
)

// Send makes one attempt. Reasons of never: bad_address, those of draw, of picture.go, of template.go and of zaloapi.Account, and refused_<HTTP status>. Of
// an alarm: those of zaloapi.Account, no_token and token_refused.
//
// The network cannot tell a repeat, so a message that may have been taken is Later and Unsure: its echo tells.
func (c *Channel) Send(ctx context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	if !idRE.MatchString(string(to)) {
		return refused("bad_address")
	}
	if m.Template != nil {
		return c.sendTemplate(ctx, to, *m.Template)
	}
	d, reason := c.draw(m.Blocks)
	if reason != "" {
		return refused(reason)
	}
	if d.picture == nil {
		return c.outcome(c.consult(ctx, d, to, ""))
	}
	return c.sendPicture(ctx, d, to)
}

const pictureExpired = -100 // the network has forgotten its id

// sendPicture uploads the message's picture, unless it is there already, and sends. When the network has forgotten it, it is uploaded once more.
func (c *Channel) sendPicture(ctx context.Context, d draft, to channels.Address) channels.Outcome {
	p, o := c.picture(ctx, d.picture)
	if o.Status != "" {
		return o
	}
	var a zaloapi.Answer
	for range 2 {
		id, o := c.attachmentID(ctx, p)
		if o.Status != "" {
			return o
		}
		if a = c.consult(ctx, d, to, id); a.Err != nil || a.Number != pictureExpired {
			break
		}
		c.uploaded.forget(p.hash, id)
	}
	return c.outcome(a)
}

// consult sends a consultation message.
func (c *Channel) consult(ctx context.Context, d draft, to channels.Address, attachment string) zaloapi.Answer {
	return c.api.Post(ctx, "/v3.0/oa/message/cs", d.body(c.cfg, string(to), attachment))
}
