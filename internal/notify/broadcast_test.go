package notify

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/netgate"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

const crowdSize = 150

// crowdedCity has people who each reach the city by one device, or not at all.
func crowdedCity() *city {
	c := newCity()
	for i := range crowdSize {
		if i%10 != 9 {
			c.push[person(i)] = []string{fmt.Sprint("fcm:", i)}
		}
	}
	return c
}

func person(i int) string { return fmt.Sprintf("f%04d", i) }

// settleCrowd has the people follow wards: all of them ward 1, every third also ward 2, every fifth in English.
func (w *world) settleCrowd() {
	var wg sync.WaitGroup
	for i := range crowdSize {
		wg.Go(func() {
			areas := []string{"1"}
			if i%3 == 0 {
				areas = append(areas, "2")
			}
			lang := message.Lang("")
			if i%5 == 0 {
				lang = message.English
			}
			w.want(guest(person(i)), Patch{Areas: &areas, Lang: &lang})
		})
	}
	wg.Wait()
}

func storm(revision int) Broadcast {
	return Broadcast{ID: "b1", Revision: revision, App: "feedback", Notice: "storm", Params: map[string]any{"n": revision}, Areas: []string{"2", "1"}, Urgency: miniapps.Urgent}
}

func TestBroadcast(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := crowdedCity()
		w = replica(t, w.engine, c, w.texts, Config{})
		w.settleCrowd()
		for range 2 {
			require.NoError(t, w.Announce(t.Context(), storm(1)))
		}
		w.sweep()
		requireOnce(t, c, crowdSize-crowdSize/10, 0)
		p, err := w.Progress(t.Context(), "b1")
		require.NoError(t, err)
		require.Equal(t, Progress{Revision: 1, Total: crowdSize, Posted: crowdSize, Sent: 135, Failed: 15, Done: true}, p)
		require.NoError(t, w.Announce(t.Context(), storm(1)))
		w.sweep()
		requireOnce(t, c, 135, 0)
		english := 0
		for _, s := range c.sent {
			if s.Title == "Storm 1" {
				english++
			}
		}
		require.Equal(t, 30, english-0, "in the language that each person chose")
		n, err := w.letters.Count(t.Context(), w.letters.ByID(), 1000)
		require.NoError(t, err)
		require.Zero(t, n, "no document for each person")
		nothingWaits(t, w)
		_, err = w.Progress(t.Context(), "b2")
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		require.Equal(t, fault.Internal, fault.CodeOf(w.Announce(t.Context(), Broadcast{ID: "x"})))
	})
}

// TestLaterRevision takes the place of what has not left, in letters and in the inbox.
func TestLaterRevision(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := crowdedCity()
		w = replica(t, w.engine, c, w.texts, Config{})
		w.settleCrowd()
		c.answers(func(w Way, l Letter) Fate {
			if l.Title == "Bão 1" || l.Title == "Storm 1" {
				return Fate{State: Pending, Retry: time.Minute}
			}
			return Fate{State: Sent}
		})
		require.NoError(t, w.Announce(t.Context(), storm(1)))
		w.sweep()
		p, err := w.Progress(t.Context(), "b1")
		require.NoError(t, err)
		require.False(t, p.Done)
		require.Zero(t, p.Sent)
		v := viewer("vi", person(0))
		_, err = w.inbox.MarkRead(t.Context(), v, "*/b1")
		require.NoError(t, err)
		require.NoError(t, w.Announce(t.Context(), storm(3)))
		require.NoError(t, w.Announce(t.Context(), storm(2)), "an earlier one that comes late")
		c.answers(nil)
		w.pass(10*time.Minute, 10*time.Second)
		requireOnce(t, c, 135, 0)
		for _, s := range c.sent {
			require.Contains(t, []string{"Bão 3", "Storm 3"}, s.Title)
		}
		page, err := w.inbox.List(t.Context(), v, 10, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.Equal(t, "Bão 3", page.Items[0].Title)
		require.False(t, page.Items[0].Read, "a revision is news")
		nothingWaits(t, w)
		found, err := w.letters.Collect(t.Context(), w.queries.fanout.Where("b1/1", string(Dropped)).First(200))
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(found), netgate.Tolerated)
		require.LessOrEqual(t, len(found), chunkSize, "the others waited in their batches until the network is back")
		require.Equal(t, "superseded", found[0].Reason)
	})
}

