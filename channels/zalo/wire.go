package zalo

import (
	"bytes"
	"encoding/json"
	"strings"
)

// loose is a string that may come as a number, and is empty when it comes as anything else. Ids and times are strings over 2^53, so a number keeps its digits.
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
		if string(raw) != "null" && json.Unmarshal(raw, &v) == nil {
			*l = append(*l, v)
		}
	}
	return nil
}

// webhook is the body of every event, "Webhook" at https://developers.zalo.me/docs/official-account/. Which fields are there depends on the event.
type webhook struct {
	EventName loose          `json:"event_name"`
	OAID      loose          `json:"oa_id"`   // where there is no sender
	UserID    loose          `json:"user_id"` // of user_click_chatnow, user_withdraw
	Follower  party          `json:"follower"`
	Sender    party          `json:"sender"` // the account, in echoes and receipts
	Recipient party          `json:"recipient"`
	Message   inboundMessage `json:"message"`
	Info      submittedInfo  `json:"info"`
}

// party is one end of a message. AdminID is there when a person wrote it in Zalo's console.
type party struct {
	ID      loose `json:"id"`
	AdminID loose `json:"admin_id"`
}

// inboundMessage is what was said, or what a receipt is about; its pages stand below the same heading. TrackingID is only in receipts of template messages.
type inboundMessage struct {
	ID          loose                   `json:"msg_id"`
	IDs         list[loose]             `json:"msg_ids"` // of user_seen_message
	Text        loose                   `json:"text"`
	Icon        loose                   `json:"react_icon"`
	TrackingID  loose                   `json:"tracking_id"`
	Attachments list[inboundAttachment] `json:"attachments"`
}

// inboundAttachment has the fields of all types: image, gif, link, audio, video, sticker, location, file.
type inboundAttachment struct {
	Type    loose `json:"type"`
	Payload struct {
		URL         loose `json:"url"`
		Description loose `json:"description"` // of a contact card: JSON in a string
		Name        loose `json:"name"`
		Size        loose `json:"size"`
		Coordinates struct {
			Latitude  loose `json:"latitude"`
			Longitude loose `json:"longitude"`
		} `json:"coordinates"`
	} `json:"payload"`
}

// businessCard is the description of a contact card.
type businessCard struct {
	Phone loose `json:"phone"`
}

// submittedInfo is the answer to request_user_info, in its present shape (full_address) and the one before the districts were abolished in 2025.
type submittedInfo struct {
	Name        loose `json:"name"`
	Phone       loose `json:"phone"`
	FullAddress struct {
		City    loose `json:"user_city"`
		Ward    loose `json:"user_ward"`
		Address loose `json:"user_address"`
	} `json:"full_address"`
	Address  loose `json:"address"`
	Ward     loose `json:"ward"`
	District loose `json:"district"`
	City     loose `json:"city"`
}

// address gives the parts that are there, the smallest first, as addresses are written here.
func (i submittedInfo) address() string {
	a := i.FullAddress
	parts := []loose{a.Address, a.Ward, a.City}
	if a.Address+a.Ward+a.City == "" {
		parts = []loose{i.Address, i.Ward, i.District, i.City}
	}
	var out []string
	for _, p := range parts {
		if s := strings.TrimSpace(string(p)); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, ", ")
}

// outgoing is the body of POST /v3.0/oa/message/cs, "Tin tư vấn" at https://developers.zalo.me/docs/official-account/. The shapes are those of the
// samples in zalo-java-sdk 4.0.
type outgoing struct {
	Recipient struct {
		UserID string `json:"user_id"`
	} `json:"recipient"`
	Message outgoingMessage `json:"message"`
}

type outgoingMessage struct {
	Text       string              `json:"text,omitempty"`
	Attachment *outgoingAttachment `json:"attachment,omitempty"`
}

type outgoingAttachment struct {
	Type    string          `json:"type"` // "template"
	Payload outgoingPayload `json:"payload"`
}

// outgoingPayload holds a picture or buttons.
type outgoingPayload struct {
	TemplateType string            `json:"template_type,omitempty"` // "media" and "request_user_info" with Elements, absent with Buttons
	Elements     []outgoingElement `json:"elements,omitempty"`
	Buttons      []button          `json:"buttons,omitempty"`
}

type outgoingElement struct {
	MediaType    string `json:"media_type,omitempty"` // "image"
	AttachmentID string `json:"attachment_id,omitempty"`
	Title        string `json:"title,omitempty"` // this and the following with request_user_info
	Subtitle     string `json:"subtitle,omitempty"`
	ImageURL     string `json:"image_url,omitempty"`
}

// templateMessage is the body of POST /v3.0/oa/message/template, "Gửi tin template qua UID" at https://developers.zalo.me/docs/official-account/.
type templateMessage struct {
	UserID       string            `json:"user_id"`
	TemplateID   string            `json:"template_id"`
	TemplateData map[string]string `json:"template_data"`
}

// button is https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van/gui-tin-tu-van-dang-van-ban. Payload is a string with the types oa.query.*.
type button struct {
	Title   string `json:"title"`
	Type    string `json:"type"`
	Payload any    `json:"payload"`
}

type openURL struct {
	URL string `json:"url"`
}

type openPhone struct {
	PhoneCode string `json:"phone_code"`
}

type openSMS struct {
	Content   string `json:"content"`
	PhoneCode string `json:"phone_code"`
}

// reply is the body of every answer of the API. error is 0 for success; a failure has another number and HTTP status 200.
type reply struct {
	Error *loose `json:"error"`
	Data  struct {
		MessageID    loose `json:"message_id"`
		AttachmentID loose `json:"attachment_id"`
		OAID         loose `json:"oa_id"`   // of getoa
		UserID       loose `json:"user_id"` // of user/detail, as the next
		UserIDByApp  loose `json:"user_id_by_app"`
	} `json:"data"`
}

// tokenReply is the answer of POST /v4/oa/access_token, as OAuth2Client of zalo-php-sdk 4.0.4 reads it. expires_in is seconds, in a string.
type tokenReply struct {
	AccessToken  loose `json:"access_token"`
	RefreshToken loose `json:"refresh_token"`
	ExpiresIn    loose `json:"expires_in"`
	Error        loose `json:"error"`
}

// socialReply is the answer of GET /v2.0/me, flat, and of GET /v2.0/me/info, as Zalo's public samples of Mini Apps read them.
type socialReply struct {
	Error loose `json:"error"`
	ID    loose `json:"id"`
	Name  loose `json:"name"`
	Data  struct {
		Number loose `json:"number"`
	} `json:"data"`
}
