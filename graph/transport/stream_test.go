package transport_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	fastws "github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/graph/transport"
)

// wire is a client of the WebSocket.
type wire struct {
	t    *testing.T
	conn *fastws.Conn
}

func (r *rig) dial(protocol string) *wire {
	r.t.Helper()
	d := fastws.Dialer{Subprotocols: []string{protocol}, HandshakeTimeout: 5 * time.Second}
	conn, res, err := d.DialContext(r.t.Context(), "ws://"+r.host+"/graphql", nil)
	require.NoError(r.t, err)
	_ = res.Body.Close()
	r.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(r.t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	return &wire{r.t, conn}
}

// signedIn dials and is acknowledged.
func (r *rig) signedIn(token string) *wire {
	w := r.dial("graphql-transport-ws")
	w.send(`{"type":"connection_init","payload":{"authorization":"Bearer ` + token + `"}}`)
	require.Equal(r.t, "connection_ack", w.next().Type)
	return w
}

func (w *wire) send(s string) {
	w.t.Helper()
	require.NoError(w.t, w.conn.WriteMessage(fastws.TextMessage, []byte(s)))
}

type frame struct {
	ID, Type string
	Payload  json.RawMessage
}

func (w *wire) next() frame {
	w.t.Helper()
	_, data, err := w.conn.ReadMessage()
	require.NoError(w.t, err)
	var f frame
	require.NoError(w.t, json.Unmarshal(data, &f), string(data))
	return f
}

// closed gives the code with which the server closes.
func (w *wire) closed() int {
	w.t.Helper()
	for {
		_, _, err := w.conn.ReadMessage()
		if err == nil {
			continue
		}
		var c *fastws.CloseError
		require.ErrorAs(w.t, err, &c)
		return c.Code
	}
}

func TestSocketCloses(t *testing.T) {
	t.Parallel()
	const initGood = `{"type":"connection_init","payload":{"authorization":"Bearer good"}}`
	tests := []struct {
		name, protocol string
		send           []string
		code           int
	}{
		{name: "another subprotocol", protocol: "graphql-ws", code: 4406},
		{name: "no JSON", send: []string{"hello"}, code: 4400},
		{name: "a name twice", send: []string{`{"type":"ping","type":"pong"}`}, code: 4400},
		{name: "unknown type", send: []string{`{"type":"start"}`}, code: 4400},
		{name: "subscribe before the acknowledgement", send: []string{`{"id":"1","type":"subscribe","payload":{"query":"{ok}"}}`}, code: 4401},
		{name: "bad token", send: []string{`{"type":"connection_init","payload":{"authorization":"Bearer bad"}}`}, code: 4403},
		{name: "payload of another type", send: []string{`{"type":"connection_init","payload":7}`}, code: 4400},
		{name: "second init", send: []string{initGood, initGood}, code: 4429},
		{name: "init in time", send: nil, code: 4408},
		{name: "id taken", send: []string{initGood, `{"id":"1","type":"subscribe","payload":{"query":"subscription {x}"}}`, `{"id":"1","type":"subscribe","payload":{"query":"{ok}"}}`}, code: 4409},
		{name: "no id", send: []string{initGood, `{"type":"subscribe","payload":{"query":"{ok}"}}`}, code: 4400},
		{name: "no operation", send: []string{initGood, `{"id":"1","type":"subscribe","payload":[]}`}, code: 4400},
		{name: "message too long", send: []string{`{"type":"ping","payload":"` + strings.Repeat("x", 5000) + `"}`}, code: 1009},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(c *transport.Config) { c.InitTimeout = 300 * time.Millisecond })
			protocol := tt.protocol
			if protocol == "" {
				protocol = "graphql-transport-ws"
			}
			w := r.dial(protocol)
			for _, s := range tt.send {
				w.send(s)
			}
			require.Equal(t, tt.code, w.closed())
			require.Eventually(t, func() bool { return r.openStreams("socket") == 0 }, 5*time.Second, 5*time.Millisecond)
		})
	}
}

