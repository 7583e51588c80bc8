package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func echo(id, network, text string) channels.Event {
	return channels.Event{ID: id, Kind: channels.Echoed, Text: text, About: []string{network}}
}

// noAnswer lets the n-th message go without an answer.
func noAnswer(n int) func(int, channels.Outbound) *channels.Outcome {
	return func(tried int, _ channels.Outbound) *channels.Outcome {
		if tried != n {
			return nil
		}
		return &channels.Outcome{Status: channels.Later, Unsure: true}
	}
}

func TestAnEchoProvesThatWordsLeft(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.net.answer = noAnswer(1)
		w.say(t, "e1", "many a")
		require.Empty(t, w.net.texts())
		require.NoError(t, w.Turn(t.Context(), event("x1", echo("x1", "z9", "something else"))))
		require.NoError(t, w.Turn(t.Context(), event("x2", echo("x2", "z1", " a1\n"))))
		sweep(t, w.Chats)
		require.Equal(t, []string{"a2", "a3"}, w.net.texts(), "what left already is not said again, the rest follows at once")
		require.Equal(t, "z1", w.chat(t).Sent[0].Network)
		require.Equal(t, "e1/1", w.chat(t).Sent[0].ID)
	})
}

// TestAnEchoBeforeTheTimeOut has the echo come while the attempt still waits for its answer.
func TestAnEchoBeforeTheTimeOut(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.net.answer = noAnswer(1)
		tried := 0
		w.deps.Channels["zalo"] = &reentrant{network: w.net, first: func() {
			if tried++; tried == 1 {
				require.NoError(t, w.Turn(t.Context(), event("x1", echo("x1", "z1", "a1"))))
				require.NoError(t, w.Turn(t.Context(), event("x2", channels.Event{Kind: channels.Delivered, About: []string{"z1"}})))
			}
		}}
		w.Chats = w.replica(t, engine, Config{})
		w.say(t, "e1", "many a")
		require.Equal(t, []string{"a2", "a3"}, w.net.texts())
		x := w.chat(t)
		require.Equal(t, "z1", x.Sent[0].Network)
		require.Equal(t, stateDelivered, x.Sent[0].State)
		require.Empty(t, x.Early)
	})
}

// TestAnOldEchoProvesNothing says the same words twice: the echo of the first is not taken for that of the second.
func TestAnOldEchoProvesNothing(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.net.answer = noAnswer(2)
		w.say(t, "e1", "x")
		w.say(t, "e2", "x")
		require.NoError(t, w.Turn(t.Context(), event("x1", echo("x1", "net-1", "re x"))))
		pass(t, w.Chats, 20*time.Second)
		require.Equal(t, []string{"re x", "re x"}, w.net.texts())
	})
}

// TestHeardEcho says which echoes prove that a message left.
func TestHeardEcho(t *testing.T) {
	t.Parallel()
	began := time.Unix(1_800_000_000, 0)
	m := outgoing{ID: "e1/1", Blocks: words("re x")}
	good := early{Network: "z1", State: stateSent, Words: hash("re x"), At: began}
	for name, tt := range map[string]struct {
		change func(*early)
		want   string
	}{
		"of its words":                       {func(*early) {}, "z1"},
		"as old as clocks differ":            {func(e *early) { e.At = began.Add(-skew) }, "z1"},
		"of an earlier attempt":              {func(e *early) { e.At = began.Add(-skew - time.Millisecond) }, ""},
		"of other words":                     {func(e *early) { e.Words = hash("re y") }, ""},
		"of its id":                          {func(e *early) { e.Ref, e.Words = "e1/1", hash("re y") }, "z1"},
		"of another's id, in the same words": {func(e *early) { e.Ref = "e2/1" }, ""},
		"a receipt":                          {func(e *early) { e.State = stateDelivered }, ""},
		"of one that is known":               {func(e *early) { e.Network = "z0" }, ""},
	} {
		e := good
		tt.change(&e)
		x := chat{record: record{Sent: []sent{{Network: "z0"}}}, private: private{Early: []early{e}}}
		require.Equal(t, tt.want, x.heardEcho(m, began), name)
	}
}

func TestReceiptsOnlyGoForward(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "many a")
		time.Sleep(time.Second)
		for i, e := range []channels.Event{
			{Kind: channels.Seen, About: []string{"net-1"}}, {Kind: channels.Delivered, About: []string{"net-1", "net-2", "unknown"}},
			echo("x", "net-3", "a3"), {Kind: channels.Delivered, About: []string{"net-2"}},
		} {
			require.NoError(t, w.Turn(t.Context(), event(string(rune('a'+i)), e)))
		}
		states := func() (out []string) {
			for _, s := range w.chat(t).Sent {
				out = append(out, s.State)
			}
			return out
		}
		require.Equal(t, []string{stateSeen, stateDelivered, stateSent}, states())
		require.NoError(t, w.Turn(t.Context(), event("s", channels.Event{Kind: channels.Seen})), "one that names none is about all until then")
		require.Equal(t, []string{stateSeen, stateSeen, stateSeen}, states())
		require.Empty(t, w.chat(t).Early)
	})
}

func TestReceiptsThatComeFirstAreKeptForAWhile(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		first := true
		w.deps.Channels["zalo"] = &reentrant{network: w.net, first: func() {
			if !first {
				return
			}
			first = false
			require.NoError(t, w.Turn(t.Context(), event("s", channels.Event{Kind: channels.Seen, About: []string{"net-1"}})))
			require.NoError(t, w.Turn(t.Context(), event("d", channels.Event{Kind: channels.Delivered, About: []string{"net-1", "never comes"}})))
		}}
		w.Chats = w.replica(t, engine, Config{})
		w.say(t, "e1", "x")
		require.Equal(t, stateSeen, w.chat(t).Sent[0].State)
		require.Len(t, w.chat(t).Early, 1)
		time.Sleep(earlyKept + time.Second)
		w.say(t, "e2", "y")
		require.Empty(t, w.chat(t).Early)
	})
}
