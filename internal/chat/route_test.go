package chat

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/netgate"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestRoute(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	alarm := channels.Outcome{Status: channels.Later, Alarm: true, Reason: "token_refused"}
	away := channels.Outcome{Status: channels.Later}
	r := &route{}
	require.Zero(t, r.enter("1", now))
	r.report("1", alarm, now)
	require.Equal(t, netgate.AlarmPause, r.wait("1", now))
	require.Zero(t, r.wait("2", now), "another account")
	require.Equal(t, 1, r.alarms())
	require.Equal(t, 7, r.network.Room(now, 7))
	require.True(t, r.of("1").Rings(now))
	require.False(t, r.of("1").Rings(now))

	for range netgate.Tolerated {
		require.Zero(t, r.enter("2", now))
		r.report("2", away, now)
	}
	require.Positive(t, r.wait("3", now), "the network is away")
	require.Equal(t, 1, r.alarms())
	now = now.Add(netgate.AlarmPause)
	require.Zero(t, r.enter("1", now), "one tries")
	require.Positive(t, r.enter("1", now), "nobody else meanwhile")
	require.Positive(t, r.enter("2", now))
	r.report("1", alarm, now)
	require.Zero(t, r.enter("2", now), "an alarm is an answer: the network is there")
	r.report("2", channels.Outcome{Status: channels.Sent}, now)
	require.Equal(t, netgate.AlarmPause, r.wait("1", now), "what leaves from elsewhere mends nothing")

	now = now.Add(netgate.AlarmPause)
	require.Zero(t, r.enter("1", now))
	r.leave("1")
	require.Zero(t, r.enter("1", now), "the try was not made")
	r.report("1", away, now)
	require.Zero(t, r.enter("1", now), "an outage says nothing about the account")
	require.Equal(t, 1, r.alarms())
	r.report("1", channels.Outcome{Status: channels.Never, Reason: "blocked"}, now)
	require.Zero(t, r.alarms(), "whoever is refused for another reason is let in")
	r.report("1", alarm, now)
	r.open()
	require.Zero(t, r.wait("1", now))
}

// visitor says something on one of the city's pages.
func visitor(id, page, person string) inbox.Message {
	m := said(id, "x")
	m.Event.Account, m.Event.From = page, channels.Address(person)
	m.Conversation = channels.ConversationID("zalo", page, m.Event.From)
	return m
}

// TestOneAccountsAlarmSilencesNobodyElse has the network refuse one page while people go on writing to it: those of another page are answered at once.
func TestOneAccountsAlarmSilencesNobodyElse(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		dead, tried := true, 0
		w.net.answer = func(_ int, m channels.Outbound) *channels.Outcome {
			if m.Account != "1" || !dead {
				return nil
			}
			tried++
			return &channels.Outcome{Status: channels.Later, Alarm: true, Reason: "token_refused", Retry: 15 * time.Minute, Cause: errors.New("190")}
		}
		const minutes, people = 10, 30
		for i := range minutes * people {
			require.NoError(t, w.Turn(t.Context(), visitor(fmt.Sprint("a", i), "1", fmt.Sprint("a", i))))
			require.NoError(t, w.Turn(t.Context(), visitor(fmt.Sprint("b", i), "2", fmt.Sprint("b", i%7))))
			require.Len(t, w.net.taken, i+1, "at once")
			pass(t, w.Chats, time.Minute/people)
		}
		require.LessOrEqual(t, tried, minutes+1, "one tries in a minute")
		require.InDelta(t, 1, testutil.ToFloat64(w.metrics.alarms.WithLabelValues("zalo")), 0, "what leaves from the other page does not end it")
		dead = false
		pass(t, w.Chats, 16*time.Minute)
		require.Len(t, w.net.ids(), 2*minutes*people, "nothing was lost")
		require.Len(t, w.net.taken, 2*minutes*people)
		require.Zero(t, testutil.ToFloat64(w.metrics.alarms.WithLabelValues("zalo")))
	})
}

// TestTheRelayPassesByWhatWaitsForAnOperator: a page's conversations that are due before all others neither fill the batch nor use up the one try after an outage.
func TestTheRelayPassesByWhatWaitsForAnOperator(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		away := true
		w.net.answer = func(_ int, m channels.Outbound) *channels.Outcome {
			switch {
			case m.Account == "1":
				return &channels.Outcome{Status: channels.Later, Alarm: true, Reason: "token_refused", Retry: 15 * time.Minute}
			case away:
				return &channels.Outcome{Status: channels.Later, Cause: errors.New("away")}
			}
			return nil
		}
		for i := range 40 {
			require.NoError(t, w.Turn(t.Context(), visitor(fmt.Sprint("a", i), "1", fmt.Sprint("a", i))))
		}
		for i := range netgate.Tolerated + 3 {
			require.NoError(t, w.Turn(t.Context(), visitor(fmt.Sprint("b", i), "2", fmt.Sprint("b", i))))
		}
		away = false
		time.Sleep(netgate.PauseMin)
		for range 6 { // batches of ten
			ids, err := w.Due(t.Context(), 10)
			require.NoError(t, err)
			for _, id := range ids {
				require.NoError(t, w.Carry(t.Context(), id))
			}
		}
		require.GreaterOrEqual(t, len(w.net.taken), 3)
	})
}
