package messenger

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
)

// loose is a string that may come as a number, and is empty when it comes as anything else. Ids are strings over 2^53, so a number keeps its digits.
type loose string

// UnmarshalJSON never fails.
func (l *loose) UnmarshalJSON(data []byte) error {
	*l = loose(scalar(data))
	return nil
}

// scalar gives a JSON string or number as text; "" for everything else.
func scalar(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	if c := raw[0]; c == '-' || c >= '0' && c <= '9' {
		return string(raw)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// list is an array that may come as its only element, and is empty when it comes as anything else.
type list[T any] []T

// UnmarshalJSON never fails.
func (l *list[T]) UnmarshalJSON(data []byte) error {
	*l = nil
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		data = []byte("[" + string(data) + "]")
	}
	var raws []json.RawMessage
	if json.Unmarshal(data, &raws) != nil {
		return nil
	}
	for _, raw := range raws {
		var v T
		if string(raw) != "null" && relaxed(raw, &v) {
			*l = append(*l, v)
		}
	}
	return nil
}

// relaxed decodes JSON and leaves fields of another type than we know empty: what a citizen said matters more than a new shape of its ornaments. It is false
// when raw is no JSON, or not of the kind at all.
func relaxed(raw json.RawMessage, into any) bool {
	err := json.Unmarshal(raw, into)
	var other *json.UnmarshalTypeError
	return err == nil || errors.As(err, &other) && other.Field != ""
}

// webhook is the body of every call, https://developers.facebook.com/docs/messenger-platform/webhooks. One call may tell of several pages and people.
type webhook struct {
	Object loose       `json:"object"`
	Entry  list[entry] `json:"entry"`
}

// entry is what happened on one page.
type entry struct {
	ID        loose        `json:"id"`
	Time      loose        `json:"time"` // milliseconds
	Messaging list[item]   `json:"messaging"`
	Standby   list[item]   `json:"standby"` // while another application holds the conversation
	Changes   list[change] `json:"changes"`
	unknown   []string     // further names
}

// change is of a page's feed, or of its templates.
type change struct {
	Field loose `json:"field"`
}

// UnmarshalJSON notes the names that it does not know.
func (e *entry) UnmarshalJSON(data []byte) error {
	type plain entry
	if !relaxed(data, (*plain)(e)) {
		return errNoObject
	}
	e.unknown = namesIn(data, "id", "time", "messaging", "standby", "changes", "hop_context")
	return nil
}

// item is one event: who, when, and under the name of its kind what.
type item struct {
	Sender    party
	Recipient party
	Timestamp loose
	parts     map[string]json.RawMessage
}

type party struct {
	ID loose `json:"id"`
}

// UnmarshalJSON takes the envelope apart from what is in it.
func (i *item) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &i.parts) != nil {
		return errNoObject
	}
	relaxed(i.take("sender"), &i.Sender)
	relaxed(i.take("recipient"), &i.Recipient)
	i.Timestamp = loose(scalar(i.take("timestamp")))
	for _, name := range []string{"type", "hop_context"} { // added by libraries; whom an event passed by
		delete(i.parts, name)
	}
	return nil
}

func (i *item) take(name string) json.RawMessage {
	raw := i.parts[name]
	delete(i.parts, name)
	return raw
}

// names gives the kinds of an item in a fixed order.
func (i *item) names() []string {
	var out []string
	for name := range i.parts {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// inbound is what was said, edited, or is repeated to us. Which fields are there depends on the event.
type inbound struct {
	MID         loose                   `json:"mid"`
	Text        loose                   `json:"text"`
	IsEcho      bool                    `json:"is_echo"`
	AppID       loose                   `json:"app_id"`   // of an echo
	Metadata    loose                   `json:"metadata"` // of an echo
	NumEdit     loose                   `json:"num_edit"` // of an edit
	StickerID   loose                   `json:"sticker_id"`
	QuickReply  tapped                  `json:"quick_reply"`
	Referral    referral                `json:"referral"`
	Attachments list[inboundAttachment] `json:"attachments"`
}

// tapped is a quick reply, or a postback of a button or of the menu.
type tapped struct {
	MID      loose    `json:"mid"`
	Title    loose    `json:"title"`
	Payload  loose    `json:"payload"`
	Referral referral `json:"referral"`
}

type referral struct {
	Ref loose `json:"ref"`
}

// inboundAttachment has the fields of all types. Older ones have url and title beside the payload.
type inboundAttachment struct {
	Type    loose `json:"type"`
	Title   loose `json:"title"`
	URL     loose `json:"url"`
	Payload struct {
		URL         loose `json:"url"`
		Title       loose `json:"title"`
		Text        loose `json:"text"` // of a template, in echoes
		StickerID   loose `json:"sticker_id"`
		Coordinates struct {
			Lat  loose `json:"lat"`
			Long loose `json:"long"`
		} `json:"coordinates"`
	} `json:"payload"`
}

type optin struct {
	Type    loose `json:"type"`
	Ref     loose `json:"ref"`
	UserRef loose `json:"user_ref"`
}

type linking struct {
	Status loose `json:"status"`
	Code   loose `json:"authorization_code"`
}

// mark is a receipt: of single messages, or of everything up to a time.
type mark struct {
	MIDs      list[loose] `json:"mids"`
	Watermark loose       `json:"watermark"` // milliseconds
}

type reaction struct {
	MID    loose `json:"mid"`
	Emoji  loose `json:"emoji"`
	Action loose `json:"action"`
}

// handover is who holds a conversation from now on. NewOwner is empty when nobody does.
type handover struct {
	NewOwner loose `json:"new_owner_app_id"`
}

// errNoObject says that something is no JSON object.
var errNoObject = errors.New("messenger: no object")

// namesIn gives the names in an object that are not known, in a fixed order.
func namesIn(data []byte, known ...string) []string {
	var all map[string]json.RawMessage
	if json.Unmarshal(data, &all) != nil {
		return nil
	}
	var out []string
	for name := range all {
		if !slices.Contains(known, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
