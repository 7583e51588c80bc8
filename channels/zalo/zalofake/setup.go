package zalofake

import (
	"github.com/motcua/motcua/channels/channelfake"
)

// Setup is what can be changed while the network runs.
type Setup struct {
	channelfake.Setup
	PerMinute  int  `json:"per_minute"`  // requests taken from the app; negative: any
	DailyQuota int  `json:"daily_quota"` // template messages by phone in a day; negative: any
	AnyHour    bool `json:"any_hour"`    // templates leave at night too
}

func (c Config) setup() Setup {
	return Setup{
		Setup: channelfake.Setup{
			Webhook: c.WebhookURL, Base: c.Base, RetriesMS: channelfake.Millis(c.Retries), ReceivedMS: c.Received.Milliseconds(), SeenMS: c.Seen.Milliseconds(),
			Echoes: !c.NoEchoes,
		},
		PerMinute: c.PerMinute, DailyQuota: c.DailyQuota, AnyHour: c.AnyHour,
	}
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
