package webpush

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/channeltest"
	"github.com/motcua/motcua/channels/webpush/webpushfake"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

func TestChannel(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Fixture {
		c, fake, to := serve(t, nil)
		return channeltest.Fixture{
			Channel: c, To: to, BadTo: `{"endpoint":"http://10.0.0.1/x"}`, Repeats: true, Secrets: []string{c.cfg.VAPIDPrivateKey},
			Received: func() []string {
				var out []string
				for _, m := range fake.Messages("Lan") {
					var p Payload
					require.NoError(t, json.Unmarshal(m.Payload, &p))
					out = append(out, p.Text)
				}
				return out
			},
			Fail: func(status, times int) {
				fake.Break(func(f *webpushfake.Faults) { f.Status, f.Times = status, times })
			},
			Lose: func(times int) { fake.Break(func(f *webpushfake.Faults) { f.Lose = times }) },
		}
	})
}

// TestPush shows that what a browser decrypts is what was sent, under the headers that were asked for.
func TestPush(t *testing.T) {
	t.Parallel()
	for _, subject := range []string{"https://motcua.example/lien-he", "motcua@example.vn"} {
		c, fake, to := serve(t, func(c *Config) { c.Subject, c.TTL = subject, time.Hour })
		o := c.Send(t.Context(), to, channels.Outbound{ID: "letter-1", Push: &channels.Push{
			Title: "Phản ánh HP-7K3M", Text: "Đã có kết quả <xem> & ghi", Link: "/r/HP-7K3M", Collapse: "case/HP-7K3M", Urgent: true, TTL: 90 * time.Minute,
			Data: map[string]string{"app": "feedback"},
		}})
		require.Equal(t, channels.Sent, o.Status, o)
		got := fake.Messages("Lan")
		require.Len(t, got, 1)
		require.Equal(t, o.MessageID, got[0].ID)
		require.False(t, got[0].Broken)
		require.Equal(t, "high", got[0].Urgency)
		require.Equal(t, 3600, got[0].TTL)
		require.Equal(t, topic("case/HP-7K3M"), got[0].Topic)
		require.Len(t, got[0].Topic, 32)
		var p Payload
		require.NoError(t, json.Unmarshal(got[0].Payload, &p))
		require.WithinDuration(t, time.Now(), p.At, time.Minute)
		p.At = time.Time{}
		require.Equal(t, Payload{ID: "letter-1", Title: "Phản ánh HP-7K3M", Text: "Đã có kết quả <xem> & ghi", Link: "/r/HP-7K3M", Collapse: "case/HP-7K3M", Data: map[string]string{"app": "feedback"}}, p)
		notes := fake.Screens().Notes("Lan")
		require.Len(t, notes, 1)
		require.True(t, notes[0].Urgent)
	}
}

func TestLongTextsAreShortened(t *testing.T) {
	t.Parallel()
	c, fake, to := serve(t, nil)
	require.Equal(t, channels.Sent, c.Send(t.Context(), to, push("1", strings.Repeat("nước ngập sâu ", 1000))).Status)
	got := fake.Messages("Lan")
	require.Len(t, got, 1)
	require.Equal(t, 4096, got[0].Bytes+16+1-17) // one record, padded to its full length
	var p Payload
	require.NoError(t, json.Unmarshal(got[0].Payload, &p))
	require.True(t, strings.HasSuffix(p.Text, "…"), p.Text[len(p.Text)-40:])
	require.Greater(t, len(p.Text), 3700)

	for n := range 8 { // whatever stands beside the text, what just fits leaves
		m := push(strings.Repeat("i", n+1), strings.Repeat("x", 5000))
		require.Equal(t, channels.Sent, c.Send(t.Context(), to, m).Status, n)
	}

	m := push("2", "x")
	m.Push.Title = strings.Repeat("t", 4000)
	o := c.Send(t.Context(), to, m)
	require.Equal(t, "too_big", o.Reason)
}

