package zalo

import (
	"context"
	"fmt"
	"regexp"

	"github.com/motcua/motcua/channels"
)

// sendTemplate makes one attempt with a text that the network approved, by the person's id. It leaves outside all windows, and is paid for. Reasons of
// never: no_template, bad_params, and those of zaloapi.ByUser.
func (c *Channel) sendTemplate(ctx context.Context, to channels.Address, t channels.Template) channels.Outcome {
	text, ok := c.cfg.Templates[t.Name]
	if !ok {
		return refused("no_template")
	}
	data, err := text.Fill(t.Params)
	if err != nil {
		return channels.Outcome{Status: channels.Never, Reason: "bad_params", Cause: fmt.Errorf("zalo: template %s: %w", t.Name, err)}
	}
	a := c.templates.Post(ctx, "/v3.0/oa/message/template", templateMessage{UserID: string(to), TemplateID: text.IDFor(t.Lang), TemplateData: data})
	return c.templates.Outcome(a, morning(c.now()))
}

// phoneRE is a phone number as the network writes it: country code without a plus. Ids of people have 19 digits.
var phoneRE = regexp.MustCompile(`^[1-9][0-9]{7,14}$`)

// templated gives the reading of an event of a template message. A receipt of one that went to a phone number names the tracking id that the sender chose; one
// that went to a person's id has none, and reads like every other receipt.
func templated(b *webhook, r reading) reading {
	switch {
	case r.read == nil:
		return r
	case b.EventName != "user_received_message":
		return reading{why: whyZNS}
	case b.Message.TrackingID != "":
		return reading{read: arrived}
	case phoneRE.MatchString(string(b.Recipient.ID)):
		return reading{why: whyZNS}
	}
	return r
}

// arrived reads the receipt of a template that went to a phone number, which may come as a hash.
func arrived(b *webhook) channels.Event {
	e := receipt(channels.Delivered)(b)
	e.Template, e.About = true, []string{string(b.Message.TrackingID)}
	if phoneRE.MatchString(string(e.From)) {
		e.From = "+" + e.From
	}
	return e
}
