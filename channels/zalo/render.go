package zalo

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/internal/message"
)

// draft is a message of the city in the network's terms.
type draft struct {
	text    string
	buttons []button
	picture message.Block // Image or QR; nil for none
	asking  string        // title of a request for contact data, whose text stands below; "" for none
}

// draw puts blocks into the network's terms. reason is "" or why it cannot be done: unsupported_block, too_long, too_many_choices, bad_link.
func (c *Channel) draw(blocks message.Blocks) (d draft, reason string) {
	for _, b := range blocks {
		if reason := d.add(b); reason != "" {
			return draft{}, reason
		}
	}
	if d.asking != "" {
		return d, c.checkAsking(d)
	}
	return d, d.check(c.cfg.MaxText)
}

// checkAsking holds a request for contact data against the network's limits. It has no buttons.
func (c *Channel) checkAsking(d draft) (reason string) {
	switch {
	case c.cfg.ContactImage == "" || d.picture != nil || len(d.buttons) > 0:
		return "unsupported_block"
	case utf8.RuneCountInString(d.asking) > maxTitle || utf8.RuneCountInString(d.text) > maxAsking:
		return "too_long"
	}
	return ""
}

func (d *draft) add(b message.Block) (reason string) {
	switch b := b.(type) {
	case message.Words:
		d.say(b.Text)
	case message.Choices:
		d.say(b.Text)
		if b.Invites() {
			if d.asking = clean(b.Options[0].Label); d.asking == "" {
				return "too_long"
			}
			return ""
		}
		for _, choice := range append(append([]message.Choice(nil), b.Options...), b.Controls...) {
			label := clean(choice.Label)
			d.buttons = append(d.buttons, button{Title: label, Type: "oa.query.show", Payload: label}) // the chat shows it as said, and so it comes back
		}
	case message.Link:
		return d.link(b)
	case message.Image, message.QR:
		if d.picture != nil {
			return "unsupported_block"
		}
		d.picture = b
	default:
		return "unsupported_block"
	}
	return ""
}

func (d *draft) say(text string) {
	d.text = strings.TrimSpace(d.text + "\n" + clean(text))
}

// clean gives text as the network counts it.
func clean(text string) string { return strings.TrimSpace(norm.NFC.String(text)) }

// link makes a button of an address: of a page, of a number to call (tel:, RFC 3966), of a text message to write (sms:, RFC 5724).
func (d *draft) link(l message.Link) (reason string) {
	u, err := url.Parse(l.URL)
	if err != nil {
		return "bad_link"
	}
	b := button{Title: clean(l.Label)}
	code := strings.TrimPrefix(u.Opaque, "+")
	switch {
	case (u.Scheme == "https" || u.Scheme == "http") && u.Host != "":
		b.Type, b.Payload = "oa.open.url", openURL{URL: l.URL}
	case u.Scheme == "tel" && idRE.MatchString(code):
		b.Type, b.Payload = "oa.open.phone", openPhone{PhoneCode: code}
	case u.Scheme == "sms" && idRE.MatchString(code):
		b.Type, b.Payload = "oa.open.sms", openSMS{Content: norm.NFC.String(u.Query().Get("body")), PhoneCode: code}
	default:
		return "bad_link"
	}
	d.buttons = append(d.buttons, b)
	return ""
}

// check holds the message against the network's limits, and gives it a text where the network wants one.
func (d *draft) check(maxText int) (reason string) {
	if d.text == "" {
		d.text = d.standIn(maxText)
	}
	switch {
	case d.picture != nil && len(d.buttons) > 0:
		return "unsupported_block" // no sample of the network has both
	case d.picture == nil && d.text == "":
		return "unsupported_block"
	case utf8.RuneCountInString(d.text) > maxText:
		return "too_long"
	case len(d.buttons) > maxButtons:
		return "too_many_choices"
	}
	for _, b := range d.buttons {
		if n := utf8.RuneCountInString(b.Title); n == 0 || n > maxTitle {
			return "too_long"
		}
	}
	return ""
}

// standIn is the text of a message that has none: what a picture shows, for those who cannot see it, or the label of a lone link.
func (d *draft) standIn(maxText int) string {
	switch p := d.picture.(type) {
	case message.Image:
		return cut(clean(p.Alt), maxText)
	case message.QR:
		return clean(p.Caption)
	}
	if len(d.buttons) > 0 && d.buttons[0].Type != "oa.query.show" {
		return d.buttons[0].Title
	}
	return ""
}

// cut shortens a text to n runes.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}

// body gives the request's body. attachment is the picture's id; "" for none.
func (d draft) body(c Config, user, attachment string) outgoing {
	var o outgoing
	o.Recipient.UserID = user
	o.Message.Text = d.text
	switch {
	case d.asking != "":
		o.Message.Text = ""
		o.Message.Attachment = &outgoingAttachment{Type: "template", Payload: outgoingPayload{
			TemplateType: "request_user_info", Elements: []outgoingElement{{Title: d.asking, Subtitle: d.text, ImageURL: c.ContactImage}},
		}}
	case attachment != "":
		o.Message.Attachment = &outgoingAttachment{Type: "template", Payload: outgoingPayload{
			TemplateType: "media", Elements: []outgoingElement{{MediaType: "image", AttachmentID: attachment}},
		}}
	case len(d.buttons) > 0:
		o.Message.Attachment = &outgoingAttachment{Type: "template", Payload: outgoingPayload{Buttons: d.buttons}}
	}
	return o
}
