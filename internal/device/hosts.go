package device

import (
	"sync"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/retry"
)

// Hosted is a Channel whose devices are reached at hosts that whoever registered them named, such as push services of browsers. What is answered there says
// nothing about the channel, nor about us: a stranger may have chosen who answers.
type Hosted interface {
	// Host names where an address leads: "push.example". "" when it is no address.
	Host(to channels.Address) string
}

// Patience with one host.
const (
	hostTolerated = 5                // failed attempts in a row after which nothing is sent there for a while, at devices that took something before
	newTolerated  = 20               // likewise at devices that never did: nobody knows whether they ever will
	hostPauseMin  = time.Second      // the first such pause; it doubles
	hostPauseMax  = 30 * time.Second // so a host that is back is noticed within this
	hostProbeMax  = time.Minute      // after which an attempt that did not report is forgotten
	hostWorked    = 10 * time.Second // for so long after it took something a host is not away
	hostsKept     = 256              // beyond it the host that was asked longest ago is forgotten
)

// hosts holds back what goes to a host that is away, and to no other. Devices that have taken something before are judged apart from those that never did: so many
// strangers as like may name a host and answer nothing, and keep nobody else from it. Each replica has its own.
type hosts struct {
	now func() time.Time

	mu sync.Mutex
	of map[place]*host
}

// place is a host as one of the two kinds of devices see it.
type place struct {
	host   string
	proven bool
}

func (p place) tolerated() int {
	if p.proven {
		return hostTolerated
	}
	return newTolerated
}

type host struct {
	asked time.Time // last
	took  time.Time // something, last
	fails int       // since then
	away  bool
	until time.Time // of the pause
	probe time.Time // begin of the one attempt after it; zero for none
}

// enter asks to make one attempt: 0 lets it, and report must follow; else how long to wait.
func (h *hosts) enter(p place) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, x := h.now(), h.find(p)
	switch left := x.until.Sub(now); {
	case left > 0:
		return left
	case x.away && now.Sub(x.probe) < hostProbeMax:
		return hostPauseMin
	case x.away:
		x.probe = now
	}
	x.asked = now
	return 0
}

// report tells what became of an attempt. cut says that we broke it off.
func (h *hosts) report(p place, s channels.Status, cut bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, x := h.now(), h.find(p)
	x.probe = time.Time{}
	switch {
	case cut:
	case s == channels.Sent:
		*x = host{asked: x.asked, took: now}
	case s != channels.Later:
		x.fails, x.away, x.until = 0, false, time.Time{} // it is there
	default:
		x.fails++
		over := x.fails - p.tolerated()
		if x.away = x.away || over >= 0 && now.Sub(x.took) >= hostWorked; x.away {
			x.until = now.Add(retry.Backoff(over, hostPauseMin, hostPauseMax))
		}
	}
}

// find gives what is known of a host.
func (h *hosts) find(p place) *host {
	x := h.of[p]
	if x != nil {
		return x
	}
	if len(h.of) >= hostsKept {
		h.forgetOne()
	}
	x = &host{asked: h.now()}
	h.of[p] = x
	return x
}

func (h *hosts) forgetOne() {
	var oldest place
	var at time.Time
	for p, x := range h.of {
		if at.IsZero() || x.asked.Before(at) {
			oldest, at = p, x.asked
		}
	}
	delete(h.of, oldest)
}
