package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/motcua/motcua/channels/messenger"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/fakecity"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps/alerts"
)

// hands are those of a clock that only moves when it is told to.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

// set moves the clock, never back.
func (h *hands) set(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.After(h.at) {
		h.at = at
	}
}

// town is a whole city in this process: the program's wiring on its embedded store, real adapters, and the stand-ins behind a port, all by one clock. What
// comes in is worked on at once. Relays work in pass alone, with as many workers as the program gives them, so that what leaves when is told by the clock and
// not by how busy the machine is.
type town struct {
	*system
	t       *testing.T
	clock   *hands
	city    *fakecity.City
	street  *street
	public  string // address of the citizens' port
	sources map[string]notify.Source

	mu    sync.Mutex
	heard map[string]inbox.Message // by text: turns that took effect
	turns int                      // how many did
	rests map[string]rest          // of what relays could not pass on
}

// rest is as the outbox has it.
type rest struct {
	until time.Time
	fails int
}

// allApproved says that the networks have approved texts for the city's notices.
func allApproved(s *settings) {
	s.Channels.Messenger.Templates = []messenger.Template{
		{Notice: "feedback.assigned", Name: "report_assigned", Language: map[string]string{"vi": "vi"}, Params: []string{"unit", "code"}},
	}
}

// noneApproved says that they have not.
func noneApproved(s *settings) { s.Channels.Zalo.Templates, s.Channels.ZNS.Templates = nil, nil }

// newTown opens a town at a moment.
func newTown(t *testing.T, at time.Time, changes ...func(*settings)) *town {
	t.Helper()
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	r := &runtime{
		environ: []string{"MOTCUA_DATA_DIR=" + filepath.Join(t.TempDir(), "data"), "MOTCUA_INBOX__SETTLE=0s", "MOTCUA_SQLITE__SYNCHRONOUS=normal"},
		stdout:  io.Discard, stderr: io.Discard,
	}
	s, err := r.load(dev)
	must(t, err)
	s.Notify.Quiet = notify.Quiet{From: "21:30", To: "06:30"} // as cities have them; dev has none
	standIns, public := listen(t), listen(t)
	_, err = s.pointAt(standIns)
	must(t, err)
	for _, change := range changes {
		change(&s)
	}
	w := &town{t: t, clock: &hands{at: at}, public: "http://" + public.Addr().String(), heard: map[string]inbox.Message{}, rests: map[string]rest{}}
	w.system, err = openAt(t.Context(), w.clock.now, s, dev, slog.New(slog.DiscardHandler), w.public)
	must(t, err)
	made := w.standIns(standIns)
	w.city = made.city
	w.street = &street{houses: made.city, now: w.clock.now, calls: map[string][]time.Time{}, flying: map[string]int{}, peak: map[string]int{}, cut: map[string]bool{}, first: map[string]int{}}
	made.server.Handler = w.street
	w.quieten()
	w.serve(made.server, standIns, public)
	must(t, w.agree(t.Context(), w.city.Zalo))
	w.register()
	w.sources = map[string]notify.Source{chatRelay: w.chats, topicRelay: w.devices, alerts.RelayName: w.alerts.Relay()}
	for name, src := range w.feedback.Relays() {
		w.sources[name] = src
	}
	maps.Copy(w.sources, w.sender.Sources())
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	return l
}

// quieten keeps the networks from telling what became of messages, which they do by the clock on the wall.
func (w *town) quieten() {
	zalo := w.city.Zalo.Setup()
	zalo.Echoes, zalo.ReceivedMS, zalo.SeenMS = false, -1, -1
	w.city.Zalo.Change(func(s *zalofake.Setup) { *s = zalo })
	other := w.city.Messenger.Setup()
	other.Echoes, other.ReceivedMS, other.SeenMS = false, -1, -1
	w.city.Messenger.Change(func(s *messengerfake.Setup) { *s = other })
}

// serve runs what answers and what works on what comes in, until the test ends.
func (w *town) serve(standIns *http.Server, at, public net.Listener) {
	server, err := w.faces()
	must(w.t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(w.t.Context()))
	var g errgroup.Group
	g.Go(func() error { return ignoreClosed(standIns.Serve(at)) })
	g.Go(func() error { return ignoreClosed(server.Serve(public)) })
	g.Go(func() error { return w.hub.Run(ctx) })
	g.Go(func() error { return w.inbox.Run(ctx, w.listen) })
	w.t.Cleanup(func() {
		w.city.Close()
		last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		for _, err := range []error{server.Shutdown(last), standIns.Close()} {
			if err != nil {
				w.t.Error(err)
			}
		}
		stop()
		if err := g.Wait(); err != nil {
			w.t.Error(err)
		}
		if err := w.close(); err != nil {
			w.t.Error(err)
		}
	})
}

