package zalofake

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// Lives of what a Mini App gets for its user: https://mini.zalo.me/documents/api/getPhoneNumber/
const (
	socialLife = time.Hour
	phoneLife  = 2 * time.Minute
)

// Session is what somebody's Mini App has in hand when the person has agreed to all that it asks for.
type Session struct {
	AccessToken string `json:"access_token"` // good for an hour
	PhoneToken  string `json:"phone_token"`  // good once, for two minutes
	ID          string `json:"id"`           // towards the application
	IDByOA      string `json:"id_by_oa"`     // towards the OA, as getUserInfo of the Mini App gives it
	Phone       string `json:"phone"`        // country code without plus: what the phone token stands for
}

// social is a token of a Mini App.
type social struct {
	of      *person
	expires time.Time // by the network's clock
}

// socials keeps the tokens of Mini Apps.
type socials struct {
	access, phone map[string]social
}

// OpenMiniApp has a person open the Mini App and agree to show name and phone number.
func (n *Network) OpenMiniApp(user string) Session {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, now := n.person(user), n.clock()
	for _, tokens := range []map[string]social{n.socials.access, n.socials.phone} {
		for token, s := range tokens {
			if now.After(s.expires) {
				delete(tokens, token)
			}
		}
	}
	s := Session{AccessToken: "fake-social-" + rand.Text(), PhoneToken: "fake-phone-" + rand.Text(), ID: p.appID, IDByOA: p.id, Phone: p.phone}
	n.socials.access[s.AccessToken] = social{p, now.Add(socialLife)}
	n.socials.phone[s.PhoneToken] = social{p, now.Add(phoneLife)}
	return s
}

func (n *Network) controlMiniApp(w http.ResponseWriter, r *http.Request) {
	channelfake.Write(w, http.StatusOK, n.OpenMiniApp(r.PathValue("user")))
}

// graphRoutes serves the social API, as far as the sign-in of a Mini App needs it: https://developers.zalo.me/docs/social-api/
func (n *Network) graphRoutes() {
	n.mux.HandleFunc("GET /graph/v2.0/me", n.graph(n.me))
	n.mux.HandleFunc("GET /graph/v2.0/me/info", n.graph(n.meInfo))
}

// graph wraps a call of the social API. It is done with mu held.
func (n *Network) graph(do func(r *http.Request, p *person) (any, *refusal)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !n.gate(w, r) {
			return
		}
		n.mu.Lock()
		var data any
		bad := n.abroad()
		s, ok := n.socials.access[r.Header.Get("access_token")]
		if bad == nil && (!ok || n.clock().After(s.expires)) {
			bad = &refusal{452, "Session key invalid. This could be because an application was uninstalled, a user changed password, etc."}
		}
		if bad == nil {
			data, bad = do(r, s.of)
		}
		n.mu.Unlock()
		if bad != nil {
			n.stats.Refused(bad.code)
			channelfake.Write(w, http.StatusOK, reply{Error: bad.code, Message: bad.text})
			return
		}
		channelfake.Write(w, http.StatusOK, data)
	}
}

// abroad refuses callers from other countries, when that is switched on. It is called with mu held.
func (n *Network) abroad() *refusal {
	if n.faults.Get().Abroad {
		return &refusal{-501, "Personal information is limited to servers in Vietnam"}
	}
	return nil
}

// me tells whose access token it is.
func (n *Network) me(r *http.Request, p *person) (any, *refusal) {
	if !hmac.Equal([]byte(proofOf(n.cfg.AppSecret, r.Header.Get("access_token"))), []byte(r.Header.Get("appsecret_proof"))) {
		return nil, &refusal{-242, "appsecret_proof is invalid"}
	}
	type address struct {
		URL string `json:"url"`
	}
	return struct {
		ID      string             `json:"id"`
		Name    string             `json:"name"`
		Picture map[string]address `json:"picture"`
		Error   int                `json:"error"`
		Message string             `json:"message"`
	}{p.appID, p.name, map[string]address{"data": {n.setup.Get().Base + "/avatar/" + p.id}}, 0, "Success"}, nil
}

// meInfo trades a phone token, once, for the number of the person who has the access token.
func (n *Network) meInfo(r *http.Request, p *person) (any, *refusal) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("secret_key")), []byte(n.cfg.AppSecret)) != 1 {
		return nil, &refusal{-14004, "Invalid secret key"}
	}
	code := r.Header.Get("code")
	s, ok := n.socials.phone[code]
	switch {
	case !ok || n.clock().After(s.expires):
		return nil, &refusal{112, "Code is invalid or has expired"}
	case s.of != p:
		return nil, &refusal{210, "Code belongs to another user"}
	}
	delete(n.socials.phone, code)
	return reply{Data: map[string]string{"number": p.phone}, Message: "Success"}, nil
}
