package chat

import (
	"sync"
	"time"

	"github.com/motcua/motcua/channels"
)

// Patience with a network.
const (
	tolerated  = 5                // failed attempts in a row after which nothing is sent for a while
	pauseMin   = time.Second      // the first such pause; it doubles
	pauseMax   = 30 * time.Second // so a network that is back is noticed within this
	alarmPause = time.Minute      // when an operator has to act first
	probeMax   = time.Minute      // after which a probe that did not report is forgotten
)

// gate holds back what goes to a network that is away. After a pause one message tries; the others follow when it has left, so that they do not all
// come at once. Each replica has its own. The zero value is open.
type gate struct {
	mu      sync.Mutex
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

// enter asks to send one message: 0 lets it, and report or leave must follow; else how long to wait.
func (g *gate) enter(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.left(now)
	if d == 0 && g.fails >= tolerated {
		g.probe = now
	}
	return d
}

// leave gives back an entry that was not used, or tells nothing about the network.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.probe = time.Time{}
}

// room gives how many of the messages that are due may be tried now, up to most: one after a pause.
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

// report tells what became of an attempt. A network that refuses, or names a time to come back, is not away.
func (g *gate) report(o channels.Outcome, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.probe = time.Time{}
	switch {
	case o.Alarm:
		g.fails, g.until = max(g.fails, tolerated), now.Add(alarmPause)
	case o.Status != channels.Later || o.Retry > 0:
		g.fails, g.until = 0, time.Time{}
	default:
		if g.fails++; g.fails >= tolerated {
			g.until = now.Add(jitter(min(pauseMax, pauseMin<<min(g.fails-tolerated, 10))))
		}
	}
}

// open ends a pause.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fails, g.until, g.probe = 0, time.Time{}, time.Time{}
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

// gate gives that of a channel; of one that is not configured, an open one.
func (c *Chats) gate(channel string) *gate {
	if g := c.gates[channel]; g != nil {
		return g
	}
	return &gate{}
}
