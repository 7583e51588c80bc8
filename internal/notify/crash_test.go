package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestDeathAroundAnyWrite kills the process around each of its writes in turn, before or after it, and lets another go on: as its caller would, which repeats what
// was not acknowledged. Everything is in the inbox, every letter leaves, and only one that was under way may leave twice.
func TestDeathAroundAnyWrite(t *testing.T) {
	t.Parallel()
	const writes = 13
	for _, answered := range []bool{false, true} {
		for left := bit(answered); left <= writes; left += 2 { // each write once, before or after it: the race detector makes each of them dear
			t.Run(fmt.Sprintf("write %d, reached the store: %t", left, answered), func(t *testing.T) {
				t.Parallel()
				dieAround(t, left, answered, func(*world) {}, func(w *world, ctx context.Context) error {
					for _, n := range []Notice{note("a", "s1", "moved"), note("b", "s1", "storm"), note("c", "s1", "news")} {
						if err := w.Post(ctx, n); err != nil {
							return err
						}
					}
					return w.try(ctx)
				}, func(t *testing.T, w *world, dies bool) {
					require.Equal(t, left < writes, dies, "as many writes as said above")
					w.pass(day, 3*time.Hour)
					requireOnce(t, w.city, 3, 1)
					page, err := w.inbox.List(t.Context(), viewer("vi", "s1"), 10, "")
					require.NoError(t, err)
					require.Len(t, page.Items, 3)
					nothingWaits(t, w)
				})
			})
		}
	}
}

// dieAround runs a story twice: in a process that dies at a write, and in one that takes over.
func dieAround(t *testing.T, left int, answered bool, prepare func(*world), story func(*world, context.Context) error, check func(*testing.T, *world, bool)) {
	words := configstest.Texts(t)
	synctest.Test(t, func(t *testing.T) {
		at(16, 59)
		engine := memory.New()
		c := crowdedCity()
		c.talked("s1", "zalo", time.Now())
		c.phone["s1"] = true
		c.fate = arrived
		c.answers(func(w Way, l Letter) Fate {
			if w.Channel == "zalo" && l.Notice == "moved" {
				return Fate{State: Refused, Reason: "blocked"} // so that there is a second way
			}
			return Fate{State: Sent}
		})
		second := replica(t, engine, c, words, Config{})
		prepare(second)
		ctx, die := context.WithCancel(t.Context())
		defer die()
		grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{OnEnd: die}}
		first := replica(t, grave, c, words, Config{})
		grave.EndAt(left+1, answered)
		_ = story(first, ctx)
		dies := ctx.Err() != nil
		at(17, 6) // and the lease is over
		require.NoError(t, story(second, t.Context()))
		check(t, second, dies)
	})
}

// requireOnce checks that so many letters left, and at most some of them twice.
func requireOnce(t *testing.T, c *city, letters, twice int) {
	t.Helper()
	more := 0
	found := c.count()
	require.Len(t, slices.Collect(maps.Keys(found)), letters)
	for _, n := range found {
		more += n - 1
	}
	require.LessOrEqual(t, more, twice, "only what was under way")
}

// nothingWaits checks that nothing is left to be done.
func nothingWaits(t *testing.T, w *world) {
	t.Helper()
	for name, src := range w.Sources() {
		n, since, err := src.Waiting(t.Context(), 10)
		require.NoError(t, err)
		require.Zero(t, n, name)
		require.Zero(t, since)
	}
}

// TestTwoReplicas work on the same letters at the same time.
func TestTwoReplicas(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.latency = 100 * time.Millisecond
		w.city.fate = arrived
		second := replica(t, w.engine, w.city, w.texts, Config{})
		var notices []Notice
		for i := range 20 {
			to := fmt.Sprint("s", i%7)
			w.city.phone[to] = true
			notices = append(notices, note(fmt.Sprintf("n%02d", i), to, []string{"moved", "storm", "news"}[i%3]))
		}
		var wg sync.WaitGroup
		for _, r := range []*world{w, second} {
			wg.Go(func() {
				for _, n := range notices {
					require.NoError(t, r.Post(t.Context(), n))
				}
			})
		}
		wg.Wait()
		for range 200 {
			carryAll(t, w, second)
			time.Sleep(time.Second)
		}
		for id, n := range w.city.count() {
			require.Equal(t, 1, n, id)
		}
		require.Len(t, w.city.took(), 14, "all but those that wait for the digest")
	})
}

// carryAll has replicas carry what each of them finds due, all at once.
func carryAll(t *testing.T, replicas ...*world) {
	t.Helper()
	var wg sync.WaitGroup
	for _, r := range replicas {
		for _, src := range r.Sources() {
			ids, err := src.Due(t.Context(), 16)
			require.NoError(t, err)
			for _, id := range ids {
				wg.Go(func() { require.NoError(t, src.Carry(t.Context(), id)) })
			}
		}
	}
	wg.Wait()
}

// TestOutage is one network away for ten minutes, under relays as the program has them. Nothing is lost, each person's letters keep their order, the network
// is not stormed, and people on other networks wait for nothing.
func TestOutage(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		const people = 60
		for i := range people {
			if i%2 == 0 {
				c.push[fmt.Sprint("p", i)] = []string{"fcm:" + fmt.Sprint(i)}
			} else {
				c.talked(fmt.Sprint("p", i), "zalo", time.Now())
			}
		}
		began := time.Now()
		back := began.Add(10 * time.Minute)
		c.latency = 50 * time.Millisecond
		c.answers(func(w Way, _ Letter) Fate {
			if w.Channel == "fcm" && time.Now().Before(back) {
				return Fate{State: Pending}
			}
			return Fate{State: Sent}
		})
		for round := range 3 {
			for i := range people {
				w.post(fmt.Sprintf("%d", round), fmt.Sprint("p", i), "moved")
			}
			until := time.Now().Add(time.Minute)
			for time.Now().Before(until) {
				carryAll(t, w)
				time.Sleep(time.Second)
			}
		}
		require.LessOrEqual(t, len(c.sent), people/2*3)
		for time.Now().Before(back.Add(-2 * time.Second)) { // an attempt takes a while, and what is under way when the network is back succeeds
			carryAll(t, w)
			time.Sleep(time.Second)
		}
		requireOnce(t, c, people/2*3, 0)
		for _, s := range c.sent {
			require.Equal(t, "zalo", s.Channel)
			require.Less(t, s.At.Sub(began), 3*time.Minute)
		}
		during := len(c.tries["fcm"])
		require.Less(t, during, 80, "a network that is away is probed, not stormed")
		var after time.Duration
		for range 300 {
			carryAll(t, w)
			time.Sleep(time.Second)
			if len(c.count()) == people*3 && after == 0 {
				after = time.Since(back)
			}
		}
		requireOnce(t, c, people*3, 0)
		require.NotZero(t, after)
		require.Less(t, after, 2*time.Minute)
		t.Logf("%d probes in ten minutes; all letters had left %s after the network was back", during, after)
		byPerson := map[string][]string{}
		for _, s := range c.sent {
			byPerson[s.Subject] = append(byPerson[s.Subject], strings.TrimPrefix(s.Title, "Việc "))
		}
		for who, rounds := range byPerson {
			require.True(t, slices.IsSorted(rounds), "%s got %v", who, rounds)
		}
	})
}

// arrived is the fate of letters of a network that reports receipts at once.
func arrived(Way, string) Fate { return Fate{State: Delivered} }
