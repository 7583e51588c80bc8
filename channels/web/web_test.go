package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/channeltest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/webchat"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// moment is the clock of tests.
var moment = time.UnixMilli(1_790_000_000_000).UTC()

func clock() time.Time { return moment }

var settings = Config{MaxText: 2000, SessionMax: 365 * 24 * time.Hour}

func keyset(t testing.TB) []byte {
	t.Helper()
	file, err := secret.Generate(true)
	require.NoError(t, err)
	return file
}

func box(t testing.TB, file []byte) *secret.Box {
	t.Helper()
	b, err := secret.Open(file)
	require.NoError(t, err)
	return b
}

// shelf is a log in memory, which fails or loses its answer when it is told to.
type shelf struct {
	mu    sync.Mutex
	lines map[string][]webchat.Line // by visitor
	fail  []error                   // instead of storing
	lose  int                       // answers
}

var errAway = &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: errors.New("away")}

func (s *shelf) Append(ctx context.Context, visitor string, line webchat.Line) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if len(s.fail) > 0 {
		err := s.fail[0]
		s.fail = s.fail[1:]
		return 0, err
	}
	if s.lines == nil {
		s.lines = map[string][]webchat.Line{}
	}
	for i, l := range s.lines[visitor] {
		if l.ID == line.ID {
			return int64(i + 1), nil
		}
	}
	s.lines[visitor] = append(s.lines[visitor], line)
	if s.lose > 0 {
		s.lose--
		return 0, errAway
	}
	return int64(len(s.lines[visitor])), nil
}

func (s *shelf) of(visitor string) []webchat.Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]webchat.Line(nil), s.lines[visitor]...)
}

func texts(lines []webchat.Line) []string {
	var out []string
	for _, l := range lines {
		s := l.Text
		for _, b := range l.Blocks {
			if w, ok := b.(message.Words); ok {
				s += w.Text
			}
		}
		out = append(out, s)
	}
	return out
}

func visitorOf(t testing.TB, c *Channel, token string) webchat.Visitor {
	t.Helper()
	v, err := c.Visitor(http.Header{"Authorization": {"Chat " + token}})
	require.NoError(t, err)
	return v
}

func request(token, body string) channels.Request {
	return channels.Request{Method: http.MethodPost, Header: http.Header{"Authorization": {"Chat " + token}}, Query: url.Values{}, Body: []byte(body)}
}

const id = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

func TestChannel(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Fixture {
		s := &shelf{}
		c := New(box(t, keyset(t)), s, settings, clock)
		token := c.Begin("vi")
		v := visitorOf(t, c, token)
		signed := request(token, `{"id":"`+id+`","text":"Chào"}`)
		return channeltest.Fixture{
			Channel: c, To: channels.Address(v.ID), BadTo: "somebody else", Received: func() []string { return texts(s.of(v.ID)) },
			Fail: func(status, times int) {
				err := error(errAway)
				if status == http.StatusForbidden {
					err = fault.New(fault.Forbidden, "")
				}
				for range times {
					s.fail = append(s.fail, err)
				}
			},
			Lose: func(times int) { s.lose = times }, Webhook: &signed, Bearer: true, Secrets: []string{token},
		}
	})
}

func TestSend(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	c := New(box(t, keyset(t)), s, settings, clock)
	v := visitorOf(t, c, c.Begin("vi"))
	words := message.Blocks{message.Words{Text: "Chào bà con"}}
	for _, tt := range []struct {
		name string
		m    channels.Outbound
		from webchat.Speaker
		says string
	}{
		{"a reply", channels.Outbound{ID: "1", Kind: channels.Reply, Blocks: words}, webchat.Bot, ""},
		{"a notice", channels.Outbound{ID: "2", Kind: channels.Notice, Blocks: words}, webchat.Bot, ""},
		{"staff", channels.Outbound{ID: "3", Kind: channels.Staff, Blocks: words}, webchat.Staff, ""},
		{"staff by name", channels.Outbound{ID: "4", Kind: channels.Staff, From: "Lan", Blocks: words}, webchat.Staff, "Lan"},
	} {
		for range 2 {
			o := c.Send(t.Context(), channels.Address(v.ID), tt.m)
			require.Equal(t, channels.Outcome{Status: channels.Sent, MessageID: tt.m.ID}, o, tt.name)
		}
		lines := s.of(v.ID)
		last := lines[len(lines)-1]
		require.Equal(t, webchat.Line{ID: tt.m.ID, From: tt.from, Name: tt.says, At: moment, Blocks: words}, last, tt.name)
	}
	require.Len(t, s.of(v.ID), 4)
	for _, tt := range []struct {
		name string
		err  error
		want channels.Outcome
	}{
		{"away", errAway, channels.Outcome{Status: channels.Later, Retry: time.Second, Cause: errAway}},
		{"too large", fault.New(fault.Invalid, "webchat.too_large"), channels.Outcome{Status: channels.Never, Reason: "invalid", Cause: fault.New(fault.Invalid, "webchat.too_large")}},
	} {
		s.fail = []error{tt.err}
		require.Equal(t, tt.want, c.Send(t.Context(), channels.Address(v.ID), channels.Outbound{ID: "9", Blocks: words}), tt.name)
	}
	o := c.Send(t.Context(), channels.Address(v.ID), channels.Outbound{ID: "5", Template: &channels.Template{Name: "x"}})
	require.Equal(t, channels.Outcome{Status: channels.Never, Reason: "unsupported"}, o)
}

