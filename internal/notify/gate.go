package notify

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Patience with a network.
const (
	tolerated  = 5                // failed attempts in a row after which nothing is sent for a while
	pauseMin   = time.Second      // the first such pause; it doubles
	pauseMax   = 30 * time.Second // so a network that is back is noticed within this
	alarmPause = time.Minute      // when an operator has to act first
	probeMax   = time.Minute      // after which a probe that did not report is forgotten
	calmFlight = 2                // attempts under way beyond which the workers of all channels leave a channel to its own
)

// gate holds back what goes over a channel whose network is away. After a pause one letter tries; the others follow when it has left, so that they do not all
// come at once. Each replica has its own. The zero value is open.
type gate struct {
	mu      sync.Mutex
	flying  int       // attempts under way
	fails   int       // in a row
	until   time.Time // of the pause
	probe   time.Time // begin of the one attempt after it; zero for none
	alarmed time.Time // when an alarm was last logged
}

// wait gives how long nothing may be sent; 0 when it may.
func (g *gate) wait(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.left(now)
}

func (g *gate) left(now time.Time) time.Duration {
	if d := g.until.Sub(now); d > 0 {
		return d
	}
	if g.fails >= tolerated && now.Sub(g.probe) < probeMax {
		return pauseMin
	}
	return 0
}

// calm tells whether the channel works and is not busy, so that a worker of all channels may use it without keeping others waiting.
func (g *gate) calm() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.fails == 0 && g.flying < calmFlight
}

// enter asks to make one attempt: 0 lets it, and report must follow; else how long to wait.
func (g *gate) enter(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.left(now)
	if d == 0 {
		g.flying++
		if g.fails >= tolerated {
			g.probe = now
		}
	}
	return d
}

// room gives how many of the letters that are due may be tried now, up to most: one after a pause.
func (g *gate) room(now time.Time, most int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.left(now) > 0:
		return 0
	case g.fails >= tolerated:
		return 1
	}
	return most
}

// report tells what became of an attempt. A network that takes letters, refuses them or names a time to come back is not away. cut says that the attempt
// was ended by us and tells nothing.
func (g *gate) report(f Fate, cut bool, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flying--
	g.probe = time.Time{}
	switch {
	case cut:
	case f.Alarm:
		g.fails, g.until = max(g.fails, tolerated), now.Add(alarmPause)
	case f.State != Pending || f.Taken || f.Retry > 0:
		g.fails, g.until = 0, time.Time{}
	default:
		if g.fails++; g.fails >= tolerated {
			g.until = now.Add(jitter(min(pauseMax, pauseMin<<min(g.fails-tolerated, 10))))
		}
	}
}

// rings tells whether an alarm is to be logged: once a minute.
func (g *gate) rings(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.alarmed) < time.Minute {
		return false
	}
	g.alarmed = now
	return true
}

// jitter varies a wait, so that what failed together does not come back together.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
