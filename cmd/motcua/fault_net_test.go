package main_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
	"github.com/motcua/motcua/internal/store/mongo/mongotest"
)

// TestRedisBlackHole swallows every byte on the way to Redis: requests are answered all the same, sign-in included, each within its limit.
func TestRedisBlackHole(t *testing.T) {
	const clients, each, longest = 8, 15, 10 * time.Second
	ctx := within(t, 3*time.Minute)
	server := startRedis(ctx, t, "")
	way := newWire(t, server.addr)
	city := newPlace(t, "MOTCUA_REDIS__URI=redis://"+way.addr+"/0").start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	way.swallows.Store(true)
	h := &hammer{clients: clients, each: each, url: func() string { return city.HTTP }, tokens: []string{citizen.Token}}
	began := time.Now()
	got := h.run(ctx, t)
	t.Logf("%d reports in %v, %d tries repeated", len(got), time.Since(began), h.retries.Load())
	if len(got) != clients*each || h.retries.Load() != 0 {
		t.Errorf("%d of %d reports were taken, %d tries failed", len(got), clients*each, h.retries.Load())
	}
	began = time.Now()
	other, err := city.SignIn(ctx, "0987654321")
	if err != nil {
		t.Fatalf("signing in: %v", err)
	}
	if err := other.Do(ctx, "{ me { id } miniApps { appId } notifications(first: 5) { edges { node { id } } } }", nil, nil); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > longest {
		t.Errorf("signing in and reading took %v", took)
	}
	way.swallows.Store(false)
	way.hangUp()
	verify(ctx, t, citizen, got)
}

// TestStoreGoesAway cuts the way to MongoDB for a while: requests fail fast and clearly, and are served again soon after it is back.
func TestStoreGoesAway(t *testing.T) {
	t.Parallel()
	const failsWithin, backWithin = 5 * time.Second, 5 * time.Second
	ctx := within(t, 5*time.Minute)
	u, err := url.Parse(mongotest.Serve(t))
	if err != nil {
		t.Fatal(err)
	}
	way := newWire(t, u.Host)
	p := newPlace(t, "MOTCUA_MONGODB__URI=mongodb://"+way.addr+"/", "MOTCUA_MONGODB__MAX_POOL=1")
	city := p.start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	before := &hammer{clients: 2, each: 3, url: func() string { return city.HTTP }, tokens: []string{citizen.Token}}
	receipts := before.run(ctx, t)

	way.cut()
	var lost []map[string]any
	for i := range 2 {
		in := reportOf(fmt.Sprint("away-", i), fmt.Sprintf("Mất nước từ sáng, phản ánh số %d", i))
		lost = append(lost, in)
		began := time.Now()
		_, refused, err := trySubmit(ctx, citizen, in)
		if err != nil || refused != "UNAVAILABLE" {
			t.Errorf("a report without the store: %q %v", refused, err)
		}
		a, err := citizen.Ask(ctx, "{ me { id } }", nil)
		if err != nil || len(a.Errors) == 0 || a.Errors[0].Extensions["code"] != "UNAVAILABLE" {
			t.Errorf("reading without the store: %s %+v %v", a.Data, a.Errors, err)
		}
		if took := time.Since(began); took > failsWithin {
			t.Errorf("two refusals took %v", took)
		}
	}
	if status := readiness(ctx, t, city); status != http.StatusServiceUnavailable {
		t.Errorf("readiness without the store: %d", status)
	}

	way.mend(t)
	began := time.Now()
	soon, stop := context.WithTimeout(ctx, backWithin)
	defer stop()
	err = citytest.Poll(soon, func() (bool, error) {
		r, refused, err := trySubmit(ctx, citizen, lost[0])
		if err == nil && refused == "" {
			receipts = append(receipts, r)
		}
		return err == nil && refused == "", nil
	})
	if err != nil {
		t.Fatalf("still away after %v: %v", backWithin, err)
	}
	t.Logf("served again after %v", time.Since(began))
	for _, in := range lost[1:] {
		r, refused, err := trySubmit(ctx, citizen, in)
		if err != nil || refused != "" {
			t.Errorf("a report after the outage: %q %v", refused, err)
		}
		receipts = append(receipts, r)
	}
	verify(ctx, t, citizen, receipts)
	if status := readiness(ctx, t, city); status != http.StatusOK {
		t.Errorf("readiness after the outage: %d", status)
	}
}

func readiness(ctx context.Context, t *testing.T, city *citytest.Process) int {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, city.HTTP+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}
