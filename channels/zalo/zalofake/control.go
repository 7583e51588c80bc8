package zalofake

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// controlRoutes serves the handles of the stand-in, which Zalo does not have. {user} is a person's name or id; at first sight the person is new.
func (n *Network) controlRoutes() {
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /control/users":                 func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, n.People(500)) },
		"POST /control/users":                n.controlUser,
		"GET /control/users/{user}/chat":     n.controlChat,
		"GET /control/users/{user}/stream":   n.stream,
		"POST /control/users/{user}/faults":  n.controlUserFaults,
		"POST /control/users/{user}/line":    n.controlLine,
		"POST /control/users/{user}/miniapp": n.controlMiniApp,
		"POST /control/users/{user}/{act}":   n.controlAct,
		"POST /control/console":              n.controlConsole,
		"GET /control/faults":                func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, n.Faults()) },
		"POST /control/faults":               n.controlFaults,
		"DELETE /control/faults":             n.controlNoFaults,
		"GET /control/stats":                 func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, n.Stats()) },
		"GET /control/setup":                 func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, n.Setup()) },
		"POST /control/setup":                n.controlSetup,
		"POST /control/resend":               n.controlResend,
		"POST /control/grant":                func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, grantReply(n.Grant())) },
		"POST /control/burst":                n.controlBurst,
		"POST /control/event":                n.controlEvent,
		"POST /control/other":                n.controlOther,
	} {
		n.mux.HandleFunc(pattern, h)
	}
	n.mux.HandleFunc("GET /files/{name}", n.file)
}

// read decodes a request's JSON onto what is there already; an empty body changes nothing. It is false when the request has been answered.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControl))
	if err == nil && len(data) > 0 {
		err = decode(data, into)
	}
	if err != nil {
		wrong(w, http.StatusBadRequest, err)
	}
	return err == nil
}

const maxControl = 32 << 20 // of a request with pictures

func wrong(w http.ResponseWriter, status int, err error) {
	write(w, status, map[string]string{"error": err.Error()})
}

func (n *Network) controlUser(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name string `json:"name"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Name == "" || len(in.Name) > 200 {
		wrong(w, http.StatusBadRequest, errors.New("name: 1 to 200 bytes"))
		return
	}
	n.mu.Lock()
	out := n.person(in.Name).public()
	n.mu.Unlock()
	write(w, http.StatusOK, out)
}

// controlChat gives the entries after one, and waits up to wait seconds for the first.
func (n *Network) controlChat(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64) // none: from the start
	wait, _ := strconv.Atoi(r.URL.Query().Get("wait"))
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(min(max(wait, 0), 60))*time.Second)
	defer cancel()
	if wait > 0 {
		endless(w)
	}
	write(w, http.StatusOK, n.Wait(ctx, r.PathValue("user"), after))
}

func (n *Network) controlFaults(w http.ResponseWriter, r *http.Request) {
	f := n.Faults()
	if !read(w, r, &f) {
		return
	}
	if !f.valid() {
		wrong(w, http.StatusBadRequest, errors.New(`outage: "", "refuse" or "hang"`))
		return
	}
	write(w, http.StatusOK, n.Break(func(now *Faults) { *now = f }))
}

func (n *Network) controlNoFaults(w http.ResponseWriter, _ *http.Request) {
	n.mu.Lock()
	for _, p := range n.order {
		p.own = nil
	}
	n.mu.Unlock()
	write(w, http.StatusOK, n.Break(func(f *Faults) { *f = Faults{} }))
}

func (n *Network) controlUserFaults(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	own := n.webhooks(n.person(r.PathValue("user")))
	n.mu.Unlock()
	if !read(w, r, &own) {
		return
	}
	n.BreakFor(r.PathValue("user"), func(f *Webhooks) { *f = own })
	write(w, http.StatusOK, own)
}

func (n *Network) controlSetup(w http.ResponseWriter, r *http.Request) {
	s := n.Setup()
	s.RetriesMS = nil // a list is replaced, not written over
	if !read(w, r, &s) {
		return
	}
	write(w, http.StatusOK, n.Change(func(now *Setup) {
		if s.RetriesMS == nil {
			s.RetriesMS = now.RetriesMS
		}
		*now = s
	}))
}

func (n *Network) controlResend(w http.ResponseWriter, _ *http.Request) {
	n.Resend()
	write(w, http.StatusOK, n.Stats())
}

func (n *Network) controlConsole(w http.ResponseWriter, r *http.Request) {
	var in struct {
		User string `json:"user"`
		Text string `json:"text"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.User == "" || in.Text == "" {
		wrong(w, http.StatusBadRequest, errors.New("user and text are needed"))
		return
	}
	write(w, http.StatusOK, n.Console(in.User, in.Text))
}

func (n *Network) controlBurst(w http.ResponseWriter, r *http.Request) {
	in := struct {
		Prefix string `json:"prefix"`
		People int    `json:"people"`
		Each   int    `json:"each"`
		Text   string `json:"text"`
	}{Prefix: "burst-", People: 1, Each: 1, Text: "{n}"}
	if !read(w, r, &in) {
		return
	}
	if in.People < 1 || in.Each < 1 || in.People > manyPeople || in.Each > manyPending/in.People {
		wrong(w, http.StatusBadRequest, errors.New("too many or too few"))
		return
	}
	write(w, http.StatusOK, map[string]int{"said": n.Burst(in.Prefix, in.People, in.Each, in.Text)})
}

// controlEvent sends a body as it is.
func (n *Network) controlEvent(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = n.Raw(body)
	}
	if err != nil {
		wrong(w, http.StatusBadRequest, err)
		return
	}
	write(w, http.StatusOK, json.RawMessage(`{}`))
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
	if !read(w, r, &in) {
		return
	}
	switch in.Event {
	case "anonymous":
		n.Anonymous(in.User, in.Text)
	case "tag":
		n.Tag(in.User, in.Text)
	default:
		if err := n.Template(in.Event, in.Phone, in.Tracking); err != nil {
			wrong(w, http.StatusNotFound, err)
			return
		}
	}
	write(w, http.StatusOK, json.RawMessage(`{}`))
}
