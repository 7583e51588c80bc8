package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/message"
)

func TestCallback(t *testing.T) {
	t.Parallel()
	texts := configstest.Texts(t)
	var calls atomic.Int32
	finish := func(_ context.Context, q url.Values) error {
		calls.Add(1)
		switch q.Get("code") {
		case "right":
			return nil
		case "late":
			return fault.Wrap(fault.Invalid, errors.New("zalo: <ended>"))
		case "down":
			return fault.New(fault.Unavailable, "")
		}
		return errors.New("10.0.0.3 refused")
	}
	b := httpapi.Callback{Path: "/channels/net/callback", Texts: texts, Log: slog.New(slog.DiscardHandler), Finish: finish}
	p := serve(t, config(), nil, b)
	tests := []struct {
		name, method, query, lang string
		status                    int
		has                       string
		called                    int32
	}{
		{"connected", "GET", "?code=right&state=s", "", 200, "<h1>Đã kết nối</h1>", 1},
		{"connected in English", "GET", "?code=right", "en", 200, "You can close this page.", 1},
		{"ended", "GET", "?code=late", "", 400, "Chưa kết nối được", 1},
		{"network away", "GET", "?code=down", "en", 503, "Not connected", 1},
		{"our mistake", "GET", "?code=%3Cscript%3E", "", 500, "Chưa kết nối được", 1},
		{"query that cannot be read", "GET", "?code=%zz", "", 400, "Chưa kết nối được", 0},
		{"a preview uses nothing up", "HEAD", "?code=right", "", 405, "", 0},
		{"POST", "POST", "?code=right", "", 405, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := calls.Load()
			res, body := do(t, tt.method, p.url+b.Path+tt.query, nil, "Accept-Language", tt.lang)
			if res.StatusCode != tt.status || !strings.Contains(body, tt.has) || calls.Load()-before != tt.called {
				t.Errorf("got %d %q after %d calls", res.StatusCode, body, calls.Load()-before)
			}
			for _, secret := range []string{"right", "10.0.0.3", "script", "ended"} {
				if strings.Contains(body, secret) {
					t.Errorf("the page says %q", secret)
				}
			}
			if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("headers %v", res.Header)
			}
		})
	}
}

// Anybody can call the address: what needs no state that we made must not fill the log.
func TestCallbackDoesNotLogStrangers(t *testing.T) {
	t.Parallel()
	texts := configstest.Texts(t)
	var log bytes.Buffer
	finish := func(_ context.Context, q url.Values) error {
		if q.Get("state") == "" {
			return &fault.Error{Code: fault.Invalid, Key: "http.callback_stale"}
		}
		return fault.Wrap(fault.Invalid, errors.New("consent refused"))
	}
	b := httpapi.Callback{Path: "/channels/net/callback", Texts: texts, Log: slog.New(slog.NewTextHandler(&log, nil)), Finish: finish}
	p := serve(t, config(), nil, b)
	do(t, "GET", p.url+b.Path, nil)
	do(t, "GET", p.url+b.Path+"?code=%zz", nil)
	if log.Len() > 0 {
		t.Errorf("logged %s", log.String())
	}
	do(t, "GET", p.url+b.Path+"?state=ours", nil)
	if !strings.Contains(log.String(), "consent refused") {
		t.Errorf("logged %q", log.String())
	}
}

// The code in the query opens the network: neither the log at its most talkative nor a trace may hold it.
func TestCallbackLeavesNoTraceOfItsCode(t *testing.T) {
	t.Parallel()
	texts := configstest.Texts(t)
	var log bytes.Buffer
	talk := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	spans := tracetest.NewInMemoryExporter()
	tracer := trace.NewTracerProvider(trace.WithSyncer(spans))
	b := httpapi.Callback{Path: "/channels/net/callback", Texts: texts, Log: talk, Finish: func(context.Context, url.Values) error { panic("no such network") }}
	s, err := httpapi.New(config(), httpapi.Deps{City: message.Text{"vi": "x"}, Texts: texts, Ready: func(context.Context) error { return nil },
		Parts: []httpapi.Mounter{b}, Log: talk, Reg: prometheus.NewRegistry(), Tracer: tracer})
	if err != nil {
		t.Fatal(err)
	}
	p := listen(t, s)
	for _, query := range []string{"?code=opensesame", "?code=opensesame%zz"} {
		do(t, "GET", p.url+b.Path+query, nil)
	}
	if err := s.Shutdown(context.Background()); err != nil { // waits for what is still being written
		t.Fatal(err)
	}
	if len(spans.GetSpans()) != 2 || !strings.Contains(log.String(), "panic") {
		t.Fatalf("%d spans, log %q: nothing was looked at", len(spans.GetSpans()), log.String())
	}
	for _, span := range spans.GetSpans() {
		for _, a := range span.Attributes {
			if strings.Contains(a.Value.String(), "opensesame") {
				t.Errorf("the trace holds the code: %v", a)
			}
		}
	}
	if strings.Contains(log.String(), "opensesame") {
		t.Errorf("the log holds the code: %s", log.String())
	}
}