func TestSocketOperations(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.signedIn("good")
	w.send(`{"type":"ping","payload":{"n":1}}`)
	require.Equal(t, frame{Type: "pong", Payload: json.RawMessage(`{"n":1}`)}, w.next())

	w.send(`{"id":"q","type":"subscribe","payload":{"query":"{ok}"}}`)
	require.Equal(t, frame{ID: "q", Type: "next", Payload: json.RawMessage(`{"data":{"ok":"good"}}`)}, w.next())
	require.Equal(t, frame{ID: "q", Type: "complete"}, w.next())

	w.send(`{"id":"b","type":"subscribe","payload":{"query":"{bad}"}}`)
	require.Equal(t, frame{ID: "b", Type: "error", Payload: json.RawMessage(`[{"message":"no such field"}]`)}, w.next())

	w.send(`{"id":"s","type":"subscribe","payload":{"query":"subscription {x}"}}`)
	r.engine.emit <- `{"x":1}`
	require.Equal(t, frame{ID: "s", Type: "next", Payload: json.RawMessage(`{"data":{"x":1}}`)}, w.next())
	w.send(`{"id":"s","type":"complete"}`)
	w.send(`{"id":"s","type":"complete"}`) // crosses; must be ignored
	w.send(`{"id":"gone","type":"complete"}`)
	w.send(`{"type":"pong"}`)
	w.send(`{"id":"s","type":"subscribe","payload":{"query":"{ok}"}}`) // the id is free again
	require.Equal(t, "next", w.next().Type)
	require.Equal(t, "complete", w.next().Type)
}

func TestSocketEndsWithTheStream(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.signedIn("good")
	w.send(`{"id":"s","type":"subscribe","payload":{"query":"subscription {x}"}}`)
	r.engine.emit <- `{"x":1}`
	close(r.engine.emit)
	require.Equal(t, "next", w.next().Type)
	require.Equal(t, frame{ID: "s", Type: "complete"}, w.next())
}

func TestSocketLimitsOperations(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.signedIn("good")
	for _, id := range []string{"1", "2", "3"} {
		w.send(`{"id":"` + id + `","type":"subscribe","payload":{"query":"subscription {x}"}}`)
	}
	f := w.next()
	require.Equal(t, "3", f.ID)
	require.Equal(t, "error", f.Type)
	require.Contains(t, string(f.Payload), "RATE_LIMITED")
}

// Sockets together must not run more at once than the machine can do, whatever each of them may.
func TestSocketsShareTheirPlaces(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *transport.Config) { c.Operations, c.Timeout = 1, time.Hour })
	busy, other := r.signedIn("good"), r.signedIn("good")
	busy.send(`{"id":"1","type":"subscribe","payload":{"query":"{slow}"}}`)
	busy.send(`{"type":"ping"}`) // answered when the operation has begun
	require.Equal(t, "pong", busy.next().Type)
	other.send(`{"id":"2","type":"subscribe","payload":{"query":"{ok}"}}`)
	f := other.next()
	require.Equal(t, "error", f.Type)
	require.Contains(t, string(f.Payload), "UNAVAILABLE")
	other.send(`{"id":"3","type":"subscribe","payload":{"query":"subscription {x}"}}`)
	r.engine.emit <- `{"x":1}`
	require.Equal(t, "next", other.next().Type)
	busy.send(`{"id":"1","type":"complete"}`)
	require.Eventually(t, func() bool {
		other.send(`{"id":"4","type":"subscribe","payload":{"query":"{ok}"}}`)
		if other.next().Type == "error" {
			return false
		}
		return other.next().Type == "complete"
	}, 5*time.Second, time.Millisecond)
}

