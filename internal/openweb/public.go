package openweb

import (
	"net/netip"
	"slices"
)

// Public tells whether an address belongs to the open Internet: not to this machine, a private network, or a range that leads nowhere or that carries
// another address inside itself (IANA special-purpose registries, RFC 6890).
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(closed(a.Is4()), func(p netip.Prefix) bool { return p.Contains(a) })
}

// closed are the ranges that netip does not know: of carriers (RFC 6598), for protocols, documentation and measurements, reserved; of IPv6 all but 2000::/3,
// which is all that is given out, and in there Teredo and 6to4.
func closed(four bool) []netip.Prefix {
	if four {
		return []netip.Prefix{
			prefix(0, 0, 0, 8), prefix(100, 64, 0, 10), prefix(192, 0, 0, 24), prefix(192, 0, 2, 24), prefix(192, 88, 99, 24), prefix(198, 18, 0, 15),
			prefix(198, 51, 100, 24), prefix(203, 0, 113, 24), prefix(240, 0, 0, 4),
		}
	}
	return []netip.Prefix{
		prefix6(0, 3), prefix6(0x4000, 2), prefix6(0x8000, 1), prefix6(0x2001, 23), prefix6(0x2002, 16), prefix6(0x3fff, 20),
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8}), 32),
	}
}

func prefix(a, b, c byte, bits int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{a, b, c}), bits)
}

func prefix6(first uint16, bits int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom16([16]byte{byte(first >> 8), byte(first)}), bits)
}
