package main_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// drip opens a connection and sends the head of a request a byte at a time without ever ending it. It returns when the server hangs up.
func drip(ctx context.Context, addr string) error {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, c) // ends with the connection
	}()
	head := "POST /graphql HTTP/1.1\r\nHost: motcua\r\nX-Slow: "
	if _, err := io.WriteString(c, head); err != nil {
		return nil
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-closed:
			return ctx.Err()
		case <-tick.C:
			_, _ = io.WriteString(c, "x") // the reader finds out when it is over
		}
	}
}

// TestSlowHeads has 300 connections drip their heads while citizens are served; all of them are hung up on.
func TestSlowHeads(t *testing.T) {
	t.Parallel()
	const slow = 300
	ctx := within(t, 3*time.Minute)
	city := newPlace(t, "MOTCUA_HTTP__HEADER_TIMEOUT=2s").start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	var (
		wg     sync.WaitGroup
		hungUp atomic.Int64
	)
	for range slow {
		wg.Go(func() {
			if err := drip(ctx, strings.TrimPrefix(city.HTTP, "http://")); err != nil {
				t.Errorf("a slow connection: %v", err)
				return
			}
			hungUp.Add(1)
		})
	}
	h := &hammer{clients: 4, each: 25, url: func() string { return city.HTTP }, tokens: []string{citizen.Token}}
	got := h.run(ctx, t)
	if n := h.retries.Load(); n != 0 || len(got) != 100 {
		t.Errorf("beside %d slow connections %d of 100 reports were taken and %d tries failed", slow, len(got), n)
	}
	wg.Wait()
	if hungUp.Load() != slow {
		t.Errorf("%d of %d slow connections were hung up on", hungUp.Load(), slow)
	}
	verify(ctx, t, citizen, got)
}

// crowd counts what many clients were answered.
type crowd struct{ served, shed, other, noHint atomic.Int64 }

// ask sends one operation and counts the answer.
func (c *crowd) ask(ctx context.Context, client *http.Client, url, token, body string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		c.other.Add(1)
		return
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := client.Do(req)
	if err != nil {
		if ctx.Err() == nil {
			c.other.Add(1)
		}
		return
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	switch {
	case err == nil && res.StatusCode == http.StatusOK && strings.HasPrefix(string(text), `{"data":{`) && !strings.Contains(string(text), `"code":"UNAVAILABLE"`):
		c.served.Add(1)
	case err == nil && res.StatusCode == http.StatusServiceUnavailable && strings.Contains(string(text), "UNAVAILABLE"):
		c.shed.Add(1)
		if res.Header.Get("Retry-After") == "" {
			c.noHint.Add(1)
		}
	default:
		c.other.Add(1)
	}
}

// TestOverload asks for far more than the city takes on at once: the rest is told to come again, health is answered all the time, and what was acknowledged is there.
func TestOverload(t *testing.T) {
	const clients = 120
	ctx := within(t, 5*time.Minute)
	city := newPlace(t, "MOTCUA_HTTP__MAX_IN_FLIGHT=8").start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	load, stop := context.WithTimeout(ctx, 4*time.Second)
	defer stop()
	var (
		wg       sync.WaitGroup
		all      crowd
		mu       sync.Mutex
		receipts []receipt
		client   = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}, Timeout: 20 * time.Second}
	)
	defer client.CloseIdleConnections()
	for n := range clients {
		wg.Go(func() {
			for i := 0; load.Err() == nil; i++ {
				if n%10 != 0 {
					all.ask(ctx, client, city.HTTP+"/graphql", citizen.Token, `{"query":"{ me { id displayName } myFeedback(first: 10) { edges { node { id code } } } }"}`)
					continue
				}
				r, refused, err := trySubmit(ctx, citizen, reportOf(fmt.Sprintf("over-%d-%d", n, i), fmt.Sprintf("Ngập sâu sau mưa, phản ánh số %d-%d", n, i)))
				if err == nil && refused == "" {
					mu.Lock()
					receipts = append(receipts, r)
					mu.Unlock()
				}
			}
		})
	}
	health := 0
	for load.Err() == nil {
		if !answersHealth(ctx, t, city) {
			break
		}
		health++
	}
	wg.Wait()
	t.Logf("%d served, %d told to come again, %d reports taken, health answered %d times, heap %.0f MB",
		all.served.Load(), all.shed.Load(), len(receipts), health, gauge(t, city, "go_memstats_heap_inuse_bytes")/1e6)
	if all.other.Load() != 0 || all.noHint.Load() != 0 || all.served.Load() == 0 || all.shed.Load() == 0 || len(receipts) == 0 {
		t.Errorf("%d answers were neither, %d refusals had no Retry-After", all.other.Load(), all.noHint.Load())
	}
	if heap := gauge(t, city, "go_memstats_heap_inuse_bytes"); heap > 256e6 {
		t.Errorf("the heap has %.0f MB", heap/1e6)
	}
	var after crowd
	for range 50 {
		after.ask(ctx, client, city.HTTP+"/graphql", citizen.Token, `{"query":"{ me { id } }"}`)
	}
	if after.served.Load() != 50 {
		t.Errorf("afterwards %d of 50 were served", after.served.Load())
	}
	verify(ctx, t, citizen, receipts)
}

// answersHealth asks both health checks once.
func answersHealth(ctx context.Context, t *testing.T, city *citytest.Process) bool {
	t.Helper()
	for _, path := range []string{"/healthz", "/readyz"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, city.HTTP+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("%s under load: %v", path, err)
			return false
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s under load: status %d", path, res.StatusCode)
			return false
		}
	}
	return true
}
