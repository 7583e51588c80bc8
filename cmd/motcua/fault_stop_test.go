package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/motcua/motcua/internal/citytest"
)

// ending is how a stream ended.
type ending struct {
	told bool // to connect again: a close with 1001, or an event stream that breaks off without "complete"
	err  error
}

// openSocket subscribes over a WebSocket. It sends how that ends when it has received its first event.
func openSocket(ctx context.Context, city *citytest.Process, token, query string, ready func()) ending {
	d := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, HandshakeTimeout: 20 * time.Second}
	conn, res, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(city.HTTP, "http")+"/graphql", nil)
	if err != nil {
		return ending{err: err}
	}
	defer res.Body.Close()
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	frames := []any{
		map[string]any{"type": "connection_init", "payload": map[string]any{"authorization": "Bearer " + token}},
		map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{"query": query}},
	}
	if err := conn.WriteJSON(frames[0]); err != nil {
		return ending{err: err}
	}
	for {
		var m struct{ Type string }
		err := conn.ReadJSON(&m)
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return ending{told: closed.Code == websocket.CloseGoingAway, err: err}
		}
		if err != nil {
			return ending{err: err}
		}
		switch m.Type {
		case "connection_ack":
			if err := conn.WriteJSON(frames[1]); err != nil {
				return ending{err: err}
			}
		case "next":
			ready()
		case "error", "complete":
			return ending{err: errors.New("the operation ended: " + m.Type)}
		}
	}
}

// openEvents subscribes over server-sent events.
func openEvents(ctx context.Context, city *citytest.Process, token, query string, ready func()) ending {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return ending{err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, city.HTTP+"/graphql", bytes.NewReader(body))
	if err != nil {
		return ending{err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return ending{err: err}
	}
	defer res.Body.Close()
	var seen bytes.Buffer
	for first := true; ; {
		_, err := io.CopyN(&seen, res.Body, 1)
		if first && bytes.Contains(seen.Bytes(), []byte("event: next")) {
			first = false
			ready()
		}
		if err == nil {
			continue
		}
		// A chunked body that ends in order or is cut: either way the client sees the end.
		return ending{told: !first && !bytes.Contains(seen.Bytes(), []byte("event: complete")), err: err}
	}
}

// TestStoppingMovesStreams sends SIGTERM while sockets and event streams are open: each is told to connect again, and the program ends in time.
func TestStoppingMovesStreams(t *testing.T) {
	const each = 25
	ctx := within(t, 3*time.Minute)
	city := newPlace(t).start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	h := &hammer{clients: 1, each: 1, url: func() string { return city.HTTP }, tokens: []string{citizen.Token}}
	got := h.run(ctx, t)
	if len(got) != 1 {
		t.Fatal("no report to follow")
	}
	query := `subscription { feedbackUpdated(id: "` + got[0].id + `") { status } }`
	var (
		open sync.WaitGroup
		ends = make(chan ending, 2*each)
	)
	open.Add(2 * each)
	for range each {
		for _, follow := range []func(context.Context, *citytest.Process, string, string, func()) ending{openSocket, openEvents} {
			go func() { ends <- follow(ctx, city, citizen.Token, query, sync.OnceFunc(open.Done)) }()
		}
	}
	ready := make(chan struct{})
	go func() { open.Wait(); close(ready) }()
	select {
	case <-ready:
	case e := <-ends:
		t.Fatalf("a stream ended early: %v", e.err)
	}
	began := time.Now()
	if code := city.Stop(15 * time.Second); code != 0 {
		t.Errorf("exit code %d:\n%s", code, tail(city.Logs()))
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("stopping with open streams took %v", took)
	}
	told := 0
	for range 2 * each {
		e := <-ends
		if e.told {
			told++
			continue
		}
		t.Errorf("a stream was not told to connect again: %v", e.err)
	}
	t.Logf("%d streams told to connect again", told)
}

// TestStoppingCutsStalledUploads sends SIGTERM while a photo has stopped coming: the program waits its time, ends, and says that it cut something off.
// The photo can be sent anew.
func TestStoppingCutsStalledUploads(t *testing.T) {
	ctx := within(t, 3*time.Minute)
	p := newPlace(t, "MOTCUA_HTTP__DRAIN_TIMEOUT=1s")
	city := p.start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	photo, _ := photoWithPlace(t)
	var made struct {
		CreateMediaUpload struct{ Upload *struct{ URL string } }
	}
	err = citizen.Do(ctx, `mutation($i: CreateMediaUploadInput!) { createMediaUpload(input: $i) { upload { url } } }`,
		map[string]any{"i": map[string]any{"contentType": "image/jpeg", "size": len(photo), "idempotencyKey": "stalled"}}, &made)
	if err != nil || made.CreateMediaUpload.Upload == nil {
		t.Fatalf("%v %+v", err, made)
	}
	body, half := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, made.CreateMediaUpload.Upload.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = int64(len(photo))
	req.Header.Set("Content-Type", "image/jpeg")
	sent := make(chan error, 1)
	go func() {
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			err = res.Body.Close()
		}
		sent <- err
	}()
	if _, err := half.Write(photo[:len(photo)/2]); err != nil {
		t.Fatal(err)
	}
	if err := citytest.Poll(ctx, func() (bool, error) { return gauge(t, city, "motcua_http_in_flight") == 1, nil }); err != nil {
		t.Fatal(err)
	}
	if code := city.Stop(10 * time.Second); code != 1 || !strings.Contains(city.Logs(), "drain_timeout") {
		t.Errorf("exit code %d:\n%s", code, tail(city.Logs()))
	}
	if err := errors.Join(half.Close(), <-sent); err == nil {
		t.Error("half a photo was taken")
	}
	again := p.start(t)
	citizen.URL = again.HTTP + "/graphql"
	if _, err := citizen.Upload(ctx, "image/jpeg", photo); err != nil {
		t.Errorf("sending it anew: %v", err)
	}
}
