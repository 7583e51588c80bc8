package fcmfake

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/internal/lockscreen"
)

const maxBody = 1 << 20 // of a request

// sendRequest is the body of messages:send. The message is kept as it came, to be measured and shown.
type sendRequest struct {
	ValidateOnly bool            `json:"validate_only"`
	Message      json.RawMessage `json:"message"`
}

// send takes one message: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send
func (n *Network) send(w http.ResponseWriter, r *http.Request) {
	lose, ok := n.gate(w, r)
	if !ok {
		return
	}
	if r.PathValue("project") != n.cfg.ProjectID || r.PathValue("call") != "messages:send" {
		n.refuse(w, bareNotFound)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the client left in the middle
	}
	id, bad := n.take(body)
	if bad != nil {
		n.refuse(w, *bad)
		return
	}
	if lose {
		panic(http.ErrAbortHandler) // net/http breaks the connection and goes on
	}
	channelfake.Write(w, http.StatusOK, map[string]string{"name": id})
}

// take judges a message and delivers it.
func (n *Network) take(body []byte) (name string, bad *refusal) {
	var req sendRequest
	if err := strict(body, &req); err != nil || len(req.Message) == 0 {
		return "", badField("message", "Request contains an invalid argument.")
	}
	m, bad := judge(req.Message)
	if bad != nil {
		return "", bad
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	id := rand.Text()
	name = fmt.Sprintf("projects/%s/messages/0:%s", n.cfg.ProjectID, id)
	if m.Token != "" && !inCrowd(m.Token) {
		d := n.tokens[m.Token]
		if d == nil {
			return "", refusals[BadToken]
		}
		if d.Behaviour != Good {
			return "", refusals[d.Behaviour]
		}
	}
	n.stats.Taken++
	if !req.ValidateOnly {
		n.deliver(id, m, req.Message)
	}
	return name, nil
}

// deliver hands a message to the phones that it is for. It is called with mu held.
func (n *Network) deliver(id string, m *sent, raw json.RawMessage) {
	switch {
	case inCrowd(m.Token):
		n.stats.Delivered++
		n.crowd.arrive(m, n.cfg.Now().UTC())
		return
	case m.Token != "":
		n.arrive(n.tokens[m.Token], Delivery{ID: id, Message: raw}, m)
		return
	}
	topics := m.topics()
	for _, d := range n.devices {
		i := slices.IndexFunc(topics, func(name string) bool { return slices.Contains(d.Topics, name) })
		if i >= 0 && d.Behaviour == Good {
			n.arrive(d, Delivery{ID: id, Topic: topics[i], Message: raw}, m)
		}
	}
	n.stats.Delivered += n.crowd.arriveAll(topics, m, n.cfg.Now().UTC())
}

// arrive keeps a message on a phone and shows its notification, if it has one.
func (n *Network) arrive(d *device, x Delivery, m *sent) {
	x.Device, x.At = d.Name, n.cfg.Now().UTC()
	d.got = append(d.got, x)
	d.got = d.got[max(0, len(d.got)-perDevice):]
	n.stats.Delivered++
	if m.Notification == nil {
		return
	}
	n.screens.Show(d.Name, lockscreen.Note{
		ID: x.ID, Title: m.Notification.Title, Text: m.Notification.Body, Link: m.Data["link"], Collapse: m.tag(), Data: m.Data, Urgent: m.urgent(),
	})
}

// topics changes who follows what: https://developers.google.com/instance-id/reference/server
func (n *Network) topics(w http.ResponseWriter, r *http.Request) {
	lose, ok := n.gate(w, r)
	if !ok {
		return
	}
	var req struct {
		To     string   `json:"to"`
		Tokens []string `json:"registration_tokens"`
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	call, malformed := r.PathValue("call"), strict(body, &req)
	name, isTopic := topicOf(req.To)
	if malformed != nil || !isTopic || len(req.Tokens) == 0 || len(req.Tokens) > 1000 || r.Header.Get("access_token_auth") != "true" || call != "v1:batchAdd" && call != "v1:batchRemove" {
		n.count("INVALID_ARGUMENT")
		channelfake.Write(w, http.StatusBadRequest, map[string]string{"error": "InvalidArgument"})
		return
	}
	out := n.follow(name, req.Tokens, call == "v1:batchAdd")
	if lose {
		panic(http.ErrAbortHandler)
	}
	channelfake.Write(w, http.StatusOK, map[string]any{"results": out})
}

func (n *Network) follow(topic string, tokens []string, join bool) []map[string]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]map[string]string, len(tokens))
	for i, t := range tokens {
		out[i] = map[string]string{}
		if inCrowd(t) {
			n.crowd.follow(topic, t, join)
			n.stats.TopicChanges++
			continue
		}
		d := n.tokens[t]
		if d == nil || d.Behaviour == Unregistered {
			out[i]["error"] = "NOT_FOUND"
			continue
		}
		d.Topics = slices.DeleteFunc(d.Topics, func(s string) bool { return s == topic })
		if join {
			d.Topics = append(d.Topics, topic)
			slices.Sort(d.Topics)
		}
		n.stats.TopicChanges++
	}
	return out
}
