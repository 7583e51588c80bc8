package zalofake

import (
	"net/http"
	"strings"
	"time"
)

// Setup is what can be changed while the network runs.
type Setup struct {
	Webhook    string  `json:"webhook"`     // where events go
	Base       string  `json:"base"`        // address this network is mounted at
	RetriesMS  []int64 `json:"retries_ms"`  // waits between the attempts of a webhook
	ReceivedMS int64   `json:"received_ms"` // to the delivery receipt; negative: none
	SeenMS     int64   `json:"seen_ms"`     // to the seen receipt; negative: none
	Echoes     bool    `json:"echoes"`      // sends oa_send_* events
	PerMinute  int     `json:"per_minute"`  // requests taken from the app; negative: any
	DailyQuota int     `json:"daily_quota"` // template messages by phone in a day; negative: any
	AnyHour    bool    `json:"any_hour"`    // templates leave at night too
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
	defer n.mu.Unlock()
	f(&n.setup)
	close(n.resend)
	n.resend = make(chan struct{})
	return n.setup
}

// SetWebhook says where events go from now on.
func (n *Network) SetWebhook(address string) { n.Change(func(s *Setup) { s.Webhook = address }) }

// SetBase says where the network is mounted.
func (n *Network) SetBase(address string) { n.Change(func(s *Setup) { s.Base = address }) }

// Resend ends all waits for the next attempt of a webhook.
func (n *Network) Resend() { n.Change(func(*Setup) {}) }

// resending is closed when waits for the next attempt of a webhook are to end.
func (n *Network) resending() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.resend
}

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

func millis(ds []time.Duration) []int64 {
	out := make([]int64, len(ds))
	for i, d := range ds {
		out[i] = d.Milliseconds()
	}
	return out
}
