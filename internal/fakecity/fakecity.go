// Package fakecity gathers the stand-ins for the networks that a city talks to, so that one person on one machine can play a citizen.
//
// It owns where each stand-in is mounted. What each imitates, and what it does not, is in its own package.
package fakecity

import (
	_ "embed"
	"net/http"
	"time"

	"github.com/motcua/motcua/channels/sms/smsfake"
)

// Config says what the stand-ins accept.
type Config struct {
	SMSToken string           // bearer token that the SMS stand-in accepts
	Now      func() time.Time // for the times shown
}

// SMSPath is where the SMS stand-in is mounted: the program's channels.sms.api_base is the stand-ins' address and this.
const SMSPath = "/sms"

// City serves all stand-ins. It keeps what it is given in memory only.
type City struct {
	SMS *smsfake.Provider
	mux *http.ServeMux
}

var _ http.Handler = (*City)(nil)

//go:embed index.html
var index []byte

// New makes the stand-ins.
func New(cfg Config) *City {
	c := &City{SMS: smsfake.New(cfg.SMSToken, cfg.Now), mux: http.NewServeMux()}
	c.mux.Handle(SMSPath+"/", http.StripPrefix(SMSPath, c.SMS))
	c.mux.HandleFunc("GET "+SMSPath, func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/" // the same page without the slash
		c.SMS.ServeHTTP(w, r)
	})
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
