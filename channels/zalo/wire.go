package zalo

import (
	"strings"

	"github.com/motcua/motcua/internal/loose"
)

// webhook is the body of every event, "Webhook" at https://developers.zalo.me/docs/official-account/. Which fields are there depends on the event.
type webhook struct {
	EventName loose.String   `json:"event_name"`
	OAID      loose.String   `json:"oa_id"`   // where there is no sender
	UserID    loose.String   `json:"user_id"` // of user_click_chatnow, user_withdraw
	Follower  party          `json:"follower"`
	Sender    party          `json:"sender"` // the account, in echoes and receipts
	Recipient party          `json:"recipient"`
	Message   inboundMessage `json:"message"`
	Info      submittedInfo  `json:"info"`
}

// party is one end of a message. AdminID is there when a person wrote it in Zalo's console.
type party struct {
	ID      loose.String `json:"id"`
	AdminID loose.String `json:"admin_id"`
}

// inboundMessage is what was said, or what a receipt is about; its pages stand below the same heading. TrackingID is only in receipts of template messages.
type inboundMessage struct {
	ID          loose.String                  `json:"msg_id"`
	IDs         loose.List[loose.String]      `json:"msg_ids"` // of user_seen_message
	Text        loose.String                  `json:"text"`
	Icon        loose.String                  `json:"react_icon"`
	TrackingID  loose.String                  `json:"tracking_id"`
	Attachments loose.List[inboundAttachment] `json:"attachments"`
}

// inboundAttachment has the fields of all types: image, gif, link, audio, video, sticker, location, file.
type inboundAttachment struct {
	Type    loose.String `json:"type"`
	Payload struct {
		URL         loose.String `json:"url"`
		Description loose.String `json:"description"` // of a contact card: JSON in a string
		Name        loose.String `json:"name"`
		Size        loose.String `json:"size"`
		Coordinates struct {
			Latitude  loose.String `json:"latitude"`
			Longitude loose.String `json:"longitude"`
		} `json:"coordinates"`
	} `json:"payload"`
}

// businessCard is the description of a contact card.
type businessCard struct {
	Phone loose.String `json:"phone"`
}

// submittedInfo is the answer to request_user_info, in its present shape (full_address) and the one before the districts were abolished in 2025.
type submittedInfo struct {
	Name        loose.String `json:"name"`
	Phone       loose.String `json:"phone"`
	FullAddress struct {
		City    loose.String `json:"user_city"`
		Ward    loose.String `json:"user_ward"`
		Address loose.String `json:"user_address"`
	} `json:"full_address"`
	Address  loose.String `json:"address"`
	Ward     loose.String `json:"ward"`
	District loose.String `json:"district"`
	City     loose.String `json:"city"`
}

// address gives the parts that are there, the smallest first, as addresses are written here.
func (i submittedInfo) address() string {
	a := i.FullAddress
	parts := []loose.String{a.Address, a.Ward, a.City}
	if a.Address+a.Ward+a.City == "" {
		parts = []loose.String{i.Address, i.Ward, i.District, i.City}
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

// answered holds what answers of the OA API say beside the error number.
type answered struct {
	AttachmentID loose.String `json:"attachment_id"` // of an upload
	OAID         loose.String `json:"oa_id"`         // of getoa
	UserID       loose.String `json:"user_id"`       // of user/detail, as the next
	UserIDByApp  loose.String `json:"user_id_by_app"`
}

// tokenReply is the answer of POST /v4/oa/access_token, as OAuth2Client of zalo-php-sdk 4.0.4 reads it. expires_in is seconds, in a string.
type tokenReply struct {
	AccessToken  loose.String `json:"access_token"`
	RefreshToken loose.String `json:"refresh_token"`
	ExpiresIn    loose.String `json:"expires_in"`
	Error        loose.String `json:"error"`
}

// socialReply is the answer of GET /v2.0/me, flat, and of GET /v2.0/me/info, as Zalo's public samples of Mini Apps read them.
type socialReply struct {
	Error loose.String `json:"error"`
	ID    loose.String `json:"id"`
	Name  loose.String `json:"name"`
	Data  struct {
		Number loose.String `json:"number"`
	} `json:"data"`
}
