package grant

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/logtest"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const name = "zalo/2000000000000000002"

// network takes each refresh token once.
type network struct {
	mu    sync.Mutex
	n     int
	good  string        // the refresh token that works
	calls int           // exchanges that were asked for
	slow  time.Duration // of an exchange
	down  error         // instead of an answer
	lost  bool          // the token is spent, and the answer does not come
	life  time.Duration
}

func (n *network) exchange(ctx context.Context, refresh string) (Pair, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls++
	if n.slow > 0 {
		n.mu.Unlock()
		time.Sleep(n.slow)
		n.mu.Lock()
	}
	if n.down != nil {
		return Pair{}, n.down
	}
	if refresh != n.good {
		return Pair{}, fault.Wrap(fault.Unauthorized, errors.New("spent"))
	}
	p := n.next()
	if n.lost {
		n.lost = false
		return Pair{}, fault.Wrap(fault.Unavailable, errors.New("no answer"))
	}
	return p, ctx.Err()
}

func (n *network) next() Pair {
	n.n++
	n.good = fmt.Sprintf("refresh-%d", n.n)
	return Pair{Access: fmt.Sprintf("access-%d", n.n), Refresh: n.good, ExpiresAt: time.Now().Add(n.life)}
}

// world is a network, an engine and what was logged.
type world struct {
	*network
	engine  store.Engine
	failing atomic.Int64 // replaces that fail before they are done
	losing  atomic.Int64 // replaces that are done and whose answer is lost
	box     *secret.Box
	log     logtest.Buffer
}

// replica is a process of the city.
func (w *world) replica(t *testing.T) (*Keeper, *Source, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	k, err := New(t.Context(), w.engine, w.box, time.Now, slog.New(slog.NewTextHandler(&w.log, nil)), reg)
	require.NoError(t, err)
	return k, k.Source(name, w.exchange), reg
}

func inBubble(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storetest.BubbleOnFiles(t, func(t *testing.T, engine store.Engine) {
		w := &world{network: &network{life: 25 * time.Hour}, box: secrettest.NewBox(t)}
		away := fault.Wrap(fault.Unavailable, errors.New("away"))
		w.engine = &storetest.Watched{
			Engine: engine, Before: storetest.FailNext(storetest.Replace, &w.failing, away), After: storetest.FailNext(storetest.Replace, &w.losing, away),
		}
		f(t, w)
		for _, secret := range []string{"access-", "refresh-"} {
			require.NotContains(t, w.log.String(), secret, "the log tells a token")
		}
	})
}

func TestNoConsentYet(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, s, _ := w.replica(t)
		_, err := s.Token(t.Context())
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		require.ErrorContains(t, err, "motcua channels setup zalo")
		_, err = s.Renew(t.Context(), "access-0")
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		_, err = k.Status(t.Context(), name)
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		require.NoError(t, k.Check(t.Context()), "a city without an account is in order")
		require.Zero(t, w.calls)
	})
}

func TestPutIsUsedAndSealed(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, s, _ := w.replica(t)
		require.Error(t, k.Put(t.Context(), name, Pair{Access: "a"}))
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		got, err := s.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "access-1", got)
		rows, err := w.engine.Get(t.Context(), "grants", name)
		require.NoError(t, err)
		require.NotContains(t, string(rows[0].Doc), "access-1")
		require.NotContains(t, string(rows[0].Doc), "refresh-1")

		require.NoError(t, k.Put(t.Context(), name, w.next()), "a second consent replaces the first")
		got, err = s.Renew(t.Context(), "access-1")
		require.NoError(t, err)
		require.Equal(t, "access-2", got)
		require.Zero(t, w.calls)
	})
}

