package messengerfake

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// Windows after a person's last message.
const (
	freeWindow  = 24 * time.Hour
	humanWindow = 7 * 24 * time.Hour
)

// pageInbox is the application in which people answer by hand.
const pageInbox = "263902037430900"

// accepted is the answer to a message.
type accepted struct {
	RecipientID string `json:"recipient_id"`
	MessageID   string `json:"message_id,omitempty"`
}

var (
	outside      = refuse(10, 2018278, "(#10) This message is sent outside of allowed window.")
	unknownUser  = refuse(100, 2018001, "(#100) No matching user found")
	unavailable  = refuse(551, 1545041, "(#551) This person isn't available right now.")
	notOwner     = refuse(10, 2018300, "(#10) Message failed to send because another app is controlling this thread now.")
	unapproved   = refuse(100, 2018276, "(#100) Invalid parameter")
	tooManyCalls = refuse(613, 0, "(#613) Calls to this api have exceeded the rate limit.")
)

// takeMessage is the Send API.
func (n *Network) takeMessage(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the client left in the middle
	}
	if bad := n.broken(); bad != nil {
		return nil, bad
	}
	n.mu.Lock()
	out, bad := n.take(pg, body)
	n.mu.Unlock()
	if bad != nil {
		again := *bad // each has a trace of its own
		return nil, &again
	}
	if n.faults.Planned(func(f *Faults) *int { return &f.LoseSends }) {
		n.stats.BreakOff()
	}
	return out, nil
}

// broken is the refusal that was asked for.
func (n *Network) broken() (bad *refusal) {
	n.faults.Change(func(f *Faults) {
		switch {
		case f.RateLimited:
			again := *tooManyCalls
			bad = &again
		case f.Error != 0 && channelfake.Planned(&f.ErrorTimes):
			bad = refuse(f.Error, f.ErrorSubcode, "Broken on purpose")
		}
	})
	return bad
}

// take judges a message and, when it is good, shows it to the person. It is called with mu held.
func (n *Network) take(pg *page, body []byte) (any, *refusal) {
	var req outgoing
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, badParam("Invalid JSON")
	}
	p, ok := n.people[pg.ID+"/"+req.Recipient.ID]
	switch {
	case !pg.rate.take(n.cfg.Now(), n.setup.Get().PerSecond):
		return nil, tooManyCalls
	case !ok || p.interacted.IsZero(): // an id is given with the first message
		return nil, unknownUser
	case p.blocked:
		return nil, unavailable
	case req.Action != "" && req.Message == nil:
		return takeAction(req)
	case req.Message == nil:
		return nil, badParam("Must set a message or a sender_action")
	}
	if bad := req.Message.judge(); bad != nil {
		return nil, bad
	}
	e := req.Message.entry()
	if bad := n.resolve(pg, req, &e); bad != nil {
		return nil, bad
	}
	if p.owner != "" && p.owner != n.cfg.AppID {
		return nil, notOwner
	}
	if bad := n.ground(p, req); bad != nil {
		return nil, bad
	}
	e = n.show(p, e, req)
	n.stats.Sends.Add(1)
	if req.Type == typeUtility {
		n.stats.Templates.Add(1)
		n.stats.Charged.Add(1)
	}
	return accepted{p.id, e.ID}, nil
}

func takeAction(req outgoing) (any, *refusal) {
	if !slices.Contains([]string{"typing_on", "typing_off", "mark_seen", "react", "unreact"}, req.Action) {
		return nil, badParam("Invalid sender_action")
	}
	return accepted{RecipientID: req.Recipient.ID}, nil
}

