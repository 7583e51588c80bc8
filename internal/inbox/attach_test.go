package inbox

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func photo(url string) channels.Attachment {
	return channels.Attachment{Kind: channels.Photo, URL: url}
}

// shelf is a Fetcher that takes what it is asked for after a while, by address.
type shelf struct {
	mu    sync.Mutex
	takes map[string]time.Duration // address: how long it takes; below zero means that it hangs until its context ends
	fails map[string]error
	calls map[string]int
	now   int
	most  int // fetches at once
}

func (s *shelf) fetch(ctx context.Context, m Message, i int) (Fetched, error) {
	url := m.Event.Attachments[i].URL
	s.mu.Lock()
	if s.calls == nil {
		s.calls = map[string]int{}
	}
	s.calls[url]++
	s.now++
	s.most = max(s.most, s.now)
	wait, err := s.takes[url], s.fails[url]
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}()
	if wait < 0 {
		<-ctx.Done()
		return Fetched{}, ctx.Err()
	}
	if !retry.Sleep(ctx, wait) {
		return Fetched{}, ctx.Err()
	}
	return Fetched{Media: "media of " + url}, err
}

func (s *shelf) called(url string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[url]
}

func TestAttachmentsComeBeforeTheTurn(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		s := shelf{takes: map[string]time.Duration{"slow": 12 * time.Second, "hangs": -1}}
		w.fetch = s.fetch
		in := w.open(t, Config{}, nil)
		var seen witness
		defer start(t, in, seen.see)()
		take(t, in,
			said("lan", 1, photo("slow"), channels.Attachment{Kind: channels.Audio}, photo("quick"), channels.Attachment{Kind: channels.Video, URL: "film"}),
			said("lan", 2), said("minh", 1, photo("hangs"), photo("other")), said("hoa", 1, channels.Attachment{Kind: channels.Sticker}))
		time.Sleep(11 * time.Second)
		require.Equal(t, names("hoa", 1, 1), seen.of("hoa"))
		require.Empty(t, seen.of("lan"))
		time.Sleep(2 * time.Second)
		require.Equal(t, names("lan", 1, 2), seen.of("lan"))
		require.Equal(t, []Fetched{
			{Kind: channels.Photo, Media: "media of slow"}, {Kind: channels.Audio, Reason: NotTaken},
			{Kind: channels.Photo, Media: "media of quick"}, {Kind: channels.Video, Media: "media of film"},
		}, seen.mediaOf("lan-1"))
		require.Equal(t, []Fetched{{Kind: channels.Sticker, Reason: NotTaken}}, seen.mediaOf("hoa-1"))
		require.Empty(t, seen.of("minh"))
		time.Sleep(18 * time.Second)
		require.Equal(t, []Fetched{{Kind: channels.Photo, Reason: Unreachable}, {Kind: channels.Photo, Media: "media of other"}}, seen.mediaOf("minh-1"))
		require.Equal(t, 1, s.called("slow"))
	})
}

func TestFetchIsTriedAgain(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		var tries atomic.Int32
		w.fetch = func(_ context.Context, m Message, _ int) (Fetched, error) {
			if m.Event.ID == "bad-1" {
				panic("a picture that nobody can stand")
			}
			if m.Event.ID == "gone-1" {
				return Fetched{}, errors.New("no such thing")
			}
			if tries.Add(1) < 4 {
				return Fetched{}, fault.New(fault.Unavailable, "").After(2 * time.Second)
			}
			return Fetched{Media: "m"}, nil
		}
		in := w.open(t, Config{}, nil)
		var seen witness
		defer start(t, in, seen.see)()
		take(t, in, said("lan", 1, photo("x")), said("bad", 1, photo("x")), said("gone", 1, photo("x")))
		time.Sleep(time.Second)
		require.Equal(t, []Fetched{{Kind: channels.Photo, Reason: Unreachable}}, seen.mediaOf("bad-1"))
		require.Equal(t, []Fetched{{Kind: channels.Photo, Reason: Unreachable}}, seen.mediaOf("gone-1"))
		time.Sleep(10 * time.Second)
		require.Equal(t, []Fetched{{Kind: channels.Photo, Media: "m"}}, seen.mediaOf("lan-1"))
		require.EqualValues(t, 4, tries.Load())
	})
}

func TestSlowHostHoldsUpNobodyElse(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		s := shelf{takes: map[string]time.Duration{"hangs": -1}}
		w.fetch = s.fetch
		in := w.open(t, Config{Workers: 2, Fetchers: 3}, nil)
		var seen witness
		defer start(t, in, seen.see)()
		for n := range 40 {
			take(t, in, said(names("photo", n, n)[0], n, photo("hangs")))
		}
		synctest.Wait()
		take(t, in, said("lan", 1), said("lan", 2))
		synctest.Wait()
		require.Equal(t, names("lan", 1, 2), seen.of("lan"))
		s.mu.Lock()
		require.Equal(t, 3, s.most)
		s.mu.Unlock()
		time.Sleep(31 * time.Second)
		for n := range 40 {
			require.Len(t, seen.of(names("photo", n, n)[0]), 1)
		}
	})
}