// listen acts on an event as the program does, and remembers who said what.
func (w *town) listen(ctx context.Context, m inbox.Message) error {
	err := w.turn(ctx, m)
	if err == nil && m.Event.Text != "" {
		w.mu.Lock()
		w.heard[m.Event.Text] = m
		w.turns++
		w.mu.Unlock()
	}
	return err
}

// register has the page's texts approved, as its owner does.
func (w *town) register() {
	c := w.settings.Channels.Messenger
	for _, t := range c.Templates {
		body, err := json.Marshal(map[string]any{
			"name": t.Name, "category": "UTILITY", "language": "vi",
			"components": []any{map[string]string{"type": "BODY", "text": utilityWords + " {{1}} phụ trách phản ánh {{2}}."}},
		})
		must(w.t, err)
		address := c.APIBase + "/" + c.Version + "/" + c.PageID + "/message_templates"
		w.post(address, body, "Bearer "+c.PageToken)
	}
}

const utilityWords = "Thông báo của thành phố:"

// post makes a request and gives the answer, which must be good.
func (w *town) post(address string, body []byte, token string) []byte {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, address, bytes.NewReader(body))
	must(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", token)
	res, err := http.DefaultClient.Do(req)
	must(w.t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	must(w.t, err)
	if res.StatusCode >= 300 {
		w.t.Fatalf("%s answered %d: %s", req.URL.Path, res.StatusCode, answer)
	}
	return answer
}

// says has somebody write, and waits until that has been worked on. Nobody else may say the same in this town.
func (w *town) says(network, name, text string) {
	w.t.Helper()
	w.write(network, name, text)
	w.worked(text)
}

func (w *town) write(network, name, text string) {
	w.t.Helper()
	switch network {
	case "zalo":
		w.city.Zalo.Say(name, text)
	case "messenger":
		w.city.Messenger.Say(name, text)
	case "web":
		w.visit(text)
	}
}

// worked waits until words have been worked on.
func (w *town) worked(text string) {
	w.t.Helper()
	until(w.t, "somebody listens to "+text, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.heard[text].ID != ""
	})
}

// visit writes on the city's own page, as somebody new.
func (w *town) visit(text string) {
	w.t.Helper()
	var session struct{ Token string }
	must(w.t, json.Unmarshal(w.post(w.public+"/chat/v1/session", []byte(`{"lang":"vi"}`), ""), &session))
	body, err := json.Marshal(map[string]string{"id": "11111111-2222-4333-8444-" + fmt.Sprintf("%012d", len(text)), "text": text})
	must(w.t, err)
	w.post(w.public+"/chat/v1/messages", body, "Chat "+session.Token)
}

// guest gives the viewer who said that.
func (w *town) guest(text string) account.Viewer {
	w.t.Helper()
	w.mu.Lock()
	m := w.heard[text]
	w.mu.Unlock()
	v, err := w.accounts.Guest(w.t.Context(), account.Identity{Network: m.Channel, Account: m.Event.Account, User: string(m.Event.From)}, "")
	must(w.t, err)
	return v
}

// citizen gives somebody an account.
func (w *town) citizen(phone string) account.Viewer {
	w.t.Helper()
	id, err := w.accounts.AddCitizen(w.t.Context(), phone, "Nguyễn Thị Mai", message.Vietnamese)
	must(w.t, err)
	return account.Viewer{Account: id, Subject: id, Subjects: []string{id}, Assurance: account.Phone, Lang: message.Vietnamese}
}

// joins links the chat in which that was said with an account.
func (w *town) joins(v account.Viewer, text string) {
	w.t.Helper()
	code, err := w.accounts.OfferCode(w.t.Context(), v, "offer "+text)
	must(w.t, err)
	_, err = w.accounts.TakeCode(w.t.Context(), w.guest(text), code.Code, "take "+text)
	must(w.t, err)
}

// owns registers a phone of somebody's, or a browser.
func (w *town) owns(v account.Viewer, kind, name string) {
	w.t.Helper()
	in := device.Registration{Kind: kind, Platform: "android"}
	if kind == "fcm" {
		in.Token = w.city.FCM.Install(name)
	} else {
		in.Platform, in.Subscription = "web", json.RawMessage(w.city.WebPush.Subscribe(name, w.settings.Channels.WebPush.VAPIDPublicKey).String())
	}
	_, err := w.devices.Register(w.t.Context(), v, in, "own "+name)
	must(w.t, err)
}