func TestManyRenewalsAreOneExchange(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, a, _ := w.replica(t)
		_, b, _ := w.replica(t)
		w.slow = 2 * time.Second
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		for _, s := range []*Source{a, b} {
			got, err := s.Token(t.Context())
			require.NoError(t, err)
			require.Equal(t, "access-1", got)
		}
		var wg sync.WaitGroup
		for i := range 20 {
			s := []*Source{a, b}[i%2]
			wg.Go(func() {
				got, err := s.Renew(t.Context(), "access-1")
				if err != nil || got != "access-2" {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, w.calls)
	})
}

func TestRenewsAheadWhileOthersUseTheOldOne(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, a, reg := w.replica(t)
		_, b, _ := w.replica(t)
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		for _, s := range []*Source{a, b} {
			_, err := s.Token(t.Context())
			require.NoError(t, err)
		}
		time.Sleep(18 * time.Hour) // before three quarters of 25 hours
		_, err := a.Token(t.Context())
		require.NoError(t, err)
		require.Zero(t, w.calls)

		time.Sleep(2*time.Hour + time.Minute)
		w.slow = 5 * time.Second
		var wg sync.WaitGroup
		wg.Go(func() {
			got, err := a.Token(t.Context())
			if err != nil || got != "access-2" {
				t.Errorf("got %q, %v", got, err)
			}
		})
		synctest.Wait()
		began := time.Now()
		for _, s := range []*Source{a, b} {
			got, err := s.Token(t.Context())
			require.NoError(t, err)
			require.Equal(t, "access-1", got, "still valid, so nobody waits")
		}
		require.Less(t, time.Since(began), time.Second)
		wg.Wait()
		got, err := b.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "access-2", got)
		require.Equal(t, 1, w.calls)
		require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
			# HELP motcua_grant_renewals_total Renewals by what became of them: done, failed, refused, unsaved, doubt.
			# TYPE motcua_grant_renewals_total counter
			motcua_grant_renewals_total{grant="`+name+`",outcome="done"} 1
		`), "motcua_grant_renewals_total"))
	})
}

func TestNetworkDown(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, s, _ := w.replica(t)
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		w.down = fault.Wrap(fault.Unavailable, errors.New("connection refused"))
		time.Sleep(21 * time.Hour)
		for range 50 {
			got, err := s.Token(t.Context())
			require.NoError(t, err)
			require.Equal(t, "access-1", got, "the old one is still valid")
		}
		require.Equal(t, 1, w.calls, "the network is left in peace for a while")

		time.Sleep(5 * time.Hour)
		_, err := s.Token(t.Context())
		require.Equal(t, fault.Unavailable, fault.CodeOf(err))
		require.Equal(t, 2, w.calls)
		_, err = s.Token(t.Context())
		require.Equal(t, 30*time.Second, fault.Of(err).RetryAfter)
		require.Equal(t, 2, w.calls)

		w.down = nil
		time.Sleep(time.Minute)
		got, err := s.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "access-2", got)
	})
}

// TestNewPairIsSavedBeforeItIsUsed lets the store fail between the exchange and the answer.
func TestNewPairIsSavedBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, a, _ := w.replica(t)
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		_, err := a.Token(t.Context())
		require.NoError(t, err)

		ex := a.exchange
		a.exchange = func(ctx context.Context, refresh string) (Pair, error) {
			w.failing.Store(1000) // from here on
			return ex(ctx, refresh)
		}
		_, err = a.Renew(t.Context(), "access-1")
		require.Equal(t, fault.Unavailable, fault.CodeOf(err), "nobody gets what is not saved")
		require.Contains(t, w.log.String(), "could not be stored")
		got, err := a.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "access-1", got, "the old one, as long as its life")

		w.failing.Store(2)
		got, err = a.Renew(t.Context(), "access-1")
		require.NoError(t, err)
		require.Equal(t, "access-2", got)
		require.Equal(t, 1, w.calls, "the refresh token was spent once")

		_, b, _ := w.replica(t)
		got, err = b.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "access-2", got)
	})
}

// TestConsentDuringRenewal: what an administrator has just given holds, whatever the renewal brings.
func TestConsentDuringRenewal(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		inBubble(t, func(t *testing.T, w *world) {
			k, s, _ := w.replica(t)
			require.NoError(t, k.Put(t.Context(), name, w.next()))
			s.exchange = func(ctx context.Context, refresh string) (Pair, error) {
				consent := Pair{Access: "access-c", Refresh: "refresh-c", ExpiresAt: time.Now().Add(w.life)}
				if err := k.Put(ctx, name, consent); err != nil || fails {
					return Pair{}, fault.Wrap(fault.Unauthorized, errors.New("a consent makes earlier grants invalid"))
				}
				return w.network.exchange(ctx, refresh)
			}
			got, err := s.Renew(t.Context(), "access-1")
			require.NoError(t, err)
			require.Equal(t, "access-c", got)
			st, err := k.Status(t.Context(), name)
			require.NoError(t, err)
			require.True(t, st.Refused.IsZero())
			got, err = s.Token(t.Context())
			require.NoError(t, err)
			require.Equal(t, "access-c", got)
		})
	}
}

func TestSavedWithoutAnswer(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, a, _ := w.replica(t)
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		ex := a.exchange
		a.exchange = func(ctx context.Context, refresh string) (Pair, error) {
			w.losing.Store(1)
			return ex(ctx, refresh)
		}
		got, err := a.Renew(t.Context(), "access-1")
		require.NoError(t, err)
		require.Equal(t, "access-2", got)
		st, err := k.Status(t.Context(), name)
		require.NoError(t, err)
		require.True(t, st.Refused.IsZero())
	})
}

// TestProcessThatDiedHalfWay kills a replica between the exchange and saving: the other tells an operator and tries what is stored, once.
func TestProcessThatDiedHalfWay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spent bool // before it died
	}{{"before the exchange reached the network", false}, {"after it", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w *world) {
				k, a, _ := w.replica(t)
				_, b, reg := w.replica(t)
				require.NoError(t, k.Put(t.Context(), name, w.next()))
				r, err := k.grants.Get(t.Context(), name)
				require.NoError(t, err)
				_, mine, err := a.lease(t.Context(), r.Serial) // and no more of a
				require.NoError(t, err)
				require.True(t, mine)
				if tt.spent {
					w.next()
				}

				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				_, err = b.Renew(ctx, "access-1")
				require.Equal(t, fault.Unavailable, fault.CodeOf(err), "a may still live")
				require.Zero(t, w.calls)

				got, err := b.Renew(t.Context(), "access-1") // waits for the end of the lease
				require.Contains(t, w.log.String(), "may be lost")
				require.Equal(t, 1, w.calls)
				require.InDelta(t, 1, testutil.ToFloat64(b.keeper.meters.ends.WithLabelValues(name, endDoubt)), 0)
				require.NotNil(t, reg)
				if !tt.spent {
					require.NoError(t, err)
					require.Equal(t, "access-2", got)
					return
				}
				require.Equal(t, fault.Forbidden, fault.CodeOf(err))
				require.Contains(t, w.log.String(), "refuses the refresh token")
				_, err = b.Renew(t.Context(), "access-1")
				require.Error(t, err)
				require.Equal(t, 1, w.calls, "a spent token is not shown again and again")
				st, err := k.Status(t.Context(), name)
				require.NoError(t, err)
				require.False(t, st.Refused.IsZero())

				require.NoError(t, k.Put(t.Context(), name, w.next()))
				got, err = b.Renew(t.Context(), "access-1")
				require.NoError(t, err, "a new consent mends it at once")
				require.Equal(t, "access-3", got)
			})
		})
	}
}

func TestAnswerLost(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, s, _ := w.replica(t)
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		w.lost = true
		_, err := s.Renew(t.Context(), "access-1")
		require.Equal(t, fault.Unavailable, fault.CodeOf(err))
		time.Sleep(firstBackoff)
		_, err = s.Renew(t.Context(), "access-1")
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		require.Contains(t, w.log.String(), "refuses the refresh token")
		require.Contains(t, w.log.String(), "motcua channels setup zalo")
	})
}

// TestCallerThatLeaves does not stop a renewal: what is spent must be saved.
func TestCallerThatLeaves(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, s, _ := w.replica(t)
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		w.slow = 3 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got, err := s.Renew(ctx, "access-1")
		require.NoError(t, err)
		require.Equal(t, "access-2", got)
	})
}

func TestEverythingIsRefused(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, s, _ := w.replica(t)
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		token, err := s.Token(t.Context())
		require.NoError(t, err)
		for range 100 {
			next, err := s.Renew(t.Context(), token)
			if err != nil {
				require.Equal(t, fault.Unavailable, fault.CodeOf(err))
				break
			}
			token = next
		}
		require.Equal(t, maxForced, w.calls)
		time.Sleep(forcedTime)
		_, err = s.Renew(t.Context(), token)
		require.NoError(t, err)
	})
}

func TestCheckKeepsAnIdleGrantAlive(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, _, _ := w.replica(t)
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		for range 100 {
			time.Sleep(24 * time.Hour)
			require.NoError(t, k.Check(t.Context()))
		}
		require.Equal(t, 100, w.calls)
		require.NotContains(t, w.log.String(), "older than 60 days")
	})
}

func TestOldGrantIsTold(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		reg := prometheus.NewRegistry()
		k, err := New(t.Context(), w.engine, w.box, time.Now, slog.New(slog.NewTextHandler(&w.log, nil)), reg)
		require.NoError(t, err)
		require.NoError(t, k.Put(t.Context(), name, w.next())) // nothing uses it
		time.Sleep(oldAge)
		require.NoError(t, k.Check(t.Context()))
		require.NotContains(t, w.log.String(), "60 days")
		for range 6 {
			time.Sleep(20 * time.Minute)
			require.NoError(t, k.Check(t.Context()))
		}
		require.Equal(t, 2, strings.Count(w.log.String(), "older than 60 days"), "at most once an hour")
		require.InDelta(t, (oldAge + 2*time.Hour).Seconds(), testutil.ToFloat64(k.meters.age.WithLabelValues(name)), 1)
	})
}

func TestShortAndUnknownLives(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, s, _ := w.replica(t)
		w.life = 6 * time.Second
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		_, err := s.Token(t.Context())
		require.NoError(t, err)
		require.Zero(t, w.calls)
		time.Sleep(7 * time.Second)
		got, err := s.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "access-2", got)

		require.NoError(t, k.Put(t.Context(), name, Pair{Access: "access-x", Refresh: w.good}))
		got, err = s.Renew(t.Context(), "access-2")
		require.NoError(t, err)
		require.Equal(t, "access-x", got, "a network that does not say how long is believed for an hour")
	})
}

func TestOtherKeysetIsOurMistake(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		k, _, _ := w.replica(t)
		require.NoError(t, k.Put(t.Context(), name, w.next()))
		w.box = secrettest.NewBox(t)
		_, s, _ := w.replica(t)
		_, err := s.Token(t.Context())
		require.Equal(t, fault.Internal, fault.CodeOf(err))
	})
}
