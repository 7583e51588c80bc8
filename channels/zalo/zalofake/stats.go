package zalofake

import "github.com/motcua/motcua/channels/channelfake"

// Stats are sums since the start. Charged are sends later than 48 h after the person's last interaction.
type Stats struct {
	channelfake.Stats
	Tokens TokenStats `json:"tokens"`
}

// TokenStats are about grants.
type TokenStats struct {
	Issued int `json:"issued"`
	Reused int `json:"reused"` // refresh tokens that came a second time
}

// Stats gives the sums so far.
func (n *Network) Stats() Stats {
	out := Stats{Stats: n.stats.Stats()}
	out.Webhooks.Pending = n.courier.Pending()
	out.Tokens.Issued, out.Tokens.Reused = n.grants.counts()
	n.mu.Lock()
	defer n.mu.Unlock()
	out.People = len(n.people)
	return out
}
