package zalo

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/motcua/motcua/channels"
)

// Send makes one attempt. Reasons of never: bad_address, those of draw, of picture.go, of template.go and of the table of error numbers, and refused_<HTTP
// status>. Of an
// alarm: those of the table, and token_refused.
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

// sendPicture uploads the message's picture, unless it is there already, and sends. When the network has forgotten it, it is uploaded once more.
func (c *Channel) sendPicture(ctx context.Context, d draft, to channels.Address) channels.Outcome {
	p, o := c.picture(ctx, d.picture)
	if o.Status != "" {
		return o
	}
	var a answer
	for range 2 {
		id, o := c.attachmentID(ctx, p)
		if o.Status != "" {
			return o
		}
		if a = c.consult(ctx, d, to, id); a.err != nil || verdicts[a.number()].end != expired {
			break
		}
		c.uploaded.forget(p.hash, id)
	}
	return c.outcome(a)
}

// consult sends a consultation message.
func (c *Channel) consult(ctx context.Context, d draft, to channels.Address, attachment string) answer {
	body, err := encode(d.body(c.cfg, string(to), attachment))
	if err != nil {
		return answer{err: err}
	}
	return c.call(ctx, request{path: "/v3.0/oa/message/cs", contentType: "application/json", body: body})
}

// encode writes JSON as the network's own samples have it, with & and < in addresses as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
