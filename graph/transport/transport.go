// Package transport carries GraphQL operations between clients and an engine: over HTTP (POST and GET, as the GraphQL-over-HTTP specification says),
// over WebSocket (subprotocol graphql-transport-ws) and as server-sent events (graphql-sse, distinct connections), on fiber without a detour through net/http.
//
// It owns media types, status codes, close codes, deadlines, and the end of streams at a shutdown. It knows no schema and no account.
package transport

import (
	"context"
	"log/slog"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gofiber/fiber/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/motcua/motcua/internal/setting"
)

// Path is where operations are taken.
const Path = "/graphql"

// ClientHeader must come with requests that a foreign page could cause: a GET with cookies. No page can set it without asking first.
const ClientHeader = "X-Motcua-Client"

// GetPolicy says which operations may be asked for by GET.
type GetPolicy string

// The policies.
const (
	GetAny        GetPolicy = "any"        // any query
	GetRegistered GetPolicy = "registered" // registered queries only
	GetOff        GetPolicy = "off"        // none
)

// Config holds the settings of the transports.
type Config struct {
	MaxBody       int           `koanf:"max_body"`       // bytes of a request or of one message on a socket
	Get           GetPolicy     `koanf:"get"`            // which operations may come by GET
	Timeout       time.Duration `koanf:"timeout"`        // for a query or mutation, and for finding out who asks; streams have none
	InitTimeout   time.Duration `koanf:"init_timeout"`   // from opening a socket to its connection_init
	PingEvery     time.Duration `koanf:"ping_every"`     // signs of life on silent streams; a peer silent for two and a half of them is gone
	WriteTimeout  time.Duration `koanf:"write_timeout"`  // longest time that a client may not take what a stream sends
	RecheckEvery  time.Duration `koanf:"recheck_every"`  // how often an open stream's sign-in is looked at again
	Streams       int           `koanf:"streams"`        // open sockets and event streams of this replica; one address or caller may hold some of them only (see streams)
	Subscriptions int           `koanf:"subscriptions"`  // operations under way on one socket
	Operations    int           `koanf:"operations"`     // queries and mutations under way on all sockets together; the rest hear UNAVAILABLE
	Origins       []string      `koanf:"socket_origins"` // web origins whose pages may open sockets; empty means any, for the token is not sent by a browser on its own
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	for _, d := range []struct {
		key string
		v   time.Duration
	}{{"timeout", c.Timeout}, {"init_timeout", c.InitTimeout}, {"ping_every", c.PingEvery}, {"write_timeout", c.WriteTimeout}, {"recheck_every", c.RecheckEvery}} {
		faults.Refuse(d.v <= 0, d.key, "must be positive")
	}
	for _, n := range []struct {
		key string
		v   int
	}{{"max_body", c.MaxBody}, {"streams", c.Streams}, {"subscriptions", c.Subscriptions}, {"operations", c.Operations}} {
		faults.Refuse(n.v < 1, n.key, "must be positive")
	}
	switch c.Get {
	case GetAny, GetRegistered, GetOff:
	default:
		faults.Add("get", "%q is none of any, registered, off", c.Get)
	}
	return faults.Err()
}

// Credentials are what a client showed of itself.
type Credentials struct {
	Authorization string // as the header: "Bearer …"; "" for a guest
	Languages     string // as the header Accept-Language
	Address       string // of the client, past trusted proxies
	Lasting       bool   // whether the sign-in is for all operations of a socket and not for one
}

// Admission is the outcome of a sign-in.
type Admission struct {
	Identity string    // changes when the caller's account, session or rights change
	Expires  time.Time // when the sign-in ends; zero for a guest
}

// Doorman knows who may come in.
type Doorman interface {
	// Admit gives a context made of ctx that carries who calls; it ends when ctx does. It bounds its own time. A fault otherwise: UNAUTHORIZED for a
	// token that is not or no longer good.
	Admit(ctx context.Context, c Credentials) (context.Context, Admission, error)
	// Words puts an error into what the client may see, in the language of ctx or of languages, an Accept-Language header.
	Words(ctx context.Context, languages string, err error) *gqlerror.Error
}

// Refusal says why an operation did not begin.
type Refusal struct {
	Reason string // for the metric
	Errors gqlerror.List
}

// Engine carries out operations.
type Engine interface {
	// Prepare decides whether an operation may run.
	Prepare(ctx context.Context, p Params) (*graphql.OperationContext, *Refusal)
	// Run begins an operation. The handler gives one response after the other and nil at the end; it is called with the context that comes with it.
	Run(ctx context.Context, op *graphql.OperationContext) (graphql.ResponseHandler, context.Context)
	// Trim keeps as many errors as may be told at once.
	Trim(gqlerror.List) gqlerror.List
}

// Deps is what the transports need of the rest.
type Deps struct {
	Engine   Engine
	Doorman  Doorman
	Explorer fiber.Handler            // page for browsers; nil for none
	Address  func(*fiber.Ctx) string  // the client's address, past trusted proxies
	Rejected func(reason string)      // counts what was refused
	Streams  func(kind string, n int) // counts open streams: "socket" or "events", +1 or -1
	Now      func() time.Time
	Log      *slog.Logger
}

// Server takes operations on one path.
type Server struct {
	cfg     Config
	deps    Deps
	streams *streams
	places  chan struct{} // one element per query or mutation that runs on a socket
	socket  fiber.Handler
}

// New makes a server.
func New(cfg Config, deps Deps) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, deps: deps, streams: newStreams(cfg.Streams, deps.Streams), places: make(chan struct{}, cfg.Operations)}
	s.socket = s.upgrade()
	return s, nil
}

// Mount adds the path.
func (s *Server) Mount(r fiber.Router) { r.All(Path, s.handle) }

// Drain tells open streams to go elsewhere, takes no new ones, and returns when they have ended or ctx has.
func (s *Server) Drain(ctx context.Context) { s.streams.drain(ctx) }

// enter takes a place for a query or mutation, which the port's own bound on requests does not see. Subscriptions mostly wait and need none.
func (s *Server) enter(op *graphql.OperationContext) (leave func(), ok bool) {
	if op.Operation.Operation == ast.Subscription {
		return func() {}, true
	}
	select {
	case s.places <- struct{}{}:
		return func() { <-s.places }, true
	default:
		return nil, false
	}
}
