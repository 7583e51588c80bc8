package zalofake_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
)

// control is one request to the handles of the stand-in.
func control(t *testing.T, n *zalofake.Network, method, path, body string) (int, string) {
	t.Helper()
	w := do(t, n, method, "/control/"+path, nil, []byte(body))
	return w.Code, w.Body.String()
}

func TestActsOverHTTP(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	n.Say("Lan", "x")
	call(t, n, n.Grant().Access, http.MethodPost, csPath, `{"recipient":{"user_id":"`+n.UserID("Lan")+`"},"message":{"text":"Chọn đi","attachment":{"type":"template","payload":{"buttons":[`+
		`{"title":"Hiện","type":"oa.query.show","payload":"hiện ra"},{"title":"Ẩn","type":"oa.query.hide","payload":"ẩn đi"},`+
		`{"title":"Trang","type":"oa.open.url","payload":{"url":"https://example.vn"}}]}}}}`)
	photo := base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\n"))
	for _, tt := range []struct {
		act, body string
		status    int
		holds     string
	}{
		{"say", `{"text":"chào"}`, 200, `"kind":"text","text":"chào"`},
		{"say", `{"text":"vâng","quote":"m-1"}`, 200, `"quote":"m-1"`},
		{"say", `{}`, 400, "missing"},
		{"say", `{"txt":"x"}`, 400, "unknown field"},
		{"say", `{`, 400, "error"},
		{"tap", `{"title":"Hiện"}`, 200, `"text":"hiện ra"`},
		{"tap", `{"payload":"ẩn đi"}`, 200, `"hidden":true`},
		{"tap", `{"title":"Trang"}`, 200, `{}`},
		{"tap", `{"title":"Không có"}`, 404, "no such button"},
		{"tap", `{}`, 404, "no such button"},
		{"menu", `{"payload":"#menu"}`, 200, `"text":"#menu"`},
		{"photo", ``, 200, `"type":"image/jpeg"`},
		{"photo", `{"data":"` + photo + `","text":"ổ gà"}`, 200, `"type":"image/png"`},
		{"photo", `{"photos":["` + photo + `","` + photo + `"]}`, 200, `.png"`},
		{"photo", `{"data":"!"}`, 400, "error"},
		{"place", `{"lat":20.86,"lon":106.68,"name":"Chợ Sắt"}`, 200, `"place":{"lat":20.86,"lon":106.68,"name":"Chợ Sắt"}`},
		{"place", `{"lat":0,"lon":0}`, 200, `"lat":0`},
		{"place", `{"lat":20.86}`, 400, "missing"},
		{"place", `{"lat":91,"lon":0}`, 400, "out of range"},
		{"sticker", ``, 200, `"kind":"sticker"`},
		{"audio", ``, 200, `"type":"audio/amr"`},
		{"video", ``, 200, `"type":"video/mp4"`},
		{"gif", ``, 200, `"type":"image/gif"`},
		{"file", `{"name":"đơn.pdf"}`, 200, `"type":"application/pdf"`},
		{"link", `{"url":"https://example.vn"}`, 200, `"kind":"link"`},
		{"card", ``, 200, `"kind":"card"`},
		{"info", `{"name":"Lan","phone":"84900000001"}`, 200, `"kind":"info"`},
		{"info", ``, 200, `"text":"Lan 849`},
		{"follow", ``, 200, `"kind":"follow"`},
		{"follow", `{"source":"social_plugin"}`, 200, `"kind":"follow"`},
		{"unfollow", ``, 200, `"kind":"unfollow"`},
		{"open", ``, 200, `"kind":"open"`},
		{"open", ``, 200, `{}`},
		{"react", `{"icon":"/-heart"}`, 200, `"react":"/-heart"`},
		{"react", `{"id":"x"}`, 404, "no such message"},
		{"seen", ``, 200, `{}`},
		{"withdraw", ``, 200, `"kind":"withdraw"`},
		{"fly", ``, 404, "no such act"},
	} {
		if status, body := control(t, n, http.MethodPost, "users/Lan/"+tt.act, tt.body); status != tt.status || !strings.Contains(body, tt.holds) {
			t.Errorf("%s %s: got %d %s", tt.act, tt.body, status, body)
		}
	}
	if status, body := control(t, n, http.MethodPost, "console", `{"user":"Lan","text":"Cán bộ đây"}`); status != 200 || !strings.Contains(body, `"staff":true`) {
		t.Errorf("got %d %s", status, body)
	}
	if status, _ := control(t, n, http.MethodPost, "console", `{"user":"Lan"}`); status != 400 {
		t.Errorf("got %d", status)
	}
}