func TestUnsupported(t *testing.T) {
	t.Parallel()
	c, _, to := serve(t, nil)
	for _, m := range []channels.Outbound{{}, {Push: &channels.Push{}}, {Blocks: message.Blocks{message.QR{Payload: "x"}}}} {
		require.Equal(t, "unsupported_block", c.Send(t.Context(), to, m).Reason)
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, retryAfter, location string
		status                     int
		want                       channels.Outcome
	}{
		{"stored", "", "https://push.example/m/abc", 201, channels.Outcome{Status: channels.Sent, MessageID: "abc"}},
		{"stored without an address", "", "", 201, channels.Outcome{Status: channels.Sent, MessageID: "stored"}},
		{"stored under nonsense", "", "%zz", 200, channels.Outcome{Status: channels.Sent, MessageID: "stored"}},
		{"gone", "", "", 410, channels.Outcome{Status: channels.Never, Reason: "token_dead"}},
		{"unknown", "", "", 404, channels.Outcome{Status: channels.Never, Reason: "token_dead"}},
		{"too large", "", "", 413, channels.Outcome{Status: channels.Never, Reason: "too_big"}},
		{"malformed", "", "", 400, channels.Outcome{Status: channels.Never, Reason: "vapid_refused", Alarm: true}},
		{"not signed", "", "", 401, channels.Outcome{Status: channels.Never, Reason: "vapid_refused", Alarm: true}},
		{"wrongly signed", "", "", 403, channels.Outcome{Status: channels.Never, Reason: "vapid_refused", Alarm: true}},
		{"too many, with a time", "600", "", 429, channels.Outcome{Status: channels.Later, Retry: 10 * time.Minute}},
		{"too many, with a short time", "1", "", 429, channels.Outcome{Status: channels.Later, Retry: time.Minute}},
		{"too many, with nonsense", "soon", "", 429, channels.Outcome{Status: channels.Later, Retry: time.Minute}},
		{"down", "5", "", 503, channels.Outcome{Status: channels.Later, Retry: 5 * time.Second}},
		{"broken", "", "", 500, channels.Outcome{Status: channels.Later, Unsure: true}},
		{"a redirect is not followed", "", "/elsewhere", 307, channels.Outcome{Status: channels.Never, Reason: "refused_3xx"}},
		{"odd", "", "", 418, channels.Outcome{Status: channels.Never, Reason: "refused_4xx"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, to := play(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, "/push/") {
					t.Errorf("asked for %s", r.URL.Path)
				}
				for k, v := range map[string]string{"Retry-After": tt.retryAfter, "Location": tt.location} {
					if v != "" {
						w.Header().Set(k, v)
					}
				}
				w.WriteHeader(tt.status)
			}))
			got := c.Send(t.Context(), to, push("1", "x"))
			require.Equal(t, tt.status >= 300, got.Cause != nil)
			got.Cause = nil
			require.Equal(t, tt.want, got)
		})
	}
}

func TestSlowServiceIsLater(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	c, to := play(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release) })
	c.cfg.Timeout = time.Second // for the request to leave, on a busy machine too
	o := c.Send(t.Context(), to, push("1", "x"))
	require.Equal(t, channels.Later, o.Status)
	require.True(t, o.Unsure)
	require.NotContains(t, o.Cause.Error(), "/push/")
}

// TestClosedAddresses shows that a subscription cannot make the city call its own network.
func TestClosedAddresses(t *testing.T) {
	t.Parallel()
	called := false
	local, to := play(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	cfg := local.cfg
	cfg.AllowPrivate = false
	c := newChannel(t, cfg)
	require.Equal(t, "bad_address", c.Send(t.Context(), to, push("1", "x")).Reason)
	_, _, err := c.Check(string(to))
	require.Equal(t, fault.Invalid, fault.CodeOf(err))

	var s webpushfake.Subscription
	require.NoError(t, json.Unmarshal([]byte(to), &s))
	s.Endpoint = "https://localtest.localhost./push" // only looks can be judged before the name is resolved
	_, _, err = c.Check(s.String())
	require.Error(t, err)
	s.Endpoint = "https://updates.push.services.mozilla.com/x"
	_, known, err := c.Check(s.String())
	require.NoError(t, err)
	require.Equal(t, s.Endpoint, known)
	require.False(t, called)
}

func TestValidate(t *testing.T) {
	t.Parallel()
	other := testConfig(t)
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string // "" means valid
	}{
		"as it is":               {func(*Config) {}, ""},
		"off":                    {func(c *Config) { *c = Config{} }, ""},
		"mail address":           {func(c *Config) { c.Subject = "motcua@example.vn" }, ""},
		"mailto":                 {func(c *Config) { c.Subject = "mailto:motcua@example.vn" }, "subject"},
		"no subject":             {func(c *Config) { c.Subject = "" }, "subject"},
		"half a pair":            {func(c *Config) { c.VAPIDPrivateKey = "" }, "vapid_private_key"},
		"no public key":          {func(c *Config) { c.VAPIDPublicKey = "" }, "vapid_public_key"},
		"keys of two pairs":      {func(c *Config) { c.VAPIDPrivateKey = other.VAPIDPrivateKey }, "vapid_private_key"},
		"public key of no curve": {func(c *Config) { c.VAPIDPublicKey = strings.Repeat("A", 87) }, "vapid_public_key"},
		"hosts":                  {func(c *Config) { c.Hosts = []string{"*"} }, "hosts"},
		"trusted hosts":          {func(c *Config) { c.TrustedHosts = []string{"https://a.vn"} }, "trusted_hosts"},
		"slow":                   {func(c *Config) { c.Timeout = time.Hour }, "timeout"},
		"too short":              {func(c *Config) { c.TTL = time.Second }, "ttl"},
		"too long":               {func(c *Config) { c.TTL = 1000 * time.Hour }, "ttl"},
	} {
		cfg := testConfig(t)
		tt.change(&cfg)
		err := cfg.Validate()
		if tt.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, tt.want, name)
		require.NotContains(t, err.Error(), testConfig(t).VAPIDPrivateKey)
	}
	require.Error(t, testConfig(t).ForCitizens())
	require.NoError(t, Config{}.ForCitizens())
	_, err := New(Config{}, &http.Client{}, time.Now)
	require.Error(t, err)
	c, err := New(testConfig(t), nil, time.Now)
	require.NoError(t, err)
	require.NotNil(t, c.client.Transport)
}