// TestBroadcastDeath kills the process around its writes while it tells a crowd.
func TestBroadcastDeath(t *testing.T) {
	t.Parallel()
	const writes = 1 + 2*3 + 3 + 19 // the bulletin, its batches and its place, their claims, their chunks
	for _, answered := range []bool{false, true} {
		for left := bit(answered); left <= writes; left += 2 { // each write once, before or after it: the race detector makes each of them dear
			t.Run(fmt.Sprintf("write %d, reached the store: %t", left, answered), func(t *testing.T) {
				t.Parallel()
				dieAround(t, left, answered, (*world).settleCrowd, func(w *world, ctx context.Context) error {
					if err := w.Announce(ctx, storm(1)); err != nil {
						return err
					}
					return w.try(ctx)
				}, func(t *testing.T, w *world, dies bool) {
					require.Equal(t, left < writes, dies, "as many writes as said above")
					w.pass(3*time.Minute, time.Minute)
					requireOnce(t, w.city, 135, chunkSize)
					p, err := w.Progress(t.Context(), "b1")
					require.NoError(t, err)
					require.Equal(t, Progress{Revision: 1, Total: crowdSize, Posted: crowdSize, Sent: 135, Failed: 15, Done: true}, p)
					nothingWaits(t, w)
				})
			})
		}
	}
}

// TestBroadcastWhileTheProgramStops stops it while letters are with a network: what one has taken is not sent again.
func TestBroadcastWhileTheProgramStops(t *testing.T) {
	inCityOnFiles(t, func(t *testing.T, w *world) {
		c := w.city
		for i := range chunkSize {
			c.talked(person(i), "zalo", time.Now())
			w.want(guest(person(i)), Patch{Areas: &[]string{"1"}})
		}
		ctx, stop := context.WithCancel(t.Context())
		c.answers(func(Way, Letter) Fate {
			stop()
			return Fate{State: Pending, Taken: true}
		})
		c.fate = arrived
		require.NoError(t, w.Announce(t.Context(), storm(1)))
		require.ErrorIs(t, w.try(ctx), context.Canceled)
		w.pass(3*time.Minute, time.Second)
		requireOnce(t, c, chunkSize, 0)
	})
}

func TestBroadcastOfTwoReplicas(t *testing.T) {
	inCityOnFiles(t, func(t *testing.T, w *world) {
		c := crowdedCity()
		c.latency = 30 * time.Millisecond
		one, two := replica(t, w.engine, c, w.texts, Config{}), replica(t, w.engine, c, w.texts, Config{})
		one.settleCrowd()
		require.NoError(t, one.Announce(t.Context(), storm(1)))
		for range 20 {
			carryAll(t, one, two)
			time.Sleep(time.Second)
		}
		requireOnce(t, c, 135, 0)
		nothingWaits(t, one)
		require.LessOrEqual(t, c.peak, 4*2*chunkSize)
	})
}

// TestBroadcastThatIsOver: what has not left by the time that it holds until never does.
func TestBroadcastThatIsOver(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := crowdedCity()
		w = replica(t, w.engine, c, w.texts, Config{})
		w.settleCrowd()
		c.answers(func(Way, Letter) Fate { return Fate{State: Pending, Retry: 10 * time.Second} })
		b := storm(1)
		b.Until = time.Now().Add(time.Minute)
		require.NoError(t, w.Announce(t.Context(), b))
		w.pass(59*time.Second, time.Second)
		p, err := w.Progress(t.Context(), "b1")
		require.NoError(t, err)
		require.False(t, p.Done)
		c.answers(nil)
		time.Sleep(time.Second)
		w.pass(10*time.Minute, 10*time.Second)
		require.Empty(t, c.took())
		p, err = w.Progress(t.Context(), "b1")
		require.NoError(t, err)
		require.Zero(t, p.Sent)
		require.True(t, p.Done)
		nothingWaits(t, w)
	})
}

// TestBroadcastToWhoLeft: whoever follows nothing any more when the letters leave is no recipient, and no failure.
func TestBroadcastToWhoLeft(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		for _, who := range []string{"a", "b"} {
			w.city.push[who] = []string{"fcm:" + who}
			w.want(guest(who), Patch{Areas: &[]string{"1"}})
		}
		require.NoError(t, w.Announce(t.Context(), storm(1)))
		require.NoError(t, w.Sources()[relayName(announceLane)].Carry(t.Context(), "b1"))
		require.NoError(t, w.inbox.wishes.Delete(t.Context(), "a"))
		w.sweep()
		require.Equal(t, []string{"fcm Bão 1"}, w.city.took())
		p, err := w.Progress(t.Context(), "b1")
		require.NoError(t, err)
		require.Equal(t, Progress{Revision: 1, Total: 1, Posted: 1, Sent: 1, Done: true}, p)
	})
}

