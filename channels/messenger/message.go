package messenger

import (
	"encoding/json"
	"net/url"
	"path"
	"strings"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/loose"
)

// message reads what a person said, or what the city said and the network repeats.
func (c *Channel) message(h happened) (channels.Event, string) {
	var m inbound
	loose.Object(h.raw, &m)
	if m.IsEcho {
		return c.echoed(h, m), ""
	}
	e := channels.Event{
		Kind: channels.Said, ID: named(h.name, m.MID), From: h.person(),
		Text: string(m.Text), Choice: string(m.QuickReply.Payload), Ref: refOf(m.Referral),
	}
	for _, a := range m.Attachments {
		if p := place(a); p != nil {
			e.Place = p
			continue
		}
		e.Attachments = append(e.Attachments, attachment(a, m.StickerID))
	}
	return e, ""
}

// edited reads a message that was said before, in new words. About names it.
func (c *Channel) edited(h happened) (channels.Event, string) {
	var m inbound
	loose.Object(h.raw, &m)
	e := channels.Event{Kind: channels.Said, From: h.person(), Text: string(m.Text)}
	if m.MID != "" {
		e.About = []string{string(m.MID)}
		e.ID = named(h.name+":"+string(m.NumEdit), m.MID)
	}
	return e, ""
}

// echoed reads what a page said. Its files are ours already, so they are not fetched. Ref is the Outbound.ID that went with it, when it was us.
func (c *Channel) echoed(h happened, m inbound) channels.Event {
	e := channels.Event{
		Kind: channels.Echoed, ID: named("echo", m.MID), From: channels.Address(h.item.Recipient.ID), Text: string(m.Text),
		Human: m.AppID == pageInbox,
	}
	if m.MID != "" {
		e.About = []string{string(m.MID)}
	}
	if string(m.AppID) == c.cfg.AppID {
		e.Ref = outboxID(m.Metadata)
	}
	for _, a := range m.Attachments {
		if e.Text == "" {
			e.Text = string(a.Payload.Text)
		}
	}
	return e
}

// metadata is what a message of ours carries and its echo brings back.
type metadata struct {
	OutboxID string `json:"outbox_id"`
}

// outboxID reads metadata; "" when it is not ours.
func outboxID(raw loose.String) string {
	var m metadata
	if json.Unmarshal([]byte(raw), &m) != nil || len(m.OutboxID) > maxRef {
		return ""
	}
	return m.OutboxID
}

// attachmentKinds are the types of the network. A reel is shared as the address of its page.
var attachmentKinds = map[loose.String]channels.AttachmentKind{
	"image":    channels.Photo,
	"video":    channels.Video,
	"audio":    channels.Audio,
	"file":     channels.File,
	"sticker":  channels.Sticker,
	"fallback": channels.WebLink,
	"template": channels.WebLink,
	"reel":     channels.WebLink,
	"ig_reel":  channels.WebLink,
	"ig_post":  channels.WebLink,
}

// attachment reads a file. Until the middle of 2026 a sticker comes as an image with its number, on the file or on the message.
func attachment(a inboundAttachment, sticker loose.String) channels.Attachment {
	kind, known := attachmentKinds[a.Type]
	switch {
	case !known:
		kind = channels.File // answered with words
	case kind == channels.Photo && (a.Payload.StickerID != "" || sticker != ""):
		kind = channels.Sticker
	}
	out := channels.Attachment{Kind: kind, URL: loose.First(a.Payload.URL, a.URL)}
	switch kind {
	case channels.WebLink:
		out.Text = loose.First(a.Payload.Title, a.Title)
	case channels.File:
		out.Name = fileName(out.URL)
	}
	return out
}

// fileName is the last part of an address; "" when that is none.
func fileName(address string) string {
	u, err := url.Parse(address)
	if err != nil || strings.HasSuffix(u.Path, "/") || u.Path == "" {
		return ""
	}
	return path.Base(u.Path)
}

// place reads a position; nil when the attachment is none, or it is none on earth. Its title is the network's own words, "An's location", and no name of a place.
func place(a inboundAttachment) *channels.Place {
	lat, latOK := a.Payload.Coordinates.Lat.Number(90)
	lon, lonOK := a.Payload.Coordinates.Long.Number(180)
	if a.Type != "location" || !latOK || !lonOK {
		return nil
	}
	return &channels.Place{Lat: lat, Lon: lon}
}
