package messengerfake

import (
	"context"
	"errors"
	"net/http"

	"github.com/motcua/motcua/channels/channelfake"
)

// controlRoutes serves the handles of the stand-in, which Messenger does not have. {user} is a person's name or id, on another page than the first followed
// by @ and the page's id; at first sight the person is new.
func (n *Network) controlRoutes() {
	n.handles().Routes(n.mux)
	for pattern, h := range map[string]http.HandlerFunc{
		"POST /control/thread":   n.controlThread,
		"GET /control/faults":    channelfake.Show(n.Faults),
		"POST /control/faults":   channelfake.Set(n.Faults, Faults.Check, n.Break),
		"DELETE /control/faults": channelfake.Show(n.Mend),
		"GET /control/setup":     channelfake.Show(n.Setup),
		"POST /control/setup":    channelfake.Set(n.Setup, nil, n.Change),
		"GET /control/pages":     channelfake.Show(n.pageViews),
		"POST /control/verify":   n.controlVerify,
		"POST /control/event":    channelfake.Event(maxBody, func(body []byte) error { n.Raw(body); return nil }),
		"POST /control/other":    n.controlOther,
	} {
		n.mux.HandleFunc(pattern, h)
	}
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
	p := n.public(user)
	name := p.Page
	if pg := n.pageOf(p.Page); pg != nil {
		name = pg.Name
	}
	return map[string]any{"run": n.run, "account": name, "user": p}
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

// pageView is a page as the control API shows it: what it shows to people before they write, and what it tells the program.
type pageView struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Profile   map[string]any `json:"profile"`
	Fields    []string       `json:"fields"` // null: all
	Templates []Template     `json:"templates"`
}

func (n *Network) pageViews() []pageView {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []pageView
	for _, pg := range n.pages {
		shown := map[string]any{}
		for name, v := range pg.profile {
			shown[name] = v
		}
		out = append(out, pageView{pg.ID, pg.Name, shown, pg.fields, append([]Template(nil), pg.templates...)})
	}
	return out
}

func (n *Network) controlVerify(w http.ResponseWriter, r *http.Request) {
	if err := n.Verify(r.Context()); err != nil {
		channelfake.Wrong(w, http.StatusBadGateway, err)
		return
	}
	channelfake.Write(w, http.StatusOK, done)
}

func (n *Network) controlThread(w http.ResponseWriter, r *http.Request) {
	var in struct {
		User  string `json:"user"`
		Owner string `json:"owner"` // city, inbox, none
	}
	if !channelfake.Read(w, r, &in) {
		return
	}
	if err := n.HandOver(in.User, in.Owner); in.User == "" || err != nil {
		channelfake.Wrong(w, http.StatusBadRequest, errors.Join(errors.New("user and owner are needed"), err))
		return
	}
	channelfake.Write(w, http.StatusOK, n.public(in.User))
}
