package messengerfake

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// controlRoutes serves the handles of the stand-in, which Messenger does not have. {user} is a person's name or id, on another page than the first followed
// by @ and the page's id; at first sight the person is new. They have the same form as those of the stand-in for Zalo.
func (n *Network) controlRoutes() {
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /control/users":                show(func() any { return n.People(500) }),
		"POST /control/users":               n.controlUser,
		"GET /control/users/{user}/chat":    n.controlChat,
		"GET /control/users/{user}/stream":  n.controlStream,
		"POST /control/users/{user}/faults": n.controlUserFaults,
		"POST /control/users/{user}/{act}":  n.controlAct,
		"POST /control/console":             n.controlConsole,
		"POST /control/thread":              n.controlThread,
		"GET /control/faults":               show(func() any { return n.Faults() }),
		"POST /control/faults":              n.controlFaults,
		"DELETE /control/faults":            show(func() any { return n.Mend() }),
		"GET /control/stats":                show(func() any { return n.Stats() }),
		"GET /control/setup":                show(func() any { return n.Setup() }),
		"POST /control/setup":               n.controlSetup,
		"GET /control/pages":                show(func() any { return n.pageViews() }),
		"POST /control/verify":              n.controlVerify,
		"POST /control/resend":              n.controlResend,
		"POST /control/burst":               n.controlBurst,
		"POST /control/event":               n.controlEvent,
		"POST /control/other":               n.controlOther,
	} {
		n.mux.HandleFunc(pattern, h)
	}
}

func show(what func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { channelfake.Write(w, http.StatusOK, what()) }
}

func (n *Network) controlUser(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name string `json:"name"`
	}
	if !channelfake.Read(w, r, &in) {
		return
	}
	if in.Name == "" || len(in.Name) > 200 {
		channelfake.Wrong(w, http.StatusBadRequest, errors.New("name: 1 to 200 bytes"))
		return
	}
	channelfake.Write(w, http.StatusOK, n.public(in.Name))
}

func (n *Network) public(user string) Person {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.person(user).public()
}

// controlChat gives the entries after one, and waits up to wait seconds for the first.
func (n *Network) controlChat(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64) // none: from the start
	wait, _ := strconv.Atoi(r.URL.Query().Get("wait"))
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(min(max(wait, 0), 60))*time.Second)
	defer cancel()
	if wait > 0 {
		channelfake.Endless(w)
	}
	channelfake.Write(w, http.StatusOK, n.Wait(ctx, r.PathValue("user"), after))
}

// Wait gives the entries after one as soon as there are any; none when the context or the network ended first.
func (n *Network) Wait(ctx context.Context, user string, after int64) []channelfake.Entry {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.ctx, cancel)()
	return n.chatOf(user).Await(ctx, func(e channelfake.Entry) bool { return e.Seq > after })
}

// controlStream sends a chat as it grows and changes.
func (n *Network) controlStream(w http.ResponseWriter, r *http.Request) {
	user := r.PathValue("user")
	p := n.public(user)
	name := p.Page
	if pg := n.pageOf(p.Page); pg != nil {
		name = pg.Name
	}
	n.chatOf(user).Stream(n.ctx, w, r, n.run, map[string]any{"run": n.run, "account": name, "user": p})
}

func (n *Network) controlFaults(w http.ResponseWriter, r *http.Request) {
	f := n.Faults()
	if !channelfake.Read(w, r, &f) {
		return
	}
	if f.Outage != "" && f.Outage != "refuse" && f.Outage != "hang" {
		channelfake.Wrong(w, http.StatusBadRequest, errors.New(`outage: "", "refuse" or "hang"`))
		return
	}
	channelfake.Write(w, http.StatusOK, n.Break(func(now *Faults) { *now = f }))
}

func (n *Network) controlUserFaults(w http.ResponseWriter, r *http.Request) {
	user := r.PathValue("user")
	own := n.BreakFor(user, func(*channelfake.Webhooks) {})
	if !channelfake.Read(w, r, &own) {
		return
	}
	channelfake.Write(w, http.StatusOK, n.BreakFor(user, func(f *channelfake.Webhooks) { *f = own }))
}

func (n *Network) controlSetup(w http.ResponseWriter, r *http.Request) {
	s := n.Setup()
	s.RetriesMS = nil // a list is replaced, not written over
	if !channelfake.Read(w, r, &s) {
		return
	}
	channelfake.Write(w, http.StatusOK, n.Change(func(now *Setup) {
		if s.RetriesMS == nil {
			s.RetriesMS = now.RetriesMS
		}
		*now = s
	}))
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

func (n *Network) controlResend(w http.ResponseWriter, _ *http.Request) {
	n.Resend()
	channelfake.Write(w, http.StatusOK, n.Stats())
}

func (n *Network) controlConsole(w http.ResponseWriter, r *http.Request) {
	var in struct {
		User string `json:"user"`
		Text string `json:"text"`
	}
	if !channelfake.Read(w, r, &in) {
		return
	}
	if in.User == "" || in.Text == "" {
		channelfake.Wrong(w, http.StatusBadRequest, errors.New("user and text are needed"))
		return
	}
	channelfake.Write(w, http.StatusOK, n.Console(in.User, in.Text))
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

func (n *Network) controlBurst(w http.ResponseWriter, r *http.Request) {
	in := struct {
		Prefix string `json:"prefix"`
		People int    `json:"people"`
		Each   int    `json:"each"`
		Text   string `json:"text"`
	}{Prefix: "burst-", People: 1, Each: 1, Text: "{n}"}
	if !channelfake.Read(w, r, &in) {
		return
	}
	if in.People < 1 || in.Each < 1 || in.People > manyPeople || in.Each > 500_000/in.People {
		channelfake.Wrong(w, http.StatusBadRequest, errors.New("too many or too few"))
		return
	}
	channelfake.Write(w, http.StatusOK, map[string]int{"said": n.Burst(in.Prefix, in.People, in.Each, in.Text)})
}

// controlEvent sends a body as it is.
func (n *Network) controlEvent(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		channelfake.Wrong(w, http.StatusBadRequest, err)
		return
	}
	n.Raw(body)
	channelfake.Write(w, http.StatusOK, json.RawMessage(`{}`))
}
