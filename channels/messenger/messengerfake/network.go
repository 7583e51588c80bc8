// Package messengerfake stands in for Facebook Messenger on this machine: it speaks the wire of pages and of the Graph API, and plays the citizens that write
// to them and the people who answer in the page's inbox.
//
// It refuses what Messenger refuses, with its numbers. Windows and ends of links follow its own clock, which can be moved. Webhooks are signed over the bytes
// sent, resent on a schedule and, when asked, doubled, delayed, swapped, or put several into one request.
//
// It does not imitate: prices, review of templates (they are approved at once), policy, personas, comments, one-time notifications, ids across pages, fetching
// a picture that is sent by its address, login of the account linking, and the end of a subscription after eight hours of failures. It keeps an order of
// events per person, which Messenger never promises, unless told otherwise. A quick reply can be tapped after newer messages came. Errors 10/2018300 and
// 100 without a subcode have texts of our own. Nothing is kept on disk.
package messengerfake

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// Page is one page of the city's.
type Page struct{ ID, Token, Name string }

// Config says whom the network plays and how fast. Fields left zero get the defaults.
type Config struct {
	AppID       string     // default 900000000000001
	AppSecret   string     // signs webhooks; default "fakecity"
	VerifyToken string     // for Verify; default "fakecity"
	Pages       []Page     // default one: 100000000000001, "fakecity", "Một cửa"
	Templates   []Template // approved from the start, on every page
	WebhookURL  string     // where events go; "" until SetWebhook: until then attempts fail
	Base        string     // address this handler is mounted at, for the addresses of files in events; "" takes it from the requests to it
	People      []string   // citizens there from the start, who have done nothing yet

	Now    func() time.Time // default time.Now
	Log    *slog.Logger     // default none
	Client *http.Client     // sends webhooks; default one with as many idle connections as Concurrency

	LinkLife     time.Duration   // of the addresses of citizens' files; default 24 h
	Answer       time.Duration   // what the program has to answer a webhook in; default 5 s
	Retries      []time.Duration // waits between the attempts of a webhook; default 1 s, 10 s, 1 min, 10 min, 1 h, 4 h, 12 h
	Hold         time.Duration   // how long an event waits for the next one to overtake it, or to share its request; default 2 s
	Received     time.Duration   // from a send to its delivery receipt; default 300 ms, negative: none
	Seen         time.Duration   // from a send to its read receipt; default 1.5 s, negative: none
	NoEchoes     bool            // sends no echoes
	NoHumanAgent bool            // the application lacks the permission for the tag HUMAN_AGENT
	PerSecond    int             // messages taken for a page in a second; default 300, negative: any
	Concurrency  int             // webhooks on the way at a time; default 64
}

func (c Config) withDefaults() Config {
	c.AppID, c.AppSecret, c.VerifyToken = cmp.Or(c.AppID, "900000000000001"), cmp.Or(c.AppSecret, "fakecity"), cmp.Or(c.VerifyToken, "fakecity")
	c.LinkLife, c.Answer, c.Hold = cmp.Or(c.LinkLife, 24*time.Hour), cmp.Or(c.Answer, 5*time.Second), cmp.Or(c.Hold, 2*time.Second)
	c.Received, c.Seen = cmp.Or(c.Received, 300*time.Millisecond), cmp.Or(c.Seen, 1500*time.Millisecond)
	c.PerSecond, c.Concurrency = cmp.Or(c.PerSecond, 300), cmp.Or(c.Concurrency, 64)
	if len(c.Pages) == 0 {
		c.Pages = []Page{{ID: "100000000000001", Token: "fakecity", Name: "Một cửa"}}
	}
	if c.Retries == nil {
		c.Retries = []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Client == nil {
		c.Client = channelfake.Client(c.Concurrency)
	}
	return c
}

func (c Config) setup() Setup {
	return Setup{
		Setup: channelfake.Setup{
			Webhook: c.WebhookURL, Base: c.Base, RetriesMS: channelfake.Millis(c.Retries), ReceivedMS: c.Received.Milliseconds(), SeenMS: c.Seen.Milliseconds(),
			Echoes: !c.NoEchoes,
		},
		HumanAgent: !c.NoHumanAgent, PerSecond: c.PerSecond,
	}
}

// Network is the stand-in. Mount it below a path of its own, stripped: it serves graph/, files/, cdn/ and control/. Close it before the server that it is
// mounted in.
type Network struct {
	cfg     Config
	mux     *http.ServeMux
	files   *channelfake.Shelf
	courier *channelfake.Courier
	stats   channelfake.Counters
	faults  channelfake.Switches[Faults]
	setup   channelfake.Switches[Setup]
	run     string          // tells runs of the stand-in apart
	ctx     context.Context // of streams and waits; Close ends it
	stop    context.CancelFunc

	mu      sync.Mutex
	pages   []*page
	people  map[string]*person // by page and id
	order   []*person          // in the order of their first appearance
	uploads map[string]upload
	batch   batch
}

var _ http.Handler = (*Network)(nil)

// New makes a network.
func New(cfg Config) *Network {
	cfg = cfg.withDefaults()
	ctx, stop := context.WithCancel(context.Background()) // Close ends it
	n := &Network{
		cfg: cfg, mux: http.NewServeMux(), files: channelfake.NewShelf(64 << 20), run: rand.Text()[:8], ctx: ctx, stop: stop,
		people: map[string]*person{}, uploads: map[string]upload{}, batch: batch{lane: channelfake.NewLane()},
	}
	n.setup.Change(func(s *Setup) { *s = cfg.setup() })
	for _, p := range cfg.Pages {
		n.pages = append(n.pages, newPage(p, cfg.Templates))
	}
	n.courier = channelfake.NewCourier(channelfake.CourierConfig{
		Client: cfg.Client, Log: cfg.Log, Answer: cfg.Answer, Hold: cfg.Hold, Concurrency: cfg.Concurrency, Stats: &n.stats,
		Target:  func() string { return n.setup.Get().Webhook },
		Retries: func() []time.Duration { return n.setup.Get().Retries() },
		Faults:  func() channelfake.Webhooks { return n.faults.Get().Webhooks },
	})
	for _, name := range cfg.People {
		n.person(name)
	}
	n.apiRoutes()
	n.controlRoutes()
	n.pageRoutes()
	return n
}

// ServeHTTP answers a request.
func (n *Network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if n.setup.Get().Base == "" {
		n.setup.Change(func(s *Setup) { s.Learn(r) })
	}
	n.mux.ServeHTTP(w, r)
}

// Close ends what runs in the background, and open streams. Events that wait are dropped.
func (n *Network) Close() {
	n.mu.Lock()
	n.stop()
	n.mu.Unlock()
	n.courier.Close()
}

// clock is the network's own time: the real one and the offset that was set.
func (n *Network) clock() time.Time {
	return n.cfg.Now().Add(time.Duration(n.faults.Get().ClockOffsetS) * time.Second)
}

// later runs something with mu held after ms milliseconds, unless that is negative or the network is closed by then.
func (n *Network) later(ms int64, f func()) { channelfake.Later(n.ctx, &n.mu, ms, f) }
