package messenger_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/channeltest"
	"github.com/motcua/motcua/channels/messenger"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

const (
	pageID      = "100000000000001"
	secondPage  = "100000000000002"
	pageToken   = "FAKE_PAGE_TOKEN"
	appSecret   = "FAKE_APP_SECRET"
	verifyToken = "FAKE_VERIFY_TOKEN"
	citizen     = "Lan"
)

// network is the stand-in on a server, which can fail before it.
type network struct {
	*messengerfake.Network
	server *httptest.Server
	hooks  chan channels.Request // webhooks that came

	mu     sync.Mutex
	status int
	times  int
	parse  func(channels.Request) (channels.Batch, error) // answers GET
}

func start(t *testing.T, change func(*messengerfake.Config)) *network {
	t.Helper()
	n := &network{hooks: make(chan channels.Request, 100)}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		req := channels.Request{Method: r.Method, Header: r.Header.Clone(), Query: r.URL.Query(), Body: body}
		if r.Method == http.MethodGet {
			b, err := n.parse(req)
			if err != nil {
				w.WriteHeader(http.StatusForbidden)
			}
			_, _ = w.Write(b.Reply)
			return
		}
		n.hooks <- req
		w.WriteHeader(http.StatusOK)
	}))
	cfg := messengerfake.Config{
		AppSecret: appSecret, VerifyToken: verifyToken, WebhookURL: hook.URL, Received: -time.Second, Seen: -time.Second, NoEchoes: true,
		Pages:     []messengerfake.Page{{ID: pageID, Token: pageToken, Name: "Một cửa"}, {ID: secondPage, Token: "FAKE_SECOND_TOKEN", Name: "Phường"}},
		Templates: []messengerfake.Template{{Name: "ho_so_cap_nhat", Language: "vi", Body: "Hồ sơ {{1}} có cập nhật."}},
	}
	if change != nil {
		change(&cfg)
	}
	n.Network = messengerfake.New(cfg)
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

// next waits for a webhook.
func (n *network) next(t *testing.T) channels.Request {
	t.Helper()
	select {
	case r := <-n.hooks:
		return r
	case <-time.After(10 * time.Second):
		t.Fatal("a webhook did not come")
		return channels.Request{}
	}
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

func (n *network) channel(t *testing.T) *messenger.Channel {
	t.Helper()
	c, err := messenger.New(messenger.Config{
		Pages: []messenger.Page{{ID: pageID, Token: pageToken}, {ID: secondPage, Token: "FAKE_SECOND_TOKEN"}},
		AppID: "900000000000001", AppSecret: appSecret, VerifyToken: verifyToken, APIBase: n.server.URL + "/graph", AppSecretProof: true, Timeout: 5 * time.Second,
		AccountLink: "https://app.example.vn/messenger/",
		Templates:   []messenger.Template{{Notice: "feedback.assigned", Name: "ho_so_cap_nhat", Language: map[string]string{"vi": "vi"}, Params: []string{"case"}}},
	}, n.server.Client(), time.Now)
	require.NoError(t, err)
	n.parse = c.Parse
	return c
}

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
		n := start(t, nil)
		c := n.channel(t)
		n.Break(func(f *messengerfake.Faults) { f.RequireProof = true })
		n.Say(citizen, "Xin chào")
		hook := n.next(t)
		return channeltest.Fixture{
			Channel: c, To: channels.Address(n.UserID(citizen)), BadTo: "+84912345678", Webhook: &hook, Repeats: true,
			Secrets:  []string{pageToken, appSecret, verifyToken},
			Received: func() []string { return n.received(citizen) },
			Fail:     n.fail,
			Lose:     func(times int) { n.Break(func(f *messengerfake.Faults) { f.LoseSends = times }) },
		}
	})
}

