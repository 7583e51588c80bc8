package zalo

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netcall"
)

// graph plays the three answers of a sign-in, and keeps what was asked.
type graph struct {
	me, info, detail string // bodies; "" is an outage
	asked            []*http.Request
}

func (g *graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.asked = append(g.asked, r)
	body := map[string]string{"/v2.0/me": g.me, "/v2.0/me/info": g.info, "/v3.0/oa/user/detail": g.detail}[r.URL.Path]
	if body == "" {
		w.WriteHeader(http.StatusBadGateway)
	}
	_, _ = io.WriteString(w, body)
}

func openMiniApp(t *testing.T, g *graph) *MiniApp {
	t.Helper()
	srv := httptest.NewServer(g)
	t.Cleanup(srv.Close)
	m, err := NewMiniApp(testConfig(srv.URL), &wallet{tokens: []string{"FAKE_ACCESS_TOKEN"}}, srv.Client())
	require.NoError(t, err)
	return m
}

func TestMiniAppVerify(t *testing.T) {
	t.Parallel()
	me, info, detail := sample(t, "miniapp_me_response"), sample(t, "miniapp_phone_token_response"), sample(t, "api_user_detail_response")
	whole := MiniAppUser{ID: "4000000000000000004", IDByOA: person, Name: "Nguyễn Văn A", Phone: "+84900000001"}
	unlinked := whole
	unlinked.IDByOA = ""
	nameless := unlinked
	nameless.Name = ""
	for name, tt := range map[string]struct {
		graph  graph
		idByOA string
		want   MiniAppUser
		code   fault.Code
		asked  int
	}{
		"all proved":              {graph{me: me, info: info, detail: detail}, person, whole, "", 3},
		"no chat":                 {graph{me: me, info: info, detail: detail}, "", unlinked, "", 2},
		"a chat id that is none":  {graph{me: me, info: info, detail: detail}, `1"}&x=`, unlinked, "", 2},
		"somebody else's chat":    {graph{me: me, info: info, detail: strings.ReplaceAll(detail, "4000000000000000004", "4000000000000000005")}, person, unlinked, "", 3},
		"another chat answered":   {graph{me: me, info: info, detail: detail}, "3000000000000000009", unlinked, "", 3},
		"never wrote to us":       {graph{me: me, info: info, detail: `{"error":-213,"message":"x"}`}, person, unlinked, "", 3},
		"the account's view lost": {graph{me: me, info: info}, person, unlinked, "", 3},
		"only the id":             {graph{me: `{"id":"4000000000000000004","error":0}`, info: info}, "", nameless, "", 2},

		"session over":           {graph{me: sample(t, "miniapp_me_error"), info: info}, "", MiniAppUser{}, fault.Invalid, 1},
		"token of another kind":  {graph{me: `{"error":-216}`, info: info}, "", MiniAppUser{}, fault.Invalid, 1},
		"no id":                  {graph{me: `{"error":0}`, info: info}, "", MiniAppUser{}, fault.Unavailable, 1},
		"outage":                 {graph{info: info}, "", MiniAppUser{}, fault.Unavailable, 1},
		"a page":                 {graph{me: `<html>`, info: info}, "", MiniAppUser{}, fault.Unavailable, 1},
		"our secret":             {graph{me: `{"error":-242}`, info: info}, "", MiniAppUser{}, fault.Unavailable, 1},
		"phone token refused":    {graph{me: me, info: `{"error":112,"message":"x"}`}, "", MiniAppUser{}, fault.Invalid, 2},
		"phone token of another": {graph{me: me, info: `{"error":"210","data":[]}`}, "", MiniAppUser{}, fault.Invalid, 2},
		"outside Vietnam":        {graph{me: me, info: `{"error":-501}`}, "", MiniAppUser{}, fault.Unavailable, 2},
		"phone outage":           {graph{me: me}, "", MiniAppUser{}, fault.Unavailable, 2},
		"no number":              {graph{me: me, info: `{"error":0,"data":{"number":"0900 000 001"}}`}, "", MiniAppUser{}, fault.Unavailable, 2},
		"success without data":   {graph{me: me, info: `{"error":0}`}, "", MiniAppUser{}, fault.Unavailable, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := tt.graph
			got, err := openMiniApp(t, &g).Verify(t.Context(), "FAKE_SOCIAL_TOKEN", "FAKE_PHONE_TOKEN", tt.idByOA)
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
			require.Equal(t, tt.want, got)
			require.Len(t, g.asked, tt.asked)
			if err != nil {
				for _, hidden := range []string{"FAKE_", "84900000001", person} {
					require.NotContains(t, err.Error(), hidden)
				}
			}
		})
	}
}

func TestMiniAppRequests(t *testing.T) {
	t.Parallel()
	g := &graph{me: sample(t, "miniapp_me_response"), info: sample(t, "miniapp_phone_token_response"), detail: sample(t, "api_user_detail_response")}
	_, err := openMiniApp(t, g).Verify(t.Context(), "FAKE_SOCIAL_TOKEN", "FAKE_PHONE_TOKEN", person)
	require.NoError(t, err)
	require.Equal(t, "/v2.0/me?fields=id,name,picture", g.asked[0].RequestURI)
	require.Equal(t, "FAKE_SOCIAL_TOKEN", g.asked[0].Header.Get("access_token"))
	require.Equal(t, netcall.Proof("FAKE_APP_SECRET", "FAKE_SOCIAL_TOKEN"), g.asked[0].Header.Get("appsecret_proof"))
	require.Equal(t, "/v2.0/me/info", g.asked[1].RequestURI)
	require.Equal(t, "FAKE_SOCIAL_TOKEN", g.asked[1].Header.Get("access_token"))
	require.Equal(t, "FAKE_PHONE_TOKEN", g.asked[1].Header.Get("code"))
	require.Equal(t, "FAKE_APP_SECRET", g.asked[1].Header.Get("secret_key"))
	require.Equal(t, `{"user_id":"`+person+`"}`, g.asked[2].URL.Query().Get("data"))
	require.Equal(t, "FAKE_ACCESS_TOKEN", g.asked[2].Header.Get("access_token"), "the account's own token")
}

func TestMiniAppTokensThatAreNone(t *testing.T) {
	t.Parallel()
	g := &graph{}
	m := openMiniApp(t, g)
	for _, tokens := range [][2]string{{"", "x"}, {"x", ""}, {"a\r\nb", "x"}, {"x", strings.Repeat("x", 4097)}, {"thẻ", "x"}} {
		_, err := m.Verify(t.Context(), tokens[0], tokens[1], "")
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
	}
	require.Empty(t, g.asked)
	_, err := NewMiniApp(Config{}, &wallet{}, &http.Client{})
	require.Error(t, err, "a channel that is off has no Mini App")
}

func TestMiniAppSlow(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer srv.Close()
	defer close(release)
	cfg := testConfig(srv.URL)
	cfg.Timeout = 30 * time.Millisecond
	m, err := NewMiniApp(cfg, &wallet{}, srv.Client())
	require.NoError(t, err)
	_, err = m.Verify(t.Context(), "x", "y", "")
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))
}

func FuzzSocialReply(f *testing.F) {
	for _, name := range []string{"miniapp_me_response", "miniapp_me_error", "miniapp_phone_token_response"} {
		f.Add(200, []byte(sample(f, name)))
	}
	f.Add(502, []byte(`{"error":-501}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		r, err := readSocial(status, body)
		if code := fault.CodeOf(err); err == nil && r.Error != "0" || err != nil && code != fault.Invalid && code != fault.Unavailable {
			t.Errorf("got %+v, %v", r, err)
		}
	})
}
