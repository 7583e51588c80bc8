package messengerfake_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
)

// holds tells which of several texts each body has.
func holds(hooks []hook, texts ...string) []string {
	var out []string
	for _, b := range bodies(hooks) {
		for _, text := range texts {
			if strings.Contains(b, `"text":"`+text+`"`) {
				out = append(out, text)
			}
		}
	}
	return out
}

func TestSigned(t *testing.T) {
	t.Parallel()
	n, p := newNetwork(t, messengerfake.Config{})
	n.Say("Lan", "chào")
	h := p.await(t, 1)[0]
	require.Equal(t, "sha256="+messengerfake.Sign("fakecity", h.body), h.header.Get("X-Hub-Signature-256"))
	require.Equal(t, "sha1="+messengerfake.SignOld("fakecity", h.body), h.header.Get("X-Hub-Signature"))
	require.Contains(t, string(h.body), `ch\u00e0o`)
}

func TestRetries(t *testing.T) {
	t.Parallel()
	n, p := newNetwork(t, messengerfake.Config{Retries: []time.Duration{time.Hour, time.Hour}})
	p.answer(func(hook) int { return http.StatusServiceUnavailable })
	n.Say("Lan", "x")
	p.await(t, 1)
	n.Resend()
	p.await(t, 1)
	require.Equal(t, 1, n.Stats().Webhooks.Pending)
	p.answer(nil)
	n.Resend()
	hooks := p.await(t, 1)
	require.Equal(t, hooks[0].body, hooks[2].body, "the same bytes again")
	require.Eventually(t, func() bool { return n.Stats().Webhooks.Acked == 1 }, 5*time.Second, time.Millisecond)
	require.Equal(t, channelfake.StateDelivered, n.Chat("Lan", 0)[0].State)

	n.Change(func(s *messengerfake.Setup) { s.RetriesMS = []int64{1, 1} })
	p.answer(func(hook) int { return http.StatusForbidden })
	n.Say("Lan", "y")
	p.await(t, 3)
	require.Eventually(t, func() bool { return n.Chat("Lan", 1)[0].State == channelfake.StateFailed }, 5*time.Second, time.Millisecond)
	require.EqualValues(t, 1, n.Stats().Webhooks.GivenUp)
}

func TestDuplicatesAndSwaps(t *testing.T) {
	t.Parallel()
	n, p := newNetwork(t, messengerfake.Config{Hold: 10 * time.Second})
	n.Break(func(f *messengerfake.Faults) { f.Duplicate = 3 })
	n.Say("Lan", "one")
	require.Equal(t, []string{"one", "one", "one"}, holds(p.await(t, 3), "one"))

	n.Break(func(f *messengerfake.Faults) { f.Webhooks = channelfake.Webhooks{Reorder: true} })
	n.Say("Lan", "two")
	n.Say("Lan", "three")
	require.Equal(t, []string{"three", "two"}, holds(p.await(t, 2)[3:], "two", "three"))

	n.BreakFor("Minh", func(f *channelfake.Webhooks) { *f = channelfake.Webhooks{Unordered: true, DelayMS: 1} })
	n.Say("Minh", "four")
	require.Equal(t, []string{"four"}, holds(p.await(t, 1)[5:], "four"))
	require.Zero(t, n.Mend().Duplicate)
}

func TestBatches(t *testing.T) {
	t.Parallel()
	n, p := newNetwork(t, messengerfake.Config{Hold: time.Millisecond})
	n.Break(func(f *messengerfake.Faults) { f.Batch = 50 })
	n.Say("Lan", "one")
	n.Say("Minh", "two")
	got := 0
	for got < 2 { // the time to share a request may be over between them
		got = len(holds(p.await(t, 1), "one", "two"))
	}
	require.Equal(t, 2, got)
}

func TestReceiptsAndEchoes(t *testing.T) {
	t.Parallel()
	n, p := newNetwork(t, messengerfake.Config{Received: time.Millisecond, Seen: 2 * time.Millisecond})
	n.Say("Lan", "x")
	p.await(t, 1)
	call(t, n, http.MethodPost, "me/messages", message(n.UserID("Lan"), `{"text":"y","metadata":"mine"}`))
	all := bodies(p.await(t, 3))[1:]
	require.Contains(t, all[0], `"is_echo":true,"app_id":900000000000001,"metadata":"mine","text":"y"`)
	require.Contains(t, all[1], `"delivery":{"mids":["m_`)
	require.Contains(t, all[2], `"read":{"watermark":`)
	chat := n.Chat("Lan", 0)
	require.Equal(t, channelfake.StateSeen, chat[1].State)
}

func TestSkew(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1795255200000)
	n, p := newNetwork(t, messengerfake.Config{Now: func() time.Time { return now }})
	n.Break(func(f *messengerfake.Faults) { f.EventSkewS = -10 })
	n.Say("Lan", "x")
	require.Contains(t, bodies(p.await(t, 1))[0], `"timestamp":1795255190000`)
}