func TestAlbumIsFetchedSideBySide(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		s := shelf{takes: map[string]time.Duration{"x": 5 * time.Second}}
		w.fetch = s.fetch
		in := w.open(t, Config{Settle: settle}, nil)
		var seen witness
		defer start(t, in, seen.see)()
		for n := range 8 {
			take(t, in, said("lan", n, photo("x")))
		}
		time.Sleep(6 * time.Second)
		require.Equal(t, names("lan", 0, 7), seen.of("lan"))
	})
}

func TestFetchGoesOnAfterAKill(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{}}
		s := shelf{takes: map[string]time.Duration{"x": -1}}
		w.engine, w.fetch = grave, s.fetch
		first := w.open(t, Config{}, nil)
		var seen witness
		ctx, die := context.WithCancel(t.Context())
		dead := make(chan error, 1)
		go func() { dead <- first.Run(ctx, seen.see) }()
		take(t, first, said("lan", 1, photo("x")), said("lan", 2))
		synctest.Wait()
		grave.Kill()
		die()
		<-dead
		time.Sleep(time.Hour)
		s.mu.Lock()
		s.takes["x"] = time.Second
		s.mu.Unlock()
		w.engine = engine
		second := w.open(t, Config{}, nil)
		defer start(t, second, seen.see)()
		time.Sleep(2 * time.Second)
		require.Equal(t, names("lan", 1, 2), seen.of("lan"))
		require.Equal(t, []Fetched{{Kind: channels.Photo, Media: "media of x"}}, seen.mediaOf("lan-1"), "it had its chance though the time was over")
	})
}

func TestStopDuringAFetch(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		s := shelf{takes: map[string]time.Duration{"x": 20 * time.Second}}
		w.fetch = s.fetch
		first := w.open(t, Config{}, nil)
		var seen witness
		stop := start(t, first, seen.see)
		take(t, first, said("lan", 1, photo("x")), said("lan", 2))
		time.Sleep(time.Second)
		began := time.Now()
		stop()
		require.Less(t, time.Since(began), time.Second, "a fetch is not waited for")
		require.Nil(t, stored(t, first, said("lan", 1)).Fetched)
		second := w.open(t, Config{}, nil)
		defer start(t, second, seen.see)()
		time.Sleep(21 * time.Second)
		require.Equal(t, names("lan", 1, 2), seen.of("lan"))
		require.Equal(t, []Fetched{{Kind: channels.Photo, Media: "media of x"}}, seen.mediaOf("lan-1"))
	})
}

func TestFetchedIsKeptForTheNextAttempt(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		var s shelf
		w.fetch = s.fetch
		in := w.open(t, Config{}, nil)
		var seen witness
		seen.answer = func(m Message) error {
			if m.Attempt < 3 {
				return errors.New("not yet")
			}
			return nil
		}
		defer start(t, in, seen.see)()
		take(t, in, said("lan", 1, photo("x")))
		time.Sleep(10 * time.Second)
		require.Equal(t, 3, seen.tried("lan-1"))
		require.Equal(t, 1, s.called("x"))
		require.Equal(t, "media of x", seen.mediaOf("lan-1")[0].Media)
	})
}

func TestWhatIsTakenAlreadyIsNotFetched(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		s := shelf{takes: map[string]time.Duration{"x": time.Second}}
		w.fetch = s.fetch
		in := w.open(t, Config{}, nil)
		var seen witness
		defer start(t, in, seen.see)()
		here := channels.Attachment{Kind: channels.Photo, Media: "m1"}
		film := channels.Attachment{Kind: channels.Video, Media: "m2", URL: "never called"}
		take(t, in, said("lan", 1, here, film), said("minh", 1, here, photo("x"), channels.Attachment{Kind: channels.Audio, Media: "m3"}))
		synctest.Wait()
		require.Equal(t, []Fetched{{Kind: channels.Photo, Media: "m1"}, {Kind: channels.Video, Media: "m2"}}, seen.mediaOf("lan-1"), "at once")
		require.Empty(t, seen.of("minh"))
		time.Sleep(2 * time.Second)
		require.Equal(t, []Fetched{
			{Kind: channels.Photo, Media: "m1"}, {Kind: channels.Photo, Media: "media of x"}, {Kind: channels.Audio, Reason: NotTaken},
		}, seen.mediaOf("minh-1"))
		require.Equal(t, 1, s.called("x"))
		require.Zero(t, s.called("never called"))
	})
}
