package webpushfake

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
	Outage      string `json:"outage"`        // "refuse" answers HTTP 503, "hang" nothing until the client gives up; "" none
	SlowMS      int64  `json:"slow_ms"`       // before a push is looked at
	Status      int    `json:"status"`        // answered to pushes instead of doing the work
	Times       int    `json:"times"`         // for how many pushes
	RetryAfterS int    `json:"retry_after_s"` // said with Status and an outage; 0 says nothing
	Lose        int    `json:"lose"`          // so many pushes are taken, then the connection breaks without an answer
}

// Stats are sums since the start.
type Stats struct {
	Taken    int            `json:"taken"`
	Broken   int            `json:"broken"` // taken, and could not be decrypted
	Refused  int            `json:"refused"`
	ByStatus map[string]int `json:"by_status"`
	Devices  int            `json:"devices"`
}

// Break changes what goes wrong.
func (s *Service) Break(f func(*Faults)) Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.faults)
	return s.faults
}

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

// gate plays what goes wrong. ok is false when the request has been answered; lose asks for the work without its answer.
func (s *Service) gate(w http.ResponseWriter, r *http.Request) (lose, ok bool) {
	s.mu.Lock()
	f := s.faults
	broken := f.Status != 0 && planned(&s.faults.Times)
	lose = f.Outage == "" && !broken && planned(&s.faults.Lose)
	s.mu.Unlock()
	if f.RetryAfterS > 0 && (f.Outage != "" || broken) {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfterS))
	}
	switch {
	case f.Outage == "hang":
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
		return false, false
	case f.Outage != "":
		s.refuse(w, refusal{http.StatusServiceUnavailable, "broken on purpose"})
		return false, false
	case broken:
		s.refuse(w, refusal{f.Status, "broken on purpose"})
		return false, false
	}
	return lose, pause(r, time.Duration(f.SlowMS)*time.Millisecond)
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

// controlRoutes serves the handles of the stand-in, which no push service has.
func (s *Service) controlRoutes() {
	s.screens.Routes(s.mux, "/control/devices")
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /control/devices":                    s.controlDevices,
		"POST /control/devices":                   s.controlSubscribe,
		"GET /control/devices/{device}/messages":  s.controlMessages,
		"POST /control/devices/{device}/expire":   s.controlExpire,
		"POST /control/devices/{device}/presence": s.controlPresence,
		"GET /control/faults":                     func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, s.Break(func(*Faults) {})) },
		"POST /control/faults":                    s.controlFaults,
		"DELETE /control/faults": func(w http.ResponseWriter, _ *http.Request) {
			write(w, http.StatusOK, s.Break(func(f *Faults) { *f = Faults{} }))
		},
		"GET /control/stats": func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, s.Stats()) },
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

func (s *Service) controlDevices(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	out := []Device{}
	for _, name := range slices.Sorted(maps.Keys(s.devices)) {
		b := s.devices[name]
		out = append(out, Device{Name: name, Over: b.over, Away: b.away, Waiting: len(b.waiting), Got: len(b.got)})
	}
	s.mu.Unlock()
	write(w, http.StatusOK, out)
}

// controlSubscribe does what a browser does for pushManager.subscribe.
func (s *Service) controlSubscribe(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name string `json:"name"`
		Key  string `json:"applicationServerKey"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Name == "" || len(in.Name) > 200 {
		wrong(w, errors.New("name: 1 to 200 bytes"))
		return
	}
	write(w, http.StatusOK, s.Subscribe(in.Name, in.Key))
}

func (s *Service) controlMessages(w http.ResponseWriter, r *http.Request) {
	write(w, http.StatusOK, s.Messages(r.PathValue("device")))
}

func (s *Service) controlExpire(w http.ResponseWriter, r *http.Request) {
	s.Expire(r.PathValue("device"))
	write(w, http.StatusOK, struct{}{})
}

func (s *Service) controlPresence(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Away bool `json:"away"`
	}
	if !read(w, r, &in) {
		return
	}
	s.Away(r.PathValue("device"), in.Away)
	write(w, http.StatusOK, in)
}

func (s *Service) controlFaults(w http.ResponseWriter, r *http.Request) {
	f := s.Break(func(*Faults) {})
	if !read(w, r, &f) {
		return
	}
	if f.Outage != "" && f.Outage != "refuse" && f.Outage != "hang" || f.Status != 0 && (f.Status < 300 || f.Status > 599) {
		wrong(w, errors.New(`outage: "", "refuse" or "hang"; status: 0 or 300 to 599`))
		return
	}
	write(w, http.StatusOK, s.Break(func(now *Faults) { *now = f }))
}

// read decodes a request's JSON onto what is there already. It is false when the request has been answered.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(io.LimitReader(r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		wrong(w, err)
		return false
	}
	return true
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