func TestSocketLooksAgain(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*rig){
		"session ended":  func(r *rig) { r.door.revoke("good") },
		"rights changed": func(r *rig) { r.door.change("more") },
		"token expired": func(r *rig) {
			r.door.mu.Lock()
			defer r.door.mu.Unlock()
			r.door.tokens["good"] = time.Now().Add(-time.Second)
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if name == "token expired" { // it is good for a moment first
				r.door.tokens["good"] = time.Now().Add(100 * time.Millisecond)
				change = func(*rig) {}
			}
			w := r.signedIn("good")
			w.send(`{"id":"s","type":"subscribe","payload":{"query":"subscription {x}"}}`)
			change(r)
			require.Equal(t, 4403, w.closed())
		})
	}
}

// Between two rounds of looking again, nothing begins and nothing is sent for a sign-in that has ended.
func TestNothingIsSentAfterTheSignInEnded(t *testing.T) {
	t.Parallel()
	seldom := func(c *transport.Config) { c.RecheckEvery = time.Hour }
	t.Run("new operation", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, seldom)
		w := r.signedIn("good")
		r.door.revoke("good")
		w.send(`{"id":"q","type":"subscribe","payload":{"query":"mutation {ok}"}}`)
		require.Equal(t, 4403, w.closed())
	})
	t.Run("event on a socket", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, seldom)
		w := r.signedIn("good")
		w.send(`{"id":"s","type":"subscribe","payload":{"query":"subscription {x}"}}`)
		r.engine.emit <- `{"x":1}`
		require.Equal(t, "next", w.next().Type)
		r.door.change("less")
		r.ahead.Store(int64(2 * time.Second))
		r.engine.emit <- `{"x":2}`
		_, _, err := w.conn.ReadMessage()
		var c *fastws.CloseError
		require.ErrorAs(t, err, &c)
		require.Equal(t, 4403, c.Code)
	})
	t.Run("server-sent event", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, seldom)
		lines, _ := r.follow(t.Context(), "good")
		require.Equal(t, ":", <-lines)
		r.door.revoke("good")
		r.ahead.Store(int64(2 * time.Second))
		r.engine.emit <- `{"x":1}`
		for l := range lines {
			require.NotContains(t, l, "event:")
		}
	})
}

// deaf is a connection whose client asked for a socket and was gone before the answer.
type deaf struct {
	net.Conn
	request *strings.Reader
}

func (d deaf) Read(p []byte) (int, error)         { return d.request.Read(p) }
func (d deaf) Write([]byte) (int, error)          { return 0, net.ErrClosed }
func (d deaf) Close() error                       { return nil }
func (d deaf) RemoteAddr() net.Addr               { return &net.TCPAddr{} }
func (d deaf) LocalAddr() net.Addr                { return &net.TCPAddr{} }
func (d deaf) SetDeadline(time.Time) error        { return nil }
func (d deaf) SetReadDeadline(time.Time) error    { return nil }
func (d deaf) SetWriteDeadline(t time.Time) error { return nil }

func TestVanishedClientKeepsNoPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	app := fiber.New()
	r.server.Mount(app)
	app.Handler()
	for range 3 {
		request := "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
		require.Error(t, app.Server().ServeConn(deaf{request: strings.NewReader(request)}))
	}
	require.Zero(t, r.openStreams("socket"))
}

func TestSocketSurvivesASignInOutage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.signedIn("good")
	w.send(`{"id":"s","type":"subscribe","payload":{"query":"subscription {x}"}}`)
	r.door.outages.Store(true)
	asked := r.door.asked.Load()
	require.Eventually(t, func() bool { return r.door.asked.Load() > asked+1 }, 5*time.Second, time.Millisecond)
	r.engine.emit <- `{"x":1}`
	require.Equal(t, "next", w.next().Type)
}

func TestSocketTriesLaterWhileSignInIsAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.door.outages.Store(true)
	w := r.dial("graphql-transport-ws")
	w.send(`{"type":"connection_init"}`)
	require.Equal(t, 1013, w.closed())
}

