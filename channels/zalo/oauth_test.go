package zalo

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
)

func TestChallenge(t *testing.T) {
	t.Parallel()
	var v struct {
		Verifier  string `json:"code_verifier"`
		Challenge string `json:"code_challenge"`
	}
	load(t, "testdata/zalo_pkce.json", &v)
	require.Equal(t, v.Challenge, Challenge(v.Verifier))
}

func newOAuth(t *testing.T, h http.HandlerFunc) *OAuth {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	o, err := NewOAuth(testConfig(srv.URL), srv.Client(), clock)
	require.NoError(t, err)
	return o
}

func TestConsentURL(t *testing.T) {
	t.Parallel()
	o, err := NewOAuth(Config{AppID: appID, OAID: oaID, AppSecret: "s", OASecretKey: "k", CodeVerifier: testConfig("").CodeVerifier}, &http.Client{}, clock)
	require.NoError(t, err)
	u, err := url.Parse(o.ConsentURL("https://motcua.example/channels/zalo/callback", "a&b"))
	require.NoError(t, err)
	require.Equal(t, "https://oauth.zaloapp.com/v4/oa/permission", u.Scheme+"://"+u.Host+u.Path)
	require.Equal(t, url.Values{
		"app_id": {appID}, "redirect_uri": {"https://motcua.example/channels/zalo/callback"}, "state": {"a&b"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"},
	}, u.Query())
}

func TestTokenRequests(t *testing.T) {
	t.Parallel()
	var got url.Values
	o := newOAuth(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2.0/oa/getoa" {
			return
		}
		if r.URL.Path != "/v4/oa/access_token" || r.Header.Get("secret_key") != "FAKE_APP_SECRET" || r.URL.RawQuery != "" {
			t.Errorf("got %s, %v", r.URL, r.Header)
		}
		_ = r.ParseForm()
		got = r.PostForm
		_, _ = io.WriteString(w, sample(t, "api_oauth_token_response"))
	})
	want := Pair{Access: "FAKE_OA_ACCESS_TOKEN_1", Refresh: "FAKE_OA_REFRESH_TOKEN_2", ExpiresAt: moment.Add(25 * time.Hour)}
	p, err := o.Exchange(t.Context(), "CODE")
	require.NoError(t, err)
	require.Equal(t, want, p)
	require.Equal(t, url.Values{"code": {"CODE"}, "app_id": {appID}, "grant_type": {"authorization_code"}, "code_verifier": {testConfig("").CodeVerifier}}, got)
	p, err = o.Refresh(t.Context(), "FAKE_OA_REFRESH_TOKEN_1")
	require.NoError(t, err)
	require.Equal(t, want, p)
	require.Equal(t, url.Values{"refresh_token": {"FAKE_OA_REFRESH_TOKEN_1"}, "app_id": {appID}, "grant_type": {"refresh_token"}}, got)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	pair := func(expires string) string {
		return `{"access_token":"A","refresh_token":"R","expires_in":` + expires + `}`
	}
	for name, tt := range map[string]struct {
		status int
		body   string
		life   time.Duration
		want   fault.Code // of Refresh
		code   fault.Code // of Exchange, when it is another
	}{
		"as documented":     {200, sample(t, "api_oauth_token_response"), 25 * time.Hour, "", ""},
		"a number":          {200, pair(`3600`), time.Hour, "", ""},
		"no life":           {200, pair(`null`), shortLife, "", ""},
		"a life of nought":  {200, pair(`"0"`), shortLife, "", ""},
		"as long as may be": {200, pair(`7776000`), longLife, "", ""},
		"longer":            {200, pair(`7776001`), shortLife, "", ""},
		"a life for ever":   {200, pair(`"99999999999999999999"`), shortLife, "", ""},
		"spent":             {200, sample(t, "api_oauth_token_error"), 0, fault.Unauthorized, ""},
		"wrong redirect":    {200, `{"error":-14003}`, 0, fault.Forbidden, ""},
		"unknown app":       {200, `{"error":"-14002"}`, 0, fault.Forbidden, ""},
		"another number":    {200, `{"error":-14099}`, 0, fault.Unavailable, fault.Unauthorized},
		"a spent code":      {200, `{"error":-14019,"error_name":"Invalid authorization code"}`, 0, fault.Unavailable, fault.Unauthorized},
		"too many":          {200, `{"error":-32}`, 0, fault.Unavailable, ""},
		"half a pair":       {200, `{"access_token":"A"}`, 0, fault.Unavailable, ""},
		"nothing":           {200, `{}`, 0, fault.Unavailable, ""},
		"a list":            {200, `[]`, 0, fault.Unavailable, ""},
		"a page":            {502, `<html>`, 0, fault.Unavailable, ""},
		"a redirect":        {302, ``, 0, fault.Unavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOAuth(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			_, err := o.Exchange(t.Context(), "SECRET_CODE")
			require.Equal(t, cmp.Or(tt.code, tt.want), fault.CodeOf(err))
			p, err := o.Refresh(t.Context(), "SECRET_REFRESH")
			require.Equal(t, tt.want, fault.CodeOf(err))
			if err != nil {
				require.Zero(t, p)
				for _, s := range []string{"SECRET_REFRESH", "FAKE_APP_SECRET", "elsewhere", "Invalid refresh"} {
					require.NotContains(t, err.Error(), s)
				}
				return
			}
			require.Equal(t, moment.Add(tt.life), p.ExpiresAt)
		})
	}
}

// TestConsentForAnotherAccount has somebody consent who manages another account of the same application.
func TestConsentForAnotherAccount(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer string
		want   fault.Code
	}{
		"ours":             {`{"data":{"oa_id":"` + oaID + `"},"error":0}`, ""},
		"ours as a number": {`{"data":{"oa_id":` + oaID + `},"error":0}`, ""},
		"another":          {`{"data":{"oa_id":"2000000000000000009"},"error":0}`, fault.Forbidden},
		"not told":         {`{"error":-224,"message":"no"}`, ""},
		"no answer":        {`<html>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOAuth(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v4/oa/access_token" {
					_, _ = io.WriteString(w, sample(t, "api_oauth_token_response"))
					return
				}
				if r.URL.Path != "/v2.0/oa/getoa" || r.Header.Get("access_token") != "FAKE_OA_ACCESS_TOKEN_1" {
					t.Errorf("got %s, %v", r.URL, r.Header)
				}
				_, _ = io.WriteString(w, tt.answer)
			})
			p, err := o.Exchange(t.Context(), "CODE")
			require.Equal(t, tt.want, fault.CodeOf(err))
			require.Equal(t, tt.want == fault.Forbidden, errors.Is(err, ErrOtherAccount))
			require.Equal(t, err == nil, p.Access != "")
		})
	}
}

func TestTokensUnreachable(t *testing.T) {
	t.Parallel()
	o, err := NewOAuth(testConfig("http://127.0.0.1:1"), &http.Client{}, clock)
	require.NoError(t, err)
	_, err = o.Exchange(t.Context(), "SECRET_CODE")
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	require.NotContains(t, err.Error(), "SECRET_CODE")
}
