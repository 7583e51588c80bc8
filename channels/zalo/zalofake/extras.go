package zalofake

import (
	"encoding/json"
	"errors"

	"github.com/motcua/motcua/channels/channelfake"
)

// Anonymous is a text of a visitor of a web page who has no Zalo.
func (n *Network) Anonymous(visitor, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(visitor)
	e := n.fromCitizen(p, "anonymous_send_text", &eventMessage{ID: messageID(), Conversation: messageID()[:16], Text: &text})
	e.UserIDByApp = ""
	n.emit(p, e, "")
}

// Tag puts a tag on a person, in the console.
func (n *Network) Tag(user, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	e := n.about(p, "add_user_to_tag")
	e.UserIDByApp, e.Tag = "", &eventTag{name, []string{p.id}}
	n.emit(p, e, "")
}

// What can be told about template messages.
const (
	TemplateReceived = "received" // one has arrived at a phone
	TemplateFeedback = "feedback" // somebody has rated one
	TemplateStatus   = "status"   // one has been approved
	TemplateQuota    = "quota"    // more may be sent in a day
)

// ErrNoEvent is answered when an event is asked for that there is not.
var ErrNoEvent = errors.New("zalofake: no such event")

// Template tells something about template messages; the phone is that of the receiver, the tracking id what the program called the message.
func (n *Network) Template(what, phone, tracking string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person("template messages")
	e := n.about(p, "user_feedback")
	e.UserIDByApp = ""
	m := &eventMessage{ID: messageID(), Tracking: tracking}
	now := n.cfg.Now()
	switch what {
	case TemplateReceived:
		e.Name, e.OAID, e.Sender, e.Recipient = "user_received_message", "", &party{ID: n.cfg.OAID}, &party{ID: phone}
		m.DeliveryTime, e.Message = stamp(now), m
	case TemplateFeedback:
		m.Note, m.Rate, m.SubmitTime, m.Feedbacks, e.Message = ptr(""), 5, stamp(now), []string{"Cán bộ nhiệt tình"}, m
	case TemplateStatus:
		e.Name, e.TemplateID, e.Status, e.Reason = "change_template_status", "200001", &eventStatus{"PENDING_REVIEW", "ENABLE"}, ptr("")
	case TemplateQuota:
		e.Name, e.OAID, e.OwnerOAID, e.Quota = "change_oa_daily_quota", "", n.cfg.OAID, &eventQuota{"500", "5000"}
	default:
		return ErrNoEvent
	}
	n.emit(p, e, "")
	return nil
}

// Raw signs any body and sends it as it is; its timestamp is the one it has. The events of one run of Raw keep their order.
func (n *Network) Raw(body []byte) error {
	var e struct {
		AppID     string `json:"app_id"`
		Timestamp string `json:"timestamp"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.courier.Post(n.person("raw events").lane, &channelfake.Parcel{Body: body, Header: n.header(e.AppID, body, e.Timestamp)})
	return nil
}

// Burst has many people say something each as often as asked: channelfake.Burst.
func (n *Network) Burst(prefix string, people, each int, text string) int {
	return channelfake.Burst(n.Say, prefix, people, each, text)
}
