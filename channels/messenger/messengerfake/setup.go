package messengerfake

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/motcua/motcua/channels/channelfake"
)

// Setup is what can be changed while the network runs.
type Setup struct {
	channelfake.Setup
	HumanAgent bool `json:"human_agent"` // the application may use the tag HUMAN_AGENT
	PerSecond  int  `json:"per_second"`  // messages taken for a page; negative: any
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
	s := n.setup.Get()
	s.Setup = s.Own()
	return s
}

// Change changes what is set. Waits for the next attempt of a webhook end at once.
func (n *Network) Change(f func(*Setup)) Setup {
	out := n.setup.Change(f)
	n.courier.Resend()
	return out
}

// SetWebhook says where events go from now on.
func (n *Network) SetWebhook(address string) { n.Change(func(s *Setup) { s.Webhook = address }) }

// SetBase says where the network is mounted.
func (n *Network) SetBase(address string) { n.Change(func(s *Setup) { s.Base = address }) }

// Resend ends all waits for the next attempt of a webhook.
func (n *Network) Resend() { n.courier.Resend() }

// Faults tells what goes wrong.
func (n *Network) Faults() Faults { return n.faults.Get() }

// Break changes what goes wrong.
func (n *Network) Break(f func(*Faults)) Faults { return n.faults.Change(f) }

// BreakFor changes what goes wrong on the way of one person's events; it wins over what is set for all.
func (n *Network) BreakFor(user string, f func(*channelfake.Webhooks)) channelfake.Webhooks {
	return n.courier.Break(n.laneOf(user), f)
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
	address := n.setup.Get().Webhook + "?" + url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {n.cfg.VerifyToken}, "hub.challenge": {"1158201444"}}.Encode()
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