func TestPhotoAsAForm(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{Base: "http://127.0.0.1:8090/zalo"})
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for range 2 {
		part, err := form.CreateFormFile("file", "a.jpg")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte("\xFF\xD8\xFF\xE0 and so on"))
	}
	_ = form.WriteField("text", "ổ gà")
	_ = form.Close()
	w := do(t, n, http.MethodPost, "/control/users/Lan/photo", map[string]string{"Content-Type": form.FormDataContentType()}, body.Bytes())
	var e channelfake.Entry
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || len(e.Files) != 2 || e.Text != "ổ gà" {
		t.Fatalf("got %s", w.Body)
	}
	path, ok := strings.CutPrefix(e.Files[0].URL, "http://127.0.0.1:8090/zalo")
	if got := do(t, n, http.MethodGet, path, nil, nil); !ok || got.Header().Get("Content-Type") != "image/jpeg" || !strings.HasSuffix(got.Body.String(), "and so on") {
		t.Errorf("%s: got %q", e.Files[0].URL, got.Body)
	}
}

func TestFaultsOverHTTP(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	n.Say("Lan", "x")
	token, body := n.Grant().Access, text(n.UserID("Lan"), "x")
	set := func(f string) {
		if status, got := control(t, n, http.MethodPost, "faults", f); status != 200 {
			t.Fatalf("%s: got %d %s", f, status, got)
		}
	}
	set(`{"error":-32,"error_times":2}`)
	set(`{"slow_ms":1}`) // leaves the others as they are
	for _, want := range []int{-32, -32, 0} {
		if got := call(t, n, token, http.MethodPost, csPath, body); got.Error != want {
			t.Errorf("got %+v, want %d", got, want)
		}
	}
	set(`{"outage":"refuse"}`)
	for _, path := range []string{csPath, "/openapi/v2.0/oa/upload/image", "/oauth/v4/oa/access_token"} {
		if w := do(t, n, http.MethodPost, path, nil, nil); w.Code != 503 {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
	if status, _ := control(t, n, http.MethodPost, "faults", `{"outage":"x"}`); status != 400 {
		t.Errorf("an outage that is none: got %d", status)
	}
	if status, got := control(t, n, http.MethodDelete, "faults", ""); status != 200 || !strings.Contains(got, `"outage":"","slow_ms":0`) {
		t.Errorf("got %d %s", status, got)
	}
	if status, got := control(t, n, http.MethodPost, "users/Lan/faults", `{"duplicate":5}`); status != 200 || !strings.Contains(got, `"duplicate":5`) {
		t.Errorf("got %d %s", status, got)
	}
	if status, got := control(t, n, http.MethodPost, "setup", `{"webhook":"http://x.example","retries_ms":[1,2]}`); status != 200 || !strings.Contains(got, `"retries_ms":[1,2]`) || !strings.Contains(got, `"echoes":true`) {
		t.Errorf("got %d %s", status, got)
	}
	if got := n.Setup(); got.Webhook != "http://x.example" || len(got.RetriesMS) != 2 {
		t.Errorf("got %+v", got)
	}
}

// TestHangAndLostAnswers needs a connection that can hang and break.
func TestHangAndLostAnswers(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	srv := httptest.NewServer(n)
	t.Cleanup(srv.Close)
	n.Say("Lan", "x")
	token, before := n.Grant().Access, len(n.Chat("Lan", 0))
	post := func(ctx context.Context) (int, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+csPath, strings.NewReader(text(n.UserID("Lan"), "x")))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("access_token", token)
		res, err := srv.Client().Do(req)
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		return res.StatusCode, nil
	}
	n.Break(func(f *zalofake.Faults) { f.LoseSends = 1 })
	if status, err := post(t.Context()); err == nil {
		t.Errorf("an answer came: %d", status)
	}
	if got := len(n.Chat("Lan", 0)) - before; got != 1 || n.Stats().Sends.LostAnswers != 1 {
		t.Errorf("the lost send is done: got %d", got)
	}
	n.Break(func(f *zalofake.Faults) { f.Outage = "hang" })
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := post(short); err == nil {
		t.Error("an answer came")
	}
	n.Break(func(f *zalofake.Faults) { f.Outage = "" })
	if status, err := post(t.Context()); err != nil || status != 200 {
		t.Errorf("after the outage: got %d, %v", status, err)
	}
}

// TestHangEnds: what hangs is refused when the outage is over, and not carried out late.
func TestHangEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _ := newNetwork(t, zalofake.Config{})
		n.Say("Lan", "x")
		synctest.Wait()
		token, before := n.Grant().Access, len(n.Chat("Lan", 0))
		n.Break(func(f *zalofake.Faults) { f.Outage = "hang" })
		done := make(chan int, 1)
		go func() {
			done <- do(t, n, http.MethodPost, csPath, map[string]string{"access_token": token}, []byte(text(n.UserID("Lan"), "x"))).Code
		}()
		synctest.Wait()
		n.Break(func(f *zalofake.Faults) { f.SlowMS = 1 }) // another change lets it hang on
		synctest.Wait()
		if len(done) != 0 {
			t.Error("an answer came")
		}
		n.Break(func(f *zalofake.Faults) { f.Outage = "" })
		if status := <-done; status != 503 || len(n.Chat("Lan", 0)) != before {
			t.Errorf("got %d", status)
		}
		n.Close()
	})
}

func TestStreamGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	srv := httptest.NewServer(n)
	t.Cleanup(srv.Close)
	n.Say("Lan", "một")
	// open reads events until one holds the words, and gives its id and how many entries came.
	open := func(last, until string) (string, int) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/control/users/Lan/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Last-Event-ID", last)
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		id, count := "", 0
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			if x, ok := strings.CutPrefix(s.Text(), "id: "); ok {
				id = x
				count++
			}
			if strings.Contains(s.Text(), until) {
				return id, count
			}
		}
		t.Fatalf("no %s", until)
		return "", 0
	}
	id, _ := open("", `"state":"delivered"`)
	n.Say("Lan", "hai")
	if _, got := open(id, `"text":"hai"`); got != 1 {
		t.Errorf("after %s: %d entries", id, got)
	}
	if _, got := open("another-run.99", `"text":"hai"`); got != 2 {
		t.Errorf("of another run: %d entries", got)
	}
	open("", "hello")
}

func TestChatWaits(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	n.Say("Lan", "một")
	got := make(chan string, 1)
	go func() {
		_, body := control(t, n, http.MethodGet, "users/Lan/chat?after=1&wait=20", "")
		got <- body
	}()
	n.Say("Lan", "hai")
	if body := <-got; !strings.Contains(body, "hai") || strings.Contains(body, "một") {
		t.Errorf("got %s", body)
	}
	if _, body := control(t, n, http.MethodGet, "users/Lan/chat?after=2", ""); strings.TrimSpace(body) != "[]" {
		t.Errorf("got %s", body)
	}
}

