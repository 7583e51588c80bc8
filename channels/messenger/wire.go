package messenger

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/motcua/motcua/internal/loose"
)

// webhook is the body of every call, https://developers.facebook.com/docs/messenger-platform/webhooks. One call may tell of several pages and people.
type webhook struct {
	Object loose.String      `json:"object"`
	Entry  loose.List[entry] `json:"entry"`
}

// entry is what happened on one page.
type entry struct {
	ID        loose.String       `json:"id"`
	Time      loose.String       `json:"time"` // milliseconds
	Messaging loose.List[item]   `json:"messaging"`
	Standby   loose.List[item]   `json:"standby"` // while another application holds the conversation
	Changes   loose.List[change] `json:"changes"`
	unknown   []string           // further names
}

// change is of a page's feed, or of its templates.
type change struct {
	Field loose.String `json:"field"`
}

// UnmarshalJSON notes the names that it does not know.
func (e *entry) UnmarshalJSON(data []byte) error {
	type plain entry
	if !loose.Object(data, (*plain)(e)) {
		return errNoObject
	}
	e.unknown = namesIn(data, "id", "time", "messaging", "standby", "changes", "hop_context")
	return nil
}

// item is one event: who, when, and under the name of its kind what.
type item struct {
	Sender    party
	Recipient party
	Timestamp loose.String
	parts     map[string]json.RawMessage
}

type party struct {
	ID loose.String `json:"id"`
}

// UnmarshalJSON takes the envelope apart from what is in it.
func (i *item) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &i.parts) != nil {
		return errNoObject
	}
	loose.Object(i.take("sender"), &i.Sender)
	loose.Object(i.take("recipient"), &i.Recipient)
	i.Timestamp = loose.String(loose.Scalar(i.take("timestamp")))
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
	MID         loose.String                  `json:"mid"`
	Text        loose.String                  `json:"text"`
	IsEcho      bool                          `json:"is_echo"`
	AppID       loose.String                  `json:"app_id"`   // of an echo
	Metadata    loose.String                  `json:"metadata"` // of an echo
	NumEdit     loose.String                  `json:"num_edit"` // of an edit
	StickerID   loose.String                  `json:"sticker_id"`
	QuickReply  tapped                        `json:"quick_reply"`
	Referral    referral                      `json:"referral"`
	Attachments loose.List[inboundAttachment] `json:"attachments"`
}

// tapped is a quick reply, or a postback of a button or of the menu.
type tapped struct {
	MID      loose.String `json:"mid"`
	Title    loose.String `json:"title"`
	Payload  loose.String `json:"payload"`
	Referral referral     `json:"referral"`
}

type referral struct {
	Ref loose.String `json:"ref"`
}

// inboundAttachment has the fields of all types. Older ones have url and title beside the payload.
type inboundAttachment struct {
	Type    loose.String `json:"type"`
	Title   loose.String `json:"title"`
	URL     loose.String `json:"url"`
	Payload struct {
		URL         loose.String `json:"url"`
		Title       loose.String `json:"title"`
		Text        loose.String `json:"text"` // of a template, in echoes
		StickerID   loose.String `json:"sticker_id"`
		Coordinates struct {
			Lat  loose.String `json:"lat"`
			Long loose.String `json:"long"`
		} `json:"coordinates"`
	} `json:"payload"`
}

type optin struct {
	Type    loose.String `json:"type"`
	Ref     loose.String `json:"ref"`
	UserRef loose.String `json:"user_ref"`
}

type linking struct {
	Status loose.String `json:"status"`
	Code   loose.String `json:"authorization_code"`
}

// mark is a receipt: of single messages, or of everything up to a time.
type mark struct {
	MIDs      loose.List[loose.String] `json:"mids"`
	Watermark loose.String             `json:"watermark"` // milliseconds
}

type reaction struct {
	MID    loose.String `json:"mid"`
	Emoji  loose.String `json:"emoji"`
	Action loose.String `json:"action"`
}

// handover is who holds a conversation from now on. NewOwner is empty when nobody does.
type handover struct {
	NewOwner loose.String `json:"new_owner_app_id"`
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
