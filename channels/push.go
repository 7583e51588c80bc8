package channels

import (
	"strings"

	"github.com/motcua/motcua/internal/message"
)

// AsPush gives a message as networks of devices take it. Blocks, where a caller brings some, are written out: a lock screen shows a text. ok is false when there is
// nothing that it could show.
func (m Outbound) AsPush() (p Push, ok bool) {
	if m.Push != nil {
		return *m.Push, m.Push.Text != "" || m.Push.Title != ""
	}
	var parts []string
	for _, b := range m.Blocks {
		switch b := b.(type) {
		case message.Words:
			parts = append(parts, b.Text)
		case message.Link:
			parts = append(parts, strings.TrimSpace(b.Label+" "+b.URL))
		default:
			return Push{}, false
		}
	}
	p.Text = strings.TrimSpace(strings.Join(parts, "\n"))
	return p, p.Text != ""
}
