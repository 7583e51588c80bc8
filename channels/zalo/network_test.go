package zalo_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/channeltest"
	"github.com/motcua/motcua/channels/zalo"
	"github.com/motcua/motcua/channels/zalo/zalofake"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fit"
	"github.com/motcua/motcua/internal/grant"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store/storetest"
)

const (
	oaKey    = "FAKE_OA_SECRET_KEY"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	citizen  = "Lan"
)

// network is the stand-in on a server, which can fail before it.
type network struct {
	*zalofake.Network
	server *httptest.Server
	hooks  chan channels.Request // webhooks that came

	mu     sync.Mutex
	status int
	times  int
}

func start(t *testing.T) *network {
	t.Helper()
	n := &network{hooks: make(chan channels.Request, 100)}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n.hooks <- channels.Request{Method: r.Method, Header: r.Header.Clone(), Query: r.URL.Query(), Body: body}
		w.WriteHeader(http.StatusOK)
	}))
	n.Network = zalofake.New(zalofake.Config{
		AppSecret: "FAKE_APP_SECRET", OASecretKey: oaKey, CodeVerifier: verifier, WebhookURL: hook.URL, Received: -time.Second, Seen: -time.Second, NoEchoes: true,
	})
	n.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.failing() {
			w.WriteHeader(n.status)
			return
		}
		n.ServeHTTP(w, r)
	}))
	n.SetBase(n.server.URL)
	t.Cleanup(func() {
		n.Close()
		n.server.Close()
		hook.Close()
	})
	return n
}

func (n *network) failing() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.times--
	return n.times >= 0
}

func (n *network) fail(status, times int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status, n.times = status, times
}

func (n *network) config() zalo.Config {
	return zalo.Config{
		AppID: "1000000000000000001", AppSecret: "FAKE_APP_SECRET", OAID: "2000000000000000002", OASecretKey: oaKey, CodeVerifier: verifier,
		APIBase: n.server.URL + "/openapi", OAuthBase: n.server.URL + "/oauth", ZNSBase: n.server.URL + "/business", GraphBase: n.server.URL + "/graph",
		AppSecretProof: true, Timeout: 5 * time.Second,
	}
}

// fixed is a token that the network gave.
type fixed string

func (f fixed) Token(context.Context) (string, error)         { return string(f), nil }
func (f fixed) Renew(context.Context, string) (string, error) { return string(f), nil }

func (n *network) received(user string) []string {
	var out []string
	for _, e := range n.Chat(user, 0) {
		if e.From == channelfake.City {
			out = append(out, e.Text)
		}
	}
	return out
}

func TestChannel(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Fixture {
		n := start(t)
		token := n.Grant().Access
		c, err := zalo.New(n.config(), fixed(token), n.server.Client(), time.Now)
		require.NoError(t, err)
		n.Break(func(f *zalofake.Faults) { f.RequireProof = true })
		n.Say(citizen, "Xin chào")
		hook := <-n.hooks
		return channeltest.Fixture{
			Channel: c, To: channels.Address(n.UserID(citizen)), BadTo: "+84912345678", Webhook: &hook, Repeats: true,
			Secrets:  []string{token, "FAKE_APP_SECRET", oaKey},
			Received: func() []string { return n.received(citizen) },
			Fail:     n.fail,
			Lose:     func(times int) { n.Break(func(f *zalofake.Faults) { f.LoseSends = times }) },
		}
	})
}

