// Package httpapi is the public port: one fiber application with the rules that every request meets first (recovery, limits, trace,
// headers, readiness), and the routes that are not GraphQL's.
//
// It translates faults into HTTP answers in one place. It knows no mini-app and no store.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/cors"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/message"
)

// Mounter adds routes of one part to the public port.
type Mounter interface{ Mount(fiber.Router) }

// Drainer is a part with long-lived streams, which it tells to reconnect elsewhere before the port closes.
type Drainer interface{ Drain(context.Context) }

// Deps is what the port needs of the rest.
type Deps struct {
	City   message.Text                // its name, shown on the first page
	Texts  *locale.Catalogue           // texts of errors and pages
	Ready  func(context.Context) error // nil when requests can be served; asked by /readyz
	Parts  []Mounter                   // in the order of mounting
	Drains []Drainer
	Links  []Link // what the first page points at
	Log    *slog.Logger
	Reg    prometheus.Registerer
	Tracer trace.TracerProvider
	Secure bool // behind TLS: say so to browsers (HSTS)
}

// Link is one line of the first page.
type Link struct{ Path, Key string } // Key of the text in the catalogues

// Server is the public port.
type Server struct {
	cfg       Config
	deps      Deps
	app       *fiber.App
	clients   clientFinder
	draining  atomic.Bool
	listening atomic.Pointer[net.Listener]
	inFlight  chan struct{} // places for requests
	webhooks  chan struct{} // places for webhooks: what citizens do elsewhere must not make a network give us up
	bulky     chan struct{} // places for webhooks with bodies larger than those of other requests
	metrics   metrics

	uploads, chatUploads *uploadPlaces
}

// New prepares the port; Serve opens it.
func New(cfg Config, deps Deps) (*Server, error) {
	trusted, err := prefixes(cfg.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("http: trusted_proxies: %w", err)
	}
	s := &Server{
		cfg: cfg, deps: deps, clients: clientFinder{trusted}, inFlight: make(chan struct{}, cfg.MaxInFlight),
		webhooks: make(chan struct{}, cfg.webhooks()), bulky: make(chan struct{}, maxBulky),
		uploads: newUploadPlaces(cfg.MaxUploads, cfg.addressUploads()), chatUploads: newUploadPlaces(cfg.guestUploads(), cfg.addressGuestUploads()),
	}
	if s.metrics, err = newMetrics(deps.Reg); err != nil {
		return nil, err
	}
	s.app = fiber.New(fiber.Config{
		AppName:               "motcua",
		DisableStartupMessage: true,
		StreamRequestBody:     true, // uploads are read as they come; limitBody reads the rest
		// Forms are read by the part that wants them, within the limits: by itself fasthttp spools them to files of any size.
		DisablePreParseMultipartForm: true,
		BodyLimit:                    cfg.MaxBody,
		ReadTimeout:                  cfg.HeaderTimeout,
		IdleTimeout:                  cfg.IdleTimeout,
		ReadBufferSize:               8 << 10, // longest request head, as usual proxies have it; every open socket keeps one
		ErrorHandler:                 s.fail,
		Immutable:                    false, // handlers copy what outlives them
	})
	s.routes()
	s.app.Server().Handler = s.framed(s.app.Handler())
	return s, nil
}

func (s *Server) routes() {
	s.app.Use(s.observe, s.recover, s.headers)
	s.app.Get("/healthz", s.health)
	s.app.Get("/readyz", s.ready)
	if len(s.deps.Parts) > 0 || len(s.cfg.AllowedOrigins) > 0 {
		s.app.Use(s.cors())
	}
	s.app.Use(s.plainBody, s.limitBody, s.shed) // a body that is long in coming takes no place
	s.app.Get("/", s.first)
	for _, p := range s.deps.Parts {
		p.Mount(s.app)
	}
	s.app.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })
}

func (s *Server) cors() fiber.Handler {
	allowed := map[string]bool{}
	for _, o := range s.cfg.AllowedOrigins {
		allowed[strings.ToLower(o)] = true
	}
	return cors.New(cors.Config{
		AllowOriginsFunc: func(origin string) bool { return allowed[strings.ToLower(origin)] },
		AllowMethods:     "GET,HEAD,POST,PUT",
		AllowHeaders:     "Authorization,Content-Type,Accept-Language,X-Motcua-Client",
		MaxAge:           600,
	})
}

// Serve answers on ln until Shutdown. It always returns an error that is not nil, as net/http does; after Shutdown it is ErrClosed.
func (s *Server) Serve(ln net.Listener) error {
	ln = newLastCall(ln)
	s.listening.Store(&ln)
	if s.draining.Load() {
		return errors.Join(ErrClosed, ln.Close())
	}
	err := s.app.Listener(patientListener{ln, s.cfg.WriteTimeout})
	if err == nil || s.draining.Load() {
		return ErrClosed
	}
	return err
}

// ErrClosed is what Serve returns after Shutdown.
var ErrClosed = errors.New("httpapi: closed")

// Shutdown stops taking requests without failing one: it reports "not ready", waits for balancers to notice, tells streams to go
// elsewhere, and waits for requests under way, each within its setting.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	select {
	case <-time.After(s.cfg.DrainDelay):
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.DrainTimeout)
	defer cancel()
	for _, d := range s.deps.Drains {
		d.Drain(ctx)
	}
	err := s.app.ShutdownWithContext(ctx)
	if ln := s.listening.Load(); ln != nil {
		_ = (*ln).Close() // fasthttp closes it only if it had begun to serve
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("http: requests still under way after http.drain_timeout were cut off: %w", err)
	}
	return err
}

// ClientIP gives the address of the client whose request c is, past trusted proxies.
func (s *Server) ClientIP(c *fiber.Ctx) string { return s.clients.address(c) }
