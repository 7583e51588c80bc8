// Package fakecity gathers the stand-ins for the networks that a city talks to, so that one person on one machine can play its citizens.
//
// It owns where each stand-in is mounted, the page that shows their phones side by side, and what moves them together: one clock, and outages that end by
// themselves. What each imitates, and what it does not, is in its own package.
package fakecity

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
	"github.com/motcua/motcua/channels/sms/smsfake"
	"github.com/motcua/motcua/channels/webpush/webpushfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
)

// Config says what the stand-ins accept. Their Now, and Outlines, when they are not set, come from here.
type Config struct {
	SMSToken  string           // bearer token that the SMS stand-in accepts
	Now       func() time.Time // the town's clock, for the times shown and for the ends of outages; nil takes the one on the wall
	Zalo      zalofake.Config
	Messenger messengerfake.Config
	FCM       fcmfake.Config
	WebPush   webpushfake.Config
	Wards     []Ward // for the maps on the phones; none means no map
	Chat      string // address of the program's own web chat, such as http://127.0.0.1:8080/chat; "" for none. It must allow this page to frame it
}

// Where the stand-ins are mounted: the program's settings are the stand-ins' address and these.
const (
	SMSPath   = "/sms"                 // channels.sms.api_base
	ZaloPath  = "/zalo"                // the phone; below it are files that citizens send
	ZaloAPI   = ZaloPath + "/openapi"  // channels.zalo.api_base
	ZaloOAuth = ZaloPath + "/oauth"    // channels.zalo.oauth_base
	ZaloGraph = ZaloPath + "/graph"    // channels.zalo.graph_base
	ZaloZNS   = ZaloPath + "/business" // channels.zalo.zns_base

	MessengerPath  = "/messenger"             // the phone; below it are files that citizens send
	MessengerGraph = MessengerPath + "/graph" // channels.messenger.api_base

	FCMPath  = "/fcm"  // channels.fcm.api_base
	PushPath = "/push" // the push service that browsers subscribe at
	LockPath = "/lock" // the lock screen: what SMSPath, FCMPath and PushPath brought
)

// City serves all stand-ins. It keeps what it is given in memory only.
type City struct {
	SMS       *smsfake.Provider
	Zalo      *zalofake.Network
	Messenger *messengerfake.Network
	FCM       *fcmfake.Network
	WebPush   *webpushfake.Service
	cfg       Config
	mux       *http.ServeMux
	browser   atomic.Pointer[string] // how the page's own browser is out; "" when it is not

	mu      sync.Mutex
	planned map[string]time.Time // ends of outages by the town's clock, by the network's name
}

var _ http.Handler = (*City)(nil)

// New makes the stand-ins. Close them before the server that serves them: open chats would hold up its end.
func New(cfg Config) *City {
	cfg = cfg.shared()
	c := &City{
		SMS: smsfake.New(cfg.SMSToken, cfg.Now), Zalo: zalofake.New(cfg.Zalo), Messenger: messengerfake.New(cfg.Messenger),
		FCM: fcmfake.New(cfg.FCM), WebPush: webpushfake.New(cfg.WebPush), cfg: cfg, mux: http.NewServeMux(), planned: map[string]time.Time{},
	}
	c.browser.Store(new(string))
	for path, standIn := range map[string]http.Handler{SMSPath: c.SMS, ZaloPath: c.Zalo, MessengerPath: c.Messenger, FCMPath: c.FCM, PushPath: c.WebPush} {
		c.mux.Handle(path+"/", http.StripPrefix(path, standIn))
	}
	c.mux.HandleFunc("GET "+SMSPath, func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/" // the same page without the slash
		c.SMS.ServeHTTP(w, r)
	})
	for _, path := range []string{ZaloPath, MessengerPath, LockPath} {
		c.mux.Handle("GET "+path, http.RedirectHandler(path+"/", http.StatusMovedPermanently)) // the page's files lie beside it
	}
	c.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c.pageRoutes()
	c.lockRoutes()
	c.controlRoutes()
	return c
}

// shared gives the stand-ins what they have in common.
func (cfg Config) shared() Config {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	for _, now := range []*func() time.Time{&cfg.Zalo.Now, &cfg.Messenger.Now, &cfg.FCM.Now, &cfg.WebPush.Now} {
		if *now == nil {
			*now = cfg.Now
		}
	}
	if cfg.Zalo.Outlines == nil {
		cfg.Zalo.Outlines = outlines(cfg.Wards)
	}
	return cfg
}

// ServeHTTP answers a request.
func (c *City) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	c.wake()
	c.mux.ServeHTTP(w, r)
}

// Close ends what the stand-ins do in the background.
func (c *City) Close() {
	c.Zalo.Close()
	c.Messenger.Close()
	c.FCM.Close()
	c.WebPush.Close()
}
