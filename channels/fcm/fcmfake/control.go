package fcmfake

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Faults are the things that go wrong, until they are set back. A count of -1 means always.
type Faults struct {
	Outage      string    `json:"outage"`        // "refuse" answers HTTP 503, "hang" nothing until the client gives up; "" none
	SlowMS      int64     `json:"slow_ms"`       // before a request is looked at
	Error       Behaviour `json:"error"`         // answered to requests instead of doing the work: "QUOTA_EXCEEDED", "UNAVAILABLE"
	Status      int       `json:"status"`        // likewise, an answer with this status and nothing in it; 401 is that of a bad access token
	Times       int       `json:"times"`         // for how many requests
	RetryAfterS int       `json:"retry_after_s"` // said with an outage, Error and Status; 0 says nothing
	Lose        int       `json:"lose"`          // so many requests are carried out, then the connection breaks without an answer
}

// Stats are sums since the start.
type Stats struct {
	Requests     int            `json:"requests"`
	Taken        int            `json:"taken"`     // messages
	Delivered    int            `json:"delivered"` // to phones
	TopicChanges int            `json:"topic_changes"`
	Refused      int            `json:"refused"`
	ByError      map[string]int `json:"by_error"`
	Devices      int            `json:"devices"`
}

// Break changes what goes wrong.
func (n *Network) Break(f func(*Faults)) Faults {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(&n.faults)
	return n.faults
}

// Stats gives the sums so far.
func (n *Network) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := n.stats
	out.ByError, out.Devices = maps.Clone(n.stats.ByError), len(n.devices)
	return out
}

func (n *Network) count(code string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stats.Refused++
	n.stats.ByError[code]++
}

func (n *Network) refuse(w http.ResponseWriter, bad refusal) {
	code := bad.Status
	for _, d := range bad.Details {
		if d.ErrorCode != "" {
			code = d.ErrorCode
		}
	}
	n.count(code)
	write(w, bad.Code, map[string]refusal{"error": bad})
}

// gate plays what goes wrong, and asks for the access token. ok is false when the request has been answered; lose asks for the work without its answer.
func (n *Network) gate(w http.ResponseWriter, r *http.Request) (lose, ok bool) {
	n.mu.Lock()
	n.stats.Requests++
	f := n.faults
	broken := f.Outage == "" && (f.Error != "" || f.Status != 0) && planned(&n.faults.Times)
	lose = f.Outage == "" && !broken && planned(&n.faults.Lose)
	n.mu.Unlock()
	if f.RetryAfterS > 0 && (f.Outage != "" || broken) {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfterS))
	}
	switch {
	case f.Outage == "hang":
		select {
		case <-r.Context().Done():
		case <-n.done:
		}
		return false, false
	case f.Outage != "":
		n.refuse(w, *refusals[Unavailable])
		return false, false
	case broken:
		n.refuse(w, f.refusal())
		return false, false
	case n.cfg.Bearer != "" && r.Header.Get("Authorization") != "Bearer "+n.cfg.Bearer:
		n.refuse(w, unauthenticated)
		return false, false
	}
	return lose, pause(r, time.Duration(f.SlowMS)*time.Millisecond)
}

func (f Faults) refusal() refusal {
	if bad := refusals[f.Error]; bad != nil {
		return *bad
	}
	if f.Status == http.StatusUnauthorized {
		return unauthenticated
	}
	return refusal{Code: f.Status}
}

// pause waits. It is false when the client gave up meanwhile.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// planned takes one off a counted fault.
func planned(times *int) bool {
	if *times > 0 {
		*times--
		return true
	}
	return *times < 0
}

// controlRoutes serves the handles of the stand-in, which the network does not have.
func (n *Network) controlRoutes() {
	n.screens.Routes(n.mux, "/control/devices")
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /control/devices":                     n.controlDevices,
		"POST /control/devices":                    n.controlInstall,
		"GET /control/devices/{device}/deliveries": n.controlDeliveries,
		"POST /control/devices/{device}/behaviour": n.controlBehaviour,
		"POST /control/users/{phone}/disable":      n.controlDisable,
		"GET /control/faults":                      func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, n.Break(func(*Faults) {})) },
		"POST /control/faults":                     n.controlFaults,
		"DELETE /control/faults":                   n.controlNoFaults,
		"GET /control/crowd":                       n.controlCrowd,
		"DELETE /control/crowd":                    n.controlForgetCrowd,
		"GET /control/stats":                       func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, n.Stats()) },
	} {
		n.mux.HandleFunc(pattern, h)
	}
}

func (n *Network) controlDevices(w http.ResponseWriter, _ *http.Request) {
	n.mu.Lock()
	out := []Device{}
	for _, name := range slices.Sorted(maps.Keys(n.devices)) {
		d := n.devices[name].Device
		d.Topics = slices.Clone(d.Topics)
		out = append(out, d)
	}
	n.mu.Unlock()
	write(w, http.StatusOK, out)
}

// controlInstall does what an app does when it registers with the network.
func (n *Network) controlInstall(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name string `json:"name"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Name == "" || len(in.Name) > 200 {
		wrong(w, errors.New("name: 1 to 200 bytes"))
		return
	}
	write(w, http.StatusOK, Device{Name: in.Name, Token: n.Install(in.Name)})
}

func (n *Network) controlDeliveries(w http.ResponseWriter, r *http.Request) {
	write(w, http.StatusOK, n.Deliveries(r.PathValue("device")))
}

func (n *Network) controlBehaviour(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Behaviour Behaviour `json:"behaviour"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Behaviour != Good && refusals[in.Behaviour] == nil {
		wrong(w, errors.New("behaviour: none of those there are"))
		return
	}
	n.Behave(r.PathValue("device"), in.Behaviour)
	write(w, http.StatusOK, in)
}

func (n *Network) controlDisable(w http.ResponseWriter, r *http.Request) {
	n.users.disable(r.PathValue("phone"))
	write(w, http.StatusOK, struct{}{})
}

func (n *Network) controlFaults(w http.ResponseWriter, r *http.Request) {
	f := n.Break(func(*Faults) {})
	if !read(w, r, &f) {
		return
	}
	odd := f.Error != "" && refusals[f.Error] == nil || f.Status != 0 && (f.Status < 300 || f.Status > 599)
	if odd || f.Outage != "" && f.Outage != "refuse" && f.Outage != "hang" {
		wrong(w, errors.New(`outage: "", "refuse" or "hang"; error: one of the network's; status: 0 or 300 to 599`))
		return
	}
	write(w, http.StatusOK, n.Break(func(now *Faults) { *now = f }))
}

func (n *Network) controlNoFaults(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, n.Break(func(f *Faults) { *f = Faults{} }))
}

// read decodes a request's JSON onto what is there already. It is false when the request has been answered.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	data, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err == nil {
		err = strict(data, into)
	}
	if err != nil {
		wrong(w, err)
	}
	return err == nil
}

func wrong(w http.ResponseWriter, err error) {
	write(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has left needs no answer
}
