package zalofake

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// event is the body of a webhook: https://developers.zalo.me/docs/official-account/webhook/tong-quan. Which fields it has depends on its name.
type event struct {
	AppID       string        `json:"app_id"`
	OAID        string        `json:"oa_id,omitempty"`
	OwnerOAID   string        `json:"oaId,omitempty"` // so spelt in change_oa_daily_quota
	UserID      string        `json:"user_id,omitempty"`
	UserIDByApp string        `json:"user_id_by_app,omitempty"`
	Name        string        `json:"event_name"`
	Source      string        `json:"source,omitempty"`
	Follower    *party        `json:"follower,omitempty"`
	Sender      *party        `json:"sender,omitempty"`
	Recipient   *party        `json:"recipient,omitempty"`
	Message     *eventMessage `json:"message,omitempty"`
	Info        any           `json:"info,omitempty"`
	Tag         *eventTag     `json:"tag,omitempty"`
	TemplateID  string        `json:"template_id,omitempty"`
	Status      *eventStatus  `json:"status,omitempty"`
	Reason      *string       `json:"reason,omitempty"`
	Quota       *eventQuota   `json:"quota,omitempty"`
	Timestamp   string        `json:"timestamp"` // milliseconds
	zns         bool          // about template messages by phone, whatever it holds
}

type party struct {
	ID      string `json:"id"`
	AdminID string `json:"admin_id,omitempty"`
}

type eventMessage struct {
	Conversation string       `json:"conversation_id,omitempty"`
	Note         *string      `json:"note,omitempty"`
	Rate         int          `json:"rate,omitempty"`
	SubmitTime   string       `json:"submit_time,omitempty"`
	Text         *string      `json:"text,omitempty"`
	DeliveryTime string       `json:"delivery_time,omitempty"`
	ID           string       `json:"msg_id,omitempty"`
	IDs          []string     `json:"msg_ids,omitempty"`
	Quote        string       `json:"quote_msg_id,omitempty"`
	React        string       `json:"react_icon,omitempty"`
	Feedbacks    []string     `json:"feedbacks,omitempty"`
	Tracking     string       `json:"tracking_id,omitempty"`
	Attachments  []attachment `json:"attachments,omitempty"`
}

type attachment struct {
	Type    string `json:"type"`
	Payload any    `json:"payload"`
}

type (
	picture struct {
		Thumbnail string `json:"thumbnail"`
		URL       string `json:"url"`
	}
	linked struct { // a link, a video, a contact card
		Thumbnail   string `json:"thumbnail"`
		Description string `json:"description"`
		URL         string `json:"url"`
	}
	heard struct { // audio
		URL string `json:"url"`
	}
	sticker struct {
		ID  string `json:"id"`
		URL string `json:"url"`
	}
	spot struct {
		Coordinates coordinates `json:"coordinates"`
	}
	coordinates struct {
		Latitude  string `json:"latitude"`
		Longitude string `json:"longitude"`
	}
	document struct {
		URL      string `json:"url"`
		Size     string `json:"size"`
		Name     string `json:"name"`
		Checksum string `json:"checksum"` // MD5
		Type     string `json:"type"`     // extension
	}
	zinstant struct {
		ID       string `json:"zinstant_id"`
		Text     string `json:"text"`
		Link     string `json:"link_url"`
		Checksum string `json:"checksum"`
	}
	eventTag struct {
		Name  string   `json:"name"`
		Users []string `json:"user_ids"`
	}
	eventStatus struct {
		Before string `json:"prev_status"`
		After  string `json:"new_status"`
	}
	eventQuota struct {
		Before string `json:"prev_value"`
		After  string `json:"new_value"`
	}
	contactInfo struct {
		Name    string      `json:"name"`
		Phone   string      `json:"phone"`
		Born    string      `json:"user_dob"`
		Gender  string      `json:"gender"`
		Address fullAddress `json:"full_address"`
	}
	fullAddress struct {
		City    string `json:"user_city"`
		Ward    string `json:"user_ward"`
		Address string `json:"user_address"`
	}
	oldContactInfo struct {
		Name     string `json:"name"`
		Phone    string `json:"phone"`
		Address  string `json:"address"`
		Ward     string `json:"ward"`
		District string `json:"district"`
		City     string `json:"city"`
	}
)

// fromCitizen makes an event whose sender is the person.
func (n *Network) fromCitizen(p *person, name string, m *eventMessage) event {
	return event{AppID: n.cfg.AppID, UserIDByApp: p.appID, Name: name, Sender: &party{ID: p.id}, Recipient: &party{ID: n.cfg.OAID}, Message: m}
}

// fromCity makes an event whose sender is the OA: an echo or a receipt.
func (n *Network) fromCity(p *person, name string, m *eventMessage) event {
	return event{AppID: n.cfg.AppID, UserIDByApp: p.appID, Name: name, Sender: &party{ID: n.cfg.OAID}, Recipient: &party{ID: p.id}, Message: m}
}

// about makes an event without a sender, about the person and the OA.
func (n *Network) about(p *person, name string) event {
	return event{AppID: n.cfg.AppID, OAID: n.cfg.OAID, UserIDByApp: p.appID, Name: name}
}

// emit signs an event and puts it at the end of a person's queue. said is the id of the citizen's message that it carries; "" for none. It is called with mu
// held.
func (n *Network) emit(p *person, e event, said string) {
	e.Timestamp = stamp(n.cfg.Now().Add(time.Duration(n.faults.Get().EventSkewS) * time.Second))
	body := channelfake.Compact(e)
	h := n.header(e.AppID, body, e.Timestamp)
	if e.zns || e.TemplateID != "" || e.Quota != nil || e.Message != nil && e.Message.Tracking != "" {
		h.Set("X-ZEvent-Server", "ZNS")
	}
	n.courier.Post(p.lane, &channelfake.Parcel{Body: body, Header: h, Done: func(acked bool) { p.chat.Settle(said, acked) }})
}

// header is what goes with the bytes of an event.
func (n *Network) header(appID string, body []byte, timestamp string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	h.Set("X-ZEvent-Signature", sign(appID, body, timestamp, n.cfg.OASecretKey))
	return h
}

// sign is the value of X-ZEvent-Signature: SHA-256 over app id, body, timestamp and the OA's secret key, one after the other.
func sign(appID string, body []byte, timestamp, key string) string {
	h := sha256.New()
	h.Write([]byte(appID))
	h.Write(body)
	h.Write([]byte(timestamp))
	h.Write([]byte(key))
	return "mac=" + hex.EncodeToString(h.Sum(nil))
}

// stamp is a time as Zalo writes it: milliseconds, as a string.
func stamp(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

func degrees(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func ptr[T any](x T) *T { return &x }
