package zalofake

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// outages are the switches of all hosts.
func (f *Faults) outages() []*string {
	return []*string{&f.Outage, &f.OutageOpenAPI, &f.OutageBusiness, &f.OutageGraph, &f.OutageOAuth}
}

// outage gives how a host fails; "" when it does not.
func (f *Faults) outage(path string) string {
	for prefix, own := range map[string]string{
		"/openapi/": f.OutageOpenAPI, "/business/": f.OutageBusiness, "/graph/": f.OutageGraph, "/oauth/": f.OutageOAuth,
	} {
		if own != "" && strings.HasPrefix(path, prefix) {
			return own
		}
	}
	return f.Outage
}

// valid tells whether the outages are of the kinds that there are.
func (f *Faults) valid() bool {
	return !slices.ContainsFunc(f.outages(), func(o *string) bool { return *o != "" && *o != "refuse" && *o != "hang" })
}

// planEnd has outages end by themselves, when that was just asked for. It is called with mu held.
func (n *Network) planEnd(before int64) {
	if n.faults.OutageS == before {
		return
	}
	n.planned++
	mine := n.planned
	if n.faults.OutageS <= 0 {
		return
	}
	n.later(n.faults.OutageS*1000, func() {
		if mine != n.planned {
			return // another end was set meanwhile
		}
		for _, o := range n.faults.outages() {
			*o = ""
		}
		n.faults.OutageS = 0
		n.tellFaults()
	})
}

// tellFaults wakes who waits for a change. It is called with mu held.
func (n *Network) tellFaults() {
	close(n.changed)
	n.changed = make(chan struct{})
}

// gate plays an outage and slowness. It is false when the request has been answered.
func (n *Network) gate(w http.ResponseWriter, r *http.Request) bool {
	f := n.Faults()
	switch f.outage(r.URL.Path) {
	case "":
		return n.pause(r, time.Duration(f.SlowMS)*time.Millisecond)
	case "hang":
		n.hang(w, r)
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte("<h1>503 Service Temporarily Unavailable</h1>")) // a client that has left needs no answer
	return false
}

// hang holds a request until the outage ends or the client gives up.
func (n *Network) hang(w http.ResponseWriter, r *http.Request) {
	endless(w)
	for {
		changed := n.faultsChange()
		if f := n.Faults(); f.outage(r.URL.Path) != "hang" {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-n.done:
			return
		}
	}
}

// faultsChange is closed at the next change of the faults.
func (n *Network) faultsChange() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changed
}
