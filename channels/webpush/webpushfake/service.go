// Package webpushfake stands in for a push service and the browsers behind it: it hands out subscriptions, takes what is pushed to them, decrypts it with
// the keys of the browser that subscribed, and shows it on that browser's lock screen.
//
// It refuses what a push service refuses: a request without TTL or with a malformed Topic, a body over 4,096 bytes, a signature (VAPID) that is wrong, for
// another origin, too old or for too long, keys other than the ones that the subscription was made for, a subscription that is unknown or over.
// A message for a browser that is away waits until its TTL ends, and a later one with its Topic takes its place.
//
// It does not imitate: receipts, priorities under Urgency, rate limits of its own, padding rules, encodings older than aes128gcm. A body that cannot be
// decrypted is taken all the same, as push services cannot know; it is counted as broken. Nothing is kept on disk.
package webpushfake

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/internal/lockscreen"
)

// Config says how the stand-in behaves. Fields left zero get the defaults.
type Config struct {
	Base string           // address that this handler is mounted at, for endpoints; "" takes it from the first request to it
	Now  func() time.Time // default time.Now
}

// Subscription is what a browser gives to a page (PushSubscription.toJSON).
type Subscription struct {
	Endpoint       string `json:"endpoint"`
	ExpirationTime *int64 `json:"expirationTime"`
	Keys           struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

// String gives it in JSON.
func (s Subscription) String() string {
	b, _ := json.Marshal(s) // strings
	return string(b)
}

// Message is one message as the browser got it, or would have.
type Message struct {
	ID      string          `json:"id"`
	Device  string          `json:"device"`
	Topic   string          `json:"topic,omitempty"`
	Urgency string          `json:"urgency"`
	TTL     int             `json:"ttl"`               // seconds
	Bytes   int             `json:"bytes"`             // of the encrypted body
	Payload json.RawMessage `json:"payload,omitempty"` // decrypted, when it is JSON
	Broken  bool            `json:"broken,omitempty"`  // it could not be decrypted
	At      time.Time       `json:"at"`
}

// browser is one device.
type browser struct {
	name, id string
	key      *ecdh.PrivateKey
	auth     []byte
	server   string // applicationServerKey that it subscribed with; "" takes any
	over     bool   // the subscription was ended
	away     bool
	waiting  []Message
	got      []Message
}

// Service is the stand-in. Mount it below a path of its own, stripped: it serves push/ and control/.
type Service struct {
	cfg     Config
	mux     *http.ServeMux
	screens *lockscreen.Screens
	faults  channelfake.Switches[Faults]
	done    chan struct{} // closed by Close
	end     sync.Once

	mu      sync.Mutex
	base    string
	stats   Stats
	devices map[string]*browser // by name
	byID    map[string]*browser // by the last part of the endpoint; also those that are over
}

var _ http.Handler = (*Service)(nil)

// What is kept.
const (
	perDevice  = 100
	maxDevices = 5000
)

// New makes a push service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Service{cfg: cfg, mux: http.NewServeMux(), screens: lockscreen.New(cfg.Now), done: make(chan struct{}), base: cfg.Base, devices: map[string]*browser{}, byID: map[string]*browser{}}
	s.stats.ByStatus = map[string]int{}
	s.mux.HandleFunc("POST /push/{id}", s.push)
	s.controlRoutes()
	return s
}

// ServeHTTP answers a request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.learnBase(r)
	s.mux.ServeHTTP(w, r)
}

// Close ends open streams, and requests that hang.
func (s *Service) Close() {
	s.end.Do(func() { close(s.done) })
	s.screens.Close()
}

// learnBase takes the address that the stand-in is mounted at from a request to it, unless it has been told.
func (s *Service) learnBase(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.base == "" {
		s.base = channelfake.BaseOf(r)
	}
}

// Subscribe gives a browser's subscription, made with the page's applicationServerKey ("" takes pushes under any) when it has none or the key is another.
func (s *Service) Subscribe(name, serverKey string) Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.devices[name]
	if b == nil || b.over || b.server != serverKey {
		b = s.renew(name, serverKey)
	}
	return s.subscription(b)
}

// renew gives a browser new keys and a new endpoint. It is called with mu held.
func (s *Service) renew(name, serverKey string) *browser {
	b := s.devices[name]
	if b != nil {
		b.over = true
	} else if len(s.devices) >= maxDevices {
		s.devices, s.byID = map[string]*browser{}, map[string]*browser{} // a stand-in that was left running for long begins anew
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic("webpushfake: " + err.Error()) // no random numbers: nothing works
	}
	b = &browser{name: name, id: rand.Text(), key: key, auth: []byte(rand.Text()[:16]), server: serverKey}
	s.devices[name], s.byID[b.id] = b, b
	return b
}

func (s *Service) subscription(b *browser) Subscription {
	out := Subscription{Endpoint: s.base + "/push/" + b.id}
	out.Keys.P256dh = base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes())
	out.Keys.Auth = base64.RawURLEncoding.EncodeToString(b.auth)
	return out
}

// Expire ends a browser's subscription: pushes to it are answered 410.
func (s *Service) Expire(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.devices[name]; b != nil {
		b.over = true
	}
}

// Away says whether a browser is away. When it comes back it gets what waits and has not run out.
func (s *Service) Away(name string, away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.devices[name]
	if b == nil {
		return
	}
	b.away = away
	if away {
		return
	}
	for _, m := range b.waiting {
		if s.cfg.Now().Before(m.At.Add(time.Duration(m.TTL) * time.Second)) {
			s.arrive(b, m)
		}
	}
	b.waiting = nil
}

// Messages gives what a browser has got, oldest first.
func (s *Service) Messages(name string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.devices[name]
	if b == nil {
		return []Message{}
	}
	return append([]Message{}, b.got...)
}

// Screens gives the lock screens.
func (s *Service) Screens() *lockscreen.Screens { return s.screens }
