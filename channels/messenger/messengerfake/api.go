package messengerfake

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"regexp"
	"strings"

	"github.com/motcua/motcua/channels/channelfake"
)

// refusal is what the API answers instead of doing the work: https://developers.facebook.com/docs/graph-api/guides/error-handling.
type refusal struct {
	Message   string `json:"message"`
	Type      string `json:"type"`
	Code      int    `json:"code"`
	Subcode   int    `json:"error_subcode,omitempty"`
	Transient bool   `json:"is_transient,omitempty"`
	Trace     string `json:"fbtrace_id"`
}

func refuse(code, sub int, text string) *refusal {
	return &refusal{Message: text, Type: "OAuthException", Code: code, Subcode: sub, Transient: code == 1 || code == 2}
}

// status is the one that goes with a refusal.
func (r *refusal) status() int {
	switch {
	case r.Transient:
		return http.StatusInternalServerError
	case r.Code == 190:
		return http.StatusUnauthorized
	case r.Code == 10 || r.Code >= 200 && r.Code < 300:
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

func badParam(text string) *refusal { return refuse(100, 0, "(#100) "+text) }

const maxBody = 1 << 20 // of a JSON request

// work is one call of the API on a page.
type work func(w http.ResponseWriter, r *http.Request, pg *page) (any, *refusal)

func (n *Network) apiRoutes() {
	for pattern, do := range map[string]work{
		"POST /graph/{version}/{page}/messages":               n.takeMessage,
		"POST /graph/{version}/{page}/message_attachments":    n.takeUpload,
		"GET /graph/{version}/{page}/messenger_profile":       n.readProfile,
		"POST /graph/{version}/{page}/messenger_profile":      n.writeProfile,
		"DELETE /graph/{version}/{page}/messenger_profile":    n.clearProfile,
		"GET /graph/{version}/{page}/subscribed_apps":         n.readEvents,
		"POST /graph/{version}/{page}/subscribed_apps":        n.writeEvents,
		"GET /graph/{version}/{page}/message_templates":       n.readTemplates,
		"POST /graph/{version}/{page}/message_templates":      n.writeTemplate,
		"GET /graph/{version}/{page}/thread_owner":            n.readOwner,
		"POST /graph/{version}/{page}/pass_thread_control":    n.passThread,
		"POST /graph/{version}/{page}/take_thread_control":    n.takeThread,
		"POST /graph/{version}/{page}/release_thread_control": n.releaseThread,
		"POST /graph/{version}/{page}/request_thread_control": n.requestThread,
		"GET /graph/{version}/{user}":                         n.readUser,
	} {
		n.mux.HandleFunc(pattern, n.api(do))
	}
	n.mux.HandleFunc("GET /graph/{version}/debug_token", n.debugToken)
	n.mux.HandleFunc("/graph/", func(w http.ResponseWriter, _ *http.Request) {
		n.answerRefusal(w, refuse(2500, 0, "Unknown path components"))
	})
	n.mux.HandleFunc("GET /files/{name}", func(w http.ResponseWriter, r *http.Request) { n.files.Serve(w, r, r.PathValue("name")) })
	n.mux.HandleFunc("GET /cdn/{name}/{title}", n.cdn)
}

var versionRE = regexp.MustCompile(`^v[0-9]+\.0$`)

// gate plays what goes wrong on the way, and checks the version. It is false when the request has been answered.
func (n *Network) gate(w http.ResponseWriter, r *http.Request) bool {
	if !n.faults.Gate(w, r, func(f Faults) channelfake.Faults { return f.Faults }, n.ctx.Done()) {
		return false
	}
	if !versionRE.MatchString(r.PathValue("version")) {
		n.answerRefusal(w, refuse(2635, 0, "(#2635) You are calling a version of the Graph API that does not exist"))
		return false
	}
	return true
}

// api wraps a call in what all have in common: faults, the token, the page.
func (n *Network) api(do work) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !n.gate(w, r) {
			return
		}
		pg, bad := n.admit(r)
		var data any
		if bad == nil {
			data, bad = do(w, r, pg)
		}
		if bad != nil {
			n.answerRefusal(w, bad)
			return
		}
		channelfake.Write(w, http.StatusOK, data)
	}
}

func (n *Network) answerRefusal(w http.ResponseWriter, bad *refusal) {
	n.stats.Refused(bad.Code)
	bad.Trace = "A" + rand.Text()[:22]
	channelfake.Write(w, bad.status(), map[string]*refusal{"error": bad})
}

// token takes the one of a request, from its header or its address.
func token(r *http.Request) string {
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return t
	}
	return r.URL.Query().Get("access_token")
}

// admit checks the token, its proof when that is switched on, and that the page is the token's.
func (n *Network) admit(r *http.Request) (*page, *refusal) {
	tok := token(r)
	var pg *page
	for _, p := range n.pages {
		if tok != "" && tok == p.Token {
			pg = p
		}
	}
	f := n.faults.Get()
	id := r.PathValue("page")
	switch {
	case pg == nil:
		return nil, refuse(190, 467, "Error validating access token: The access token is invalid")
	case f.AccessRevoked:
		return nil, refuse(190, 463, "Error validating access token: Session has expired.")
	case f.RequireProof && !hmac.Equal([]byte(sign(sha256.New, n.cfg.AppSecret, []byte(tok))), []byte(r.URL.Query().Get("appsecret_proof"))):
		return nil, badParam("API calls from the server require an appsecret_proof argument")
	case id != "" && id != "me" && id != pg.ID:
		return nil, refuse(10, 0, "(#10) Application does not have permission for this action")
	}
	return pg, nil
}
