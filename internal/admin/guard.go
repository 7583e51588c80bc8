package admin

import (
	"crypto/subtle"
	"net"
	"net/http"
	"strings"

	"github.com/motcua/motcua/internal/fault"
)

// Guard stands in front of everything on the operators' port, also of what asks for no token by itself: metrics, health and profiles.
//
// On the loopback interface only this machine can call, but so can a page in a browser on it whose own name was made to resolve here. Such a request
// carries that name as its host, so names other than localhost are refused. Where a token was given (set), metrics and profiles need it: they show the
// inside, and profiles cost time. Where the program made one up at its start nobody can have told it to what collects metrics; then they are open on the
// loopback interface and on no other.
func Guard(h http.Handler, loopback, set bool, token string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if loopback && !local(r.Host) {
			refuse(w, fault.Forbidden)
			return
		}
		if inside(r.URL.Path) && (set || !loopback) && !opens(r, token) {
			refuse(w, fault.Unauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// inside tells whether a path shows how the program is doing. Health and readiness say no more than that.
func inside(path string) bool { return path == "/metrics" || strings.HasPrefix(path, "/debug/") }

// local tells whether a Host header names this machine by address or as localhost.
func local(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	return name == "localhost" || net.ParseIP(name) != nil
}

// opens tells whether a request presents the token.
func opens(r *http.Request, token string) bool {
	got, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && subtle.ConstantTimeCompare([]byte(got), []byte(token)) == 1
}

func refuse(w http.ResponseWriter, code fault.Code) { http.Error(w, string(code), statusOf(code)) }
