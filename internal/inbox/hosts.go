package inbox

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// errRefused marks an address that must not be called.
var errRefused = errors.New("inbox: an address that must not be called")

// CheckHosts reports every entry of a list of hosts (channels.Profile.MediaHosts) that can never match.
func CheckHosts(hosts []string) error {
	var errs []error
	for _, h := range hosts {
		name, port := splitHost(strings.TrimPrefix(h, "*."))
		wild := strings.HasPrefix(h, "*.")
		_, bad := strconv.ParseUint(cmp.Or(port, "443"), 10, 16)
		odd := name == "" || strings.ContainsAny(name, "*/@? ") || h != strings.ToLower(h)
		if bad != nil || odd || (wild && (port != "" || !strings.Contains(name, "."))) {
			errs = append(errs, fmt.Errorf("media host %q: want example.vn, *.example.vn, example.vn:8443 or 127.0.0.1:8090, in lower case", h))
		}
	}
	return errors.Join(errs...)
}

// permit tells whether an address may be called: https on the usual port of a listed host or of a name below a listed "*." entry, https on a port that is
// listed with its host, and plain http only on a port of this machine that is listed with its host, for a stand-in. Anything else is errRefused.
func permit(u *url.URL, hosts []string) error {
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if host == "" || u.User != nil || u.Opaque != "" {
		return errRefused
	}
	local := isLocal(host)
	switch u.Scheme {
	case "https":
		if port == "443" {
			port = ""
		}
	case "http":
		if !local || port == "" {
			return errRefused
		}
	default:
		return errRefused
	}
	for _, h := range hosts {
		if matches(h, host, port, local) {
			return nil
		}
	}
	return errRefused
}

// matches tells whether one entry allows the host and port. An address of this machine is only allowed with its port.
func matches(entry, host, port string, local bool) bool {
	if below, ok := strings.CutPrefix(entry, "*."); ok {
		return port == "" && !local && strings.HasSuffix(host, "."+below)
	}
	name, listed := splitHost(entry)
	if local && listed == "" {
		return false
	}
	return name == host && listed == port
}

// splitHost cuts a port off, if there is one, and the brackets of an IPv6 address.
func splitHost(s string) (host, port string) {
	if h, p, err := net.SplitHostPort(s); err == nil {
		return h, p
	}
	return strings.Trim(s, "[]"), ""
}

// isLocal tells whether a host names this machine.
func isLocal(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// closed are the ranges that are not the public Internet, beyond those that netip knows (IANA special-purpose registries, RFC 6890), and those that carry
// an IPv4 address inside an IPv6 one.
func closed() []netip.Prefix {
	var out []netip.Prefix
	for _, p := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	} {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

// public tells whether an address belongs to the public Internet.
func public(a netip.Addr, closed []netip.Prefix) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	if a.Is6() && a.As16()[0]&0xe0 != 0x20 { // 2000::/3 is all that is given out
		return false
	}
	for _, p := range closed {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
