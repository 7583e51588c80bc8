package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// line logs one line and gives it back, as written and decoded.
func line(t *testing.T, f func(*slog.Logger)) (string, map[string]any) {
	t.Helper()
	var out bytes.Buffer
	log, err := NewLogger(&out, Config{})
	require.NoError(t, err)
	f(log)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &fields), out.String())
	return out.String(), fields
}

func TestLineHasItsTraceAndUTC(t *testing.T) {
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
	_, f := line(t, func(l *slog.Logger) {
		l.With("part", "store").InfoContext(ctx, "listening", "public", "127.0.0.1:8080", "took", 1500*time.Millisecond)
	})
	require.Equal(t, "listening", f["msg"])
	require.Equal(t, "INFO", f["level"])
	require.Equal(t, "store", f["part"])
	require.Equal(t, "127.0.0.1:8080", f["public"])
	require.Equal(t, "1.5s", f["took"])
	require.Equal(t, "01000000000000000000000000000000", f["trace_id"])
	require.Equal(t, "0200000000000000", f["span_id"])
	require.True(t, strings.HasSuffix(f["time"].(string), "Z"), f["time"])
	_, f = line(t, func(l *slog.Logger) { l.Info("no trace") })
	require.NotContains(t, f, "trace_id")
}

const jwt = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJl"

func TestNothingPersonalIsWritten(t *testing.T) {
	type profile struct {
		Phone       string `json:"phone"`
		DisplayName string `json:"displayName"`
		Unit        string `json:"unit"`
	}
	secrets := []string{"hunter2", "0912345678", "912 345 678", "912.345.678", jwt, "c2lnbmF0dXJl", "Nguyen Van A", "493021"}
	tests := map[string]func(*slog.Logger){
		"by name": func(l *slog.Logger) {
			l.Info("x", "access_token", "hunter2", "otp", 493021, "phoneNumber", "0912345678")
		},
		"by name in camel": func(l *slog.Logger) {
			l.Info("x", "refreshToken", "hunter2", "SMSBody", "493021", "displayName", "Nguyen Van A")
		},
		"in a group": func(l *slog.Logger) { l.WithGroup("http").Info("x", slog.Group("header", "Authorization", "hunter2")) },
		"with":       func(l *slog.Logger) { l.With("cookie", "hunter2").Info("x") },
		"phone in the text": func(l *slog.Logger) {
			l.Info("sent to 0912345678", "err", errors.New("no route to +84912345678 at all"))
		},
		"phone with blanks": func(l *slog.Logger) { l.Info("x", "detail", "gọi 0912 345 678, hoặc (+84 912.345.678)") },
		"token in an error": func(l *slog.Logger) { l.Info("x", "err", errors.New("bad token "+jwt)) },
		"bearer":            func(l *slog.Logger) { l.Info("x", "detail", "Authorization: Bearer hunter2hunter2") },
		"address":           func(l *slog.Logger) { l.Info("x", "uri", "redis://user:hunter2@cache:6379/0") },
		"struct": func(l *slog.Logger) {
			l.Info("x", "who", profile{Phone: "0912345678", DisplayName: "Nguyen Van A", Unit: "ward-1"})
		},
		"slice and map": func(l *slog.Logger) { l.Info("x", "all", []any{map[string]string{"secret": "hunter2"}, "0912345678"}) },
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			out, _ := line(t, f)
			for _, s := range secrets {
				require.NotContains(t, out, s)
			}
			require.Contains(t, out, redacted)
		})
	}
}

func TestOrdinaryValuesStay(t *testing.T) {
	_, f := line(t, func(l *slog.Logger) {
		l.Info("x", "code", "INVALID", "app", "feedback", "name", "sweep", "ward", "11824", "count", 3, "case", "0195f3c0-1234-7890-8123-456789012345",
			"ms", "1790000000000", "hash", "a0912345678b", "err", errors.New("store: no outbox \"x\""), "list", []int{1, 2}, "nothing", nil)
	})
	want := map[string]any{
		"code": "INVALID", "app": "feedback", "name": "sweep", "ward": "11824", "count": 3.0, "case": "0195f3c0-1234-7890-8123-456789012345",
		"ms": "1790000000000", "hash": "a0912345678b", "err": "store: no outbox \"x\"", "list": []any{1.0, 2.0}, "nothing": nil,
	}
	for k, v := range want {
		require.Equal(t, v, f[k], k)
	}
}

