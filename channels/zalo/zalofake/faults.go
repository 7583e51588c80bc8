package zalofake

import "github.com/motcua/motcua/channels/channelfake"

// Faults are the things that go wrong, until they are set back. A count of -1 means always.
type Faults struct {
	channelfake.Faults

	AccessRevoked  bool `json:"access_revoked"`  // the access tokens issued so far answer -216; a renewed one is good, and this is false again
	RefreshRevoked bool `json:"refresh_revoked"` // likewise the refresh tokens
	RequireProof   bool `json:"require_proof"`   // API requests need the header appsecret_proof
	LoseTokens     int  `json:"lose_tokens"`     // so many token requests are done, then the connection breaks without an answer

	OutageOpenAPI  string `json:"outage_openapi"`  // as Outage, of one host: the OA API
	OutageBusiness string `json:"outage_business"` // of templates by phone
	OutageGraph    string `json:"outage_graph"`    // of the Mini App's sign-in
	OutageOAuth    string `json:"outage_oauth"`    // of consents and tokens
	OutageS        int64  `json:"outage_s"`        // all outages end by themselves so many seconds after this was set: 600 is ten minutes; 0 means when they are set back
	Abroad         bool   `json:"abroad"`          // the graph answers -501, as to callers from other countries
}

// Faults tells what goes wrong.
func (n *Network) Faults() Faults { return n.now(n.faults.Get()) }

// now completes the faults with what is known of the tokens.
func (n *Network) now(f Faults) Faults {
	f.AccessRevoked, f.RefreshRevoked = n.grants.revoked()
	return f
}

// Break changes what goes wrong.
func (n *Network) Break(f func(*Faults)) Faults {
	var before, after Faults
	n.faults.Change(func(now *Faults) {
		*now = n.now(*now)
		before = *now
		f(now)
		after = *now
	})
	n.grants.revoke(changeOf(before.AccessRevoked, after.AccessRevoked), changeOf(before.RefreshRevoked, after.RefreshRevoked))
	if before.OutageS != after.OutageS {
		n.planEnd(after.OutageS)
	}
	return n.Faults()
}

// Mend sets everything back.
func (n *Network) Mend() Faults {
	n.mu.Lock()
	for _, p := range n.order {
		p.lane.Break(nil)
	}
	n.mu.Unlock()
	return n.Break(func(f *Faults) { *f = Faults{} })
}

// BreakFor changes what goes wrong on the way of one person's events; it wins over what is set for all.
func (n *Network) BreakFor(user string, f func(*channelfake.Webhooks)) channelfake.Webhooks {
	return n.courier.Break(n.laneOf(user), f)
}

// broken is the refusal of a send that was asked for; nil for none.
func (n *Network) broken() (bad *refusal) {
	n.faults.Change(func(f *Faults) {
		if f.Error != 0 && channelfake.Planned(&f.ErrorTimes) {
			bad = &refusal{f.Error, "Broken on purpose"}
		}
	})
	return bad
}

// changeOf gives the value that was changed to; nil when it was not.
func changeOf(before, after bool) *bool {
	if before == after {
		return nil
	}
	return &after
}
