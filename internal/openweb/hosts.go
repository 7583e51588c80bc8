package openweb

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Hosts is a list of hosts that a setting names: "example.vn", "*.example.vn" for what lies below it, "example.vn:8443" for one port. Without a port an
// entry means the usual one.
type Hosts []string

// Check names every entry that can never match.
func (l Hosts) Check() error {
	var errs []error
	for _, h := range l {
		name, port := splitHost(strings.TrimPrefix(h, "*."))
		wild := strings.HasPrefix(h, "*.")
		_, bad := strconv.ParseUint(cmp.Or(port, "443"), 10, 16)
		odd := name == "" || strings.ContainsAny(name, "*/@?# ") || h != strings.ToLower(h)
		if bad != nil || odd || (wild && (port != "" || !strings.Contains(name, "."))) {
			errs = append(errs, fmt.Errorf(`%q is none of "example.vn", "*.example.vn", "example.vn:8443", in lower case`, h))
		}
	}
	return errors.Join(errs...)
}

// Match tells whether an entry allows a host, in lower case, and the port of its URL; "" is the usual one.
func (l Hosts) Match(host, port string) bool {
	if port == "443" {
		port = ""
	}
	for _, h := range l {
		name, listed := splitHost(h)
		if listed == "443" {
			listed = ""
		}
		below, wild := strings.CutPrefix(name, "*.")
		if port == listed && (!wild && name == host || wild && strings.HasSuffix(host, "."+below)) {
			return true
		}
	}
	return false
}

// matchAny is Match for hosts of the city's own: an entry without a port allows any.
func (l Hosts) matchAny(host, port string) bool {
	return l.Match(host, port) || l.Match(host, "")
}

// splitHost cuts a port off, if there is one, and the brackets of an IPv6 address.
func splitHost(s string) (host, port string) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.String(), ""
	}
	if h, p, err := net.SplitHostPort(s); err == nil {
		return h, p
	}
	return strings.Trim(s, "[]"), ""
}
