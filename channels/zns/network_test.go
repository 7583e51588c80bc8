package zns_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/channeltest"
	"github.com/motcua/motcua/channels/zalo"
	"github.com/motcua/motcua/channels/zalo/zalofake"
	"github.com/motcua/motcua/channels/zns"
	"github.com/motcua/motcua/internal/message"
)

const (
	secret  = "FAKE_APP_SECRET"
	oaKey   = "FAKE_OA_SECRET_KEY"
	citizen = "+84912345678"
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

func start(t *testing.T, cfg zalofake.Config) *network {
	t.Helper()
	n := &network{hooks: make(chan channels.Request, 100)}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n.hooks <- channels.Request{Method: r.Method, Header: r.Header.Clone(), Body: body}
		w.WriteHeader(http.StatusOK)
	}))
	cfg.AppSecret, cfg.OASecretKey, cfg.WebhookURL, cfg.AnyHour = secret, oaKey, hook.URL, true
	n.Network = zalofake.New(cfg)
	n.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.failing() {
			w.WriteHeader(n.status)
			return
		}
		n.ServeHTTP(w, r)
	}))
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

// fixed is a token that the network gave.
type fixed string

func (f fixed) Token(context.Context) (string, error)         { return string(f), nil }
func (f fixed) Renew(context.Context, string) (string, error) { return string(f), nil }

func (n *network) open(t *testing.T, tokens zns.Tokens, list []zalofake.Template) *zns.Channel {
	t.Helper()
	cfg := zns.Config{APIBase: n.server.URL + "/business", Timeout: 5 * time.Second, QuietFrom: time.Hour, QuietTo: time.Hour}
	_, cfg.Templates = zalofake.Approved(list)
	c, err := zns.New(cfg, secret, tokens, n.server.Client(), time.Now)
	require.NoError(t, err)
	return c
}

// words lets the checks of all channels send what they have, words, as the values of a template: this channel sends nothing else.
type words struct{ *zns.Channel }

func (c words) Send(ctx context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	var all []string
	for _, b := range m.Blocks {
		all = append(all, fmt.Sprint(b))
	}
	if w, ok := m.Blocks[0].(message.Words); ok && len(m.Blocks) == 1 {
		all = []string{w.Text}
	}
	m.Kind, m.Blocks, m.Template = channels.Notice, nil, &channels.Template{Name: "test.words", Params: map[string]string{"words": strings.Join(all, " ")}}
	return c.Channel.Send(ctx, to, m)
}

func TestChannel(t *testing.T) {
	t.Parallel()
	list := []zalofake.Template{{ID: "1", Name: "test.words", Text: "<words>", Params: []zalofake.TemplateParam{{Name: "words", From: "words", Max: 500}}}}
	channeltest.Run(t, func(t *testing.T) channeltest.Fixture {
		n := start(t, zalofake.Config{Templates: list, Received: -1, Seen: -1})
		n.Break(func(f *zalofake.Faults) { f.RequireProof = true })
		token := n.Grant().Access
		return channeltest.Fixture{
			Channel: words{n.open(t, fixed(token), list)}, To: citizen, BadTo: "0912", Repeats: true, Secrets: []string{token, secret},
			Received: func() []string {
				var out []string
				for _, e := range n.Chat(citizen, 0) {
					out = append(out, e.Data["words"])
				}
				return out
			},
			Fail: n.fail,
			Lose: func(times int) { n.Break(func(f *zalofake.Faults) { f.LoseSends = times }) },
		}
	})
}

// TestCodeAndReceipt sends a one-time code and reads its receipt on the official account's webhook.
func TestCodeAndReceipt(t *testing.T) {
	t.Parallel()
	n := start(t, zalofake.Config{Received: time.Millisecond, Seen: -1})
	c := n.open(t, fixed(n.Grant().Access), zalofake.SampleTemplates())
	id := "notify/" + strings.Repeat("01J", 40)
	o := c.Send(t.Context(), citizen, channels.Outbound{ID: id, Kind: channels.Code, Template: &channels.Template{Name: "account.code", Params: map[string]string{"code": "123456"}}})
	require.Equal(t, channels.Sent, o.Status, "%v", o.Cause)
	e := n.Chat(citizen, 0)[0]
	require.Equal(t, o.MessageID, e.ID)
	require.Equal(t, "template", e.Kind)
	require.Equal(t, "123456", e.Data["otp"])

	account, err := zalo.New(zalo.Config{
		AppID: "1000000000000000001", AppSecret: secret, OAID: "2000000000000000002", OASecretKey: oaKey, CodeVerifier: strings.Repeat("x", 43),
		APIBase: n.server.URL + "/openapi",
	}, fixed("x"), n.server.Client(), time.Now)
	require.NoError(t, err)
	b, err := account.Parse(<-n.hooks)
	require.NoError(t, err)
	require.Len(t, b.Events, 1)
	got := b.Events[0]
	require.Equal(t, channels.Delivered, got.Kind)
	require.True(t, got.Template)
	require.Equal(t, channels.Address(citizen), got.From)
	require.Equal(t, []string{zns.TrackingID(id)}, got.About)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	n := start(t, zalofake.Config{DailyQuota: 1, Received: -1, Seen: -1})
	c := n.open(t, fixed(n.Grant().Access), zalofake.SampleTemplates())
	send := func(to channels.Address) channels.Outcome {
		return c.Send(t.Context(), to, channels.Outbound{ID: "1", Kind: channels.Code, Template: &channels.Template{Name: "account.code", Params: map[string]string{"code": "123456"}}})
	}
	_, err := n.SetLine("+84900000118", func(l *zalofake.Line) { l.NoZalo = true })
	require.NoError(t, err)
	require.Equal(t, "no_zalo_account", send("+84900000118").Reason)
	n.Break(func(f *zalofake.Faults) { f.OutageBusiness = "refuse" })
	require.Equal(t, channels.Later, send(citizen).Status)
	n.Break(func(f *zalofake.Faults) { f.OutageBusiness = "" })
	require.Equal(t, channels.Sent, send(citizen).Status)
	require.Equal(t, "daily_limit", send(citizen).Reason)
	n.Break(func(f *zalofake.Faults) { f.AccessRevoked = true })
	o := send(citizen)
	require.True(t, o.Alarm)
	require.Equal(t, "token_refused", o.Reason)
}

func TestCheckAgainstTheNetwork(t *testing.T) {
	t.Parallel()
	list := zalofake.SampleTemplates()
	changed := zalofake.SampleTemplates()
	changed[0].OTP, changed[1].Status, changed[2].Params[0].Max = false, "REJECT", 20
	for name, tt := range map[string]struct {
		theirs []zalofake.Template
		want   []string
	}{
		"all is well": {list, nil},
		"changed": {changed, []string{
			`account.code (template 200002): otp is true, but its tag is "TRANSACTION"`,
			"feedback.received (template 200010): params.ma_phan_anh.max is 30, the network takes 20",
			`file.state (template 200001): its state is "REJECT"`,
		}},
	} {
		n := start(t, zalofake.Config{Templates: tt.theirs})
		got, err := n.open(t, fixed(n.Grant().Access), list).Check(t.Context())
		require.NoError(t, err, name)
		require.Equal(t, tt.want, got, name)
	}
}
