package messengerfake_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
)

func TestActsOverHTTP(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, messengerfake.Config{})
	n.Say("Lan", "x")
	call(t, n, http.MethodPost, "me/messages", message(n.UserID("Lan"), `{"attachment":{"type":"template","payload":{"template_type":"button","text":"Chọn đi","buttons":[`+
		`{"type":"web_url","title":"Trang","url":"https://example.vn"},{"type":"postback","title":"Nút","payload":"nút"}]}},"quick_replies":[{"content_type":"text","title":"Nhanh","payload":"nhanh"}]}`))
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
		{"edit", `{"text":"chào ạ"}`, 200, `"text":"chào ạ"`},
		{"edit", `{}`, 400, "missing"},
		{"edit", `{"id":"x","text":"y"}`, 404, "no such message"},
		{"tap", `{"title":"Nhanh"}`, 200, `"text":"Nhanh"`},
		{"tap", `{"payload":"nút"}`, 200, `"text":"Nút"`},
		{"tap", `{"title":"Trang"}`, 200, `{}`},
		{"tap", `{"title":"Không có"}`, 404, "no such button"},
		{"tap", `{}`, 404, "no such button"},
		{"menu", `{"payload":"#menu"}`, 200, `"text":"#menu"`},
		{"photo", ``, 200, `"type":"image/jpeg"`},
		{"photo", `{"data":"` + photo + `","text":"ổ gà"}`, 200, `"type":"image/png"`},
		{"photo", `{"photos":["` + photo + `","` + photo + `"]}`, 200, `.png"`},
		{"photo", `{"data":"!"}`, 400, "error"},
		{"place", `{"lat":20.86,"lon":106.68,"name":"Chợ Sắt"}`, 200, `"place":{"lat":20.86,"lon":106.68,"name":"Chợ Sắt"}`},
		{"place", `{"lat":20.86}`, 400, "missing"},
		{"place", `{"lat":91,"lon":0}`, 400, "out of range"},
		{"referral", `{"ref":"feedback.submit"}`, 200, `"kind":"open","text":"feedback.submit"`},
		{"referral", `{}`, 400, "missing"},
		{"open", ``, 200, `{}`},
		{"optin", `{"ref":"x"}`, 200, `"kind":"optin"`},
		{"linked", `{"code":"c"}`, 200, `"kind":"linked"`},
		{"sticker", `{"old":true}`, 200, `"kind":"sticker"`},
		{"audio", ``, 200, `"type":"video/mp4"`},
		{"video", ``, 200, `"type":"video/mp4"`},
		{"gif", ``, 200, `"type":"image/gif"`},
		{"file", `{"name":"đơn.pdf"}`, 200, `"type":"application/pdf"`},
		{"link", `{"url":"https://example.vn"}`, 200, `"kind":"link"`},
		{"react", `{"icon":"👍"}`, 200, `"react":"👍"`},
		{"unreact", ``, 200, `"kind":"text"`},
		{"react", `{"id":"x"}`, 404, "no such message"},
		{"seen", ``, 200, `{}`},
		{"block", ``, 200, `"kind":"block"`},
		{"fly", ``, 404, "no such act"},
	} {
		status, body := control(t, n, http.MethodPost, "users/Lan/"+tt.act, tt.body)
		require.Equal(t, tt.status, status, "%s %s: %s", tt.act, tt.body, body)
		require.Contains(t, body, tt.holds, "%s %s", tt.act, tt.body)
	}
	for _, tt := range []struct {
		path, body string
		status     int
		holds      string
	}{
		{"console", `{"user":"Lan","text":"Cán bộ đây"}`, 200, `"staff":true`},
		{"console", `{"user":"Lan"}`, 400, "needed"},
		{"thread", `{"user":"Lan","owner":"inbox"}`, 200, `"owner":"263902037430900"`},
		{"thread", `{"user":"Lan","owner":"none"}`, 200, `"owner":""`},
		{"thread", `{"user":"Lan","owner":"x"}`, 400, "owner"},
		{"users", `{"name":"Minh@` + pageID + `"}`, 200, `"name":"Minh","page":"` + pageID + `"`},
		{"users", `{}`, 400, "name"},
		{"other", `{"event":"checkbox","user":"Lan"}`, 200, `{}`},
		{"other", `{"event":"policy","user":"Lan"}`, 200, `{}`},
		{"other", `{"event":"request","user":"Lan"}`, 200, `{}`},
		{"other", `{"event":"template","user":"Lan"}`, 200, `{}`},
		{"other", `{"event":"x"}`, 404, "no such event"},
		{"event", `{"object":"page","entry":[]}`, 200, `{}`},
		{"burst", `{"people":2,"each":2}`, 200, `"said":4`},
		{"burst", `{"people":0}`, 400, "few"},
		{"resend", ``, 200, `"webhooks"`},
		{"verify", ``, 200, `"success":true`},
		{"setup", `{"seen_ms":-1,"retries_ms":[1,2]}`, 200, `"retries_ms":[1,2]`},
		{"setup", `{"human_agent":false}`, 200, `"retries_ms":[1,2]`},
		{"faults", `{"error":613,"error_times":1,"batch":1}`, 200, `"error":613`},
		{"faults", `{"slow_ms":1}`, 200, `"error":613`},
		{"faults", `{"outage":"x"}`, 400, "outage"},
		{"users/Lan/faults", `{"duplicate":2}`, 200, `"duplicate":2`},
	} {
		status, body := control(t, n, http.MethodPost, tt.path, tt.body)
		require.Equal(t, tt.status, status, "%s %s: %s", tt.path, tt.body, body)
		require.Contains(t, body, tt.holds, "%s %s", tt.path, tt.body)
	}
	for path, holds := range map[string]string{"users": `"name":"Lan"`, "users/Lan/chat?after=1": `"seq":2`, "faults": `"slow_ms":1`, "stats": `"by_error"`, "setup": `"per_second"`} {
		status, body := control(t, n, http.MethodGet, path, "")
		require.Equal(t, 200, status, path)
		require.Contains(t, body, holds, path)
	}
	_, body := control(t, n, http.MethodDelete, "faults", "")
	require.Contains(t, body, `"error":0`)
}

