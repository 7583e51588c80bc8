package messengerfake

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/motcua/motcua/channels/channelfake"
)

// Raw signs any body and sends it as it is.
func (n *Network) Raw(body []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.send(n.person("raw events").lane, body, func(bool) {})
}

// What happens that no citizen does.
const (
	OtherCheckbox = "checkbox" // a box on a website, before anybody wrote
	OtherPolicy   = "policy"   // the network restricts a page
	OtherRequest  = "request"  // another application wants a conversation
	OtherTemplate = "template" // an approved text changed
)

var errNoEvent = errors.New("messengerfake: no such event")

// Other tells of something that no citizen does.
func (n *Network) Other(what, user string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	to := &party{p.page.ID}
	switch what {
	case OtherCheckbox:
		n.emit(p, item{Recipient: to, Optin: &optin{Ref: "dang-ky-web", UserRef: "web-session-0001"}}, "")
	case OtherPolicy:
		n.emit(p, item{Recipient: to, Policy: &policy{"block", "..."}}, "")
	case OtherRequest:
		n.emit(p, item{Request: &request{Requested: "900000000000002"}}, "")
	case OtherTemplate:
		n.change(p.page, "message_template_status_update", map[string]string{"event": "PAUSED", "message_template_name": "ho_so_cap_nhat"})
	default:
		return errNoEvent
	}
	return nil
}

func (n *Network) controlOther(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Event string `json:"event"`
		User  string `json:"user"`
	}
	if !channelfake.Read(w, r, &in) {
		return
	}
	if err := n.Other(in.Event, in.User); err != nil {
		channelfake.Wrong(w, http.StatusNotFound, err)
		return
	}
	channelfake.Write(w, http.StatusOK, json.RawMessage(`{}`))
}
