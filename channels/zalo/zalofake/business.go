package zalofake

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// businessRoutes serves template messages, by user id on the OA's own host and by phone: https://developers.zalo.me/docs/zalo-notification-service/
func (n *Network) businessRoutes() {
	n.mux.HandleFunc("POST /openapi/v3.0/oa/message/template", n.api(n.sendByUser))
	for pattern, do := range map[string]work{
		"POST /business/message/template":           n.sendByPhone,
		"POST /business/message/template/hashphone": unsupported,
		"POST /business/message/template/rsa":       unsupported,
		"GET /business/message/status":              n.messageStatus,
		"GET /business/message/quota":               n.messageQuota,
		"GET /business/template/all":                n.allTemplates,
		"GET /business/template/info/v2":            n.templateInfo,
	} {
		n.mux.HandleFunc(pattern, n.business(do))
	}
}

// business wraps a call of the template API: its own numbers for what is wrong with the token.
func (n *Network) business(do work) http.HandlerFunc {
	return n.api(do, map[int]int{-216: -124, -220: -124, -242: -1241})
}

// unsupported answers for the ways of writing a phone number that are not imitated.
func unsupported(http.ResponseWriter, *http.Request) (any, *refusal) {
	return nil, &refusal{-106, "Method is not supported"}
}

// templateRequest is the body of a template message. UserID is there by user id; Phone, Tracking and Mode by phone.
type templateRequest struct {
	UserID     string            `json:"user_id"`
	Phone      string            `json:"phone"`
	TemplateID string            `json:"template_id"`
	Data       map[string]string `json:"template_data"`
	Tracking   string            `json:"tracking_id"`
	Sending    string            `json:"sending_mode"` // "1" normal, "3" beyond the quota
	Mode       string            `json:"mode"`         // "development": administrators only, for nothing
}

// templated reads a request and does the work with mu held, as often as it is not lost.
func (n *Network) templated(r *http.Request, bad *refusal, do func(templateRequest) (any, *refusal)) (any, *refusal) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the client left in the middle
	}
	var req templateRequest
	if json.Unmarshal(body, &req) != nil {
		return nil, bad
	}
	if broken := n.broken(); broken != nil {
		return nil, broken
	}
	n.mu.Lock()
	out, refused := do(req)
	n.mu.Unlock()
	if refused == nil && n.faults.Planned(func(f *Faults) *int { return &f.LoseSends }) {
		n.stats.BreakOff()
	}
	return out, refused
}

// sentTemplate is the data of a template that was taken, by user id.
type sentTemplate struct {
	MessageID string        `json:"message_id"`
	UserID    string        `json:"user_id"`
	SentTime  string        `json:"sent_time"`
	Quota     templateQuota `json:"quota"`
}

type templateQuota struct {
	Type   string `json:"quota_type"`
	Remain string `json:"remain"`
}

// sendByUser is a template to a person's id: outside all windows, to people who follow or have written.
func (n *Network) sendByUser(_ http.ResponseWriter, r *http.Request) (any, *refusal) {
	return n.templated(r, badParams, func(req templateRequest) (any, *refusal) {
		p, ok := n.people[req.UserID]
		if req.UserID == "" || req.TemplateID == "" {
			return nil, badParams
		}
		if !ok || p.left {
			return nil, &refusal{-213, "User has not followed OA"}
		}
		t, bad := n.chosen(req)
		switch {
		case bad != nil:
			return nil, bad
		case t.OTP:
			return nil, &refusal{-249, "Template cannot be sent by user id"}
		case !n.awake():
			return nil, &refusal{-234, "Outside the allowed sending hours"}
		}
		e := n.showTemplate(p, t, req)
		n.receipts(p, e)
		return sentTemplate{e.ID, p.id, stamp(n.cfg.Now()), templateQuota{"purchase_quota", "499"}}, nil
	})
}

// chosen gives the template of a request when it and its values are good.
func (n *Network) chosen(req templateRequest) (Template, *refusal) {
	t, ok := n.template(req.TemplateID)
	if !ok {
		return Template{}, &refusal{-109, "Template id is invalid"}
	}
	if bad := t.usable(); bad != nil {
		return Template{}, bad
	}
	return t, t.judge(req.Data)
}