func TestPhotoAsAForm(t *testing.T) {
	t.Parallel()
	n, p := newNetwork(t, messengerfake.Config{})
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for range 2 {
		part, err := form.CreateFormFile("file", "a.jpg")
		require.NoError(t, err)
		_, _ = part.Write([]byte("\xFF\xD8\xFF\xE0 and so on"))
	}
	_ = form.WriteField("text", "ổ gà")
	_ = form.Close()
	w := do(t, n, http.MethodPost, "/control/users/Lan/photo", map[string]string{"Content-Type": form.FormDataContentType()}, body.Bytes())
	var e channelfake.Entry
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &e))
	require.Len(t, e.Files, 2)
	require.Len(t, p.await(t, 2), 2, "the words come after the pictures")
}

// patient tells when its request begins to hang: that takes off the read deadline.
type patient struct {
	*httptest.ResponseRecorder
	hanging chan struct{}
}

func (p patient) SetReadDeadline(time.Time) error {
	p.hanging <- struct{}{}
	return nil
}

func TestOutage(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, messengerfake.Config{})
	n.Say("Lan", "x")
	body := []byte(message(n.UserID("Lan"), `{"text":"x"}`))
	hanging := make(chan struct{}, 1)
	send := func(ctx context.Context) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graph/v25.0/me/messages", bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+pageToken)
		w := patient{httptest.NewRecorder(), hanging}
		n.ServeHTTP(w, r)
		return w.ResponseRecorder
	}
	n.Break(func(f *messengerfake.Faults) { f.Outage = "refuse" })
	require.Equal(t, 503, send(t.Context()).Code)
	n.Break(func(f *messengerfake.Faults) { f.Outage = "hang" })
	answered := make(chan int)
	go func() { answered <- send(t.Context()).Code }()
	<-hanging
	n.Break(func(f *messengerfake.Faults) { f.Outage, f.SlowMS = "", 1 })
	require.Equal(t, 503, <-answered, "what hung is refused when the outage is over")
	require.Equal(t, 200, send(t.Context()).Code)
	n.Break(func(f *messengerfake.Faults) { f.Outage = "hang" })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	send(ctx) // comes back
}

func TestStream(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, messengerfake.Config{})
	srv := httptest.NewServer(n)
	defer srv.Close()
	defer n.Close()
	n.Say("Lan", "một")
	open := func(last string) (*bufio.Scanner, func()) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/control/users/Lan/stream", nil)
		require.NoError(t, err)
		req.Header.Set("Last-Event-ID", last)
		res, err := srv.Client().Do(req)
		require.NoError(t, err)
		return bufio.NewScanner(res.Body), func() { _ = res.Body.Close() }
	}
	until := func(s *bufio.Scanner, what string) (id string) {
		for s.Scan() {
			if next, ok := strings.CutPrefix(s.Text(), "id: "); ok {
				id = next
			}
			if strings.Contains(s.Text(), what) {
				return id
			}
		}
		t.Fatalf("%s did not come", what)
		return ""
	}
	s, end := open("")
	until(s, `"account":"Một cửa"`)
	id := until(s, `"text":"một"`)
	n.Say("Lan", "hai")
	until(s, `"text":"hai"`)
	end()
	s, end = open(id)
	defer end()
	until(s, "event: hello")
	for s.Scan() {
		require.NotContains(t, s.Text(), `"một","state":"sent"`)
		if strings.Contains(s.Text(), `"text":"hai"`) {
			return
		}
	}
}

func TestWaitEndsWithTheNetwork(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, messengerfake.Config{})
	ended := make(chan int)
	go func() { ended <- len(n.Wait(t.Context(), "Lan", 0)) }()
	n.Close()
	require.Zero(t, <-ended)
}
