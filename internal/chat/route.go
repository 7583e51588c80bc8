package chat

import (
	"sync"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netgate"
)

// route is the way to one network. An outage is the network's and holds back all that goes there. An alarm is that of one of the city's accounts (a page, an
// official account) and holds back what leaves from that one: a token is an account's, and so is a permission, a quota, a bill. The zero value is open.
type route struct {
	network netgate.Gate

	mu       sync.Mutex
	accounts map[string]*netgate.Gate // those with an alarm: no more than are configured, for a channel makes no attempt from any other
}

// of gives the gate of an account; of one without an alarm, an open one that is not kept.
func (r *route) of(account string) *netgate.Gate {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g := r.accounts[account]; g != nil {
		return g
	}
	return &netgate.Gate{}
}

// wait gives how long nothing may be sent from an account; 0 when it may.
func (r *route) wait(account string, now time.Time) time.Duration {
	return max(r.of(account).Wait(now), r.network.Wait(now))
}

// enter asks to send one message from an account: 0 lets it, and report or leave must follow; else how long to wait.
func (r *route) enter(account string, now time.Time) time.Duration {
	g := r.of(account)
	if wait := g.Enter(now); wait > 0 {
		return wait
	}
	wait := r.network.Enter(now)
	if wait > 0 {
		g.Leave()
	}
	return wait
}

// leave gives back an entry that was not used, or tells nothing about the network.
func (r *route) leave(account string) {
	r.of(account).Leave()
	r.network.Leave()
}

// report tells what became of an attempt. A network that refuses, asks for an operator, or names a time to come back, is not away. An account that gets an answer
// other than an alarm is let in again; an outage says nothing about it.
func (r *route) report(account string, o channels.Outcome, now time.Time) {
	r.of(account).Leave()
	if !o.Alarm && o.Status == channels.Later && o.Retry <= 0 {
		r.network.Fails(now, 0)
		return
	}
	r.network.Works()
	if o.Alarm {
		r.alarm(account).Shut(now)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.accounts, account)
}

// alarm gives the gate of an account that has an alarm from now on.
func (r *route) alarm(account string) *netgate.Gate {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.accounts == nil {
		r.accounts = map[string]*netgate.Gate{}
	}
	if r.accounts[account] == nil {
		r.accounts[account] = &netgate.Gate{}
	}
	return r.accounts[account]
}

// alarms counts the accounts with an alarm.
func (r *route) alarms() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.accounts)
}

// open ends all pauses.
func (r *route) open() {
	r.network.Open()
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.accounts)
}

// route gives that of a channel; of one that is not configured, an open one.
func (c *Chats) route(channel string) *route {
	if r := c.routes[channel]; r != nil {
		return r
	}
	return &route{}
}
