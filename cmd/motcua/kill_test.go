package main_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

const submit = `mutation($i: SubmitFeedbackInput!) { submitFeedback(input: $i) { feedback { id code } errors { code message path } } }`

// receipt is what a client was told about one report.
type receipt struct{ key, text, id, code string }

// hammer sends reports from several clients, each retried with its key until it is answered, and gives the receipts.
type hammer struct {
	clients, each int         // each is the least that a client sends
	enough        func() bool // clients go on until it says so; nil: at once
	url           func() string
	tokens        []string
	retries       atomic.Int64
}

func (h *hammer) run(ctx context.Context, t *testing.T) []receipt {
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		all []receipt
	)
	for c := range h.clients {
		wg.Go(func() {
			for i := 0; i < h.each || h.enough != nil && !h.enough(); i++ {
				r, err := h.one(ctx, c, i)
				if err != nil {
					t.Errorf("client %d, report %d: %v", c, i, err)
					return
				}
				mu.Lock()
				all = append(all, r)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return all
}

func (h *hammer) one(ctx context.Context, client, i int) (receipt, error) {
	r := receipt{key: fmt.Sprintf("key-%d-%d", client, i), text: fmt.Sprintf("Ổ gà to ngay giữa đường, phản ánh số %d-%d", client, i)}
	in := map[string]any{"description": r.text, "idempotencyKey": r.key, "place": map[string]any{"lat": 20.8578, "lon": 106.6810}}
	httpClient := &http.Client{Timeout: 10 * time.Second}
	for ctx.Err() == nil {
		var out struct {
			SubmitFeedback struct {
				Feedback *struct{ ID, Code string }
				Errors   []struct{ Code, Message string }
			}
		}
		err := citytest.Client{URL: h.url() + "/graphql", Token: h.tokens[client%len(h.tokens)], HTTP: httpClient}.Do(ctx, submit, map[string]any{"i": in}, &out)
		s := out.SubmitFeedback
		switch {
		case err == nil && s.Feedback != nil:
			r.id, r.code = s.Feedback.ID, s.Feedback.Code
			return r, nil
		case err == nil && s.Errors[0].Code != "UNAVAILABLE" && s.Errors[0].Code != "RATE_LIMITED":
			return r, fmt.Errorf("refused: %+v", s.Errors)
		}
		h.retries.Add(1)
		select {
		case <-time.After(time.Duration(5+rand.IntN(20)) * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return r, ctx.Err()
}

// verify checks that each receipt's report is there once, unchanged, with one notice.
func verify(ctx context.Context, t *testing.T, c citytest.Client, receipts []receipt) {
	t.Helper()
	reports, err := pages[struct{ ID, Code, Description string }](ctx, c, "myFeedback", "id code description")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, r := range reports {
		if other, twice := seen[r.Description]; twice {
			t.Errorf("one report is stored as %s and %s", other, r.ID)
		}
		seen[r.Description] = r.ID
	}
	codes := map[string]bool{}
	for _, r := range receipts {
		if seen[r.text] != r.id {
			t.Errorf("%s was acknowledged as %s and is stored as %q", r.key, r.id, seen[r.text])
		}
		if codes[r.code] {
			t.Errorf("code %s was given twice", r.code)
		}
		codes[r.code] = true
	}
	if len(seen) != len(receipts) {
		t.Errorf("%d reports are stored, %d were acknowledged", len(seen), len(receipts))
	}
	verifyNotices(ctx, t, c, receipts)
}

// verifyNotices waits until each report has exactly one notice of its receipt: the relay may still be at work after the last answer.
func verifyNotices(ctx context.Context, t *testing.T, c citytest.Client, receipts []receipt) {
	t.Helper()
	var got map[string]int
	err := citytest.Poll(ctx, func() (bool, error) {
		notices, err := pages[struct {
			ID       string
			Feedback *struct{ ID string }
		}](ctx, c, "notifications", "id feedback { id }")
		if err != nil {
			return false, err
		}
		got = map[string]int{}
		for _, n := range notices {
			if n.Feedback != nil {
				got[n.Feedback.ID]++
			}
		}
		return len(got) >= len(receipts), nil
	})
	if err != nil {
		t.Fatalf("%d of %d reports have a notice: %v", len(got), len(receipts), err)
	}
	for _, r := range receipts {
		if got[r.id] != 1 {
			t.Errorf("%s has %d notices, want 1", r.key, got[r.id])
		}
	}
}

// pages reads a whole connection; args are further arguments of the field.
func pages[T any](ctx context.Context, c citytest.Client, field, selection string, args ...string) ([]T, error) {
	var all []T
	var after any
	for {
		var out map[string]struct {
			Edges    []struct{ Node T }
			PageInfo struct {
				HasNextPage bool
				EndCursor   string
			}
		}
		err := c.Do(ctx, fmt.Sprintf(`query($after: String) { %s(%s) { edges { node { %s } } pageInfo { hasNextPage endCursor } } }`, field, strings.Join(append(args, "first: 100, after: $after"), ", "), selection),
			map[string]any{"after": after}, &out)
		if err != nil {
			return nil, err
		}
		for _, e := range out[field].Edges {
			all = append(all, e.Node)
		}
		if !out[field].PageInfo.HasNextPage {
			return all, nil
		}
		after = out[field].PageInfo.EndCursor
	}
}

// TestKilledProcessLosesNothing ends the process with SIGKILL again and again while clients send reports, and counts afterwards.
func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	const clients = 8
	each, least, most := soaking(25, 125), soaking(3, 10), soaking(6, 36) // reports of a client, kills
	ctx := within(t, time.Duration(soaking(5, 15))*time.Minute)
	p := newPlace(t)
	city := p.start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	// The address stays the same over the restarts.
	p.env = append(p.env, "MOTCUA_HTTP_ADDR="+strings.TrimPrefix(city.HTTP, "http://"))
	url := city.HTTP
	var killed atomic.Int64
	h := &hammer{
		clients: clients, each: each, enough: func() bool { return killed.Load() >= int64(least) },
		url: func() string { return url }, tokens: []string{citizen.Token},
	}

	receipts := make(chan []receipt, 1)
	go func() { receipts <- h.run(ctx, t) }()
	var got []receipt
	for got == nil {
		select {
		case got = <-receipts:
		case <-time.After(time.Duration(100+rand.IntN(400)) * time.Millisecond):
			if killed.Load() < int64(most) {
				city.Kill()
				city = p.start(t)
				killed.Add(1)
			}
		}
	}
	t.Logf("%d reports acknowledged over %d kills, %d tries repeated", len(got), killed.Load(), h.retries.Load())
	citizen.URL = city.HTTP + "/graphql"
	verify(ctx, t, citizen, got)
}