// TestAnnouncedAgain is the same revision once more: nothing of the bulletin changes. It stays for as long as it holds.
func TestAnnouncedAgain(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		b := storm(1)
		b.Until = time.Now().Add(3 * 365 * day)
		require.NoError(t, w.Announce(t.Context(), b))
		w.sweep()
		first, err := w.inbox.bulletins.Get(t.Context(), "b1")
		require.NoError(t, err)
		require.Equal(t, *instant(b.Until), first.ExpiresAt)
		time.Sleep(time.Hour)
		require.NoError(t, w.Announce(t.Context(), b))
		w.sweep()
		again, err := w.inbox.bulletins.Get(t.Context(), "b1")
		require.NoError(t, err)
		require.Equal(t, first, again)
	})
}

// TestBroadcastByNight waits for the morning, unless it is urgent; who has other hours is served by them.
func TestBroadcastByNight(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := crowdedCity()
		w = replica(t, w.engine, c, w.texts, Config{})
		w.settleCrowd()
		w.want(guest(person(1)), Patch{Quiet: &QuietHours{Quiet: Quiet{"06:00", "09:00"}}})
		at(23, 0)
		b := storm(1)
		b.Urgency = miniapps.Normal
		require.NoError(t, w.Announce(t.Context(), b))
		w.pass(7*time.Hour+29*time.Minute, 20*time.Minute)
		require.Empty(t, c.sent)
		w.pass(time.Hour, 5*time.Minute)
		require.Len(t, c.sent, 134)
		w.pass(2*time.Hour, 5*time.Minute)
		requireOnce(t, c, 135, 0)
		p, err := w.Progress(t.Context(), "b1")
		require.NoError(t, err)
		require.Equal(t, []any{135, 15, true}, []any{p.Sent, p.Failed, p.Done})
	})
}

// TestBroadcastThroughAnOutage waits for the network a while in batches, then letter by letter.
func TestBroadcastThroughAnOutage(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := crowdedCity()
		c.phone[person(1)] = true
		c.fate = arrived
		w = replica(t, w.engine, c, w.texts, Config{})
		w.settleCrowd()
		back := time.Now().Add(10 * time.Minute)
		c.answers(func(w Way, _ Letter) Fate {
			if w.Channel == "fcm" && time.Now().Before(back) {
				return Fate{State: Pending}
			}
			return Fate{State: Sent}
		})
		require.NoError(t, w.Announce(t.Context(), storm(1)))
		w.pass(9*time.Minute, 10*time.Second)
		require.Equal(t, []string{"zns Bão 1"}, c.took(), "who has another way is told at once")
		require.Less(t, len(c.tries["fcm"]), 120)
		w.pass(20*time.Minute, 30*time.Second)
		requireOnce(t, c, 135, 0)
		p, err := w.Progress(t.Context(), "b1")
		require.NoError(t, err)
		require.Equal(t, []any{135, 15, true}, []any{p.Sent, p.Failed, p.Done})
		nothingWaits(t, w)
	})
}

