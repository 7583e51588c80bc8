package fcmfake

import (
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/motcua/motcua/channels/channelfake"
)

// Faults are the things that go wrong, until they are set back.
type Faults struct {
	channelfake.Calls
	Error Behaviour `json:"error"` // answered to requests instead of doing the work: "QUOTA_EXCEEDED", "UNAVAILABLE". Status likewise; 401 is that of a bad access token
}

// Check tells what is wrong with what was asked for.
func (f Faults) Check() error {
	if f.Error != "" && refusals[f.Error] == nil {
		return errors.New("error: none of the network's")
	}
	return f.Calls.Check()
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
func (n *Network) Break(f func(*Faults)) Faults { return n.faults.Change(f) }

// Faults tells what goes wrong.
func (n *Network) Faults() Faults { return n.faults.Get() }

// Mend sets everything back.
func (n *Network) Mend() Faults { return n.Break(func(f *Faults) { *f = Faults{} }) }

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
	channelfake.Write(w, bad.Code, map[string]refusal{"error": bad})
}

// gate plays what goes wrong, and asks for the access token. ok is false when the request has been answered; lose asks for the work without its answer.
func (n *Network) gate(w http.ResponseWriter, r *http.Request) (lose, ok bool) {
	n.mu.Lock()
	n.stats.Requests++
	n.mu.Unlock()
	of := func(f *Faults) (*channelfake.Calls, bool) { return &f.Calls, f.Error != "" || f.Status != 0 }
	fate, set := n.faults.Fate(w, r, of, n.done)
	switch {
	case fate == channelfake.Gone:
		return false, false
	case fate == channelfake.Out:
		n.refuse(w, *refusals[Unavailable])
		return false, false
	case fate == channelfake.Broken:
		n.refuse(w, set.refusal())
		return false, false
	case n.cfg.Bearer != "" && r.Header.Get("Authorization") != "Bearer "+n.cfg.Bearer:
		n.refuse(w, unauthenticated)
		return false, false
	}
	return fate == channelfake.Lost, true
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

// controlRoutes serves the handles of the stand-in, which the network does not have.
func (n *Network) controlRoutes() {
	n.screens.Routes(n.mux, "/control/devices")
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /control/devices":                     n.controlDevices,
		"POST /control/devices":                    n.controlInstall,
		"GET /control/devices/{device}/deliveries": n.controlDeliveries,
		"POST /control/devices/{device}/behaviour": n.controlBehaviour,
		"POST /control/users/{phone}/disable":      n.controlDisable,
		"GET /control/faults":                      channelfake.Show(n.Faults),
		"POST /control/faults":                     channelfake.Set(n.Faults, Faults.Check, n.Break),
		"DELETE /control/faults":                   channelfake.Show(n.Mend),
		"GET /control/crowd":                       n.controlCrowd,
		"DELETE /control/crowd":                    n.controlForgetCrowd,
		"GET /control/stats":                       channelfake.Show(n.Stats),
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
	channelfake.Write(w, http.StatusOK, out)
}

// controlInstall does what an app does when it registers with the network.
func (n *Network) controlInstall(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name string `json:"name"`
	}
	if channelfake.Name(w, r, &in, &in.Name) {
		channelfake.Write(w, http.StatusOK, Device{Name: in.Name, Token: n.Install(in.Name)})
	}
}

func (n *Network) controlDeliveries(w http.ResponseWriter, r *http.Request) {
	channelfake.Write(w, http.StatusOK, n.Deliveries(r.PathValue("device")))
}

func (n *Network) controlBehaviour(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Behaviour Behaviour `json:"behaviour"`
	}
	if !channelfake.Read(w, r, &in) {
		return
	}
	if in.Behaviour != Good && refusals[in.Behaviour] == nil {
		channelfake.Wrong(w, http.StatusBadRequest, errors.New("behaviour: none of those there are"))
		return
	}
	n.Behave(r.PathValue("device"), in.Behaviour)
	channelfake.Write(w, http.StatusOK, in)
}

func (n *Network) controlDisable(w http.ResponseWriter, r *http.Request) {
	n.users.disable(r.PathValue("phone"))
	channelfake.Write(w, http.StatusOK, struct{}{})
}