// TestWhatIsNoSubscription changes one thing about a good one.
func TestWhatIsNoSubscription(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.AllowPrivate = false
	c, good := newChannel(t, cfg), webpushfake.New(webpushfake.Config{Base: "https://fcm.googleapis.com"}).Subscribe("Lan", "")
	long := good.Endpoint + "?" + strings.Repeat("x", maxSubscription)
	for name, tt := range map[string]struct {
		raw  string
		want fault.Code
	}{
		"as it is":                {good.String(), ""},
		"padded":                  {strings.Replace(good.String(), good.Keys.Auth, good.Keys.Auth+"==", 1), ""},
		"too short a secret":      {strings.Replace(good.String(), good.Keys.Auth, "AAAAAAAAAAAAAAAAAAAA", 1), fault.Invalid},
		"too long a secret":       {strings.Replace(good.String(), good.Keys.Auth, "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", 1), fault.Invalid},
		"a secret of other signs": {strings.Replace(good.String(), good.Keys.Auth, "!!!!!!!!!!!!!!!!!!!!!!", 1), fault.Invalid},
		"a key of no curve":       {strings.Replace(good.String(), good.Keys.P256dh, strings.Repeat("A", 87), 1), fault.Invalid},
		"a fragment":              {strings.Replace(good.String(), good.Endpoint, good.Endpoint+"#x", 1), fault.Invalid},
		"too long":                {strings.Replace(good.String(), good.Endpoint, long, 1), fault.Invalid},
	} {
		_, _, err := c.Check(tt.raw)
		require.Equal(t, tt.want, fault.CodeOf(err), name)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(webpushfake.New(webpushfake.Config{Base: "https://fcm.googleapis.com"}).Subscribe("Lan", "").String())
	f.Add(`{"endpoint":"https://fcm.googleapis.com/x","keys":{"p256dh":"","auth":""}}`)
	f.Add(`{"endpoint":"https://127.0.0.1/x"}`)
	f.Add(`null`)
	cfg := testConfig(f)
	cfg.AllowPrivate = false
	c := newChannel(f, cfg)
	f.Fuzz(func(t *testing.T, raw string) {
		to, known, err := c.Check(raw)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.CodeOf(err))
			return
		}
		require.NotEmpty(t, known)
		again, _, err := c.Check(string(to))
		require.NoError(t, err)
		require.Equal(t, to, again)
	})
}

// TestHosts shows that a subscription leads nowhere but to the push services that are listed.
func TestHosts(t *testing.T) {
	t.Parallel()
	subscription := webpushfake.New(webpushfake.Config{Base: "https://fcm.googleapis.com"}).Subscribe("Lan", "")
	at := func(hosts []string, endpoint string) (channels.Address, *Channel, error) {
		cfg := testConfig(t)
		cfg.AllowPrivate, cfg.Hosts = false, hosts
		c, s := newChannel(t, cfg), subscription
		s.Endpoint = endpoint
		to, _, err := c.Check(s.String())
		return to, c, err
	}
	for endpoint, host := range map[string]string{
		"https://fcm.googleapis.com/fcm/send/abc":                    "fcm.googleapis.com",
		"https://FCM.googleapis.com:443/wp/abc":                      "fcm.googleapis.com",
		"https://updates.push.services.mozilla.com/wpush/v2/gAAA":    "updates.push.services.mozilla.com",
		"https://wns2-by3p.notify.windows.com/w/?token=BQYA":         "wns2-by3p.notify.windows.com",
		"https://web.push.apple.com/QGuQyavXutnMH":                   "web.push.apple.com",
		"https://fcm.googleapis.com:8443/fcm/send/abc":               "",
		"http://fcm.googleapis.com/fcm/send/abc":                     "",
		"https://push.example.vn/x":                                  "",
		"https://fcm.googleapis.com.example.vn/x":                    "",
		"https://notify.windows.com.example.vn/?.notify.windows.com": "",
		"https://someone@fcm.googleapis.com/x":                       "",
	} {
		to, c, err := at(nil, endpoint)
		require.Equal(t, host == "", err != nil, endpoint)
		require.Equal(t, host, c.Host(to), endpoint)
	}
	_, _, err := at([]string{"push.example.vn"}, "https://push.example.vn/x")
	require.NoError(t, err)
	_, _, err = at([]string{"push.example.vn"}, "https://fcm.googleapis.com/x")
	require.Error(t, err)
}
