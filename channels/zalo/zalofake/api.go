package zalofake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// refusal is what the API answers instead of doing the work.
type refusal struct {
	code int
	text string
}

// reply is the envelope of every answer of the API: https://developers.zalo.me/docs/official-account/phu-luc/ma-loi
type reply struct {
	Data    any    `json:"data,omitempty"`
	Error   int    `json:"error"`
	Message string `json:"message"`
}

// work is one call of the API.
type work func(w http.ResponseWriter, r *http.Request) (any, *refusal)

const maxBody = 1 << 20 // of a JSON or form request

func (n *Network) apiRoutes() {
	n.mux.HandleFunc("POST /openapi/v3.0/oa/message/cs", n.api(n.send))
	n.mux.HandleFunc("POST /openapi/v2.0/oa/upload/image", n.api(n.takeUpload(imageUpload)))
	n.mux.HandleFunc("POST /openapi/v2.0/oa/upload/gif", n.api(n.takeUpload(gifUpload)))
	n.mux.HandleFunc("POST /openapi/v2.0/oa/upload/file", n.api(n.takeUpload(fileUpload)))
	n.mux.HandleFunc("GET /openapi/v2.0/oa/getoa", n.api(n.account))
	for _, path := range []string{"v2.0/oa/message", "v3.0/oa/message/transaction", "v3.0/oa/message/promotion"} { // closed in March 2026 or before
		n.mux.HandleFunc("POST /openapi/"+path, n.api(closed))
	}
	n.mux.HandleFunc("GET /openapi/v3.0/oa/user/detail", n.api(n.detail))
	n.mux.HandleFunc("POST /openapi/v3.0/oa/quota/message", n.api(n.quota))
	n.mux.HandleFunc("GET /avatar/{user}", n.avatar)
	for _, rest := range []string{"/openapi/", "/graph/", "/business/"} {
		n.mux.HandleFunc(rest, unknown)
	}
}

// api wraps a call in what all have in common: faults, the rate, the token, and the envelope at HTTP status 200. Numbers are other ones on another host.
func (n *Network) api(do work, numbers ...map[int]int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !n.gate(w, r) {
			return
		}
		bad := renumbered(n.admit(w, r), numbers)
		var data any
		if bad == nil {
			data, bad = do(w, r)
		}
		if bad != nil {
			n.stats.Refused(bad.code)
			channelfake.Write(w, http.StatusOK, reply{Error: bad.code, Message: bad.text})
			return
		}
		channelfake.Write(w, http.StatusOK, reply{Data: data, Message: "Success"})
	}
}

func renumbered(bad *refusal, numbers []map[int]int) *refusal {
	for _, m := range numbers {
		if other, ok := m[code(bad)]; ok {
			return &refusal{other, bad.text}
		}
	}
	return bad
}

// code gives a refusal's number; 0 for none.
func code(bad *refusal) int {
	if bad == nil {
		return 0
	}
	return bad.code
}

// admit checks the token, its proof when that is switched on, and the rate.
func (n *Network) admit(w http.ResponseWriter, r *http.Request) *refusal {
	n.mu.Lock()
	now, proof := n.clock(), n.faults.Get().RequireProof
	limit := n.setup.Get().PerMinute
	left := n.rate.take(now, limit)
	n.mu.Unlock()
	if limit >= 0 {
		w.Header().Set("X-RateLimit-Limit", strconv.Itoa(limit))
		w.Header().Set("X-RateLimit-Remain", strconv.Itoa(max(0, left)))
	}
	token := r.Header.Get("access_token")
	if bad := n.grants.check(token, now); bad != nil {
		return bad
	}
	if proof && !hmac.Equal([]byte(proofOf(n.cfg.AppSecret, token)), []byte(r.Header.Get("appsecret_proof"))) {
		return &refusal{-242, "appsecret_proof is invalid"}
	}
	if limit >= 0 && left < 0 {
		return &refusal{-32, "Application has reached limit call api"}
	}
	return nil
}

// proofOf is the hex of an HMAC-SHA256 of the access token under the app's secret.
func proofOf(secret, token string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}

// rate counts the requests of a minute.
type rate struct {
	minute time.Time
	taken  int
}

// take counts one request and gives how many more there may be; negative when it is one too many.
func (r *rate) take(now time.Time, limit int) int {
	if m := now.Truncate(time.Minute); !m.Equal(r.minute) {
		r.minute, r.taken = m, 0
	}
	r.taken++
	return limit - r.taken
}

func unknown(w http.ResponseWriter, _ *http.Request) {
	channelfake.Write(w, http.StatusNotFound, reply{Error: 404, Message: "Empty api"})
}

// closed answers for the kinds of messages that Zalo has retired.
func closed(http.ResponseWriter, *http.Request) (any, *refusal) {
	return nil, &refusal{-240, "The API has been closed"}
}
