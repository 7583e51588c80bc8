package transport_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	fastws "github.com/fasthttp/websocket"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/graph/transport"
)

// One address, or one caller, must not keep all others out: of 1100 places its guests may hold 55, and a caller who is signed in 50.
func TestStreamsOfOneAreBounded(t *testing.T) {
	t.Parallel()
	const guests, calls = 55, 50
	r := newRig(t, func(c *transport.Config) { c.Streams, c.InitTimeout, c.PingEvery = 1100, time.Minute, time.Minute })
	open := func(want int) {
		t.Helper()
		require.Eventually(t, func() bool { return r.openStreams("socket") == want }, 5*time.Second, 5*time.Millisecond)
	}
	for range calls {
		r.signedIn("good")
	}
	open(calls)
	one := r.dial("graphql-transport-ws")
	one.send(`{"type":"connection_init","payload":{"authorization":"Bearer good"}}`)
	require.Equal(t, fastws.CloseTryAgainLater, one.closed(), "one more of the same caller")
	open(calls)

	var all []*wire
	for range guests {
		all = append(all, r.dial("graphql-transport-ws"))
	}
	all[0].send(`{"type":"connection_init"}`)
	require.Equal(t, "connection_ack", all[0].next().Type)
	open(calls + guests)
	d := fastws.Dialer{Subprotocols: []string{"graphql-transport-ws"}, HandshakeTimeout: 5 * time.Second}
	_, res, err := d.DialContext(t.Context(), "ws://"+r.host+"/graphql", nil)
	require.Error(t, err, "one more guest's socket")
	require.Equal(t, http.StatusTooManyRequests, res.StatusCode)
	require.Equal(t, "30", res.Header.Get("Retry-After"))
	_ = res.Body.Close()
	require.Equal(t, http.StatusTooManyRequests, r.eventsStatus(""), "one more guest's events")
	require.Equal(t, http.StatusTooManyRequests, r.eventsStatus("good"), "events of the same caller")
	require.True(t, r.wasRejected("streams"))

	r.door.mu.Lock()
	r.door.tokens["other"] = time.Now().Add(time.Hour)
	r.door.mu.Unlock()
	require.NoError(t, all[1].conn.Close())
	open(calls + guests - 1)
	r.signedIn("other") // the place of a guest is free again as soon as it is known who asks
	r.dial("graphql-transport-ws")
	open(calls + guests + 1)
}

// eventsStatus asks for an operation as a stream of events.
func (r *rig) eventsStatus(token string) int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, "http://"+r.host+"/graphql", strings.NewReader(`{"query":"{ok}"}`))
	require.NoError(r.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(r.t, err)
	return res.StatusCode
}
