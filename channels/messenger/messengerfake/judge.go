package messengerfake

import (
	"encoding/json"
	"regexp"
	"unicode/utf8"

	"github.com/motcua/motcua/channels/channelfake"
)

// outgoing is the body of POST /{page}/messages: https://developers.facebook.com/docs/messenger-platform/reference/send-api.
type outgoing struct {
	Recipient struct {
		ID string `json:"id"`
	} `json:"recipient"`
	Type    string       `json:"messaging_type"`
	Tag     string       `json:"tag"`
	Action  string       `json:"sender_action"`
	Message *cityMessage `json:"message"`
}

type cityMessage struct {
	Text       string          `json:"text"`
	Attachment *cityAttachment `json:"attachment"`
	Replies    []cityReply     `json:"quick_replies"`
	Metadata   string          `json:"metadata"`
}

type cityAttachment struct {
	Type    string      `json:"type"`
	Payload cityPayload `json:"payload"`
}

type cityPayload struct {
	Template   string          `json:"template_type"`
	Text       string          `json:"text"`
	Buttons    []cityButton    `json:"buttons"`
	Elements   []cityElement   `json:"elements"`
	URL        string          `json:"url"`
	ID         string          `json:"attachment_id"`
	Name       string          `json:"name"`
	Language   cityLanguage    `json:"language"`
	Components []cityComponent `json:"components"`
}

type cityLanguage struct {
	Code string `json:"code"`
}

type cityComponent struct {
	Type       string `json:"type"`
	Parameters []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"parameters"`
}

type cityElement struct {
	Title    string       `json:"title"`
	Subtitle string       `json:"subtitle"`
	Image    string       `json:"image_url"`
	Buttons  []cityButton `json:"buttons"`
}

type cityButton struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	URL     string `json:"url"`
	Payload string `json:"payload"`
}

type cityReply struct {
	ContentType string `json:"content_type"`
	Title       string `json:"title"`
	Payload     string `json:"payload"`
}

// What Messenger takes, in runes and pieces.
const (
	maxText       = 2000
	maxReplies    = 13
	maxTitle      = 20
	maxPayload    = 1000
	maxButtons    = 3
	maxButtonText = 640
	maxElements   = 10
	maxElement    = 80
)

func long(s string, most int) bool { return utf8.RuneCountInString(s) > most }

// judge tells what is wrong with a message; nil when it is good.
func (m *cityMessage) judge() *refusal {
	switch {
	case m.Text != "" && m.Attachment != nil:
		return badParam("Cannot set both text and attachment")
	case m.Text == "" && m.Attachment == nil:
		return badParam("Must set either text or attachment")
	case long(m.Text, maxText):
		return badParam("Length of param message[text] must be less than or equal to 2000")
	case long(m.Metadata, maxPayload):
		return badParam("Length of param message[metadata] must be less than or equal to 1000")
	case len(m.Replies) > maxReplies:
		return badParam("Array param quick_replies has more than 13 elements")
	}
	for _, q := range m.Replies {
		if bad := q.judge(); bad != nil {
			return bad
		}
	}
	if m.Attachment == nil {
		return nil
	}
	return m.Attachment.judge()
}

func (q cityReply) judge() *refusal {
	switch {
	case q.ContentType == "user_phone_number" || q.ContentType == "user_email":
		return nil
	case q.ContentType != "text":
		return badParam("Invalid content_type of a quick reply")
	case q.Title == "" || long(q.Title, maxTitle):
		return badParam("Length of param quick_replies[title] must be from 1 to 20")
	case q.Payload == "" || long(q.Payload, maxPayload):
		return badParam("Length of param quick_replies[payload] must be from 1 to 1000")
	}
	return nil
}

func (a cityAttachment) judge() *refusal {
	p := a.Payload
	switch a.Type {
	case "image", "video", "audio", "file":
		if !channelfake.IsWeb(p.URL) && p.ID == "" {
			return badParam("An attachment needs an address or an id")
		}
		return nil
	case "template":
	default:
		return badParam("Invalid type of an attachment")
	}
	switch p.Template {
	case "button":
		if p.Text == "" || long(p.Text, maxButtonText) || len(p.Buttons) == 0 {
			return badParam("A button template needs 1 to 640 characters and a button")
		}
		return judgeButtons(p.Buttons)
	case "generic":
		return judgeElements(p.Elements)
	case "media":
		if len(p.Elements) != 1 {
			return badParam("A media template has one element")
		}
		return judgeButtons(p.Elements[0].Buttons)
	case utilityTemplate:
		return nil
	}
	return badParam("Invalid template_type")
}

func judgeElements(elements []cityElement) *refusal {
	if len(elements) == 0 || len(elements) > maxElements {
		return badParam("A generic template has 1 to 10 elements")
	}
	for _, e := range elements {
		if e.Title == "" || long(e.Title, maxElement) || long(e.Subtitle, maxElement) {
			return badParam("Title and subtitle of an element have up to 80 characters")
		}
		if bad := judgeButtons(e.Buttons); bad != nil {
			return bad
		}
	}
	return nil
}

func judgeButtons(buttons []cityButton) *refusal {
	if len(buttons) > maxButtons {
		return badParam("A template has up to 3 buttons")
	}
	for _, b := range buttons {
		if bad := b.judge(); bad != nil {
			return bad
		}
	}
	return nil
}

var phoneRE = regexp.MustCompile(`^\+?[0-9]{3,15}$`)

func (b cityButton) judge() *refusal {
	good, titled := false, b.Title != "" && !long(b.Title, maxTitle)
	switch b.Type {
	case webURL:
		good = titled && channelfake.IsWeb(b.URL)
	case postbackType:
		good = titled && b.Payload != "" && !long(b.Payload, maxPayload)
	case phoneNumber:
		good = titled && phoneRE.MatchString(b.Payload)
	case accountLink:
		good = channelfake.IsWeb(b.URL) && b.Title == ""
	case accountUnlink:
		good = true
	}
	if !good {
		return badParam("A button is not as it should be")
	}
	return nil
}

// entry is the message as the chat shows it.
func (m *cityMessage) entry() channelfake.Entry {
	e := channelfake.Entry{Kind: "text", Text: m.Text}
	if m.Attachment != nil {
		m.Attachment.onto(&e)
	}
	for _, q := range m.Replies {
		e.Buttons = append(e.Buttons, channelfake.Button{Title: q.Title, Type: quickReplyType, Payload: quoted(q.Payload)})
	}
	return e
}

func (a cityAttachment) onto(e *channelfake.Entry) {
	if kind, ok := map[string]string{"image": "photo", "video": "video", "audio": "audio", "file": "file"}[a.Type]; ok {
		e.Kind, e.Files = kind, []channelfake.File{{URL: a.Payload.URL}}
		return
	}
	e.Text, e.Buttons = a.Payload.Text, shown(a.Payload.Buttons)
	for _, el := range a.Payload.Elements {
		e.Text += el.Title + "\n" + el.Subtitle
		e.Buttons = append(e.Buttons, shown(el.Buttons)...)
		if el.Image != "" {
			e.Files = append(e.Files, channelfake.File{URL: el.Image})
		}
	}
}

func shown(buttons []cityButton) []channelfake.Button {
	var out []channelfake.Button
	for _, b := range buttons {
		x := channelfake.Button{Title: b.Title, Type: b.Type, Payload: quoted(b.Payload)}
		if b.URL != "" {
			x.Payload = channelfake.Compact(map[string]string{"url": b.URL})
		}
		out = append(out, x)
	}
	return out
}

func quoted(s string) json.RawMessage { return channelfake.Compact(s) }
