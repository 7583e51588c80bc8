package webpushfake

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/motcua/motcua/channels/channelfake"
)

// Faults are the things that go wrong.
type Faults = channelfake.Calls

// Stats are sums since the start.
type Stats struct {
	Taken    int            `json:"taken"`
	Broken   int            `json:"broken"` // taken, and could not be decrypted
	Refused  int            `json:"refused"`
	ByStatus map[string]int `json:"by_status"`
	Devices  int            `json:"devices"`
}

// Break changes what goes wrong.
func (s *Service) Break(f func(*Faults)) Faults { return s.faults.Change(f) }

// Faults tells what goes wrong.
func (s *Service) Faults() Faults { return s.faults.Get() }

// Mend sets everything back.
func (s *Service) Mend() Faults { return s.Break(func(f *Faults) { *f = Faults{} }) }

// Stats gives the sums so far.
func (s *Service) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.stats
	out.ByStatus, out.Devices = maps.Clone(s.stats.ByStatus), len(s.devices)
	return out
}

func (s *Service) count(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Refused++
	s.stats.ByStatus[strconv.Itoa(status)]++
}

// fate plays what goes wrong. ok is false when the request has been answered; lose asks for the work without its answer.
func (s *Service) fate(w http.ResponseWriter, r *http.Request) (lose, ok bool) {
	of := func(f *Faults) (*channelfake.Calls, bool) { return f, f.Status != 0 }
	switch fate, set := s.faults.Fate(w, r, of, s.done); fate {
	case channelfake.Out:
		s.refuse(w, refusal{http.StatusServiceUnavailable, "broken on purpose"})
	case channelfake.Broken:
		s.refuse(w, refusal{set.Status, "broken on purpose"})
	case channelfake.Good, channelfake.Lost:
		return fate == channelfake.Lost, true
	}
	return false, false
}

// controlRoutes serves the handles of the stand-in, which no push service has.
func (s *Service) controlRoutes() {
	s.screens.Routes(s.mux, "/control/devices")
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /control/devices":                    channelfake.Show(s.controlDevices),
		"POST /control/devices":                   s.controlSubscribe,
		"GET /control/devices/{device}/messages":  s.controlMessages,
		"POST /control/devices/{device}/expire":   s.controlExpire,
		"POST /control/devices/{device}/presence": s.controlPresence,
		"GET /control/faults":                     channelfake.Show(s.Faults),
		"POST /control/faults":                    channelfake.Set(s.Faults, Faults.Check, s.Break),
		"DELETE /control/faults":                  channelfake.Show(s.Mend),
		"GET /control/stats":                      channelfake.Show(s.Stats),
	} {
		s.mux.HandleFunc(pattern, h)
	}
}

// Device is a browser as the control shows it.
type Device struct {
	Name    string `json:"name"`
	Over    bool   `json:"over"`    // its subscription has ended
	Away    bool   `json:"away"`    // it gets nothing now
	Waiting int    `json:"waiting"` // messages kept for it
	Got     int    `json:"got"`
}

func (s *Service) controlDevices() []Device {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Device{}
	for _, name := range slices.Sorted(maps.Keys(s.devices)) {
		b := s.devices[name]
		out = append(out, Device{Name: name, Over: b.over, Away: b.away, Waiting: len(b.waiting), Got: len(b.got)})
	}
	return out
}

// controlSubscribe does what a browser does for pushManager.subscribe.
func (s *Service) controlSubscribe(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name string `json:"name"`
		Key  string `json:"applicationServerKey"`
	}
	if channelfake.Name(w, r, &in, &in.Name) {
		channelfake.Write(w, http.StatusOK, s.Subscribe(in.Name, in.Key))
	}
}

func (s *Service) controlMessages(w http.ResponseWriter, r *http.Request) {
	channelfake.Write(w, http.StatusOK, s.Messages(r.PathValue("device")))
}

func (s *Service) controlExpire(w http.ResponseWriter, r *http.Request) {
	s.Expire(r.PathValue("device"))
	channelfake.Write(w, http.StatusOK, struct{}{})
}

func (s *Service) controlPresence(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Away bool `json:"away"`
	}
	if !channelfake.Read(w, r, &in) {
		return
	}
	s.Away(r.PathValue("device"), in.Away)
	channelfake.Write(w, http.StatusOK, in)
}