func TestStreamsAreLimited(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *transport.Config) { c.Streams = 1 })
	r.signedIn("good")
	_, res, err := (&fastws.Dialer{Subprotocols: []string{"graphql-transport-ws"}}).DialContext(t.Context(), "ws://"+r.host+"/graphql", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	_ = res.Body.Close()
}

func TestBadHandshakeLeavesNoStream(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	res, _ := r.do(http.MethodGet, "", "", map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "7"})
	require.GreaterOrEqual(t, res.StatusCode, 400)
	require.Zero(t, r.openStreams("socket"))
}

func TestDrain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.signedIn("good")
	w.send(`{"id":"s","type":"subscribe","payload":{"query":"subscription {x}"}}`)
	events, res := r.follow(t.Context(), "")
	require.Equal(t, 200, res.StatusCode)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		r.server.Drain(ctx)
	}()
	require.Equal(t, 1001, w.closed())
	for range events { // ends without "complete", so that the client connects again
	}
	<-drained
	require.Zero(t, r.openStreams("socket"))
	require.Zero(t, r.openStreams("events"))
	refused, _ := r.do(http.MethodPost, "", `{"query":"subscription {x}"}`, map[string]string{"Content-Type": "application/json", "Accept": "text/event-stream"})
	require.Equal(t, http.StatusServiceUnavailable, refused.StatusCode)
}

// follow opens a stream of server-sent events and gives its lines that are not empty.
func (r *rig) follow(ctx context.Context, token string) (<-chan string, *http.Response) {
	return r.events(ctx, `{"query":"subscription {x}"}`, token)
}

func (r *rig) events(ctx context.Context, body, token string) (<-chan string, *http.Response) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.host+"/graphql", strings.NewReader(body))
	require.NoError(r.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	out := make(chan string, 100)
	go func() {
		defer close(out)
		defer res.Body.Close()
		s := bufio.NewScanner(res.Body)
		for s.Scan() {
			if s.Text() != "" {
				out <- s.Text()
			}
		}
	}()
	return out, res
}

func TestEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	lines, res := r.follow(t.Context(), "good")
	require.Equal(t, "text/event-stream; charset=utf-8", res.Header.Get("Content-Type"))
	r.engine.emit <- `{"x":1}`
	r.engine.emit <- "{\"x\":\n2}"
	close(r.engine.emit)
	var got []string
	for l := range lines {
		got = append(got, l)
	}
	require.Equal(t, []string{":", "event: next", `data: {"data":{"x":1}}`, "event: next", `data: {"data":{"x":2}}`, "event: complete", "data:"}, got)
}

func TestEventsCarryQueriesAndRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for body, want := range map[string]string{
		`{"query":"{ok}"}`:  `data: {"data":{"ok":""}}`,
		`{"query":"{bad}"}`: `data: {"errors":[{"message":"no such field"}]}`,
	} {
		lines, res := r.events(t.Context(), body, "")
		require.Equal(t, 200, res.StatusCode)
		var got []string
		for l := range lines {
			got = append(got, l)
		}
		require.Contains(t, got, want)
		require.Contains(t, got, "event: complete")
	}
	_, res := r.events(t.Context(), `{"query":"{ok}"}`, "bad")
	require.Equal(t, 401, res.StatusCode)
}

func TestEventsEndWithTheSignIn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	lines, _ := r.follow(t.Context(), "good")
	require.Equal(t, ":", <-lines)
	r.door.revoke("good")
	for l := range lines {
		require.NotEqual(t, "event: complete", l)
	}
}

func TestEventsEndWithTheClient(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *transport.Config) { c.PingEvery = 20 * time.Millisecond })
	ctx, cancel := context.WithCancel(t.Context())
	lines, _ := r.follow(ctx, "good")
	require.Equal(t, ":", <-lines)
	require.Equal(t, 1, r.openStreams("events"))
	cancel()
	require.Eventually(t, func() bool { return r.openStreams("events") == 0 }, 5*time.Second, 5*time.Millisecond)
}
