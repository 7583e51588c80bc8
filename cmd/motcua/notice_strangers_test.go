package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/channels/webpush/webpushfake"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps/alerts"
)

// pushServer is a push service that takes what comes under /good/, and puts everything else off.
type pushServer struct {
	*httptest.Server
	mu   sync.Mutex
	took map[string]int // by path
	bad  int
}

func newPushServer(t *testing.T) *pushServer {
	t.Helper()
	s := &pushServer{took: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if strings.HasPrefix(r.URL.Path, "/good/") {
			s.took[r.URL.Path]++
			w.WriteHeader(http.StatusCreated)
			return
		}
		s.bad++
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(s.Close)
	return s
}

// count gives how much a good subscription got, and how often the others were asked.
func (s *pushServer) count(path string) (took, bad int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.took[path], s.bad
}

// browses registers a visitor's browser, whose push service is at a path of the server, and has it follow a ward. The server "" is the town's own.
func (w *town) browses(name string, s *pushServer, path string) {
	w.t.Helper()
	v, err := w.accounts.Guest(w.t.Context(), account.Identity{Network: "web", User: name}, "vi")
	must(w.t, err)
	sub := w.city.WebPush.Subscribe(name, w.settings.Channels.WebPush.VAPIDPublicKey)
	if s != nil {
		sub = webpushfake.New(webpushfake.Config{Base: s.URL}).Subscribe(name, w.settings.Channels.WebPush.VAPIDPublicKey)
		sub.Endpoint = s.URL + path
	}
	_, err = w.devices.Register(w.t.Context(), v, device.Registration{Kind: "webpush", Platform: "web", Subscription: json.RawMessage(sub.String())}, "")
	must(w.t, err)
	_, err = w.notices.SetPreferences(w.t.Context(), v, notify.Patch{Areas: &[]string{alertWard}}, "")
	must(w.t, err)
}

const alertWard = "11383"

// warn tells everybody who follows the ward.
func (w *town) warn(id string) {
	w.t.Helper()
	must(w.t, w.sender.Announce(w.t.Context(), notify.Broadcast{
		ID: id, Revision: 1, App: alerts.ID, Notice: "warning", Urgency: "urgent", Areas: []string{alertWard}, At: w.clock.now(), Until: w.clock.now().Add(6 * time.Hour), Topic: true,
		Params: map[string]any{"title": id, "text": "Bà con ở trong nhà.", "wards": "Phường Lê Chân", "until": w.clock.now().Add(6 * time.Hour)},
	}))
	w.pass()
}

// TestStrangersDoNotSilencePushes has a hundred visitors subscribe with endpoints that put everything off. Everybody else's browser is told at once all the same,
// again and again, also where it is at the same host.
func TestStrangersDoNotSilencePushes(t *testing.T) {
	leaktest.Check(t)
	w := newTown(t, forenoon)
	s := newPushServer(t)
	const good, bad = 10, 100
	for i := range good {
		w.browses(fmt.Sprint("known ", i), s, fmt.Sprint("/good/", i))
	}
	w.warn("before")
	for i := range bad {
		w.browses(fmt.Sprint("stranger ", i), s, fmt.Sprint("/bad/", i))
	}
	for i := range good {
		w.browses(fmt.Sprint("new ", i), nil, "")
	}
	for round := 1; round <= 2; round++ {
		w.warn(fmt.Sprint("storm ", round))
		for i := range good {
			if took, _ := s.count(fmt.Sprint("/good/", i)); took != round+1 {
				t.Errorf("round %d: known %d got %d at once", round, i, took-1)
			}
			if got := len(w.city.WebPush.Messages(fmt.Sprint("new ", i))); got != round {
				t.Errorf("round %d: new %d got %d at once", round, i, got)
			}
		}
		w.run(time.Minute, 30*time.Second)
	}
	if _, asked := s.count(""); asked > 2*bad {
		t.Errorf("strangers were asked %d times in two minutes", asked)
	}
}
