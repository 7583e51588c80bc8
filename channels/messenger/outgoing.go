package messenger

import "github.com/motcua/motcua/internal/loose"

// outgoing is the body of POST /{page}/messages, https://developers.facebook.com/docs/messenger-platform/reference/send-api.
type outgoing struct {
	Recipient     recipient       `json:"recipient"`
	MessagingType string          `json:"messaging_type"`
	Tag           string          `json:"tag,omitempty"` // with MESSAGE_TAG
	Message       outgoingMessage `json:"message"`
}

type recipient struct {
	ID string `json:"id"`
}

// The grounds on which the network takes a message.
const (
	typeResponse = "RESPONSE"    // an answer, within the free window
	typeUpdate   = "UPDATE"      // no answer, within the same window
	typeTagged   = "MESSAGE_TAG" // with a tag
	typeUtility  = "UTILITY"     // an approved template, at any time
	tagHuman     = "HUMAN_AGENT" // a person wrote it: for seven days
)

type outgoingMessage struct {
	Text         string              `json:"text,omitempty"`
	Attachment   *outgoingAttachment `json:"attachment,omitempty"`
	QuickReplies []quickReply        `json:"quick_replies,omitempty"`
	Metadata     string              `json:"metadata,omitempty"` // comes back in the echo
}

type outgoingAttachment struct {
	Type    string          `json:"type"` // template, image
	Payload outgoingPayload `json:"payload"`
}

// outgoingPayload has the fields of a button template, a utility template, and a picture.
type outgoingPayload struct {
	TemplateType string        `json:"template_type,omitempty"` // button, utility_messages
	Text         string        `json:"text,omitempty"`
	Buttons      []button      `json:"buttons,omitempty"`
	Name         string        `json:"name,omitempty"`
	Language     *languageCode `json:"language,omitempty"`
	Components   []component   `json:"components,omitempty"`
	URL          string        `json:"url,omitempty"`
	IsReusable   bool          `json:"is_reusable,omitempty"`
	AttachmentID string        `json:"attachment_id,omitempty"`
}

// button is of a template: web_url, postback, phone_number, account_link.
type button struct {
	Type    string `json:"type"`
	URL     string `json:"url,omitempty"`
	Title   string `json:"title,omitempty"` // account_link has one of its own
	Payload string `json:"payload,omitempty"`
}

type quickReply struct {
	ContentType string `json:"content_type"` // text
	Title       string `json:"title"`
	Payload     string `json:"payload"`
}

type languageCode struct {
	Code string `json:"code"`
}

type component struct {
	Type       string      `json:"type"` // body
	Parameters []parameter `json:"parameters"`
}

type parameter struct {
	Type string `json:"type"` // text
	Text string `json:"text"`
}

// reply is what the API answers, to a message, an upload, a setting; or why it did not do the work, https://developers.facebook.com/docs/graph-api/guides/error-handling.
type reply struct {
	MessageID    loose.String `json:"message_id"`
	AttachmentID loose.String `json:"attachment_id"`
	Result       loose.String `json:"result"` // of a page's profile: "success"
	Success      bool         `json:"success"`
	Error        *replyError  `json:"error"`
}

type replyError struct {
	Code      int          `json:"code"`
	Subcode   int          `json:"error_subcode"`
	Transient bool         `json:"is_transient"`
	Trace     loose.String `json:"fbtrace_id"` // the network's support asks for it
}