// TestCitizensActs reads whatever a citizen can do on the stand-in.
func TestCitizensActs(t *testing.T) {
	t.Parallel()
	n := start(t)
	c, err := zalo.New(n.config(), fixed(n.Grant().Access), n.server.Client(), time.Now)
	require.NoError(t, err)
	user := channels.Address(n.UserID(citizen))
	for _, tt := range []struct {
		name  string
		act   func()
		check func(e channels.Event) bool
	}{
		{"follow", func() { n.Follow(citizen) }, func(e channels.Event) bool { return e.Kind == channels.Followed }},
		{"text", func() { n.Say(citizen, "Ổ gà") }, func(e channels.Event) bool { return e.Kind == channels.Said && e.Text == "Ổ gà" }},
		{"photo", func() { n.Photo(citizen, "đây") }, func(e channels.Event) bool {
			return e.Text == "đây" && len(e.Attachments) == 1 && e.Attachments[0].Kind == channels.Photo && strings.HasPrefix(e.Attachments[0].URL, n.server.URL)
		}},
		{"place", func() { n.Share(citizen, channelfake.Place{Lat: 16.05, Lon: 108.2, Name: "Chợ Hàn"}) }, func(e channels.Event) bool {
			return e.Place != nil && *e.Place == channels.Place{Lat: 16.05, Lon: 108.2, Label: "Chợ Hàn"} && e.Text == ""
		}},
		{"card", func() { n.Card(citizen, "84900000001") }, func(e channels.Event) bool {
			return len(e.Attachments) == 1 && e.Attachments[0].Kind == channels.Card && e.Attachments[0].Text == "84900000001"
		}},
		{"file", func() { n.Document(citizen, "don.pdf", nil) }, func(e channels.Event) bool {
			return len(e.Attachments) == 1 && e.Attachments[0].Kind == channels.File && e.Attachments[0].Name == "don.pdf" && e.Attachments[0].Size > 0
		}},
		{"contact data", func() { n.Submit(citizen, zalofake.Contact{Name: "Lan", Phone: "84900000001", Old: true}) }, func(e channels.Event) bool {
			return e.Kind == channels.Shared && e.Contact.Name == "Lan" && e.Contact.Phone == "84900000001"
		}},
		{"console", func() { n.Console(citizen, "Cán bộ đây") }, func(e channels.Event) bool {
			return e.Kind == channels.Echoed && e.Human && len(e.About) == 1
		}},
		{"withdraw", func() { n.Withdraw(citizen) }, func(e channels.Event) bool { return e.Kind == channels.Withdrew }},
		{"unfollow", func() { n.Unfollow(citizen) }, func(e channels.Event) bool { return e.Kind == channels.Unfollowed }},
		{"follow on an invitation", func() { n.FollowFrom(citizen, "message_invite") }, func(e channels.Event) bool { return e.Kind == channels.Followed }},
		{"follow from nowhere", func() { n.FollowFrom(citizen, "") }, func(e channels.Event) bool { return e.Kind == channels.Followed }},
		{"unfollow again", func() { n.Unfollow(citizen) }, func(e channels.Event) bool { return e.Kind == channels.Unfollowed }},
	} {
		tt.act()
		b, err := c.Parse(<-n.hooks)
		require.NoError(t, err, tt.name)
		require.Len(t, b.Events, 1, tt.name)
		require.Equal(t, user, b.Events[0].From, tt.name)
		require.True(t, tt.check(b.Events[0]), "%s: %+v", tt.name, b.Events[0])
	}
}