// resolve finds the upload or the approved text that a message refers to. It is called with mu held.
func (n *Network) resolve(pg *page, req outgoing, e *channelfake.Entry) *refusal {
	a := req.Message.Attachment
	utility := a != nil && a.Payload.Template == utilityTemplate
	if utility != (req.Type == typeUtility) {
		return badParam("UTILITY goes with a utility template")
	}
	switch {
	case utility:
		text, bad := pg.filled(a.Payload)
		e.Text = text
		return bad
	case a != nil && a.Payload.ID != "":
		u, ok := n.uploads[a.Payload.ID]
		if !ok || u.page != pg.ID {
			return badParam("Invalid attachment_id")
		}
		e.Files = []channelfake.File{u.file}
	}
	return nil
}

// The grounds of messages.
const (
	typeTagged  = "MESSAGE_TAG"
	typeUtility = "UTILITY"
)

// ground tells whether a message may leave now. It is called with mu held.
func (n *Network) ground(p *person, req outgoing) *refusal {
	away := n.clock().Sub(p.interacted)
	switch req.Type {
	case typeUtility:
		return nil
	case "RESPONSE", "UPDATE", "":
		if req.Tag != "" {
			return badParam("A tag goes with MESSAGE_TAG")
		}
		if away > freeWindow {
			return outside
		}
		return nil
	case typeTagged:
	default:
		return badParam("Invalid messaging_type")
	}
	switch {
	case req.Tag != "HUMAN_AGENT":
		return badParam("Param tag must be HUMAN_AGENT: the other tags were removed on 27 April 2026")
	case !n.setup.Get().HumanAgent:
		return unapproved
	case away > humanWindow:
		return outside
	}
	return nil
}

// show puts a message of the city into the chat and plans what the network tells about it. It is called with mu held.
func (n *Network) show(p *person, e channelfake.Entry, req outgoing) channelfake.Entry {
	said := *req.Message
	said.Metadata = ""
	body := string(channelfake.Compact(said))
	e.ID, e.From, e.Double = messageID(), channelfake.City, body == p.last
	p.last = body
	if e.Double {
		n.stats.Doubles.Add(1)
	}
	e = p.chat.Add(e, n.cfg.Now())
	p.chat.Answered()
	if n.setup.Get().Echoes {
		n.echo(p, e, n.cfg.AppID, req.Message.Metadata)
	}
	n.receipts(p, e)
	return e
}

// echo repeats a message of the page to the program. It is called with mu held.
func (n *Network) echo(p *person, e channelfake.Entry, app, metadata string) {
	id, _ := strconv.ParseInt(app, 10, 64) // ids of applications are numbers
	m := &message{MID: e.ID, IsEcho: true, AppID: id, Metadata: metadata, Text: e.Text}
	switch {
	case len(e.Files) > 0:
		for _, f := range e.Files {
			m.Attachments = append(m.Attachments, attachment{Type: "image", Payload: linkPayload{URL: f.URL}})
		}
	case slices.ContainsFunc(e.Buttons, func(b channelfake.Button) bool { return b.Type != quickReplyType }):
		m.Text = ""
		m.Attachments = []attachment{{Type: "template", Payload: map[string]any{"template_type": "button", "text": e.Text}}}
	}
	n.emit(p, item{Sender: &party{p.page.ID}, Recipient: &party{p.id}, Message: m}, "")
}

// receipts plans the two receipts of a message, the second after the first. It is called with mu held.
func (n *Network) receipts(p *person, e channelfake.Entry) {
	set := n.setup.Get()
	after := max(0, set.SeenMS-set.ReceivedMS)
	if set.SeenMS < 0 {
		after = -1
	}
	n.later(set.ReceivedMS, func() {
		p.chat.Advance(channelfake.StateDelivered, e.Same)
		p.waiting = append(p.waiting, e.ID)
		n.emit(p, item{Delivery: &mark{[]string{e.ID}, n.stamp()}}, "")
		n.later(after, func() { n.see(p) })
	})
}

// see tells that the person has read all that is delivered. It is called with mu held.
func (n *Network) see(p *person) {
	if len(p.waiting) == 0 {
		return
	}
	ids := p.waiting
	p.waiting = nil
	p.chat.Read(ids)
	n.emit(p, item{Read: &mark{Watermark: n.stamp()}}, "")
}
