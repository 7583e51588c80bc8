// Package fakecity gathers the stand-ins for the networks that a city talks to, so that one person on one machine can play a citizen.
//
// It owns where each stand-in is mounted. What each imitates, and what it does not, is in its own package.
package fakecity

import (
	_ "embed"
	"net/http"
	"time"

	"github.com/motcua/motcua/channels/sms/smsfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
)

// Config says what the stand-ins accept.
type Config struct {
	SMSToken string           // bearer token that the SMS stand-in accepts
	Now      func() time.Time // for the times shown
	Zalo     zalofake.Config  // Now and Outlines, when they are not set, come from here
	Wards    []Ward           // for the maps on the phones; none means no map
}

// Where the stand-ins are mounted: the program's settings are the stand-ins' address and these.
const (
	SMSPath   = "/sms"                 // channels.sms.api_base
	ZaloPath  = "/zalo"                // the phone; below it are files that citizens send
	ZaloAPI   = ZaloPath + "/openapi"  // channels.zalo.api_base
	ZaloOAuth = ZaloPath + "/oauth"    // channels.zalo.oauth_base
	ZaloGraph = ZaloPath + "/graph"    // channels.zalo.graph_base
	ZaloZNS   = ZaloPath + "/business" // channels.zalo.zns_base
)

// City serves all stand-ins. It keeps what it is given in memory only.
type City struct {
	SMS  *smsfake.Provider
	Zalo *zalofake.Network
	mux  *http.ServeMux
}

var _ http.Handler = (*City)(nil)

//go:embed index.html
var index []byte

// New makes the stand-ins. Close them before the server that serves them: open chats would hold up its end.
func New(cfg Config) *City {
	if cfg.Zalo.Now == nil {
		cfg.Zalo.Now = cfg.Now
	}
	if cfg.Zalo.Outlines == nil {
		cfg.Zalo.Outlines = outlines(cfg.Wards)
	}
	c := &City{SMS: smsfake.New(cfg.SMSToken, cfg.Now), Zalo: zalofake.New(cfg.Zalo), mux: http.NewServeMux()}
	c.mux.Handle(SMSPath+"/", http.StripPrefix(SMSPath, c.SMS))
	c.mux.HandleFunc("GET "+SMSPath, func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/" // the same page without the slash
		c.SMS.ServeHTTP(w, r)
	})
	c.mux.Handle(ZaloPath+"/", http.StripPrefix(ZaloPath, c.Zalo))
	c.mux.Handle("GET "+ZaloPath, http.RedirectHandler(ZaloPath+"/", http.StatusMovedPermanently)) // the page's files lie beside it
	c.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
		_, _ = w.Write(index) // a browser that has left needs no page
	})
	return c
}

// ServeHTTP answers a request.
func (c *City) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	c.mux.ServeHTTP(w, r)
}

// Close ends what the stand-ins do in the background.
func (c *City) Close() { c.Zalo.Close() }