// TestTemplateOutsideTheWindow: what can no longer be said in words leaves as an approved text.
func TestTemplateOutsideTheWindow(t *testing.T) {
	t.Parallel()
	n := start(t)
	n.Change(func(s *zalofake.Setup) { s.AnyHour = true })
	n.Say(citizen, "Xin chào")
	n.Break(func(f *zalofake.Faults) { f.ClockOffsetS = 8 * 86400 })
	cfg := n.config()
	cfg.Templates, _ = zalofake.Approved(zalofake.SampleTemplates())
	c, err := zalo.New(cfg, fixed(n.Grant().Access), n.server.Client(), time.Now)
	require.NoError(t, err)
	require.Contains(t, c.Profile().Templates, "feedback.assigned")
	require.NotContains(t, c.Profile().Templates, "account.code", "one-time codes go by phone only")
	to := channels.Address(n.UserID(citizen))
	o := c.Send(t.Context(), to, channels.Outbound{ID: "1", Kind: channels.Notice, Blocks: message.Blocks{message.Words{Text: "x"}}})
	require.Equal(t, "outside_window", o.Reason)
	o = c.Send(t.Context(), to, channels.Outbound{ID: "2", Kind: channels.Notice, Template: &channels.Template{
		Name: "feedback.assigned", Lang: message.Vietnamese, Params: map[string]string{"code": "PA-7K3M", "unit": "UBND phường Hải Châu"},
	}})
	require.Equal(t, channels.Sent, o.Status, "%v", o.Cause)
	chat := n.Chat(citizen, 0)
	require.Equal(t, o.MessageID, chat[len(chat)-1].ID)
	require.Equal(t, "Phản ánh đã được giao xử lý\nUBND phường Hải Châu phụ trách phản ánh PA-7K3M của bà con.", chat[len(chat)-1].Text)
}

// TestContactRequest goes from the question to what the person hands over.
func TestContactRequest(t *testing.T) {
	t.Parallel()
	n := start(t)
	cfg := n.config()
	cfg.ContactImage = "https://dichvucong.example.vn/banner.jpg"
	c, err := zalo.New(cfg, fixed(n.Grant().Access), n.server.Client(), time.Now)
	require.NoError(t, err)
	n.Say(citizen, "Gọi lại cho tôi")
	<-n.hooks
	fitted := fit.Fit(c.Profile(), message.Blocks{message.Choices{
		Text: "Để cán bộ gọi lại", Options: []message.Choice{{Label: "Gửi số điện thoại", Value: message.AskContact}}, Controls: []message.Choice{{Label: "Thôi", Value: "cancel"}},
	}})
	require.Len(t, fitted, 1)
	o := c.Send(t.Context(), channels.Address(n.UserID(citizen)), channels.Outbound{ID: "1", Kind: channels.Reply, Blocks: fitted[0]})
	require.Equal(t, channels.Sent, o.Status, "%v", o.Cause)
	require.Equal(t, []string{"Gửi số điện thoại\nĐể cán bộ gọi lại"}, n.received(citizen))
	n.Submit(citizen, zalofake.Contact{Name: "Lan", Phone: "84900000001"})
	b, err := c.Parse(<-n.hooks)
	require.NoError(t, err)
	require.Equal(t, channels.Shared, b.Events[0].Kind)
	require.Equal(t, "84900000001", b.Events[0].Contact.Phone)
}

// TestMiniApp signs a citizen in, once for each phone token.
func TestMiniApp(t *testing.T) {
	t.Parallel()
	n := start(t)
	m, err := zalo.NewMiniApp(n.config(), fixed(n.Grant().Access), n.server.Client())
	require.NoError(t, err)
	n.Break(func(f *zalofake.Faults) { f.RequireProof = true })
	lan, hung := n.OpenMiniApp(citizen), n.OpenMiniApp("Hùng")
	verify := func(access, phone, idByOA string) (zalo.MiniAppUser, fault.Code) {
		u, err := m.Verify(t.Context(), access, phone, idByOA)
		return u, fault.CodeOf(err)
	}
	_, code := verify(lan.AccessToken, hung.PhoneToken, lan.IDByOA)
	require.Equal(t, fault.Invalid, code, "another person's phone")
	u, code := verify(lan.AccessToken, lan.PhoneToken, lan.IDByOA)
	require.Empty(t, code)
	require.Equal(t, zalo.MiniAppUser{ID: lan.ID, IDByOA: n.UserID(citizen), Name: citizen, Phone: "+" + lan.Phone}, u)
	_, code = verify(lan.AccessToken, lan.PhoneToken, lan.IDByOA)
	require.Equal(t, fault.Invalid, code, "a phone token is good once")
	u, code = verify(hung.AccessToken, hung.PhoneToken, lan.IDByOA)
	require.Empty(t, code)
	require.Empty(t, u.IDByOA, "somebody else's chat is not linked")
	require.Equal(t, "+"+hung.Phone, u.Phone)

	lan = n.OpenMiniApp(citizen)
	n.Break(func(f *zalofake.Faults) { f.OutageGraph = "refuse" })
	_, code = verify(lan.AccessToken, lan.PhoneToken, "")
	require.Equal(t, fault.Unavailable, code)
	n.Break(func(f *zalofake.Faults) { f.OutageGraph, f.Abroad = "", true })
	_, code = verify(lan.AccessToken, lan.PhoneToken, "")
	require.Equal(t, fault.Unavailable, code)
	n.Break(func(f *zalofake.Faults) { f.Abroad, f.OutageOpenAPI = false, "refuse" })
	u, code = verify(lan.AccessToken, lan.PhoneToken, lan.IDByOA)
	require.Empty(t, code, "the account's outage does not keep people out")
	require.Empty(t, u.IDByOA)
}

