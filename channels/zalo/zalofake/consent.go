package zalofake

import (
	"crypto/subtle"
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/channelfake/page"
)

// consentRoutes serves OAuth v4 with PKCE for an Official Account: https://developers.zalo.me/docs/official-account/bat-dau/xac-thuc-va-uy-quyen-cho-ung-dung-new
func (n *Network) consentRoutes() {
	n.mux.HandleFunc("GET /oauth/v4/oa/permission", n.consent)
	n.mux.HandleFunc("POST /oauth/v4/oa/access_token", n.token)
	n.mux.HandleFunc("/oauth/", unknown)
}

var consentPage = template.Must(template.New("consent").Parse(`<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Cấp quyền cho ứng dụng</title>
<link rel="stylesheet" href="../../../chat.css"><link rel="stylesheet" href="../../../network.css"></head>
<body class="consent"><main><h1>{{.Account}}</h1><p>Ứng dụng <code>{{.App}}</code> muốn nhận và gửi tin nhắn thay Official Account này.</p>
<p><a class="primary" data-testid="approve" href="{{.Approve}}">Cho phép</a></p>
<p class="hint">Bản thay thế Zalo chạy trên máy này. Không có gì được gửi ra ngoài.</p></main></body></html>`))

// consent shows the owner of the account what is asked for, and with approve=1 goes back with a code.
func (n *Network) consent(w http.ResponseWriter, r *http.Request) {
	if !n.gate(w, r) {
		return
	}
	q := r.URL.Query()
	challenge, bad := n.asked(q)
	if bad != nil {
		refuseGrant(w, bad)
		return
	}
	if q.Get("approve") == "1" {
		http.Redirect(w, r, n.comeBack(q, challenge), http.StatusFound)
		return
	}
	q.Set("approve", "1")
	page.Headers(w, "text/html; charset=utf-8")
	// A browser that has left needs no page.
	_ = consentPage.Execute(w, map[string]string{"Account": n.cfg.OAName, "App": n.cfg.AppID, "Approve": "?" + q.Encode()})
}

// asked checks a request for consent and gives the challenge that the code is bound to.
func (n *Network) asked(q url.Values) (string, *refusal) {
	back, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case q.Get("app_id") != n.cfg.AppID:
		return "", &refusal{-14002, "Invalid app id"}
	case err != nil || !back.IsAbs() || n.cfg.RedirectURI != "" && q.Get("redirect_uri") != n.cfg.RedirectURI:
		return "", &refusal{-14003, "Invalid redirect uri"}
	}
	challenge := q.Get("code_challenge")
	if n.cfg.CodeVerifier != "" && challenge == "" {
		challenge = challengeOf(n.cfg.CodeVerifier)
	}
	if challenge == "" || n.cfg.CodeVerifier != "" && challenge != challengeOf(n.cfg.CodeVerifier) {
		return "", &refusal{-14021, "Invalid code challenge"}
	}
	return challenge, nil
}

// comeBack is the address that the browser returns to. The state comes back only when it was sent.
func (n *Network) comeBack(q url.Values, challenge string) string {
	back, _ := url.Parse(q.Get("redirect_uri")) // asked has parsed it
	out := back.Query()
	out.Set("code", n.grants.code(challenge, n.clock()))
	out.Set("oa_id", n.cfg.OAID)
	if q.Has("state") {
		out.Set("state", q.Get("state"))
	}
	back.RawQuery = out.Encode()
	return back.String()
}

// token gives tokens for a code or a refresh token.
func (n *Network) token(w http.ResponseWriter, r *http.Request) {
	if !n.gate(w, r) {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		refuseGrant(w, &refusal{-14001, "Invalid request"})
		return
	}
	g, bad := n.granted(r.PostForm, r.Header.Get("secret_key"))
	if n.faults.Planned(func(f *Faults) *int { return &f.LoseTokens }) {
		n.stats.BreakOff()
	}
	if bad != nil {
		refuseGrant(w, bad)
		return
	}
	channelfake.Write(w, http.StatusOK, grantReply(g))
}

func (n *Network) granted(form url.Values, secret string) (Grant, *refusal) {
	switch {
	case form.Get("app_id") != n.cfg.AppID:
		return Grant{}, &refusal{-14002, "Invalid app id"}
	case subtle.ConstantTimeCompare([]byte(secret), []byte(n.cfg.AppSecret)) != 1:
		return Grant{}, &refusal{-14004, "Invalid secret key"}
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		return n.grants.exchange(form.Get("code"), form.Get("code_verifier"), n.clock())
	case "refresh_token":
		return n.grants.renew(form.Get("refresh_token"), n.clock())
	}
	return Grant{}, &refusal{-14001, "Invalid grant type"}
}

// Grant gives a pair of tokens without consent, as if an administrator had just linked the app.
func (n *Network) Grant() Grant {
	now := n.clock()
	n.grants.mu.Lock()
	defer n.grants.mu.Unlock()
	return n.grants.issue(now)
}

// grantReply has the end as a string, as Zalo does for Official Accounts.
func grantReply(g Grant) map[string]string {
	return map[string]string{"access_token": g.Access, "refresh_token": g.Refresh, "expires_in": strconv.Itoa(int(g.ExpiresIn.Seconds()))}
}

func refuseGrant(w http.ResponseWriter, bad *refusal) {
	channelfake.Write(w, http.StatusOK, map[string]any{
		"error": bad.code, "error_name": bad.text, "error_reason": bad.text, "error_description": bad.text, "ref_doc": "https://developers.zalo.me/docs",
	})
}
