package media

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// Purposes keep an address to read from being used to write.
const (
	purposeRead  = "media read"
	purposeWrite = "media write"
)

// maxMAC is the longest signature looked at, in bytes.
const maxMAC = 512

// URL gives an address under which anybody may read a rendition until it expires, between one and two LinkTTL from now. It stays the same
// for a LinkTTL, so that caches can work. rendition "" means the largest there is. It does no I/O: an address of nothing answers NOT_FOUND.
func (m *Media) URL(id, rendition string) string {
	expires := m.now().Truncate(m.cfg.LinkTTL).Add(2 * m.cfg.LinkTTL)
	q := m.sign(purposeRead, id, rendition, expires)
	if rendition != "" {
		q.Set("r", rendition)
	}
	return m.address(id, q)
}

// PublicURL gives an address under which everybody may read a rendition for as long as the item is there: for what Keep has taken. It stays the same, so that
// pages, caches and what others have shared can hold it.
func (m *Media) PublicURL(id, rendition string) string {
	q := url.Values{"e": {forever}, "s": {m.signer.Sign(purposeRead, signed(id, rendition, forever))}}
	if rendition != "" {
		q.Set("r", rendition)
	}
	return m.address(id, q)
}

// forever is the end of an address that has none.
const forever = "0"

// Renew gives an address that is good now in place of one that URL gave at any time, so that what was said long ago still shows its pictures. Every other
// address comes back as it is.
func (m *Media) Renew(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	id, ours := strings.CutPrefix(u.Path, "/media/")
	q := u.Query()
	if !ours || q.Get("e") == forever || !m.genuine(purposeRead, id, q.Get("r"), q) {
		return address
	}
	return m.URL(id, q.Get("r"))
}

// uploadURL gives an address that takes the body of one upload until expires.
func (m *Media) uploadURL(id string, expires time.Time) string {
	return m.address(id, m.sign(purposeWrite, id, "", expires))
}

func (m *Media) address(id string, q url.Values) string {
	return m.cfg.BaseURL + "/media/" + url.PathEscape(id) + "?" + q.Encode()
}

func (m *Media) sign(purpose, id, rendition string, expires time.Time) url.Values {
	e := strconv.FormatInt(expires.Unix(), 10)
	return url.Values{"e": {e}, "s": {m.signer.Sign(purpose, signed(id, rendition, e))}}
}

// genuine tells whether an address was made by us, however long ago.
func (m *Media) genuine(purpose, id, rendition string, q url.Values) bool {
	e, mac := q.Get("e"), q.Get("s")
	if len(mac) > maxMAC || len(e) > 20 || len(id) > 64 || len(rendition) > 32 {
		return false
	}
	return m.signer.Verify(purpose, signed(id, rendition, e), mac)
}

// check gives the time until which an address is good, the zero time for one without an end. FORBIDDEN, with one text for all reasons, when it is not good now.
func (m *Media) check(purpose, id, rendition string, q url.Values) (time.Time, error) {
	bad := fault.New(fault.Forbidden, "media.link_invalid")
	if !m.genuine(purpose, id, rendition, q) {
		return time.Time{}, bad
	}
	if purpose == purposeRead && q.Get("e") == forever {
		return time.Time{}, nil
	}
	unix, err := strconv.ParseInt(q.Get("e"), 10, 64)
	if err != nil {
		return time.Time{}, bad
	}
	expires := time.Unix(unix, 0)
	if !m.now().Before(expires) {
		return time.Time{}, bad
	}
	return expires, nil
}

// signed is what a signature covers. The parts are told apart by a byte that none of ours holds.
func signed(id, rendition, expires string) string {
	return strings.Join([]string{id, rendition, expires}, "\x00")
}
