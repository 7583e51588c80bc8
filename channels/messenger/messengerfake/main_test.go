package messengerfake_test

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

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/messenger/messengerfake"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const (
	pageID    = "100000000000001"
	pageToken = "fakecity"
)

// hook is one webhook request.
type hook struct {
	body   []byte
	header http.Header
}

// program receives webhooks in place of a city.
type program struct {
	mu     sync.Mutex
	hooks  []hook
	came   chan struct{}  // one for each
	status func(hook) int // nil: 200
}

// RoundTrip takes a webhook without a network.
func (p *program) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	h := hook{body, r.Header}
	p.mu.Lock()
	p.hooks = append(p.hooks, h)
	status := p.status
	p.mu.Unlock()
	code := http.StatusOK
	if status != nil {
		code = status(h)
	}
	p.came <- struct{}{}
	return &http.Response{StatusCode: code, Body: io.NopCloser(bytes.NewReader([]byte(r.URL.Query().Get("hub.challenge")))), Request: r}, nil
}

func (p *program) answer(f func(hook) int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = f
}

// await waits for so many webhooks more and gives all.
func (p *program) await(t *testing.T, many int) []hook {
	t.Helper()
	for range many {
		select {
		case <-p.came:
		case <-time.After(10 * time.Second):
			t.Fatal("a webhook did not come")
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]hook{}, p.hooks...)
}

// bodies gives the bodies of webhooks.
func bodies(hooks []hook) []string {
	var out []string
	for _, h := range hooks {
		out = append(out, string(h.body))
	}
	return out
}

// newNetwork makes a network whose webhooks reach the program. It has no receipts and echoes unless they are asked for.
func newNetwork(t testing.TB, cfg messengerfake.Config) (*messengerfake.Network, *program) {
	t.Helper()
	p := &program{came: make(chan struct{}, 10_000)}
	cfg.WebhookURL, cfg.Client = "http://city.example/webhooks/messenger", &http.Client{Transport: p}
	if cfg.Received == 0 {
		cfg.Received, cfg.Seen, cfg.NoEchoes = -1, -1, true
	}
	n := messengerfake.New(cfg)
	t.Cleanup(n.Close)
	return n, p
}

func do(t testing.TB, n *messengerfake.Network, method, path string, header map[string]string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, bytes.NewReader(body))
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	n.ServeHTTP(w, r)
	return w
}

// answer is what the API says.
type answer struct {
	MessageID    string `json:"message_id"`
	AttachmentID string `json:"attachment_id"`
	Result       string
	Success      bool
	Data         json.RawMessage
	Error        struct {
		Code    int
		Subcode int    `json:"error_subcode"`
		Message string `json:"message"`
	}
}

func call(t testing.TB, n *messengerfake.Network, method, path, body string) answer {
	t.Helper()
	w := do(t, n, method, "/graph/v25.0/"+path, map[string]string{"Authorization": "Bearer " + pageToken}, []byte(body))
	var a answer
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a), "%s: %d %s", path, w.Code, w.Body)
	require.Equal(t, a.Error.Code != 0, w.Code != http.StatusOK, "%s: %d %s", path, w.Code, w.Body)
	return a
}

// message is the body of an answer to somebody.
func message(user, m string) string {
	return `{"recipient":{"id":"` + user + `"},"messaging_type":"RESPONSE","message":` + m + `}`
}

// control is one request to the handles of the stand-in.
func control(t testing.TB, n *messengerfake.Network, method, path, body string) (int, string) {
	t.Helper()
	w := do(t, n, method, "/control/"+path, nil, []byte(body))
	return w.Code, w.Body.String()
}
