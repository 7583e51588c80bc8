package fakecity

import (
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
	"github.com/motcua/motcua/channels/sms/smsfake"
	"github.com/motcua/motcua/channels/webpush/webpushfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
)

// network is one stand-in as all are moved together.
type network struct {
	out   func(how string)    // "refuse" takes it away, "" brings it back
	how   func() string       // what out has set
	mend  func()              // sets back all that goes wrong
	clock func(time.Duration) // sets how far its clock is ahead; nil when it has none
}

// network finds one by its name; false when there is none.
func (c *City) network(name string) (network, bool) {
	switch name {
	case "zalo":
		return network{
			out:   func(how string) { c.Zalo.Break(func(f *zalofake.Faults) { f.Outage, f.OutageS = how, 0 }) },
			how:   func() string { return c.Zalo.Faults().Outage },
			mend:  func() { c.Zalo.Break(func(f *zalofake.Faults) { *f = zalofake.Faults{} }) },
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
	case "fcm":
		return network{
			out:  func(how string) { c.FCM.Break(func(f *fcmfake.Faults) { f.Outage = how }) },
			how:  func() string { return c.FCM.Break(func(*fcmfake.Faults) {}).Outage },
			mend: func() { c.FCM.Break(func(f *fcmfake.Faults) { *f = fcmfake.Faults{} }) },
		}, true
	case "push":
		return network{
			out:  func(how string) { c.WebPush.Break(func(f *webpushfake.Faults) { f.Outage = how }) },
			how:  func() string { return c.WebPush.Break(func(*webpushfake.Faults) {}).Outage },
			mend: func() { c.WebPush.Break(func(f *webpushfake.Faults) { *f = webpushfake.Faults{} }) },
		}, true
	case "sms":
		return network{out: c.silenceSMS, how: func() string { return refuse }, mend: func() { c.silenceSMS("") }}, true
	}
	return network{}, false
}

const refuse = "refuse" // how a network is out: it answers 503

// silenceSMS does what the others have a fault for. The provider does not tell its faults.
func (c *City) silenceSMS(how string) {
	if how == "" {
		c.SMS.Break(smsfake.Fault{})
		return
	}
	c.SMS.Break(smsfake.Fault{Status: http.StatusServiceUnavailable, Times: math.MaxInt})
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// names are those of all networks.
var names = []string{"zalo", "messenger", "fcm", "push", "sms"}

// outage is the planned end of one.
type outage struct {
	end   time.Time
	timer *time.Timer
}

// Outage takes a network away, by its name, until the time is over; 0 brings it back. It is false for a name that is none: zalo, messenger, fcm, push, sms.
func (c *City) Outage(name string, d time.Duration) bool {
	n, ok := c.network(name)
	if !ok {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if was, ok := c.planned[name]; ok {
		was.timer.Stop()
		delete(c.planned, name)
	}
	if d <= 0 {
		n.out("")
		return true
	}
	n.out(refuse)
	end := time.Now().Add(d)
	c.planned[name] = outage{end, time.AfterFunc(d, func() { c.over(name, end) })}
	return true
}

// over ends an outage, unless another one was planned meanwhile.
func (c *City) over(name string, end time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.planned[name].end != end {
		return
	}
	delete(c.planned, name)
	if n, ok := c.network(name); ok {
		n.out("")
	}
}

// forget drops planned ends.
func (c *City) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, o := range c.planned {
		o.timer.Stop()
		delete(c.planned, name)
	}
}

// SetClock sets how far the clocks of the networks that have one are ahead.
func (c *City) SetClock(ahead time.Duration) {
	for _, name := range names {
		if n, ok := c.network(name); ok && n.clock != nil {
			n.clock(ahead)
		}
	}
}

// Mend sets back all that goes wrong on any network, and the clocks.
func (c *City) Mend() {
	c.forget()
	for _, name := range names {
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
	s := state{ClockS: max(c.Zalo.Faults().ClockOffsetS, c.Messenger.Faults().ClockOffsetS), OutageS: map[string]int64{}}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, o := range c.planned {
		if n, ok := c.network(name); ok && n.how() != "" { // else somebody has brought it back by hand
			s.OutageS[name] = seconds(time.Until(o.end)) + 1
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
			channelfake.Wrong(w, http.StatusBadRequest, errors.New("network: zalo, messenger, fcm, push or sms; seconds: 0 to 86400"))
			return
		}
		answer(w)
	})
}