// sentByPhone is the data of a template that was taken, by phone.
type sentByPhone struct {
	MsgID       string     `json:"msg_id"`
	SentTime    string     `json:"sent_time"`
	SendingMode string     `json:"sending_mode"`
	Quota       dailyQuota `json:"quota"`
}

type dailyQuota struct {
	Daily     string `json:"dailyQuota"`
	Remaining string `json:"remainingQuota"`
}

// sendByPhone is a template to a phone number. The phone is somebody's at first sight: nearly every number in the country has Zalo.
func (n *Network) sendByPhone(_ http.ResponseWriter, r *http.Request) (any, *refusal) {
	return n.templated(r, &refusal{-122, "Body is not valid JSON"}, func(req templateRequest) (any, *refusal) {
		if bad := n.judgeByPhone(req); bad != nil {
			return nil, bad
		}
		p := n.owner(req.Phone)
		if p.refuses != 0 {
			return nil, &refusal{p.refuses, "User cannot receive this message"}
		}
		if !n.daily.take(n.clock(), n.setup.Get().DailyQuota, req.Sending == "3") {
			return nil, &refusal{-144, "OA has reached its daily limit"}
		}
		t, _ := n.template(req.TemplateID) // judgeByPhone has found it
		e := n.showTemplate(p, t, req)
		n.phoneReceipt(p, e, req.Phone)
		return sentByPhone{e.ID, stamp(n.cfg.Now()), "1", n.quotaOfToday()}, nil
	})
}

func (n *Network) judgeByPhone(req templateRequest) *refusal {
	if !wireRE.MatchString(req.Phone) {
		return &refusal{-108, "Phone number is invalid"}
	}
	t, bad := n.chosen(req)
	switch {
	case bad != nil:
		return bad
	case len(req.Tracking) > 48:
		return &refusal{-112, "Tracking id exceeds its limit"}
	case req.Mode == "development" && !n.owner(req.Phone).admin:
		return &refusal{-127, "Development mode only reaches administrators"}
	case !t.OTP && !n.awake():
		return &refusal{-133, "Template cannot be sent at night"}
	}
	return nil
}

// awake tells whether it is between 06:00 and 22:00 in Vietnam by the network's clock, or the hours do not matter. It is called with mu held.
func (n *Network) awake() bool {
	hour := n.clock().In(time.FixedZone("ICT", 7*60*60)).Hour()
	return n.setup.Get().AnyHour || hour >= 6 && hour < 22
}

// showTemplate puts a template into the chat and tells of it. It is called with mu held.
func (n *Network) showTemplate(p *person, t Template, req templateRequest) channelfake.Entry {
	e := channelfake.Entry{ID: messageID(), From: channelfake.City, Kind: "template", Text: t.fill(req.Data), Template: t.ID, Data: req.Data, Tracking: req.Tracking}
	e.Double = p.double(&csMessage{Text: e.Text})
	if e.Double {
		n.stats.Doubles.Add(1)
	}
	e = p.chat.Add(e, n.cfg.Now())
	n.stats.Sends.Add(1)
	n.stats.Templates.Add(1)
	if n.setup.Get().Echoes && req.Phone == "" {
		name, echo := echoOf(e)
		n.emit(p, n.fromCity(p, name, echo), "")
	}
	return e
}

// phoneReceipt plans the receipt of a template that went to a phone number. It is called with mu held.
func (n *Network) phoneReceipt(p *person, e channelfake.Entry, phone string) {
	n.later(n.setup.Get().ReceivedMS, func() {
		p.chat.Advance(channelfake.StateDelivered, e.Same)
		told := n.fromCity(p, "user_received_message", &eventMessage{ID: e.ID, Tracking: e.Tracking, DeliveryTime: stamp(n.cfg.Now())})
		told.UserIDByApp, told.Recipient, told.zns = "", &party{ID: phone}, true
		n.emit(p, told, "")
	})
}