// pass lets the relays do all that can be done at this moment.
func (w *town) pass() {
	w.t.Helper()
	last := ""
	for range 100 {
		seen, idle := w.sweep()
		if idle || seen == last {
			return
		}
		last = seen
	}
	w.t.Fatal("the relays do not come to rest")
}

// sweep has every relay look once, and tells what they saw and how much was sent; idle says that they saw nothing.
func (w *town) sweep() (what string, idle bool) {
	names := slices.Sorted(maps.Keys(w.sources))
	seen := make([]string, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { seen[i] = w.relay(name, w.sources[name]) })
	}
	wg.Wait()
	return fmt.Sprint(strings.Join(seen, "|"), w.street.total()), strings.Join(seen, "") == ""
}

// relay does what a relay of the outbox does in one sweep.
func (w *town) relay(name string, src notify.Source) string {
	ids, err := src.Due(w.t.Context(), 64)
	if err != nil {
		w.t.Error(name, err)
		return ""
	}
	var g errgroup.Group
	g.SetLimit(w.settings.Outbox.Workers.Relay)
	for _, id := range ids {
		if w.resting(name + "/" + id) {
			continue
		}
		g.Go(func() error { w.carried(name+"/"+id, src.Carry(w.t.Context(), id)); return nil })
	}
	_ = g.Wait() // nothing fails
	return strings.Join(ids, ",")
}

func (w *town) resting(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rests[id].until.After(w.clock.now())
}

func (w *town) carried(id string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		delete(w.rests, id)
		return
	}
	fails := w.rests[id].fails + 1
	w.rests[id] = rest{w.clock.now().Add(min(5*time.Minute, time.Second<<(fails-1))), fails}
}

// run moves the clock on in steps, and lets the relays work after each.
func (w *town) run(d, step time.Duration) {
	w.t.Helper()
	for end := w.clock.now().Add(d); w.clock.now().Before(end); {
		w.clock.set(w.clock.now().Add(min(step, end.Sub(w.clock.now()))))
		w.pass()
	}
}

// dispatches gives what the desk sees of the letters about a case, the latest first.
func (w *town) dispatches(app, id string) []notify.Dispatch {
	w.t.Helper()
	desk := account.Viewer{Account: "desk", Subject: "desk", Subjects: []string{"desk"}, Roles: []account.Role{account.Dispatcher}}
	list, err := w.sender.Attempts(w.t.Context(), desk, app, id)
	must(w.t, err)
	return list
}

// street is what lies before the stand-ins. It counts who comes by, by the town's clock, and can be closed.
type street struct {
	houses http.Handler
	now    func() time.Time

	mu           sync.Mutex
	calls        map[string][]time.Time // by network
	flying, peak map[string]int
	cut          map[string]bool // connections break before the network has seen anything
	first        map[string]int  // requests since the network was watched that came before one was answered; negative when one was
}

// networkPaths tells networks apart by where requests go.
var networkPaths = map[string]string{
	fakecity.ZaloAPI: "zalo", fakecity.ZaloZNS: "zns", fakecity.MessengerGraph: "messenger", fakecity.FCMPath: "fcm", fakecity.PushPath: "webpush", fakecity.SMSPath: "sms",
}

func (s *street) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	for path, name := range networkPaths {
		if strings.HasPrefix(r.URL.Path, path+"/") {
			defer s.leave(name)
			if s.enter(name) {
				panic(http.ErrAbortHandler) // net/http breaks the connection and goes on
			}
		}
	}
	s.houses.ServeHTTP(rw, r)
}

func (s *street) enter(name string) (cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[name] = append(s.calls[name], s.now())
	s.flying[name]++
	s.peak[name] = max(s.peak[name], s.flying[name])
	if s.first[name] >= 0 {
		s.first[name]++
	}
	return s.cut[name]
}

func (s *street) leave(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying[name]--
	s.first[name] = -max(s.first[name], -s.first[name])
}

// cutOff breaks the connections to a network, or no more.
func (s *street) cutOff(name string, cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut[name] = cut
}

// watch begins to look at how a network is asked.
func (s *street) watch(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first[name], s.peak[name] = 0, 0
}

// watched gives how many requests came before the first of them was answered, and how many were under way at once.
func (s *street) watched(name string) (first, peak int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.first[name], -s.first[name]), s.peak[name]
}

// total gives how many requests came by.
func (s *street) total() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, list := range s.calls {
		n += len(list)
	}
	return n
}

// between gives how many requests came to a network in a time, its end left out.
func (s *street) between(name string, from, to time.Time) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.calls[name] {
		if !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return n
}