func TestLevel(t *testing.T) {
	var out bytes.Buffer
	log, err := NewLogger(&out, Config{LogLevel: "warn"})
	require.NoError(t, err)
	log.Info("quiet")
	require.Empty(t, out.String())
	_, err = NewLogger(&out, Config{LogLevel: "loud"})
	require.Error(t, err)
}

func FuzzScrub(f *testing.F) {
	for _, s := range []string{"", "0912345678", "+84 912 345 678", jwt, "eyJ", "Bearer x", "redis://u:p@h", strings.Repeat("0", 100), "\xff0912345678"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		require.True(t, strings.HasPrefix(scrub("x 0912345678 "+s), "x "+redacted))
		require.NotContains(t, scrub(s+" "+jwt), jwt)
	})
}

func TestConfigReportsEveryProblem(t *testing.T) {
	require.NoError(t, Config{}.Validate())
	err := Config{LogLevel: "loud", OTLPEndpoint: "collector:4318", TraceRatio: math.NaN()}.Validate()
	for _, key := range []string{"log_level:", "otlp_endpoint:", "trace_ratio:"} {
		require.ErrorContains(t, err, key)
	}
}

func TestTracingIsOffByDefault(t *testing.T) {
	tr, err := NewTracing(t.Context(), Config{}, "test")
	require.NoError(t, err)
	_, span := tr.Provider.Tracer("x").Start(t.Context(), "x")
	require.False(t, span.IsRecording())
	span.End()
	require.NoError(t, tr.Close(t.Context()))
}

func TestTracesReachTheCollector(t *testing.T) {
	var got atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/v1/traces" && len(body) > 0 {
			got.Add(1)
		}
	}))
	defer collector.Close()
	tr, err := NewTracing(t.Context(), Config{OTLPEndpoint: collector.URL, TraceRatio: 1}, "test")
	require.NoError(t, err)
	ctx, span := tr.Provider.Tracer("x").Start(t.Context(), "x")
	carrier := propagation.MapCarrier{}
	tr.Propagator().Inject(ctx, carrier)
	require.Contains(t, carrier["traceparent"], span.SpanContext().TraceID().String())
	span.End()
	require.NoError(t, tr.Close(t.Context()))
	require.EqualValues(t, 1, got.Load())
}

func TestCollectorThatIsAwayDelaysNothing(t *testing.T) {
	tr, err := NewTracing(t.Context(), Config{OTLPEndpoint: "http://127.0.0.1:1", TraceRatio: 1}, "test")
	require.NoError(t, err)
	_, span := tr.Provider.Tracer("x").Start(t.Context(), "x")
	span.End()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	before := time.Now()
	_ = tr.Close(ctx)
	require.Less(t, time.Since(before), 5*time.Second)
}

func TestAdminHandler(t *testing.T) {
	var down atomic.Bool
	h := AdminHandler(NewRegistry("v1.2.3"), Check{Name: "store", Run: func(context.Context) error {
		if down.Load() {
			return errors.New("disk at /secret/path is full")
		}
		return nil
	}})
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	code, body := get("/metrics")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, body, `motcua_build_info{version="v1.2.3"} 1`)
	require.Contains(t, body, "go_goroutines")
	code, body = get("/debug/pprof/")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, body, "goroutine")
	code, _ = get("/debug/pprof/heap")
	require.Equal(t, http.StatusOK, code)
	code, body = get("/healthz")
	require.Equal(t, http.StatusOK, code)
	require.JSONEq(t, `{"ok":true,"parts":{"store":"ok"}}`, body)
	down.Store(true)
	code, body = get("/healthz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.JSONEq(t, `{"ok":false,"parts":{"store":"down"}}`, body)
	require.NotContains(t, body, "secret")
}
