package zalofake_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/channels/zalo/zalofake"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// hook is one webhook request.
type hook struct {
	body   []byte
	header http.Header
	at     time.Time
}

// program receives webhooks in place of a city.
type program struct {
	mu     sync.Mutex
	hooks  []hook
	status func(hook) int // nil: 200
}

// RoundTrip takes a webhook without a network.
func (p *program) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	h := hook{body, r.Header, time.Now()}
	p.mu.Lock()
	p.hooks = append(p.hooks, h)
	status := p.status
	p.mu.Unlock()
	code := http.StatusOK
	if status != nil {
		code = status(h)
	}
	if code == 0 { // never
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: code, Body: http.NoBody, Request: r}, nil
}

func (p *program) answer(f func(hook) int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = f
}

func (p *program) seen() []hook {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]hook{}, p.hooks...)
}

// names gives the event names in the order in which they came.
func (p *program) names() []string {
	var out []string
	for _, h := range p.seen() {
		var e struct {
			Name string `json:"event_name"`
		}
		_ = json.Unmarshal(h.body, &e) // "" when it is none
		out = append(out, e.Name)
	}
	return out
}

// texts gives the texts of the messages in the order in which they came.
func (p *program) texts() []string {
	var out []string
	for _, h := range p.seen() {
		var e struct{ Message struct{ Text string } }
		_ = json.Unmarshal(h.body, &e)
		out = append(out, e.Message.Text)
	}
	return out
}

// newNetwork makes a network whose webhooks reach the program. It has no receipts and echoes unless they are asked for.
func newNetwork(t *testing.T, cfg zalofake.Config) (*zalofake.Network, *program) {
	t.Helper()
	p := &program{}
	cfg.WebhookURL, cfg.Client = "http://city.example/webhooks/zalo", &http.Client{Transport: p}
	if cfg.Received == 0 {
		cfg.Received, cfg.Seen = -1, -1
	}
	n := zalofake.New(cfg)
	t.Cleanup(n.Close)
	return n, p
}

// answer is what the API says.
type answer struct {
	Error   int
	Message string
	Data    struct {
		MessageID    string `json:"message_id"`
		UserID       string `json:"user_id"`
		AttachmentID string `json:"attachment_id"`
		Token        string
		Quota        struct {
			Type string `json:"quota_type"`
		}
	}
}

func do(t *testing.T, n *zalofake.Network, method, path string, header map[string]string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, bytes.NewReader(body))
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	n.ServeHTTP(w, r)
	return w
}

// call is one API request; every answer of the API has HTTP status 200.
func call(t *testing.T, n *zalofake.Network, token, method, path, body string) answer {
	t.Helper()
	w := do(t, n, method, path, map[string]string{"access_token": token}, []byte(body))
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: got %d %s", path, w.Code, w.Body)
	}
	return a
}

const csPath = "/openapi/v3.0/oa/message/cs"

// text is the body of a text message.
func text(user, said string) string {
	b, _ := json.Marshal(map[string]any{"recipient": map[string]string{"user_id": user}, "message": map[string]string{"text": said}})
	return string(b)
}