func TestHeard(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	c := New(box(t, keyset(t)), s, settings, clock)
	token := c.Begin("en")
	v := visitorOf(t, c, token)
	ticket := c.Ticket(v, channels.Attachment{Kind: channels.Video, Media: "m1"})
	b, err := c.Parse(request(token, `{"id":"`+strings.ToUpper(id)+`","text":"Có","choice":"yes","place":{"lat":20.8,"lon":106.7,"label":"Chợ"},"uploads":["`+ticket+`"]}`))
	require.NoError(t, err)
	require.Len(t, b.Events, 1)
	e := b.Events[0]
	require.Equal(t, id, c.LineID(e))
	for range 2 {
		seq, err := c.Heard(t.Context(), e)
		require.NoError(t, err)
		require.EqualValues(t, 1, seq)
	}
	require.Equal(t, []webchat.Line{{
		ID: id, From: webchat.You, At: moment, Text: "Có", Choice: "yes", Place: &webchat.Place{Lat: 20.8, Lon: 106.7, Label: "Chợ"},
		Uploads: []webchat.Upload{{ID: "m1", Kind: "video"}},
	}}, s.of(v.ID))
	e.Kind = channels.Opened
	seq, err := c.Heard(t.Context(), e)
	require.NoError(t, err)
	require.Zero(t, seq)
	_, err = c.Heard(t.Context(), channels.Event{ID: "zalo", Kind: channels.Said, From: "1"})
	require.Equal(t, fault.Internal, fault.CodeOf(err))
}

func TestToken(t *testing.T) {
	t.Parallel()
	file := keyset(t)
	c := New(box(t, file), &shelf{}, settings, clock)
	token := c.Begin("en")
	v := visitorOf(t, c, token)
	require.Equal(t, message.English, v.Lang)
	require.NotEqual(t, v.ID, visitorOf(t, c, c.Begin("vi")).ID)
	renewed := visitorOf(t, c, c.Renew(v, "vi"))
	require.Equal(t, webchat.Visitor{ID: v.ID, Lang: message.Vietnamese}, renewed)
	require.Equal(t, message.Vietnamese, visitorOf(t, c, c.Begin("xx")).Lang)

	next, err := secret.Rotate(file)
	require.NoError(t, err)
	require.Equal(t, v, visitorOf(t, New(box(t, next), &shelf{}, settings, clock), token), "the key before is good too")

	bad := []string{"", "Chat", "Chat ", "Bearer " + token, "Chat " + token + "x", "Chat " + strings.Repeat("x", 4000), "Chat a.b.c", "Chat " + c.Ticket(v, channels.Attachment{Kind: "photo", Media: "m"})}
	for i := range token {
		bad = append(bad, "Chat "+token[:i]+"!"+token[i+1:])
	}
	bad = append(bad, "Chat "+New(box(t, keyset(t)), &shelf{}, settings, clock).Begin("vi"))
	for _, h := range bad {
		_, err := c.Visitor(http.Header{"Authorization": {h}})
		require.Equal(t, fault.Unauthorized, fault.CodeOf(err), h)
		require.NotContains(t, fmt.Sprint(err), v.ID)
	}
	_, err = c.Visitor(http.Header{"Authorization": {"chat " + token}})
	require.NoError(t, err)
}

// TestTokenEnds ends one that nobody used for SessionMax, and lets those live that were renewed.
func TestTokenEnds(t *testing.T) {
	t.Parallel()
	now := moment
	c := New(box(t, keyset(t)), &shelf{}, Config{MaxText: 1, SessionMax: 48 * time.Hour}, func() time.Time { return now })
	known := func(token string) fault.Code {
		_, err := c.Visitor(http.Header{"Authorization": {"Chat " + token}})
		return fault.CodeOf(err)
	}
	old := c.Begin("vi")
	v := visitorOf(t, c, old)
	now = now.Add(47 * time.Hour)
	require.Empty(t, known(old))
	renewed := c.Renew(v, "vi")
	now = now.Add(2 * time.Hour)
	require.Equal(t, fault.Unauthorized, known(old))
	require.Equal(t, v, visitorOf(t, c, renewed))
	what := v.ID + ".vi"
	require.Equal(t, fault.Unauthorized, known(what+"."+c.signer.Sign(purposeToken, what)), "one without a time")
}

func TestTicketIsTheVisitorsOwn(t *testing.T) {
	t.Parallel()
	c := New(box(t, keyset(t)), &shelf{}, settings, clock)
	mine, theirs := c.Begin("vi"), c.Begin("vi")
	ticket := c.Ticket(visitorOf(t, c, mine), channels.Attachment{Kind: channels.Photo, Media: "m1"})
	post := func(token, ticket string) error {
		_, err := c.Parse(request(token, `{"id":"`+id+`","uploads":["`+ticket+`"]}`))
		return err
	}
	require.NoError(t, post(mine, ticket))
	for _, bad := range []string{"m1", "photo.m1", "video" + ticket[5:], strings.Replace(ticket, "m1", "m2", 1), ticket + "x", ""} {
		require.Equal(t, fault.Invalid, fault.CodeOf(post(mine, bad)), bad)
	}
	require.Equal(t, fault.Invalid, fault.CodeOf(post(theirs, ticket)))
}