// TestConsentToMessage goes the whole way with a kept grant: consent, code, tokens, a message, a revoked token, a message.
func TestConsentToMessage(t *testing.T) {
	t.Parallel()
	n := start(t)
	client := n.server.Client()
	oauth, err := zalo.NewOAuth(n.config(), client, time.Now)
	require.NoError(t, err)
	keeper := openKeeper(t)
	const name = "zalo/2000000000000000002"
	tokens := keeper.Source(name, func(ctx context.Context, refresh string) (grant.Pair, error) {
		p, err := oauth.Refresh(ctx, refresh)
		return grant.Pair(p), err
	})
	c, err := zalo.New(n.config(), tokens, client, time.Now)
	require.NoError(t, err)
	n.Say(citizen, "Xin chào")
	to := channels.Address(n.UserID(citizen))
	send := func(text string) channels.Outcome {
		return c.Send(t.Context(), to, channels.Outbound{ID: text, Blocks: message.Blocks{message.Words{Text: text}}})
	}
	o := send("sớm quá")
	require.Equal(t, channels.Later, o.Status)
	require.ErrorContains(t, o.Cause, "motcua channels setup zalo")

	p, err := oauth.Exchange(t.Context(), consent(t, oauth))
	require.NoError(t, err)
	require.NoError(t, keeper.Put(t.Context(), name, grant.Pair(p)))
	require.Equal(t, channels.Sent, send("một").Status)

	n.Break(func(f *zalofake.Faults) { f.AccessRevoked = true })
	require.Equal(t, channels.Sent, send("hai").Status)
	require.Equal(t, 2, n.Stats().Tokens.Issued)
	require.Zero(t, n.Stats().Tokens.Reused)

	n.Break(func(f *zalofake.Faults) { f.AccessRevoked, f.RefreshRevoked = true, true })
	require.Equal(t, channels.Later, send("ba").Status)
	st, err := keeper.Status(t.Context(), name)
	require.NoError(t, err)
	require.False(t, st.Refused.IsZero(), "only a new consent helps")
	require.Equal(t, []string{"một", "hai"}, n.received(citizen))
}

// consent presses the button of the network's page, and gives the code that comes back.
func consent(t *testing.T, oauth *zalo.OAuth) string {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, oauth.ConsentURL("http://127.0.0.1:1/channels/zalo/callback", "s")+"&approve=1", nil)
	require.NoError(t, err)
	res, err := client.Do(req)
	require.NoError(t, err)
	_ = res.Body.Close()
	back, err := res.Location()
	require.NoError(t, err)
	require.Equal(t, "2000000000000000002", back.Query().Get("oa_id"))
	require.Equal(t, "s", back.Query().Get("state"))
	return back.Query().Get("code")
}

func openKeeper(t *testing.T) *grant.Keeper {
	t.Helper()
	k, err := grant.New(t.Context(), storetest.OnFiles(t), secrettest.NewBox(t), time.Now, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	require.NoError(t, err)
	return k
}