// TestCitizensActs reads whatever a citizen can do on the stand-in.
func TestCitizensActs(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	c := n.channel(t)
	user := channels.Address(n.UserID(citizen))
	send := func(blocks ...message.Block) {
		require.Equal(t, channels.Sent, c.Send(t.Context(), user, channels.Outbound{ID: "o", Kind: channels.Notice, Blocks: blocks}).Status)
	}
	for _, tt := range []struct {
		name  string
		act   func()
		check func(e channels.Event) bool
	}{
		{"get started by a link", func() { n.Open(citizen, "feedback.submit") }, func(e channels.Event) bool { return e.Kind == channels.Opened && e.Ref == "feedback.submit" }},
		{"come back by a link", func() { n.Open(citizen, "link.abc") }, func(e channels.Event) bool { return e.Kind == channels.Opened && e.Ref == "link.abc" }},
		{"text", func() { n.Say(citizen, "Ổ gà 🕳") }, func(e channels.Event) bool { return e.Kind == channels.Said && e.Text == "Ổ gà 🕳" }},
		{"edit", func() { _, _ = n.Edit(citizen, "", "Ổ gà to") }, func(e channels.Event) bool {
			return e.Kind == channels.Said && e.Text == "Ổ gà to" && len(e.About) == 1
		}},
		{"quick reply", func() {
			send(message.Choices{Text: "?", Options: []message.Choice{{Label: "A", Value: "v1"}, {Label: "B", Value: "v2"}, {Label: "C", Value: "v3"}, {Label: "D", Value: "v4"}}})
			_, _ = n.Tap(citizen, "B", "")
		}, func(e channels.Event) bool { return e.Kind == channels.Said && e.Text == "B" && e.Choice == "v2" }},
		{"button", func() {
			send(message.Choices{Text: "?", Options: []message.Choice{{Label: "Xem", Value: "v9"}}})
			_, _ = n.Tap(citizen, "", "v9")
		}, func(e channels.Event) bool { return e.Kind == channels.Said && e.Text == "Xem" && e.Choice == "v9" }},
		{"photos", func() { n.Photo(citizen, "", channelfake.Photo(), channelfake.Sticker()) }, func(e channels.Event) bool {
			return len(e.Attachments) == 2 && e.Attachments[0].Kind == channels.Photo && strings.HasPrefix(e.Attachments[0].URL, n.server.URL+"/cdn/")
		}},
		{"video", func() { n.Video(citizen, nil) }, func(e channels.Event) bool { return e.Attachments[0].Kind == channels.Video }},
		{"audio", func() { n.Audio(citizen, nil) }, func(e channels.Event) bool { return e.Attachments[0].Kind == channels.Audio }},
		{"sticker", func() { n.Sticker(citizen, false) }, func(e channels.Event) bool { return e.Attachments[0].Kind == channels.Sticker }},
		{"old sticker", func() { n.Sticker(citizen, true) }, func(e channels.Event) bool { return e.Attachments[0].Kind == channels.Sticker }},
		{"place", func() { n.Share(citizen, channelfake.Place{Lat: 16.05, Lon: 108.2}) }, func(e channels.Event) bool {
			return e.Place != nil && *e.Place == channels.Place{Lat: 16.05, Lon: 108.2}
		}},
		{"file", func() { n.Document(citizen, "don.pdf", nil) }, func(e channels.Event) bool {
			return e.Attachments[0].Kind == channels.File && e.Attachments[0].Name == "don.pdf"
		}},
		{"link", func() { n.Link(citizen, "https://x.example", "X") }, func(e channels.Event) bool {
			return e.Text == "https://x.example" && e.Attachments[0].Kind == channels.WebLink
		}},
		{"reaction", func() { _, _ = n.React(citizen, "", "❤️") }, func(e channels.Event) bool {
			return e.Kind == channels.Reacted && e.Text == "❤️" && len(e.About) == 1
		}},
		{"sign-in", func() { n.Linked(citizen, "c1") }, func(e channels.Event) bool { return e.Kind == channels.Proved && e.Ref == "c1" }},
		{"inbox", func() { n.Console(citizen, "Cán bộ đây") }, func(e channels.Event) bool {
			return e.Kind == channels.Echoed && e.Human && e.Text == "Cán bộ đây" && len(e.About) == 1
		}},
		{"taken over", func() { _ = n.HandOver(citizen, messengerfake.OwnerInbox) }, func(e channels.Event) bool { return e.Kind == channels.TakenOver }},
		{"said to the inbox", func() { n.Say(citizen, "Anh ơi") }, func(e channels.Event) bool { return e.Kind == channels.Said && e.Standby && e.Text == "Anh ơi" }},
		{"tapped there", func() { n.Menu(citizen, "Phản ánh", "ref:feedback.submit") }, func(e channels.Event) bool {
			return e.Kind == channels.Said && e.Standby && e.Text == "Phản ánh" && e.Choice == ""
		}},
		{"handed back", func() { _ = n.HandOver(citizen, messengerfake.OwnerCity) }, func(e channels.Event) bool { return e.Kind == channels.HandedBack }},
		{"let go", func() { _ = n.HandOver(citizen, messengerfake.OwnerNone) }, func(e channels.Event) bool { return e.Kind == channels.HandedBack }},
	} {
		tt.act()
		b, err := c.Parse(n.next(t))
		require.NoError(t, err, tt.name)
		require.Len(t, b.Events, 1, tt.name)
		require.Equal(t, user, b.Events[0].From, tt.name)
		require.True(t, tt.check(b.Events[0]), "%s: %+v", tt.name, b.Events[0])
	}
}

