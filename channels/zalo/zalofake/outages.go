package zalofake

import (
	"net/http"
	"strings"

	"github.com/motcua/motcua/channels/channelfake"
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

// Check tells what is wrong with what was asked for.
func (f Faults) Check() error {
	for _, o := range f.outages() {
		if err := channelfake.CheckOutage(*o); err != nil {
			return err
		}
	}
	return nil
}

// planEnd has outages end by themselves after so many seconds, unless another end is planned meanwhile; 0 means that they do not.
func (n *Network) planEnd(seconds int64) {
	mine := n.planned.Add(1)
	if seconds <= 0 {
		return
	}
	n.later(seconds*1000, func() {
		if mine != n.planned.Load() {
			return
		}
		n.faults.Change(func(f *Faults) {
			for _, o := range f.outages() {
				*o = ""
			}
			f.OutageS = 0
		})
	})
}

// gate plays an outage and slowness. It is false when the request has been answered.
func (n *Network) gate(w http.ResponseWriter, r *http.Request) bool {
	return n.faults.Gate(w, r, func(f Faults) channelfake.Faults {
		f.Outage = f.outage(r.URL.Path)
		return f.Faults
	}, n.ctx.Done())
}
