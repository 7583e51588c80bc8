package channelfake

import (
	"errors"
	"net/http"
	"sync"
	"time"
)

// Faults are the things that go wrong on any network, until they are set back. A count of -1 means always.
type Faults struct {
	Outage string `json:"outage"`  // API: "refuse" answers HTTP 503, "hang" not at all; "" none
	SlowMS int64  `json:"slow_ms"` // before an API request is looked at

	Error       int `json:"error"`        // answered to sends instead of doing the work
	ErrorTimes  int `json:"error_times"`  // for how many sends
	LoseSends   int `json:"lose_sends"`   // so many sends are done, then the connection breaks without an answer
	LoseUploads int `json:"lose_uploads"` // so many uploads likewise

	ClockOffsetS int64 `json:"clock_offset_s"` // seconds that the network's clock is ahead: windows and ends of links. Times in events stay true
	EventSkewS   int64 `json:"event_skew_s"`   // seconds that the times in events are off
	Webhooks
}

// Check tells what is wrong with what was asked for.
func (f Faults) Check() error { return CheckOutage(f.Outage) }

// CheckOutage tells what is wrong with the name of an outage.
func CheckOutage(how string) error {
	if how != "" && how != "refuse" && how != "hang" {
		return errors.New(`outage: "", "refuse" or "hang"`)
	}
	return nil
}

// Webhooks are the faults of the way from the network to the program.
type Webhooks struct {
	Duplicate int   `json:"duplicate"` // so many copies of each event at once; 0 and 1 mean one
	Reorder   bool  `json:"reorder"`   // every other event of a person is sent after the one that follows it
	DelayMS   int64 `json:"delay_ms"`  // before each event
	Unordered bool  `json:"unordered"` // does not wait for the answer to an event before it sends the person's next one
}

// Planned takes one off a counted fault and tells whether it happens.
func Planned(times *int) bool {
	if *times > 0 {
		*times--
		return true
	}
	return *times < 0
}

// Switches are what is set, such as what goes wrong, and a signal when that changes. The zero value has the zero settings; it is safe for concurrent use.
type Switches[F any] struct {
	mu      sync.Mutex
	value   F
	changed chan struct{}
}

// Get tells what is set.
func (s *Switches[F]) Get() F {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value
}

// Change changes it.
func (s *Switches[F]) Change(f func(*F)) F {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.value)
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
	return s.value
}

// Planned takes one off a counted fault and tells whether it happens.
func (s *Switches[F]) Planned(times func(*F) *int) (happens bool) {
	s.Change(func(f *F) { happens = Planned(times(f)) })
	return happens
}

// watch gives what is set, and a channel that is closed at the next change.
func (s *Switches[F]) watch() (F, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.value, s.changed
}

// Gate plays an outage and slowness. It is false when the request has been answered, or its client or the stand-in has gone. What hung is refused when the
// outage is over.
func (s *Switches[F]) Gate(w http.ResponseWriter, r *http.Request, of func(F) Faults, done <-chan struct{}) bool {
	switch f := of(s.Get()); f.Outage {
	case "":
		return Pause(r, time.Duration(f.SlowMS)*time.Millisecond, done)
	case "hang":
		if !s.hang(w, r, func(now F) bool { return of(now).Outage == "hang" }, done) {
			return false
		}
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte("<h1>503 Service Temporarily Unavailable</h1>")) // a client that has left needs no answer
	return false
}

// hang holds a request for as long as it is to. It is false when the client or the stand-in has gone.
func (s *Switches[F]) hang(w http.ResponseWriter, r *http.Request, still func(F) bool, done <-chan struct{}) bool {
	Endless(w)
	for {
		value, changed := s.watch()
		if !still(value) {
			return true
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return false
		case <-done:
			return false
		}
	}
}

// Pause waits. It is false when the client gave up, or done was closed, meanwhile.
func Pause(r *http.Request, d time.Duration, done <-chan struct{}) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-done:
	case <-r.Context().Done():
	}
	return false
}
