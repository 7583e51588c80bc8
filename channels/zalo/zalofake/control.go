package zalofake

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/motcua/motcua/channels/channelfake"
)

// controlRoutes serves the handles of the stand-in, which Zalo does not have. {user} is a person's name or id; at first sight the person is new.
func (n *Network) controlRoutes() {
	n.handles().Routes(n.mux)
	for pattern, h := range map[string]http.HandlerFunc{
		"POST /control/users/{user}/line":    n.controlLine,
		"POST /control/users/{user}/miniapp": n.controlMiniApp,
		"GET /control/faults":                channelfake.Show(n.Faults),
		"POST /control/faults":               channelfake.Set(n.Faults, Faults.Check, n.Break),
		"DELETE /control/faults":             channelfake.Show(n.Mend),
		"GET /control/setup":                 channelfake.Show(n.Setup),
		"POST /control/setup":                channelfake.Set(n.Setup, nil, n.Change),
		"POST /control/grant":                channelfake.Show(func() map[string]string { return grantReply(n.Grant()) }),
		"POST /control/event":                channelfake.Event(maxBody, n.Raw),
		"POST /control/other":                n.controlOther,
	} {
		n.mux.HandleFunc(pattern, h)
	}
	n.mux.HandleFunc("GET /files/{name}", func(w http.ResponseWriter, r *http.Request) { n.files.Serve(w, r, r.PathValue("name")) })
}

// handles are those that every chat network has.
func (n *Network) handles() channelfake.Handles {
	return channelfake.Handles{
		People: func() any { return n.People(500) }, Person: func(user string) any { return n.public(user) },
		Chat: n.chatOf, Hello: n.hello, Act: n.doAct, Console: n.Console, Say: n.Say,
		Courier: n.courier, Lane: n.laneOf, Stats: func() any { return n.Stats() }, Run: n.run, Context: n.ctx,
	}
}

// hello is what a stream of a chat begins with.
func (n *Network) hello(user string) any {
	return map[string]any{"run": n.run, "account": n.cfg.OAName, "user": n.public(user)}
}

func (n *Network) public(user string) Person {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.person(user).public()
}

// Wait gives the entries of a person's chat after one as soon as there are any; none when the context or the network ended first.
func (n *Network) Wait(ctx context.Context, user string, after int64) []channelfake.Entry {
	return n.handles().Wait(ctx, user, after)
}

// controlOther sends what no citizen does.
func (n *Network) controlOther(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Event    string `json:"event"` // anonymous, tag, or what is told about template messages
		User     string `json:"user"`
		Text     string `json:"text"`
		Phone    string `json:"phone"`
		Tracking string `json:"tracking_id"`
	}
	if !channelfake.Read(w, r, &in) {
		return
	}
	switch in.Event {
	case "anonymous":
		n.Anonymous(in.User, in.Text)
	case "tag":
		n.Tag(in.User, in.Text)
	default:
		if err := n.Template(in.Event, in.Phone, in.Tracking); err != nil {
			channelfake.Wrong(w, http.StatusNotFound, err)
			return
		}
	}
	channelfake.Write(w, http.StatusOK, json.RawMessage(`{}`))
}
