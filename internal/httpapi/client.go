package httpapi

import (
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// clientFinder tells whose request it is when trusted proxies stand in front.
type clientFinder struct{ trusted []netip.Prefix }

// address gives the client's address: the peer, or, when the peer is a trusted proxy, the last address of all X-Forwarded-For lines that no trusted proxy has.
// What stands left of that was written by the client itself and is not believed.
func (f clientFinder) address(c *fiber.Ctx) string {
	peer, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return "unknown"
	}
	peer = peer.Unmap()
	if !f.trusts(peer) {
		return peer.String()
	}
	var hops []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) { // some proxies add a line of their own behind the client's
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return peer.String()
		}
		peer = hop.Unmap()
		if !f.trusts(peer) {
			break
		}
	}
	return peer.String()
}

func (f clientFinder) trusts(a netip.Addr) bool {
	for _, p := range f.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
