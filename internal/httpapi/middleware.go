package httpapi

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
)

type metrics struct {
	requests *prometheus.HistogramVec
	rejected *prometheus.CounterVec
	inFlight prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) (metrics, error) {
	m := metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "motcua_http_request_duration_seconds", Help: "Time to answer a request on the public port.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "status"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "motcua_http_rejected_total", Help: "Requests refused before they reached a part, by reason.",
		}, []string{"reason"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "motcua_http_in_flight", Help: "Requests being worked on."}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.rejected, m.inFlight} {
		if err := reg.Register(c); err != nil {
			return m, fmt.Errorf("http: metrics: %w", err)
		}
	}
	return m, nil
}

// observe gives each request a trace and an id, and counts it by route, never by path: paths hold ids.
func (s *Server) observe(c *fiber.Ctx) error {
	start := time.Now()
	carrier := propagation.MapCarrier{"traceparent": c.Get("traceparent")}
	ctx := propagation.TraceContext{}.Extract(c.UserContext(), carrier)
	ctx, span := s.deps.Tracer.Tracer("motcua/http").Start(ctx, "http "+c.Method(), trace.WithSpanKind(trace.SpanKindServer))
	defer span.End()
	c.SetUserContext(ctx)
	id := uuid.NewString()
	if sc := span.SpanContext(); sc.HasTraceID() {
		id = sc.TraceID().String()
	}
	c.Set(fiber.HeaderXRequestID, id)

	err := c.Next()
	if err != nil {
		err = s.fail(c, err)
	}
	status, route := c.Response().StatusCode(), c.Route().Path
	if status == fiber.StatusNotFound && route == "/" && c.Path() != "/" {
		route = "none"
	}
	span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
	if status >= 500 {
		span.SetStatus(codes.Error, "")
	}
	took := time.Since(start)
	s.metrics.requests.WithLabelValues(route, method(c), statusClass(status)).Observe(took.Seconds())
	s.deps.Log.DebugContext(ctx, "request", "route", route, "method", method(c), "status", status, "ms", took.Milliseconds())
	return err
}

// method gives the request's method, or "other": a label takes no client's words.
func method(c *fiber.Ctx) string {
	switch m := c.Method(); m {
	case fiber.MethodGet:
		return fiber.MethodGet
	case fiber.MethodHead, fiber.MethodPost, fiber.MethodPut, fiber.MethodDelete, fiber.MethodOptions:
		return strings.Clone(m)
	}
	return "other"
}

func statusClass(status int) string {
	switch {
	case status == fiber.StatusTooManyRequests:
		return "429"
	case status == fiber.StatusServiceUnavailable:
		return "503"
	}
	return [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}[min(max(status/100, 1), 5)-1]
}

// recover keeps a panic in one request from ending the process.
func (s *Server) recover(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.deps.Log.ErrorContext(c.UserContext(), "panic in a request", "panic", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "")
		}
	}()
	return c.Next()
}

// headers tells browsers to be strict. Pages that need more than nothing set their own policy.
func (s *Server) headers(c *fiber.Ctx) error {
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	if s.deps.Secure {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000; includeSubDomains")
	}
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodPost, fiber.MethodPut, fiber.MethodOptions:
		return c.Next()
	case fiber.MethodDelete:
		if c.Path() == chatPush {
			return c.Next()
		}
	}
	if answersItself(c.Path()) {
		return c.Next()
	}
	c.Set(fiber.HeaderAllow, "GET, HEAD, POST, PUT, OPTIONS")
	return fiber.ErrMethodNotAllowed
}

// shed answers 503 at once when more is under way than the machine can do in time: those accepted stay quick.
func (s *Server) shed(c *fiber.Ctx) error {
	leave, ok := s.place(c)
	if !ok {
		return s.overload()
	}
	s.metrics.inFlight.Inc()
	defer func() { leave(); s.metrics.inFlight.Dec() }()
	if s.draining.Load() {
		c.Set(fiber.HeaderConnection, "close")
	}
	return c.Next()
}

// place takes a place for a request, if one is free. Then leave must be called.
func (s *Server) place(c *fiber.Ctx) (leave func(), ok bool) {
	if s.isUpload(c) {
		return s.uploadsOf(c).enter(limit.Network(s.ClientIP(c)))
	}
	places := s.inFlight
	if isWebhook(c) {
		places = s.webhooks
	}
	return func() { <-places }, enter(places)
}

// enter takes a place, if one is free.
func enter(places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s *Server) overload() error {
	s.metrics.rejected.WithLabelValues("overload").Inc()
	return fault.New(fault.Unavailable, "").After(time.Second)
}

// plainBody refuses bodies that are packed: fiber unpacks them for whoever asks for the body, without a limit, so that a few bytes take gigabytes. What
// networks send is signed as it comes, and never unpacked.
func (s *Server) plainBody(c *fiber.Ctx) error {
	if len(c.Request().Header.ContentEncoding()) == 0 || isWebhook(c) {
		return c.Next()
	}
	s.metrics.rejected.WithLabelValues("packed_body").Inc()
	c.Set(fiber.HeaderConnection, "close") // the body is not read
	c.Set(fiber.HeaderAcceptEncoding, "identity")
	return fiber.ErrUnsupportedMediaType
}

// limitBody reads a body up to the limit before a part sees it; uploads are left to the part that takes them, with more time.
func (s *Server) limitBody(c *fiber.Ctx) error {
	if strings.HasPrefix(c.Path(), uploadPath) || c.Path() == chatUploads || s.isLongForm(c) {
		return s.pace(c)
	}
	req, limit := c.Request(), s.cfg.MaxBody
	if !req.IsBodyStream() {
		return c.Next()
	}
	if isWebhook(c) {
		limit = max(limit, maxWebhook)
	}
	if req.Header.ContentLength() > limit {
		return s.tooLarge(c)
	}
	body, err := readOn(c, nil, s.cfg.MaxBody)
	if err == nil && len(body) > s.cfg.MaxBody && limit > s.cfg.MaxBody {
		if !enter(s.bulky) {
			return s.overload()
		}
		defer func() { <-s.bulky }()
		body, err = readOn(c, body, limit)
	}
	if err != nil {
		c.Set(fiber.HeaderConnection, "close")
		return fiber.ErrRequestTimeout
	}
	if len(body) > limit {
		return s.tooLarge(c)
	}
	req.SetBodyRaw(body)
	return c.Next()
}

// readOn reads a body behind what has been read of it, until it is longer than limit or ends.
func readOn(c *fiber.Ctx, begun []byte, limit int) ([]byte, error) {
	rest, err := io.ReadAll(io.LimitReader(c.Context().RequestBodyStream(), int64(limit-len(begun))+1))
	return append(begun, rest...), err
}

func (s *Server) tooLarge(c *fiber.Ctx) error {
	s.metrics.rejected.WithLabelValues("body_too_large").Inc()
	c.Set(fiber.HeaderConnection, "close") // the rest of the body is not read
	return fiber.ErrRequestEntityTooLarge
}
