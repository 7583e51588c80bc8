package fakecity

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
	"github.com/motcua/motcua/channels/sms/smsfake"
	"github.com/motcua/motcua/channels/webpush/webpushfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
)

// network is one network as all are moved together.
type network struct {
	out   func(how string)    // "refuse" takes it away, "" brings it back
	how   func() string       // what out has set
	mend  func()              // sets back all that goes wrong
	clock func(time.Duration) // sets how far its clock is ahead; nil when it has none
}

// names are those of all networks, as the program's settings have them.
func names() []string { return []string{"zalo", "messenger", "zns", "fcm", "webpush", "sms", "web"} }

// network finds one by its name; false when there is none.
func (c *City) network(name string) (network, bool) {
	switch name {
	case "zalo":
		return network{
			out:   func(how string) { c.Zalo.Break(func(f *zalofake.Faults) { f.Outage, f.OutageS = how, 0 }) },
			how:   func() string { return c.Zalo.Faults().Outage },
			mend:  func() { c.Zalo.Mend() },
			clock: func(d time.Duration) { c.Zalo.Break(func(f *zalofake.Faults) { f.ClockOffsetS = seconds(d) }) },
		}, true
	case "messenger":
		return network{
			out:  func(how string) { c.Messenger.Break(func(f *messengerfake.Faults) { f.Outage = how }) },
			how:  func() string { return c.Messenger.Faults().Outage },
			mend: func() { c.Messenger.Mend() },
			clock: func(d time.Duration) {
				c.Messenger.Break(func(f *messengerfake.Faults) { f.ClockOffsetS = seconds(d) })
			},
		}, true
	}
	return c.notifier(name)
}

// notifier finds one that citizens do not write to, and the web chat.
func (c *City) notifier(name string) (network, bool) {
	switch name {
	case "zns": // a host of Zalo's
		out := func(how string) { c.Zalo.Break(func(f *zalofake.Faults) { f.OutageBusiness, f.OutageS = how, 0 }) }
		return network{out: out, how: func() string { return c.Zalo.Faults().OutageBusiness }, mend: func() { out("") }}, true
	case "fcm":
		return network{
			out:  func(how string) { c.FCM.Break(func(f *fcmfake.Faults) { f.Outage = how }) },
			how:  func() string { return c.FCM.Faults().Outage },
			mend: func() { c.FCM.Mend() },
		}, true
	case "webpush":
		return network{
			out:  func(how string) { c.WebPush.Break(func(f *webpushfake.Faults) { f.Outage = how }) },
			how:  func() string { return c.WebPush.Faults().Outage },
			mend: func() { c.WebPush.Mend() },
		}, true
	case "sms":
		return network{out: c.silenceSMS, how: c.silent, mend: func() { c.SMS.Break(smsfake.Fault{}) }}, true
	case "web": // the chat is the program's own: its browser on the page goes off line
		out := func(how string) { c.browser.Store(&how) }
		return network{out: out, how: func() string { return *c.browser.Load() }, mend: func() { out("") }}, true
	}
	return network{}, false
}

const refuse = "refuse" // how a network is out: it answers 503

// silenceSMS does what the others have a fault for.
func (c *City) silenceSMS(how string) {
	if how == "" {
		c.SMS.Break(smsfake.Fault{})
		return
	}
	c.SMS.Break(smsfake.Fault{Status: http.StatusServiceUnavailable, Times: math.MaxInt})
}

func (c *City) silent() string {
	if f := c.SMS.Fault(); f.Status == http.StatusServiceUnavailable && f.Times > 0 {
		return refuse
	}
	return ""
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// Outage takes a network away, by its name, until the time is over by the town's clock; 0 brings it back. It is false for a name that is none: zalo,
// messenger, zns, fcm, webpush, sms, web. The web chat is the program's own: in its place the browser on the page is off line.
func (c *City) Outage(name string, d time.Duration) bool {
	n, ok := c.network(name)
	if !ok {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.planned, name)
	if d <= 0 {
		n.out("")
		return true
	}
	n.out(refuse)
	c.planned[name] = c.cfg.Now().Add(d)
	return true
}

// wake ends the outages whose time is over. Every request to a stand-in comes by here, so nobody meets one that is.
func (c *City) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.cfg.Now()
	for name, end := range c.planned {
		if n, ok := c.network(name); ok && !end.After(now) {
			delete(c.planned, name)
			n.out("")
		}
	}
}

// SetClock sets how far the clocks of the networks that have one are ahead.
func (c *City) SetClock(ahead time.Duration) {
	for _, name := range names() {
		if n, ok := c.network(name); ok && n.clock != nil {
			n.clock(ahead)
		}
	}
}

// Mend sets back all that goes wrong on any network, and the clocks.
func (c *City) Mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.planned)
	for _, name := range names() {
		if n, ok := c.network(name); ok {
			n.mend()
		}
	}
}

// state is what the strip above the phones shows.
type state struct {
	ClockS  int64            `json:"clock_s"`  // how far the clocks are ahead
	OutageS map[string]int64 `json:"outage_s"` // left of the planned outages, by network
}

func (c *City) state() state {
	c.wake()
	s := state{ClockS: max(c.Zalo.Faults().ClockOffsetS, c.Messenger.Faults().ClockOffsetS), OutageS: map[string]int64{}}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, end := range c.planned {
		if n, ok := c.network(name); ok && n.how() != "" { // else somebody has brought it back by hand
			s.OutageS[name] = seconds(end.Sub(c.cfg.Now())) + 1
		}
	}
	return s
}

// controlRoutes serves the handles that move all stand-ins.
func (c *City) controlRoutes() {
	answer := func(w http.ResponseWriter) { channelfake.Write(w, http.StatusOK, c.state()) }
	c.mux.HandleFunc("GET /control/state", func(w http.ResponseWriter, _ *http.Request) { answer(w) })
	c.mux.HandleFunc("DELETE /control/faults", func(w http.ResponseWriter, _ *http.Request) {
		c.Mend()
		answer(w)
	})
	c.mux.HandleFunc("POST /control/clock", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			AheadS int64 `json:"ahead_s"`
		}
		if channelfake.Read(w, r, &in) {
			c.SetClock(time.Duration(in.AheadS) * time.Second)
			answer(w)
		}
	})
	c.mux.HandleFunc("POST /control/outage", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Network string `json:"network"`
			Seconds int64  `json:"seconds"` // 0 ends it
		}
		if !channelfake.Read(w, r, &in) {
			return
		}
		if in.Seconds < 0 || in.Seconds > 86400 || !c.Outage(in.Network, time.Duration(in.Seconds)*time.Second) {
			channelfake.Wrong(w, http.StatusBadRequest, errors.New("network: "+strings.Join(names(), ", ")+"; seconds: 0 to 86400"))
			return
		}
		answer(w)
	})
}
