package fakecity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/channels/messenger/messengerfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
	"github.com/motcua/motcua/internal/fakecity"
)

// echo is a program that takes webhooks of both networks and says every text of Messenger's back, with an answer to choose.
func echo(graph *atomic.Pointer[string]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/webhooks/messenger" {
			return
		}
		var in struct {
			Entry []struct {
				Messaging []struct {
					Sender  struct{ ID string }
					Message struct {
						Text   string
						IsEcho bool `json:"is_echo"`
					}
				}
			}
		}
		if json.Unmarshal(body, &in) != nil {
			return
		}
		for _, e := range in.Entry {
			for _, m := range e.Messaging {
				if m.Message.Text != "" && !m.Message.IsEcho {
					answer(r.Context(), *graph.Load(), m.Sender.ID, "Đã nhận: "+m.Message.Text)
				}
			}
		}
	}
}

// answer sends a text; the page shows when it has not come.
func answer(ctx context.Context, graph, to, text string) {
	body := fmt.Sprintf(`{"recipient":{"id":%q},"messaging_type":"RESPONSE","message":{"text":%q,"quick_replies":[{"content_type":"text","title":"Cảm ơn","payload":"thanks"}]}}`, to, text)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, graph+"/v25.0/100000000000001/messages?access_token=fakecity", strings.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/json")
	if res, err := http.DefaultClient.Do(req); err == nil {
		_ = res.Body.Close()
	}
}

// TestPageInChromium looks at the page with all phones in a real browser, on a wide screen and on a small phone.
func TestPageInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	beside, err := filepath.Abs("../../cmd/motcua/testdata/browser/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var graph atomic.Pointer[string]
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhooks/", echo(&graph))
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><html lang="vi"><title>Chat</title><link rel="icon" href="data:,"><p>Trang chat thử`)
	})
	program := httptest.NewServer(mux)
	t.Cleanup(program.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	wards := []fakecity.Ward{{Code: "1", Name: "Phường Thử", Rings: [][][2]float64{{{106.6, 20.8}, {106.7, 20.8}, {106.7, 20.9}, {106.6, 20.8}}}}}
	city := fakecity.New(fakecity.Config{
		SMSToken: "t", Now: time.Now, Wards: wards, Chat: program.URL + "/chat",
		Zalo:      zalofake.Config{People: fakecity.SamplePeople(), WebhookURL: program.URL + "/webhooks/zalo"},
		Messenger: messengerfake.Config{People: fakecity.SamplePeople(), WebhookURL: program.URL + "/webhooks/messenger"},
	})
	srv := httptest.NewServer(city)
	t.Cleanup(srv.Close)
	t.Cleanup(city.Close)
	address := srv.URL + fakecity.MessengerGraph
	graph.Store(&address)

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "testdata/page.mjs", srv.URL, beside, os.Getenv("MOTCUA_SCREENSHOTS"))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v (make test installs node and chromium): %s", err, errs.String())
	}
	var problems []string
	if err := json.Unmarshal(out.Bytes(), &problems); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	for _, p := range problems {
		t.Error(p)
	}
}
