package limit

import "net/netip"

// Network gives what an IP address is counted by: itself, or the /64 of an IPv6 address, which is what one home or phone gets and can choose from at
// will. What is no address counts as "unknown": all of those share one budget.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return p.String()
}
