package messengerfake

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// threadRequest is the body of the calls that hand conversations over: "Conversation Routing" at https://developers.facebook.com/docs/messenger-platform/.
type threadRequest struct {
	Recipient struct {
		ID string `json:"id"`
	} `json:"recipient"`
	Target   string `json:"target_app_id"`
	Metadata string `json:"metadata"`
}

var done = map[string]bool{"success": true}

// thread wraps what changes who holds a conversation; it is called with mu held.
func (n *Network) thread(r *http.Request, pg *page, do func(p *person, req threadRequest) *refusal) (any, *refusal) {
	var req threadRequest
	if json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&req) != nil {
		return nil, badParam("Invalid JSON")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	p, ok := n.people[pg.ID+"/"+req.Recipient.ID]
	if !ok {
		return nil, refuse(100, 2018001, "(#100) No matching user found")
	}
	if bad := do(p, req); bad != nil {
		return nil, bad
	}
	return done, nil
}

func (n *Network) ours(p *person) bool { return p.owner == "" || p.owner == n.cfg.AppID }

func (n *Network) passThread(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	return n.thread(r, pg, func(p *person, req threadRequest) *refusal {
		switch {
		case !n.ours(p):
			return refuse(10, 2018300, "(#10) Another app is controlling this thread now.")
		case req.Target == "":
			return badParam("The parameter target_app_id is required")
		}
		p.owner = req.Target
		return nil
	})
}

func (n *Network) takeThread(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	return n.thread(r, pg, func(p *person, _ threadRequest) *refusal {
		p.owner = n.cfg.AppID
		return nil
	})
}

func (n *Network) releaseThread(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	return n.thread(r, pg, func(p *person, _ threadRequest) *refusal {
		if n.ours(p) {
			p.owner = ""
		}
		return nil
	})
}

func (n *Network) requestThread(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	return n.thread(r, pg, func(*person, threadRequest) *refusal { return nil })
}

func (n *Network) readOwner(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, ok := n.people[pg.ID+"/"+r.URL.Query().Get("recipient")]
	if !ok {
		return nil, refuse(100, 2018001, "(#100) No matching user found")
	}
	if p.owner == "" {
		return map[string]any{"data": []any{}}, nil
	}
	owner := map[string]any{"app_id": p.owner, "expiration": n.clock().Add(24 * time.Hour).Unix()}
	return map[string]any{"data": []any{map[string]any{"thread_owner": owner}}}, nil
}

// Who can hold a conversation.
const (
	OwnerCity  = "city"
	OwnerInbox = "inbox"
	OwnerNone  = "none"
)

var errNoOwner = errors.New(`owner: "city", "inbox" or "none"`)

// HandOver is somebody in the page's inbox who takes a conversation, gives it back to the city's application, or lets it go.
func (n *Network) HandOver(user, owner string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	was := p.owner
	var previous *string
	if was != "" {
		previous = &was
	}
	switch owner {
	case OwnerInbox:
		p.owner = pageInbox
		next := pageInbox
		n.emit(p, item{Take: &handover{Previous: previous, New: &next}}, "")
	case OwnerCity:
		p.owner = n.cfg.AppID
		next := n.cfg.AppID
		n.emit(p, item{Pass: &handover{Previous: previous, New: &next}}, "")
	case OwnerNone:
		p.owner = ""
		n.emit(p, item{Pass: &handover{Previous: previous}}, "")
	default:
		return errNoOwner
	}
	return nil
}

// Console is an answer that a person writes in the page's inbox. Who holds the conversation stays as it is.
func (n *Network) Console(user, text string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	e := p.chat.Add(channelfake.Entry{ID: messageID(), From: channelfake.City, Kind: "text", Text: text, Staff: true}, n.cfg.Now())
	n.echo(p, e, pageInbox, "")
	n.receipts(p, e)
	return e
}
