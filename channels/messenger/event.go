package messenger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/loose"
)

// happened is one event as the network tells it.
type happened struct {
	name    string          // of its kind
	raw     json.RawMessage // what stands under that name
	page    string
	item    item
	at      time.Time
	standby bool
}

// reading says what becomes of a kind: it is read, or left alone for a reason.
type reading struct {
	read func(*Channel, happened) (e channels.Event, why string)
	why  string
}

// Why events are left alone, as labels of a count.
const (
	whyObject   = "not of a page"
	whyOld      = "too old"
	whyNobody   = "nobody"           // names no person
	whyUnlinked = "account unlinked" // the citizen unlinks with us, not there
	whyCode     = "sign-in without a code"
	whyCheckbox = "opt-in without a person" // a box on somebody's website, before anybody wrote
	whyNews     = "opt-in to a newsletter"  // the network has ended them
	whyAsked    = "conversation asked for"  // another application wants to hold it
	whyRoles    = "application roles"
	whyPolicy   = "policy enforcement" // the network restricts a page: the operators' matter
	whyRating   = "rating form"        // a form of the network's that we do not send
	whyFeed     = "feed"
	whyTemplate = "template status"
	whyUnknown  = "unknown" // the network has learnt something new
)

// readings has every kind that the network's documentation names for pages.
var readings = map[string]reading{
	"message":                {read: (*Channel).message},
	"message_edit":           {read: (*Channel).edited},
	"postback":               {read: (*Channel).postback},
	"referral":               {read: (*Channel).referred},
	"optin":                  {read: (*Channel).optedIn},
	"account_linking":        {read: (*Channel).linked},
	"delivery":               {read: (*Channel).delivered},
	"read":                   {read: (*Channel).seen},
	"reaction":               {read: (*Channel).reacted},
	"pass_thread_control":    {read: (*Channel).passed},
	"take_thread_control":    {read: (*Channel).passed},
	"request_thread_control": {why: whyAsked},
	"app_roles":              {why: whyRoles},
	"policy_enforcement":     {why: whyPolicy},
	"policy-enforcement":     {why: whyPolicy}, // so spelt in an older library
	"messaging_feedback":     {why: whyRating},
}

func changeOf(field string) string {
	switch field {
	case "feed":
		return whyFeed
	case "message_template_status_update":
		return whyTemplate
	}
	return unknown(field)
}

// person is who did it.
func (h happened) person() channels.Address { return channels.Address(h.item.Sender.ID) }

const (
	getStarted = "GET_STARTED" // payload of the button that opens a conversation
	refPrefix  = "ref:"        // begins the payload of a menu entry: the rest is what a deep link would carry
	maxRef     = 250           // bytes, as channels.Event promises and the network allows
)

// postback reads a tap on a button, on the menu, or on the one that opens a conversation. Standby ones have no payload.
func (c *Channel) postback(h happened) (channels.Event, string) {
	var p tapped
	loose.Object(h.raw, &p)
	e := channels.Event{Kind: channels.Said, ID: named(h.name, p.MID), From: h.person(), Text: string(p.Title), Choice: string(p.Payload), Ref: refOf(p.Referral)}
	if e.Choice == getStarted {
		e.Kind, e.Text, e.Choice = channels.Opened, "", ""
	}
	if ref, ok := strings.CutPrefix(e.Choice, refPrefix); ok && len(ref) <= maxRef {
		e.Choice, e.Ref = "", ref
	}
	return e, ""
}

// referred reads that somebody came to a conversation that there was already by a link.
func (c *Channel) referred(h happened) (channels.Event, string) {
	var r referral
	loose.Object(h.raw, &r)
	return channels.Event{Kind: channels.Opened, From: h.person(), Ref: refOf(r)}, ""
}

// refOf gives what a link carries; a longer one is not ours.
func refOf(r referral) string {
	if len(r.Ref) > maxRef {
		return ""
	}
	return string(r.Ref)
}

// optedIn reads the button "send to Messenger" of a website.
func (c *Channel) optedIn(h happened) (channels.Event, string) {
	var o optin
	loose.Object(h.raw, &o)
	switch {
	case o.Type == "notification_messages":
		return channels.Event{}, whyNews
	case o.UserRef != "":
		return channels.Event{}, whyCheckbox
	}
	return channels.Event{Kind: channels.Opened, From: h.person(), Ref: refOf(referral{Ref: o.Ref})}, ""
}

// linked reads that somebody came back from our sign-in.
func (c *Channel) linked(h happened) (channels.Event, string) {
	var l linking
	loose.Object(h.raw, &l)
	switch {
	case l.Status != "linked":
		return channels.Event{}, whyUnlinked
	case l.Code == "" || len(l.Code) > maxRef:
		return channels.Event{}, whyCode
	}
	return channels.Event{Kind: channels.Proved, From: h.person(), Ref: string(l.Code)}, ""
}

// delivered reads that messages arrived: those it names, or all until a time.
func (c *Channel) delivered(h happened) (channels.Event, string) {
	return h.receipt(channels.Delivered), ""
}

// seen reads that all messages until a time were looked at.
func (c *Channel) seen(h happened) (channels.Event, string) { return h.receipt(channels.Seen), "" }

// receipt names no message when the network names none: then it is about everything until At.
func (h happened) receipt(kind channels.EventKind) channels.Event {
	var m mark
	loose.Object(h.raw, &m)
	e := channels.Event{Kind: kind, From: h.person()}
	for _, id := range m.MIDs {
		if id != "" {
			e.About = append(e.About, string(id))
		}
	}
	if at, ok := moment(m.Watermark); ok && len(e.About) == 0 {
		e.At = at
	}
	return e
}

// reacted reads an emoji put on a message. Text is empty when it was taken away.
func (c *Channel) reacted(h happened) (channels.Event, string) {
	var r reaction
	loose.Object(h.raw, &r)
	e := channels.Event{Kind: channels.Reacted, From: h.person(), Text: string(r.Emoji)}
	if r.Action == "unreact" {
		e.Text = ""
	}
	if r.MID != "" {
		e.About = []string{string(r.MID)}
	}
	return e, ""
}

// passed reads who holds the conversation from now on. One that nobody holds is whose first answers: ours.
func (c *Channel) passed(h happened) (channels.Event, string) {
	var o handover
	loose.Object(h.raw, &o)
	kind := channels.TakenOver
	if o.NewOwner == "" || string(o.NewOwner) == c.cfg.AppID {
		kind = channels.HandedBack
	}
	return channels.Event{Kind: kind, From: h.person()}, ""
}

// maxID is the longest id of an event, in bytes, as channels.Event promises.
const maxID = 200

// named makes the id of an event of the network's id of a message; "" when that is too long or not there.
func named(kind string, mid loose.String) string {
	id := kind + ":" + string(mid)
	if mid == "" || len(id) > maxID {
		return ""
	}
	return id
}

// id tells an event without an id of the network's by who did what when, hashed, because an event's id is no place for a person's.
func (h happened) id(e channels.Event) string {
	var what bytes.Buffer
	if json.Compact(&what, h.raw) != nil {
		what.Write(h.raw)
	}
	parts := []string{h.name, h.page, string(e.From), string(h.item.Timestamp), what.String()}
	digest := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return h.name + ":" + hex.EncodeToString(digest[:16])
}
