package messenger

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/message"
)

// draft is a message of the city in the network's terms.
type draft struct {
	text    string
	choices []quickReply
	links   []message.Link
	picture message.Block // Image or QR; nil for none
}

// draw puts blocks into the network's terms. reason is "" or why it cannot be done: unsupported_block, too_long, too_many_choices, bad_link.
func (c *Channel) draw(blocks message.Blocks) (d draft, reason string) {
	for _, b := range blocks {
		if reason := d.add(b); reason != "" {
			return draft{}, reason
		}
	}
	return d, d.check(c.cfg.MaxText)
}

func (d *draft) add(b message.Block) (reason string) {
	switch b := b.(type) {
	case message.Words:
		d.say(b.Text)
	case message.Choices:
		d.say(b.Text)
		for _, choice := range append(append([]message.Choice(nil), b.Options...), b.Controls...) {
			d.offer(choice)
		}
	case message.Link:
		d.links = append(d.links, message.Link{Label: clean(b.Label), URL: b.URL})
		if !webAddress(b.URL) && phoneOf(b.URL) == "" {
			return "bad_link"
		}
	case message.Image, message.QR:
		if d.picture != nil {
			return "unsupported_block"
		}
		d.picture = b
		if code, ok := b.(message.QR); ok {
			d.say(code.Caption)
		}
	default:
		return "unsupported_block"
	}
	return ""
}

func (d *draft) say(text string) { d.text = strings.TrimSpace(d.text + "\n" + clean(text)) }

func (d *draft) offer(choice message.Choice) {
	label := clean(choice.Label)
	payload := choice.Value
	if payload == "" {
		payload = label
	}
	d.choices = append(d.choices, quickReply{ContentType: "text", Title: label, Payload: payload})
}

// clean gives text as the network counts it.
func clean(text string) string { return strings.TrimSpace(norm.NFC.String(text)) }

// phoneOf gives the number of an address to call (tel:, RFC 3966) or to write a text message to (sms:, RFC 5724); "" when it is neither.
func phoneOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "tel" && u.Scheme != "sms" || !idRE.MatchString(strings.TrimPrefix(u.Opaque, "+")) {
		return ""
	}
	return u.Opaque
}

// check holds the message against the network's limits.
func (d *draft) check(maxText int) (reason string) {
	buttons := len(d.choices) + len(d.links)
	switch {
	case d.picture != nil && (buttons > 0 || utf8.RuneCountInString(d.text) > maxCaption):
		return "unsupported_block"
	case d.picture == nil && d.text == "" && len(d.links) == 0:
		return "unsupported_block"
	case utf8.RuneCountInString(d.text) > maxText:
		return "too_long"
	case buttons > maxReplies:
		return "too_many_choices"
	}
	for _, q := range d.choices {
		if tooLong(q.Title, maxTitle) || utf8.RuneCountInString(q.Payload) > maxPayload {
			return "too_long"
		}
	}
	for _, l := range d.links {
		if tooLong(l.Label, maxTitle) {
			return "too_long"
		}
	}
	return ""
}

func tooLong(title string, most int) bool {
	n := utf8.RuneCountInString(title)
	return n == 0 || n > most
}

// messages gives the messages of the network that show the draft: one, but two when links find no room beside a long text. reason is "" or too_long.
//
// Choices are quick replies, which go once one is tapped: a question is answered once. Under a notice, which may be read much later, and with links, which
// quick replies cannot be, they are buttons of the text, as far as the network has room for them: three, below 640 characters. Links beyond that are lines.
func (c *Channel) messages(d draft, kind channels.Kind) (ms []outgoingMessage, reason string) {
	if len(d.links) == 0 && (kind != channels.Notice || len(d.choices) == 0 || !d.buttonable()) {
		return []outgoingMessage{{Text: d.text, QuickReplies: d.choices}}, ""
	}
	if d.text == "" {
		d.text = d.links[0].Label
	}
	if d.buttonable() {
		return []outgoingMessage{c.buttons(d, kind)}, ""
	}
	lines := d.lines()
	if whole := d.text + "\n" + lines; utf8.RuneCountInString(whole) <= c.cfg.MaxText {
		return []outgoingMessage{{Text: whole, QuickReplies: d.choices}}, ""
	}
	rest := draft{text: d.links[0].Label, choices: d.choices, links: d.links}
	second := outgoingMessage{Text: lines, QuickReplies: d.choices}
	if rest.buttonable() {
		second = c.buttons(rest, kind)
	} else if utf8.RuneCountInString(lines) > c.cfg.MaxText {
		return nil, "too_long"
	}
	return []outgoingMessage{{Text: d.text}, second}, ""
}

// buttonable tells whether the text may have buttons, and the links room among them.
func (d draft) buttonable() bool {
	for _, l := range d.links {
		if strings.HasPrefix(l.URL, "sms:") {
			return false // the network has no button for it
		}
	}
	return len(d.links) <= maxButtons && utf8.RuneCountInString(d.text) <= maxButtonText
}

// buttons makes a button template: of the links, and of the choices too when there is room for all of them and the message is a notice.
func (c *Channel) buttons(d draft, kind channels.Kind) outgoingMessage {
	p := outgoingPayload{TemplateType: "button", Text: d.text}
	for _, l := range d.links {
		p.Buttons = append(p.Buttons, c.linkButton(l))
	}
	m := outgoingMessage{QuickReplies: d.choices}
	if kind == channels.Notice && len(d.links)+len(d.choices) <= maxButtons {
		m.QuickReplies = nil
		for _, q := range d.choices {
			p.Buttons = append(p.Buttons, button{Type: "postback", Title: q.Title, Payload: q.Payload})
		}
	}
	if len(p.Buttons) == 0 {
		return outgoingMessage{Text: d.text, QuickReplies: d.choices}
	}
	m.Attachment = &outgoingAttachment{Type: "template", Payload: p}
	return m
}

func (c *Channel) linkButton(l message.Link) button {
	if phone := phoneOf(l.URL); phone != "" {
		return button{Type: "phone_number", Title: l.Label, Payload: phone}
	}
	if c.cfg.AccountLink != "" && strings.HasPrefix(l.URL, c.cfg.AccountLink) {
		return button{Type: "account_link", URL: l.URL}
	}
	return button{Type: "web_url", URL: l.URL, Title: l.Label}
}

// lines writes links below each other. A text message to be written is shown as the number and the words.
func (d draft) lines() string {
	var out []string
	for _, l := range d.links {
		target := l.URL
		if phone := phoneOf(l.URL); phone != "" {
			u, _ := url.Parse(l.URL) // phoneOf has parsed it
			target = strings.TrimSpace(u.Query().Get("body") + " → " + phone)
			target = strings.TrimPrefix(target, "→ ")
		}
		out = append(out, l.Label+": "+target)
	}
	return strings.Join(out, "\n")
}
