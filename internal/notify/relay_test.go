package notify

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/outbox"
)

// TestUnderRelays runs the sources as the program does. While a crowd is told over a slow network, and another network hangs, letters to single people
// leave at once, and nothing waits at the end.
func TestUnderRelays(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := crowdedCity()
		w = replica(t, w.engine, c, w.texts, Config{})
		w.settleCrowd()
		out, err := outbox.New(t.Context(), w.engine, outbox.Config{}, time.Now, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		require.NoError(t, err)
		for name, src := range w.Sources() {
			require.NoError(t, out.Relay(name, src))
		}
		w.deps.Nudge = out.Nudge
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- out.Run(ctx) }()

		c.latency = 3 * time.Second
		for i := range 8 {
			c.talked(fmt.Sprint("z", i), "zalo", time.Now())
		}
		c.phone["s1"] = true
		require.NoError(t, w.Announce(t.Context(), storm(1)))
		for i := range 8 {
			w.post("hangs", fmt.Sprint("z", i), "moved")
		}
		synctest.Wait()
		for _, notice := range []string{"moved", "storm"} {
			began := time.Now()
			w.post(notice, "s1", notice)
			for len(c.sentTo("s1")) == 0 {
				time.Sleep(100 * time.Millisecond)
				require.Less(t, time.Since(began), c.latency+7*time.Second)
			}
			c.forget("s1")
		}
		time.Sleep(time.Minute)
		c.forget("s1")
		requireOnce(t, c, 135+8, 0)
		stop()
		require.NoError(t, <-done)
	})
}

func (c *city) sentTo(subject string) (out []sentLetter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sent {
		if s.Subject == subject {
			out = append(out, s)
		}
	}
	return out
}

func (c *city) forget(subject string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var kept []sentLetter
	for _, s := range c.sent {
		if s.Subject != subject {
			kept = append(kept, s)
		}
	}
	c.sent = kept
}

// TestChannelThatIsGone is a city that gave a network up while letters waited for it.
func TestChannelThatIsGone(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.phone["s1"] = true
		c.talked("s1", "zalo", time.Now())
		c.answers(func(Way, Letter) Fate { return Fate{State: Pending, Taken: true} })
		w.post("a", "s1", "moved")
		w.sweep()
		c.answers(func(Way, Letter) Fate { return Fate{State: Pending, Retry: time.Minute} })
		w.post("b", "s1", "moved")
		w.sweep()
		require.Equal(t, "normal/zalo", w.letter("a", "s1").Lane)
		require.Equal(t, "normal/zalo", w.letter("b", "s1").Lane)
		c.answers(nil)
		w = replicaOn(t, w.engine, c, w.texts, Config{}, c.carriers("zns"))
		w.pass(10*time.Minute, 10*time.Second)
		require.ElementsMatch(t, []string{"zalo Việc a", "zns Việc b", "zns Việc a"}, c.took())
		nothingWaits(t, w)
	})
}
