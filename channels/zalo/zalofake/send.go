package zalofake

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// Windows after a person's last interaction, as of 2026.
const (
	freeWindow = 48 * time.Hour
	paidWindow = 7 * 24 * time.Hour
)

// sent is the data of an accepted message.
type sent struct {
	MessageID string    `json:"message_id"`
	UserID    string    `json:"user_id"`
	SentTime  string    `json:"sent_time"`
	Quota     quotaLeft `json:"quota"`
}

type quotaLeft struct {
	Type    string `json:"quota_type"`
	Remain  string `json:"remain"`
	Total   string `json:"total"`
	Expires string `json:"expired_date"`
	Owner   string `json:"owner_type"`
	OwnerID string `json:"owner_id"`
}

// send is a consultation message: https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van
func (n *Network) send(_ http.ResponseWriter, r *http.Request) (any, *refusal) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the client left in the middle
	}
	if bad := n.broken(); bad != nil {
		return nil, bad
	}
	n.mu.Lock()
	out, bad := n.take(body)
	n.mu.Unlock()
	if bad == nil && n.faults.Planned(func(f *Faults) *int { return &f.LoseSends }) {
		n.stats.BreakOff()
	}
	return out, bad
}

// take judges a message and, when it is good, shows it to the person. It is called with mu held.
func (n *Network) take(body []byte) (any, *refusal) {
	var req csRequest
	if err := json.Unmarshal(body, &req); err != nil || req.Message == nil || req.Recipient.UserID == "" {
		return nil, badParams
	}
	p, ok := n.people[req.Recipient.UserID]
	if !ok || p.left {
		return nil, &refusal{-213, "User has not followed OA"}
	}
	if bad := req.Message.judge(n.uploadOf); bad != nil {
		return nil, bad
	}
	away := n.clock().Sub(p.interacted)
	if p.interacted.IsZero() || away > paidWindow {
		return nil, &refusal{-230, "User has not interacted with the OA in the past 7 days"}
	}
	e := n.show(p, req.Message, n.uploadOf)
	n.stats.Sends.Add(1)
	quota := quotaLeft{Type: "reply", Remain: "8", Total: "8", Owner: "OA", OwnerID: n.cfg.OAID}
	if away > freeWindow {
		n.stats.Charged.Add(1)
		quota.Type, quota.Remain, quota.Total = "purchase_quota", "499", "500"
	}
	return sent{e.ID, p.id, stamp(n.cfg.Now()), quota}, nil
}

// show puts a message of the city into the chat and plans what the network tells about it.
func (n *Network) show(p *person, m *csMessage, have func(string) (upload, bool)) channelfake.Entry {
	e := m.entry(have)
	e.ID, e.From = messageID(), channelfake.City
	e.Double = p.double(m)
	if e.Double {
		n.stats.Doubles.Add(1)
	}
	for i, f := range e.Files {
		if f.Size > 0 { // an upload, known by its name on the shelf
			e.Files[i].URL = n.address(f.URL)
		}
	}
	e = p.chat.Add(e, n.cfg.Now())
	p.chat.Answered()
	if n.setup.Get().Echoes {
		name, echo := echoOf(e)
		n.emit(p, n.fromCity(p, name, echo), "")
	}
	n.receipts(p, e)
	return e
}

// double tells whether the city says what it has just said, and remembers it.
func (p *person) double(m *csMessage) bool {
	said := string(channelfake.Compact(m))
	same := said == p.last
	p.last = said
	return same
}

// echoOf is what the network repeats of a message.
func echoOf(e channelfake.Entry) (string, *eventMessage) {
	m := &eventMessage{ID: e.ID}
	switch e.Kind {
	case "photo", "gif":
		m.Text = &e.Text
		kind := map[string]string{"photo": "image", "gif": "gif"}[e.Kind]
		for _, f := range e.Files {
			m.Attachments = append(m.Attachments, attachment{kind, picture{f.URL, f.URL}})
		}
		return "oa_send_" + kind, m
	case "sticker", "file":
		for _, f := range e.Files {
			m.Attachments = append(m.Attachments, attachment{e.Kind, heard{f.URL}})
		}
		return "oa_send_" + e.Kind, m
	case "request_info", "template":
		m.Attachments = []attachment{{"template", zinstant{ID: "zi-" + e.ID, Checksum: "00112233"}}}
		return "oa_send_template", m
	}
	m.Text = &e.Text
	return "oa_send_text", m
}

// receipts plans the two receipts of a message. It is called with mu held.
func (n *Network) receipts(p *person, e channelfake.Entry) {
	set := n.setup.Get()
	n.later(set.ReceivedMS, func() {
		p.chat.Advance(channelfake.StateDelivered, e.Same)
		p.waiting = append(p.waiting, e.ID)
		n.emit(p, n.fromCity(p, "user_received_message", &eventMessage{ID: e.ID}), "")
	})
	n.later(set.SeenMS, func() { n.see(p) })
}

// see tells that the person has read all that is delivered. It is called with mu held.
func (n *Network) see(p *person) {
	if len(p.waiting) == 0 {
		return
	}
	ids := p.waiting
	p.waiting = nil
	p.chat.Read(ids)
	n.emit(p, n.fromCity(p, "user_seen_message", &eventMessage{IDs: ids}), "")
}

// See reads all that is delivered.
func (n *Network) See(user string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.see(n.person(user))
}

// Console is an answer that a person writes in Zalo's own console.
func (n *Network) Console(user, text string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	e := p.chat.Add(channelfake.Entry{ID: messageID(), From: channelfake.City, Kind: "text", Text: text, Staff: true}, n.cfg.Now())
	ev := n.fromCity(p, "oa_send_text", &eventMessage{ID: e.ID, Text: &text})
	ev.Sender.AdminID = "6000000000000000006"
	n.emit(p, ev, "")
	n.receipts(p, e)
	return e
}
