// Package netgate holds back what goes to a network that is away, so that it is not pressed while it is down nor overrun when it comes back.
//
// It does not know what is sent, nor which answers mean that a network is away: whoever sends says so.
package netgate

import (
	"sync"
	"time"

	"github.com/motcua/motcua/internal/retry"
)

// Limits of a gate.
const (
	Tolerated  = 5                // failures in a row; fewer may be about what was sent
	PauseMin   = time.Second      // after them, growing
	PauseMax   = 30 * time.Second // so a network that is back is noticed within this
	AskedMax   = 5 * time.Minute  // when the network itself names a longer time to come back: it may be wrong
	AlarmPause = time.Minute      // when an operator has to act first
	ProbeMax   = time.Minute      // after which a probe that did not report is forgotten
	calmFlight = 2                // attempts under way beyond which a gate is busy
)

// Gate is the way to one network, or from one account. After a pause one attempt is let in; the others follow when it has succeeded, so that they do not all come
// at once. Each replica has its own. The zero value is open. It is safe for concurrent use.
type Gate struct {
	mu      sync.Mutex
	flying  int       // attempts under way
	fails   int       // in a row
	until   time.Time // of the pause
	probe   time.Time // begin of the one attempt after it; zero for none
	alarmed time.Time // when an alarm was last logged
}

// Wait gives how long nothing may be sent; 0 when it may.
func (g *Gate) Wait(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.left(now)
}

func (g *Gate) left(now time.Time) time.Duration {
	if d := g.until.Sub(now); d > 0 {
		return d
	}
	if g.fails >= Tolerated && now.Sub(g.probe) < ProbeMax {
		return PauseMin
	}
	return 0
}

// Calm tells whether the network works and is not busy, so that whoever serves several may use it without keeping the others waiting.
func (g *Gate) Calm() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.fails == 0 && g.flying < calmFlight
}

// Room gives how many of those that are due may be tried now, up to most: one after a pause.
func (g *Gate) Room(now time.Time, most int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.left(now) > 0:
		return 0
	case g.fails >= Tolerated:
		return 1
	}
	return most
}

// Enter asks to make one attempt: 0 lets it, and Leave, Works or Fails must follow; else how long to wait.
func (g *Gate) Enter(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.left(now)
	if d > 0 {
		return d
	}
	g.flying++
	if g.fails >= Tolerated {
		g.probe = now
	}
	return 0
}

// Leave ends an attempt that was not made, or that tells nothing about the network.
func (g *Gate) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave()
}

func (g *Gate) leave() {
	g.flying, g.probe = max(g.flying-1, 0), time.Time{}
}

// Works ends an attempt that the network answered: the gate is open.
func (g *Gate) Works() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave()
	g.open()
}

// Fails ends an attempt that the network did not answer, or put off for the time that it asked; 0 when it named none.
func (g *Gate) Fails(now time.Time, asked time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave()
	if g.fails++; g.fails < Tolerated {
		return
	}
	until := now.Add(max(retry.Backoff(g.fails-Tolerated, PauseMin, PauseMax), min(asked, AskedMax)))
	if until.After(g.until) { // of attempts under way at once, the one put off for longest counts
		g.until = until
	}
}

// Open ends a pause.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open()
}

func (g *Gate) open() {
	g.fails, g.until, g.probe = 0, time.Time{}, time.Time{}
}

// Shut begins a pause of AlarmPause that an operator has to end, or that one attempt ends which succeeds after it.
func (g *Gate) Shut(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fails, g.until, g.probe = max(g.fails, Tolerated), now.Add(AlarmPause), time.Time{}
}

// Rings tells whether an alarm is to be logged: once a minute.
func (g *Gate) Rings(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.alarmed) < time.Minute {
		return false
	}
	g.alarmed = now
	return true
}