// TestEchoNamesTheOutbound: after a lost answer the echo says which message it was.
func TestEchoNamesTheOutbound(t *testing.T) {
	t.Parallel()
	n := start(t, func(c *messengerfake.Config) {
		c.NoEchoes, c.Received, c.Seen = false, time.Millisecond, 2*time.Millisecond
	})
	c := n.channel(t)
	n.Say(citizen, "Xin chào")
	n.next(t)
	n.Break(func(f *messengerfake.Faults) { f.LoseSends = 1 })
	blocks := message.Blocks{message.Words{Text: "Đây"}, message.Link{Label: "Xem", URL: "https://x.example"}}
	o := c.Send(t.Context(), channels.Address(n.UserID(citizen)), channels.Outbound{ID: "o-17", Blocks: blocks})
	require.True(t, o.Unsure)
	var kinds []channels.EventKind
	for range 3 {
		b, err := c.Parse(n.next(t))
		require.NoError(t, err)
		require.Len(t, b.Events, 1)
		e := b.Events[0]
		kinds = append(kinds, e.Kind)
		switch e.Kind {
		case channels.Echoed:
			require.Equal(t, "o-17", e.Ref)
			require.Equal(t, "Đây", e.Text)
			require.False(t, e.Human)
		case channels.Delivered:
			require.Len(t, e.About, 1)
		case channels.Seen:
			require.Empty(t, e.About)
		}
	}
	require.Equal(t, []channels.EventKind{channels.Echoed, channels.Delivered, channels.Seen}, kinds)
}

// TestWindows goes through the grounds as time passes.
func TestWindows(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	c := n.channel(t)
	to := channels.Address(n.UserID(citizen))
	try := func(kind channels.Kind, tpl *channels.Template) string {
		m := channels.Outbound{ID: "1", Kind: kind, Template: tpl}
		if tpl == nil {
			m.Blocks = message.Blocks{message.Words{Text: string(kind)}}
		}
		o := c.Send(t.Context(), to, m)
		if o.Status == channels.Sent {
			return "sent"
		}
		return o.Reason
	}
	require.Equal(t, "unknown_person", try(channels.Reply, nil))
	n.Say(citizen, "Xin chào")
	approved := &channels.Template{Name: "feedback.assigned", Lang: message.Vietnamese, Params: map[string]string{"case": "HP-7"}}
	for _, tt := range []struct {
		after                           time.Duration
		reply, notice, staff, templated string
	}{
		{0, "sent", "sent", "sent", "sent"},
		{23 * time.Hour, "sent", "sent", "sent", "sent"},
		{25 * time.Hour, "outside_window", "outside_window", "sent", "sent"},
		{8 * 24 * time.Hour, "outside_window", "outside_window", "outside_window", "sent"},
	} {
		n.Break(func(f *messengerfake.Faults) { f.ClockOffsetS = int64(tt.after.Seconds()) })
		require.Equal(t, tt.reply, try(channels.Reply, nil), tt.after)
		require.Equal(t, tt.notice, try(channels.Notice, nil), tt.after)
		require.Equal(t, tt.staff, try(channels.Staff, nil), tt.after)
		require.Equal(t, tt.templated, try(channels.Notice, approved), tt.after)
	}
	require.Contains(t, n.received(citizen), "Hồ sơ HP-7 có cập nhật.")
	n.Change(func(s *messengerfake.Setup) { s.HumanAgent = false })
	n.Break(func(f *messengerfake.Faults) { f.ClockOffsetS = 25 * 3600 })
	require.Equal(t, "human_agent_unapproved", try(channels.Staff, nil))
	n.Break(func(f *messengerfake.Faults) { f.ClockOffsetS = 0 })
	require.NoError(t, n.HandOver(citizen, messengerfake.OwnerInbox))
	require.Equal(t, "held_by_another", try(channels.Reply, nil))
	require.NoError(t, n.HandOver(citizen, messengerfake.OwnerNone))
	n.Block(citizen)
	require.Equal(t, "person_unavailable", try(channels.Reply, nil))
	n.Break(func(f *messengerfake.Faults) { f.AccessRevoked = true })
	require.Equal(t, "token_refused", try(channels.Reply, nil))
}

