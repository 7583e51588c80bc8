package zalofake

import (
	"net/http"
	"time"
)

// Faults are the things that go wrong, until they are set back. A count of -1 means always.
type Faults struct {
	Outage string `json:"outage"`  // API: "refuse" answers HTTP 503, "hang" not at all; "" none
	SlowMS int64  `json:"slow_ms"` // before an API request is looked at

	AccessRevoked  bool `json:"access_revoked"`  // the access tokens issued so far answer -216; a renewed one is good, and this is false again
	RefreshRevoked bool `json:"refresh_revoked"` // likewise the refresh tokens
	RequireProof   bool `json:"require_proof"`   // API requests need the header appsecret_proof

	Error       int `json:"error"`        // answered to sends instead of doing the work
	ErrorTimes  int `json:"error_times"`  // for how many sends
	LoseSends   int `json:"lose_sends"`   // so many sends are done, then the connection breaks without an answer
	LoseTokens  int `json:"lose_tokens"`  // so many token requests likewise
	LoseUploads int `json:"lose_uploads"` // so many uploads likewise

	ClockOffsetS int64 `json:"clock_offset_s"` // seconds that the network's clock is ahead: windows and ends of tokens, codes and uploads. Times in events stay true
	EventSkewS   int64 `json:"event_skew_s"`   // seconds that the times in events are off

	OutageOpenAPI  string `json:"outage_openapi"`  // as Outage, of one host: the OA API
	OutageBusiness string `json:"outage_business"` // of templates by phone
	OutageGraph    string `json:"outage_graph"`    // of the Mini App's sign-in
	OutageOAuth    string `json:"outage_oauth"`    // of consents and tokens
	OutageS        int64  `json:"outage_s"`        // all outages end by themselves so many seconds after this was set: 600 is ten minutes; 0 means when they are set back
	Abroad         bool   `json:"abroad"`          // the graph answers -501, as to callers from other countries
	Webhooks
}

// Webhooks are the faults of the way from the network to the program.
type Webhooks struct {
	Duplicate int   `json:"duplicate"` // so many copies of each event at once; 0 and 1 mean one
	Reorder   bool  `json:"reorder"`   // every other event of a person is sent after the one that follows it
	DelayMS   int64 `json:"delay_ms"`  // before each event
	Unordered bool  `json:"unordered"` // does not wait for the answer to an event before it sends the person's next one
}

// Faults tells what goes wrong.
func (n *Network) Faults() Faults {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.faults
	f.AccessRevoked, f.RefreshRevoked = n.grants.revoked()
	return f
}

// Break changes what goes wrong.
func (n *Network) Break(f func(*Faults)) Faults {
	n.mu.Lock()
	before := n.faults
	before.AccessRevoked, before.RefreshRevoked = n.grants.revoked()
	after := before
	f(&after)
	n.faults = after
	n.grants.revoke(changeOf(before.AccessRevoked, after.AccessRevoked), changeOf(before.RefreshRevoked, after.RefreshRevoked))
	n.planEnd(before.OutageS)
	n.tellFaults()
	n.mu.Unlock()
	return n.Faults()
}

// BreakFor changes what goes wrong on the way of one person's events; it wins over what is set for all.
func (n *Network) BreakFor(user string, f func(*Webhooks)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	own := n.webhooks(p)
	f(&own)
	p.own = &own
}

// webhooks gives the faults of a person's events. It is called with mu held.
func (n *Network) webhooks(p *person) Webhooks {
	if p.own != nil {
		return *p.own
	}
	return n.faults.Webhooks
}

// pause waits. It is false when the client gave up meanwhile.
func (n *Network) pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-n.done:
	case <-r.Context().Done():
	}
	return false
}

// planned takes one off a counted fault. It is called with mu held.
func planned(times *int) bool {
	if *times > 0 {
		*times--
		return true
	}
	return *times < 0
}

// lost tells whether this answer is to be lost.
func (n *Network) lost(times func(*Faults) *int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return planned(times(&n.faults))
}

// breakOff ends the connection without an answer.
func (n *Network) breakOff() {
	n.stats.lostAnswers.Add(1)
	panic(http.ErrAbortHandler) // net/http breaks the connection and goes on
}

// endless lets a request last longer than the server's read deadline.
func endless(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a recorder in a test has none
}

// changeOf gives the value that was changed to; nil when it was not.
func changeOf(before, after bool) *bool {
	if before == after {
		return nil
	}
	return &after
}
