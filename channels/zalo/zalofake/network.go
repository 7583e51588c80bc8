// Package zalofake stands in for Zalo on this machine: it speaks the wire of an Official Account (OA), from the consent of its owner to webhooks, plays
// the citizens that write to it, and shows a phone on a page.
//
// It refuses what Zalo refuses, with Zalo's numbers, at HTTP status 200. Windows, ends of tokens and ends of uploads follow its own clock, which can be
// moved. Webhooks are signed over the bytes sent, resent on Zalo's schedule and, when asked, doubled, delayed or swapped.
//
// Templates are sent by user id and by phone (ZNS); a phone number is somebody's at first sight. A person's Mini App gets its tokens from the control API.
//
// It does not imitate: hashed and encrypted phone numbers, ratings of templates, the consents of a Mini App one by one, its location token, groups, calls, lists
// of followers, tags by API, the old message API (v2), prices, night hours of other than template messages, content policy, -227 for people who were away for 45 days, fetching a picture that is sent by its address, and the end of a webhook
// subscription after too many failures. -106 and the texts beside all numbers are made up, and so is which number of the social API answers for which fault. It keeps an order of events per person, which Zalo never promises, unless told otherwise. The echo of a text with
// buttons is oa_send_text. Of the OAuth errors only -14002, -14003 and -14014 are Zalo's; the other numbers are made up in the same range.
// A picture with buttons is refused, because no sample has both. Nothing is kept on disk: with the process all tokens, people and waiting events are gone.
package zalofake

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// Config says whom the network plays and how fast. Fields left zero get the defaults.
type Config struct {
	AppID        string // default 1000000000000000001
	AppSecret    string // default "fakecity"
	OAID         string // default 2000000000000000002
	OAName       string // shown on the page; default "Một cửa"
	OASecretKey  string // signs webhooks; default "fakecity"
	CodeVerifier string // its challenge is what the console knows; "" takes the challenge of the consent address
	RedirectURI  string // registered in the console; "" allows any
	WebhookURL   string // where events go; "" until SetWebhook: until then attempts fail
	Base         string // address this handler is mounted at, for the addresses of files in events; "" takes it from the requests to it

	Outlines []byte   // what outlines.json answers: the wards for the page's map; nil means no map
	People   []string // citizens there from the start, who have done nothing yet

	Templates []Template // approved for the account; default SampleTemplates

	Now    func() time.Time // default time.Now
	Log    *slog.Logger     // default none
	Client *http.Client     // sends webhooks; default one with as many idle connections as Concurrency

	AccessLife  time.Duration // of access tokens, default 25 h
	RefreshLife time.Duration // of refresh tokens, default 90 days
	CodeLife    time.Duration // of consent codes, default 10 min

	Answer      time.Duration   // what the program has to answer a webhook in; default 2 s
	Retries     []time.Duration // waits between the attempts of a webhook; default 30 s, 5 min, 15 min, 30 min, 1 h
	Hold        time.Duration   // how long an event waits for the next one to overtake it; default 2 s
	Received    time.Duration   // from a send to its delivery receipt; default 300 ms, negative: none
	Seen        time.Duration   // from a send to its seen receipt; default 1.5 s, negative: none
	NoEchoes    bool            // sends no oa_send_* events
	PerMinute   int             // requests taken from the app in a minute; default 4000, negative: any
	Concurrency int             // webhooks on the way at a time; default 64
	DailyQuota  int             // template messages by phone that may leave in a day; default 5000, negative: any
	AnyHour     bool            // templates leave at night too
}

func (c Config) withDefaults() Config {
	c.AppID, c.AppSecret = cmp.Or(c.AppID, "1000000000000000001"), cmp.Or(c.AppSecret, "fakecity")
	c.OAID, c.OASecretKey = cmp.Or(c.OAID, "2000000000000000002"), cmp.Or(c.OASecretKey, "fakecity")
	c.OAName = cmp.Or(c.OAName, "Một cửa")
	c.AccessLife, c.RefreshLife = cmp.Or(c.AccessLife, 25*time.Hour), cmp.Or(c.RefreshLife, 90*24*time.Hour)
	c.CodeLife, c.Answer, c.Hold = cmp.Or(c.CodeLife, 10*time.Minute), cmp.Or(c.Answer, 2*time.Second), cmp.Or(c.Hold, 2*time.Second)
	c.Received, c.Seen = cmp.Or(c.Received, 300*time.Millisecond), cmp.Or(c.Seen, 1500*time.Millisecond)
	c.PerMinute, c.Concurrency = cmp.Or(c.PerMinute, 4000), cmp.Or(c.Concurrency, 64)
	c.DailyQuota = cmp.Or(c.DailyQuota, 5000)
	if c.Templates == nil {
		c.Templates = SampleTemplates()
	}
	if c.Retries == nil {
		c.Retries = []time.Duration{30 * time.Second, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
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

// Network is the stand-in. Mount it below a path of its own, stripped: it serves oauth/, openapi/, graph/, business/, files/, control/ and the page.
// Close it before the server that it is mounted in.
type Network struct {
	cfg     Config
	mux     *http.ServeMux
	grants  *grants
	files   *channelfake.Shelf
	courier *channelfake.Courier
	stats   channelfake.Counters
	faults  channelfake.Switches[Faults]
	setup   channelfake.Switches[Setup]
	planned atomic.Int64    // ends of outages that were asked for
	run     string          // tells runs of the stand-in apart
	ctx     context.Context // of streams and waits; Close ends it
	stop    context.CancelFunc

	mu      sync.Mutex
	people  map[string]*person
	phones  map[string]*person // by phone number, country code without plus
	socials socials
	daily   daily
	order   []*person // in the order of their first appearance
	rate    rate
	uploads map[string]upload
	month   monthly
}

var _ http.Handler = (*Network)(nil)

// New makes a network.
func New(cfg Config) *Network {
	cfg = cfg.withDefaults()
	ctx, stop := context.WithCancel(context.Background()) // Close ends it
	n := &Network{
		cfg: cfg, mux: http.NewServeMux(), grants: newGrants(cfg), files: channelfake.NewShelf(64 << 20), run: rand.Text()[:8], ctx: ctx, stop: stop,
		people: map[string]*person{}, uploads: map[string]upload{}, phones: map[string]*person{}, socials: socials{map[string]social{}, map[string]social{}},
	}
	n.setup.Change(func(s *Setup) { *s = cfg.setup() })
	n.courier = channelfake.NewCourier(channelfake.CourierConfig{
		Client: cfg.Client, Log: cfg.Log, Answer: cfg.Answer, Hold: cfg.Hold, RetryHeader: "num_retry", Concurrency: cfg.Concurrency, Stats: &n.stats,
		Target:  func() string { return n.setup.Get().Webhook },
		Retries: func() []time.Duration { return n.setup.Get().Retries() },
		Faults:  func() channelfake.Webhooks { return n.faults.Get().Webhooks },
	})
	for _, name := range cfg.People {
		n.person(name)
	}
	n.routes()
	return n
}

func (n *Network) routes() {
	n.consentRoutes()
	n.apiRoutes()
	n.businessRoutes()
	n.graphRoutes()
	n.controlRoutes()
	n.pageRoutes()
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