// TestTwoPages: the same citizen is another person on another page.
func TestTwoPages(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	c := n.channel(t)
	n.Say(citizen+"@"+secondPage, "Phường ơi")
	b, err := c.Parse(n.next(t))
	require.NoError(t, err)
	e := b.Events[0]
	require.Equal(t, secondPage, e.Account)
	require.False(t, e.Foreign)
	require.NotEqual(t, channels.Address(n.UserID(citizen)), e.From)
	m := channels.Outbound{ID: "1", Blocks: message.Blocks{message.Words{Text: "Phường nghe"}}}
	require.Equal(t, "unknown_person", c.Send(t.Context(), e.From, m).Reason)
	m.Account = e.Account
	require.Equal(t, channels.Sent, c.Send(t.Context(), e.From, m).Status)
	require.Equal(t, []string{"Phường nghe"}, n.received(citizen+"@"+secondPage))
}

// TestSetUp goes from the console's question to a page that is ready.
func TestSetUp(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	c := n.channel(t)
	require.NoError(t, n.Verify(t.Context()))
	for _, s := range c.Status(t.Context()) {
		require.NoError(t, s.Err)
		require.True(t, s.TokenGood)
		require.False(t, s.GetStarted)
		require.Contains(t, s.Missing, "messages")
	}
	w := messenger.Welcome{
		Greeting: message.Text{message.Vietnamese: "Xin chào bà con"},
		Menu:     []messenger.Entry{{Title: message.Text{message.Vietnamese: "Phản ánh"}, Ref: "feedback.submit"}},
	}
	require.NoError(t, c.Setup(t.Context(), w))
	require.NoError(t, c.Setup(t.Context(), w), "it may be repeated")
	for _, s := range c.Status(t.Context()) {
		require.NoError(t, s.Err)
		require.Empty(t, s.Missing)
		require.True(t, s.GetStarted)
		require.Equal(t, 1, s.MenuEntries)
		require.Equal(t, 3, s.Greetings)
	}
	n.Menu(citizen, "Phản ánh", "")
	b, err := c.Parse(n.next(t))
	require.NoError(t, err)
	require.Equal(t, "feedback.submit", b.Events[0].Ref)
	n.Break(func(f *messengerfake.Faults) { f.AccessRevoked = true })
	require.Equal(t, fault.Forbidden, fault.CodeOf(c.Setup(t.Context(), w)))
	require.False(t, c.Status(t.Context())[0].TokenGood)
}

// TestBatch puts the events of several people and pages into one request.
func TestBatch(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	c := n.channel(t)
	n.Break(func(f *messengerfake.Faults) { f.Batch = 3 })
	n.Say("Lan", "một")
	n.Say("Minh", "hai")
	n.Say("Lan@"+secondPage, "ba")
	b, err := c.Parse(n.next(t))
	require.NoError(t, err)
	var texts []string
	for _, e := range b.Events {
		texts = append(texts, e.Text)
	}
	require.Equal(t, []string{"một", "hai", "ba"}, texts)
}

// TestLinksExpire as those of the network do.
func TestLinksExpire(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	c := n.channel(t)
	n.Photo(citizen, "")
	b, err := c.Parse(n.next(t))
	require.NoError(t, err)
	address := b.Events[0].Attachments[0].URL
	_, err = url.Parse(address)
	require.NoError(t, err)
	get := func() (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		res, err := n.server.Client().Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		return res.StatusCode, res.Header.Get("Content-Type")
	}
	status, kind := get()
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "image/jpeg", kind)
	n.Break(func(f *messengerfake.Faults) { f.ClockOffsetS = 25 * 3600 })
	status, _ = get()
	require.Equal(t, http.StatusForbidden, status)
}