func TestChatIsBounded(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	for i := range 400 {
		n.Say("Lan", fmt.Sprint(i))
	}
	if got := n.Chat("Lan", 0); len(got) != 300 || got[0].Seq != 101 || got[299].Text != "399" {
		t.Errorf("got %d from %d", len(got), got[0].Seq)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{People: []string{"Lan", "Hùng"}})
	again, _ := newNetwork(t, zalofake.Config{})
	id := n.UserID("Lan")
	if len(id) != 19 || id != again.UserID("Lan") || id == n.UserID("Hùng") || n.UserID(id) != id {
		t.Errorf("got %s", id)
	}
	if status, body := control(t, n, http.MethodPost, "users", `{"name":"0912345678"}`); status != 200 || !strings.Contains(body, `"name":"0912345678"`) {
		t.Errorf("got %d %s", status, body)
	}
	if status, _ := control(t, n, http.MethodPost, "users", `{}`); status != 400 {
		t.Errorf("got %d", status)
	}
	if _, body := control(t, n, http.MethodGet, "users", ""); strings.Count(body, `"id"`) != 3 {
		t.Errorf("got %s", body)
	}
	n.Say(id, "x") // by the id or by the name
	if got := n.Chat("Lan", 0); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestOtherHandles(t *testing.T) {
	t.Parallel()
	n, p := newNetwork(t, zalofake.Config{})
	for _, tt := range []struct {
		method, path, body string
		status             int
		holds              string
	}{
		{"POST", "grant", "", 200, `"access_token":"fake-access-`},
		{"POST", "burst", `{"people":3,"each":2,"text":"{user} nói {n}"}`, 200, `"said":6`},
		{"POST", "burst", `{"people":0}`, 400, "too"},
		{"POST", "event", `{"app_id":"1","event_name":"widget_interaction_accepted","timestamp":"1"}`, 200, "{}"},
		{"POST", "event", `{`, 400, "error"},
		{"POST", "other", `{"event":"tag","user":"Lan","text":"vip"}`, 200, "{}"},
		{"POST", "other", `{"event":"quota"}`, 200, "{}"},
		{"POST", "other", `{"event":"x"}`, 404, "no such event"},
		{"POST", "resend", "", 200, `"pending"`},
		{"GET", "stats", "", 200, `"events"`},
		{"GET", "faults", "", 200, `"duplicate"`},
		{"GET", "setup", "", 200, `"webhook"`},
		{"GET", "nothing", "", 404, ""},
	} {
		if status, body := control(t, n, tt.method, tt.path, tt.body); status != tt.status || !strings.Contains(body, tt.holds) {
			t.Errorf("%s %s: got %d %s", tt.path, tt.body, status, body)
		}
	}
	waitFor(t, func() bool { return n.Stats().Webhooks.Acked == 9 })
	if got := p.texts(); !strings.Contains(strings.Join(got, "|"), "2 nói 5") {
		t.Errorf("got %v", got)
	}
}

// waitFor waits until something holds.
func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it does not come about")
		}
	}
}

func TestPageFiles(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{Outlines: []byte(`{"scale":1,"wards":[]}`)})
	for path, kind := range map[string]string{
		"/": "text/html", "/chat.css": "text/css", "/chat.js": "text/javascript", "/bubbles.js": "text/javascript", "/city.js": "text/javascript",
		"/map.js": "text/javascript", "/switches.js": "text/javascript", "/outlines.json": "application/json",
	} {
		w := do(t, n, http.MethodGet, path, nil, nil)
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) || !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'none';") || w.Body.Len() == 0 {
			t.Errorf("%s: got %d %v", path, w.Code, w.Header())
		}
	}
	if w := do(t, n, http.MethodGet, "/page.html", nil, nil); w.Code != 404 {
		t.Errorf("got %d", w.Code)
	}
}

// TestManyEvents shows over real connections that none is lost, doubled or out of a person's order.
func TestManyEvents(t *testing.T) {
	t.Parallel()
	const people, each = 50, 40
	heard := make(chan [2]string, people*each)
	city := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e struct {
			Sender  struct{ ID string }
			Message struct{ Text string }
		}
		data, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(data, &e)
		heard <- [2]string{e.Sender.ID, e.Message.Text}
	}))
	t.Cleanup(city.Close)
	n := zalofake.New(zalofake.Config{WebhookURL: city.URL})
	t.Cleanup(n.Close)
	n.Burst("người ", people, each, "{n}")
	next := map[string]int{}
	for range people * each {
		h := <-heard
		var said int
		_, _ = fmt.Sscan(h[1], &said)
		if said/people != next[h[0]] {
			t.Fatalf("got text %d as the person's %d", said, next[h[0]])
		}
		next[h[0]]++
	}
	waitFor(t, func() bool { return n.Stats().Webhooks.Pending == 0 })
	if s := n.Stats(); s.Webhooks.Acked != people*each || len(heard) != 0 || s.AckMS.P99 < s.AckMS.P50 {
		t.Errorf("got %+v", s)
	}
}
