package messengerfake

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// Setup is what can be changed while the network runs.
type Setup struct {
	Webhook    string  `json:"webhook"`     // where events go
	Base       string  `json:"base"`        // address this network is mounted at
	RetriesMS  []int64 `json:"retries_ms"`  // waits between the attempts of a webhook
	ReceivedMS int64   `json:"received_ms"` // to the delivery receipt; negative: none
	SeenMS     int64   `json:"seen_ms"`     // to the read receipt; negative: none
	Echoes     bool    `json:"echoes"`      // sends echoes
	HumanAgent bool    `json:"human_agent"` // the application may use the tag HUMAN_AGENT
	PerSecond  int     `json:"per_second"`  // messages taken for a page; negative: any
}

// Faults are the things that go wrong, until they are set back.
type Faults struct {
	channelfake.Faults
	AccessRevoked bool `json:"access_revoked"` // page tokens answer 190/463, until this is false again
	RequireProof  bool `json:"require_proof"`  // API requests need appsecret_proof
	ErrorSubcode  int  `json:"error_subcode"`  // with Error
	RateLimited   bool `json:"rate_limited"`   // sends answer 613
	Batch         int  `json:"batch"`          // so many events in one request; 0 and 1 mean one
}

// Setup tells what is set.
func (n *Network) Setup() Setup {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.setup
}

// Change changes what is set. Waits for the next attempt of a webhook end at once.
func (n *Network) Change(f func(*Setup)) Setup {
	n.mu.Lock()
	f(&n.setup)
	out := n.setup
	n.mu.Unlock()
	n.courier.Resend()
	return out
}

// SetWebhook says where events go from now on.
func (n *Network) SetWebhook(address string) { n.Change(func(s *Setup) { s.Webhook = address }) }

// SetBase says where the network is mounted.
func (n *Network) SetBase(address string) { n.Change(func(s *Setup) { s.Base = address }) }

// Resend ends all waits for the next attempt of a webhook.
func (n *Network) Resend() { n.Change(func(*Setup) {}) }

// Faults tells what goes wrong.
func (n *Network) Faults() Faults { return n.faults.Get() }

// Break changes what goes wrong.
func (n *Network) Break(f func(*Faults)) Faults { return n.faults.Change(f) }

// BreakFor changes what goes wrong on the way of one person's events; it wins over what is set for all.
func (n *Network) BreakFor(user string, f func(*channelfake.Webhooks)) channelfake.Webhooks {
	n.mu.Lock()
	p := n.person(user)
	n.mu.Unlock()
	own := n.courier.Faults(p.lane)
	f(&own)
	p.lane.Break(&own)
	return own
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

// Stats gives the sums so far.
func (n *Network) Stats() channelfake.Stats {
	out := n.stats.Stats()
	out.Webhooks.Pending = n.courier.Pending()
	n.mu.Lock()
	defer n.mu.Unlock()
	out.People = len(n.people)
	return out
}

// Verify asks the program whether the webhook's address is its own, as the console does when it is entered there.
func (n *Network) Verify(ctx context.Context) error {
	address := n.Setup().Webhook + "?" + url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {n.cfg.VerifyToken}, "hub.challenge": {"1158201444"}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := n.cfg.Client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it has been read
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || string(body) != "1158201444" {
		return errNotVerified
	}
	return nil
}

var errNotVerified = errors.New("messengerfake: the callback URL or verify token couldn't be validated")

// learnBase takes the address that the network is mounted at from a request to it, unless it has been told.
func (n *Network) learnBase(r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.setup.Base != "" {
		return
	}
	path, _, _ := strings.Cut(r.RequestURI, "?") // as it came in, before the mount's prefix was taken off
	if prefix, ok := strings.CutSuffix(path, r.URL.EscapedPath()); ok {
		n.setup.Base = "http://" + r.Host + prefix
	}
}

func (n *Network) retries() []time.Duration {
	var out []time.Duration
	for _, ms := range n.Setup().RetriesMS {
		out = append(out, time.Duration(ms)*time.Millisecond)
	}
	return out
}

func millis(ds []time.Duration) []int64 {
	out := make([]int64, len(ds))
	for i, d := range ds {
		out[i] = d.Milliseconds()
	}
	return out
}