// TestBulletinInTheInbox joins bulletins with notices, in one order over pages.
func TestBulletinInTheInbox(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		areas := []string{}
		for i := range MaxAreas {
			areas = append(areas, fmt.Sprint("w", i))
		}
		v := viewer("en", "s1")
		w.want(v, Patch{Areas: &areas})
		var want []string
		for i := range 30 {
			title := fmt.Sprint("Storm ", i)
			b := Broadcast{ID: fmt.Sprint("b", i), Revision: 1, App: "feedback", Notice: "storm", Params: map[string]any{"n": i}, Urgency: miniapps.Urgent}
			switch i % 5 {
			case 0:
				w.post(fmt.Sprint(i), "s1", "moved")
				title = fmt.Sprint("Matter ", i)
			case 1:
				b.Areas = []string{"elsewhere"}
				title = ""
			case 2:
				b.Areas = areas[i%MaxAreas:]
			case 3:
				b.Areas = []string{areas[0], areas[MaxAreas-1]}
			}
			if i%5 != 0 {
				require.NoError(t, w.Announce(t.Context(), b))
			}
			if title != "" {
				want = append([]string{title}, want...)
			}
			time.Sleep(time.Second)
		}
		for _, size := range []int{1, 3, 7, 100} {
			var got []string
			var after store.Cursor
			for {
				page, err := w.inbox.List(t.Context(), v, size, after)
				require.NoError(t, err)
				for _, item := range page.Items {
					got = append(got, item.Title)
				}
				if !page.HasNext {
					break
				}
				after = page.Cursors[len(page.Cursors)-1]
			}
			require.Equal(t, want, got, "in pages of %d", size)
		}
		item, err := w.inbox.MarkRead(t.Context(), v, "*/b4")
		require.NoError(t, err)
		require.True(t, item.Read)
		many, err := w.inbox.GetMany(t.Context(), v, []string{"*/b4", "*/b2", "*/none", "s1/none"})
		require.NoError(t, err)
		require.Len(t, many, 2)
		require.True(t, many["*/b4"].Read)
		require.False(t, many["*/b2"].Read)
		_, err = w.inbox.Get(t.Context(), account.Viewer{}, "*/b4")
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		other, err := w.inbox.List(t.Context(), account.Viewer{Account: "other", Subject: "s2", Subjects: []string{"s2"}, Lang: "en"}, 100, "")
		require.NoError(t, err)
		require.Len(t, other.Items, 6, "who follows nothing sees what is for the whole city")
	})
}

// TestLooksAreBounded forgets the oldest of many bulletins that were read, not the newest.
func TestLooksAreBounded(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		v := viewer("vi", "s1")
		require.NoError(t, w.Announce(t.Context(), storm(1)))
		full := looks{ID: ownerOf(v), ExpiresAt: time.Now().Add(day)}
		for i := range maxLooks {
			full.Read = append(full.Read, fmt.Sprint("old", i, "/1"))
		}
		require.NoError(t, w.inbox.looks.Insert(t.Context(), full))
		_, err := w.inbox.MarkRead(t.Context(), v, "*/b1")
		require.NoError(t, err)
		item, err := w.inbox.Get(t.Context(), v, "*/b1")
		require.NoError(t, err)
		require.True(t, item.Read)
		read, err := w.inbox.looksOf(t.Context(), v)
		require.NoError(t, err)
		require.Equal(t, append(full.Read[1:], "b1/1"), read)
	})
}

func TestFollowYieldsBulletins(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		areas := []string{"1"}
		w.want(viewer("vi", "s1"), Patch{Areas: &areas})
		ctx, cancel := context.WithCancel(t.Context())
		var got []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			for item, err := range w.inbox.Follow(ctx, viewer("vi", "s1")) {
				require.NoError(t, err)
				got = append(got, item.Title)
			}
		}()
		time.Sleep(time.Second)
		for i := range 3 {
			require.NoError(t, w.Announce(ctx, storm(i+1)))
			time.Sleep(time.Second)
		}
		cancel()
		<-done
		require.Equal(t, []string{"Bão 1", "Bão 2", "Bão 3"}, got)
	})
}

func TestFollowers(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.settleCrowd()
		n := w.inbox
		for name, tt := range map[string]struct {
			areas []string
			want  int
		}{
			"one ward": {[]string{"1"}, 150}, "the other": {[]string{"2"}, 50}, "both": {[]string{"1", "2"}, 150}, "any": {nil, 150}, "none": {[]string{"3"}, 0},
		} {
			var all []string
			after := ""
			for {
				some, next, err := n.Followers(t.Context(), tt.areas, after, 7)
				require.NoError(t, err)
				require.LessOrEqual(t, len(some), 7)
				all = append(all, some...)
				if after = next; after == "" {
					break
				}
			}
			require.Len(t, slices.Compact(slices.Sorted(slices.Values(all))), tt.want, name)
			require.Len(t, all, tt.want, name)
			count, err := n.CountFollowers(t.Context(), tt.areas, 1000)
			require.NoError(t, err)
			require.Equal(t, tt.want, count, name)
			count, err = n.CountFollowers(t.Context(), tt.areas, 20)
			require.NoError(t, err)
			require.Equal(t, min(20, tt.want), count, name)
		}
		_, _, err := n.Followers(t.Context(), nil, "rubbish", 7)
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
	})
}
