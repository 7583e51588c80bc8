package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/motcua/motcua/internal/citytest"
)

// wire stands between the program and a server that it depends on. It can swallow what passes, as a network does that has lost its way, or be cut.
type wire struct {
	addr, server string
	swallows     atomic.Bool

	mu    sync.Mutex
	ln    net.Listener
	conns map[net.Conn]bool
	wg    sync.WaitGroup
}

// newWire gives a wire to the server at an address, until the test ends.
func newWire(t *testing.T, server string) *wire {
	t.Helper()
	w := &wire{addr: "127.0.0.1:0", server: server, conns: map[net.Conn]bool{}}
	w.mend(t)
	t.Cleanup(w.cut)
	return w
}

// mend takes connections, on the same address as before.
func (w *wire) mend(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ln, w.addr = ln, ln.Addr().String()
	w.wg.Go(func() { w.accept(ln) })
}

func (w *wire) accept(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		s, err := net.Dial("tcp", w.server)
		if err != nil {
			c.Close()
			continue
		}
		w.mu.Lock()
		w.conns[c], w.conns[s] = true, true
		w.mu.Unlock()
		w.wg.Go(func() { w.carry(c, s) })
		w.wg.Go(func() { w.carry(s, c) })
	}
}

func (w *wire) carry(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !w.swallows.Load() {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// hangUp ends the connections there are. New ones are taken.
func (w *wire) hangUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
		delete(w.conns, c)
	}
}

// cut ends all connections and takes no more.
func (w *wire) cut() {
	w.mu.Lock()
	w.ln.Close()
	w.mu.Unlock()
	w.hangUp()
	w.wg.Wait()
}

// at is the point that the reports of these tests are about.
func at() map[string]any { return map[string]any{"lat": 20.8578, "lon": 106.6810} }

// reportOf is the input of a report.
func reportOf(key, text string) map[string]any {
	return map[string]any{"description": text, "idempotencyKey": key, "place": at()}
}

// trySubmit sends a report once. refused is the code of the fault when it was not taken; err tells that there was no answer in the terms of GraphQL.
func trySubmit(ctx context.Context, c citytest.Client, in map[string]any) (r receipt, refused string, err error) {
	r = receipt{key: citytest.Text(in["idempotencyKey"]), text: citytest.Text(in["description"])}
	a, err := c.Ask(ctx, submit, map[string]any{"i": in})
	if err != nil {
		return r, "", err
	}
	if len(a.Errors) > 0 {
		return r, citytest.Text(a.Errors[0].Extensions["code"]), nil
	}
	var out struct {
		SubmitFeedback struct {
			Feedback *struct{ ID, Code string }
			Errors   []struct{ Code string }
		}
	}
	if err := json.Unmarshal(a.Data, &out); err != nil {
		return r, "", fmt.Errorf("status %d: %w", a.Status, err)
	}
	s := out.SubmitFeedback
	if s.Feedback == nil {
		return r, s.Errors[0].Code, nil
	}
	r.id, r.code = s.Feedback.ID, s.Feedback.Code
	return r, "", nil
}

// gauge reads one number of the operators' metrics: the sum over its labels.
func gauge(t *testing.T, city *citytest.Process, name string) float64 {
	t.Helper()
	sum, found := metric(t, city, name)
	if !found {
		t.Fatalf("there is no metric %s", name)
	}
	return sum
}

// counter reads one that appears only with its first event.
func counter(t *testing.T, city *citytest.Process, name string) float64 {
	t.Helper()
	sum, _ := metric(t, city, name)
	return sum
}

func metric(t *testing.T, city *citytest.Process, name string) (sum float64, found bool) {
	t.Helper()
	res, err := http.Get(city.Admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), name); ok && strings.ContainsAny(rest[:1], " {") {
			v, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
			if err != nil {
				t.Fatal(err)
			}
			sum, found = sum+v, true
		}
	}
	return sum, found
}
