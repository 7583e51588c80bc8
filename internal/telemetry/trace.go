package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Tracing makes spans and sends them on.
type Tracing struct {
	Provider api.TracerProvider
	stop     func(ctx context.Context) error
}

// exportWait bounds sending one batch of spans; a collector that is away loses traces and delays nothing.
const exportWait = 5 * time.Second

// NewTracing prepares tracing. Without an endpoint it makes no spans and costs nothing. It does not connect.
func NewTracing(ctx context.Context, cfg Config, version string) (*Tracing, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	if cfg.OTLPEndpoint == "" {
		return &Tracing{Provider: noop.NewTracerProvider(), stop: func(context.Context) error { return nil }}, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(tracesURL(cfg.OTLPEndpoint)), otlptracehttp.WithTimeout(exportWait))
	if err != nil {
		return nil, fmt.Errorf("telemetry: trace exporter: %w", err)
	}
	provider := trace.NewTracerProvider(
		trace.WithBatcher(exporter),
		trace.WithSampler(trace.ParentBased(trace.TraceIDRatioBased(cfg.TraceRatio))),
		trace.WithResource(resource.NewSchemaless(attribute.String("service.name", "motcua"), attribute.String("service.version", version))),
	)
	return &Tracing{Provider: provider, stop: provider.Shutdown}, nil
}

// tracesURL gives the address for traces below a collector's: /v1/traces, unless the configuration names a path (OTLP/HTTP specification).
func tracesURL(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || (u.Path != "" && u.Path != "/") {
		return endpoint
	}
	return u.JoinPath("v1", "traces").String()
}

// LogLibraryErrors sends what OpenTelemetry says by itself (a collector that is away) to log, instead of unformatted to standard error. The setting belongs
// to the whole process: call it once where the program starts.
func LogLibraryErrors(log *slog.Logger) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("telemetry", "err", err) }))
}

// Propagator reads and writes the trace in HTTP headers (W3C Trace Context).
func (t *Tracing) Propagator() propagation.TextMapPropagator { return propagation.TraceContext{} }

// Close sends what is left, within the context.
func (t *Tracing) Close(ctx context.Context) error { return t.stop(ctx) }
