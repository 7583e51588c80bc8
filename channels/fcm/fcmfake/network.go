// Package fcmfake stands in for Firebase on this machine: messages and topics of Cloud Messaging, and phone sign-in of Authentication as Google's own
// emulator has it. It plays the phones, and shows their lock screens.
//
// It refuses what the network refuses, with its codes: a token that it does not know or that was told to misbehave, none or several targets, more than 4,096
// bytes (2,048 to a topic), values in data that are no text, names that it keeps for itself, fields that it does not know, another project. A message
// with validate_only is judged and goes nowhere. A later notification with the same tag takes the place of the earlier one.
//
// It does not imitate: conditions with anything but "'…' in topics" joined by "||" (they are judged, and reach nobody), quotas of its own, the delay of a topic's fan-out, how many collapse keys a phone may
// have, what Apple's network and browsers do with their part, accounts beyond phone sign-in, the signature of ID tokens. Nothing is kept on disk.
package fcmfake

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/internal/lockscreen"
)

// Config says whom the network plays. Fields left zero get the defaults.
type Config struct {
	ProjectID string           // default "motcua-dev"
	Bearer    string           // access token that requests must have; "" takes any, and none
	Now       func() time.Time // default time.Now
}

// Behaviour says how a registration token answers.
type Behaviour string

// The behaviours. All but Good name the error that sends to the token get.
const (
	Good         Behaviour = ""
	Unregistered Behaviour = "UNREGISTERED"
	Mismatch     Behaviour = "SENDER_ID_MISMATCH"
	BadToken     Behaviour = "INVALID_ARGUMENT"
	Quota        Behaviour = "QUOTA_EXCEEDED"
	Unavailable  Behaviour = "UNAVAILABLE"
	Internal     Behaviour = "INTERNAL"
	ThirdParty   Behaviour = "THIRD_PARTY_AUTH_ERROR"
)

// Delivery is one message as a phone got it.
type Delivery struct {
	ID      string          `json:"id"`
	Device  string          `json:"device"`
	Topic   string          `json:"topic,omitempty"`
	Message json.RawMessage `json:"message"` // as it was sent
	At      time.Time       `json:"at"`
}

// Device is one phone.
type Device struct {
	Name      string    `json:"name"`
	Token     string    `json:"token"`
	Behaviour Behaviour `json:"behaviour,omitempty"`
	Topics    []string  `json:"topics,omitempty"`
}

type device struct {
	Device
	got []Delivery
}

// Network is the stand-in. Mount it below a path of its own, stripped: it serves v1/, iid/, identitytoolkit.googleapis.com/, emulator/ and control/.
type Network struct {
	cfg     Config
	mux     *http.ServeMux
	screens *lockscreen.Screens
	users   *users
	crowd   *crowd
	faults  channelfake.Switches[Faults]
	done    chan struct{} // closed by Close
	end     sync.Once

	mu      sync.Mutex
	devices map[string]*device // by name
	tokens  map[string]*device // by token
	stats   Stats
}

var _ http.Handler = (*Network)(nil)

// What is kept.
const (
	perDevice  = 100
	maxDevices = 5000
)

// New makes a network.
func New(cfg Config) *Network {
	cfg.ProjectID = cmp.Or(cfg.ProjectID, "motcua-dev")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	n := &Network{
		cfg: cfg, mux: http.NewServeMux(), screens: lockscreen.New(cfg.Now), users: newUsers(cfg), crowd: newCrowd(), done: make(chan struct{}),
		devices: map[string]*device{}, tokens: map[string]*device{},
	}
	n.stats.ByError = map[string]int{}
	n.mux.HandleFunc("POST /v1/projects/{project}/{call}", n.send)
	n.mux.HandleFunc("POST /iid/{call}", n.topics)
	n.authRoutes()
	n.controlRoutes()
	return n
}

// ServeHTTP answers a request.
func (n *Network) ServeHTTP(w http.ResponseWriter, r *http.Request) { n.mux.ServeHTTP(w, r) }

// Close ends open streams, and requests that hang.
func (n *Network) Close() {
	n.end.Do(func() { close(n.done) })
	n.screens.Close()
}

// Screens gives the lock screens.
func (n *Network) Screens() *lockscreen.Screens { return n.screens }

// Install gives the registration token of a phone, which is new at first sight and after it was told to misbehave.
func (n *Network) Install(name string) string { return n.Adopt(name, "") }

// Adopt is Install with a token of the caller's choice; "" makes one.
func (n *Network) Adopt(name, token string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := n.devices[name]
	if d != nil && d.Behaviour == Good && (token == "" || token == d.Token) {
		return d.Token
	}
	if len(n.tokens) >= maxDevices {
		n.devices, n.tokens = map[string]*device{}, map[string]*device{} // a stand-in that was left running for long begins anew
	}
	d = &device{Device: Device{Name: name, Token: cmp.Or(token, rand.Text()[:22]+":APA91b"+rand.Text()+rand.Text()+rand.Text())}}
	n.devices[name], n.tokens[d.Token] = d, d
	return d.Token
}

// Behave says how a phone's token answers from now on.
func (n *Network) Behave(name string, b Behaviour) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if d := n.devices[name]; d != nil {
		d.Behaviour = b
		if b == Unregistered {
			d.Topics = nil
		}
	}
}

// Deliveries gives what a phone has got, oldest first.
func (n *Network) Deliveries(name string) []Delivery {
	n.mu.Lock()
	defer n.mu.Unlock()
	if d := n.devices[name]; d != nil {
		return append([]Delivery{}, d.got...)
	}
	return []Delivery{}
}

// Topics gives the topics that a phone follows, in order.
func (n *Network) Topics(name string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if d := n.devices[name]; d != nil {
		return slices.Clone(d.Topics)
	}
	return nil
}
