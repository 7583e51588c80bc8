package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/motcua/motcua/graph/guard"
	"github.com/motcua/motcua/graph/transport"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/chat"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
)

// Accesses gives a citizen the record of looks at their personal data; audit.Trail is one.
type Accesses interface {
	List(ctx context.Context, viewer account.Viewer, first int, after store.Cursor) (store.Page[account.Access], error)
}

// Limiter slows down whoever asks too often; limit.Limiter is one.
type Limiter interface {
	Allow(ctx context.Context, key string, r limit.Rule) (retryAfter time.Duration, err error)
	// Return takes back n calls that were counted under key.
	Return(ctx context.Context, key string, n int)
}

// Deps is what the gateway needs of the rest. All are needed but Signs, Cache, Firebase and ZaloMiniApp.
type Deps struct {
	Accounts   *account.Accounts
	Accesses   Accesses
	City       *city.City
	Media      *media.Media
	Notices    *notify.Notices
	Dispatches *notify.Sender
	Devices    *device.Devices
	Desk       *chat.Chats
	Reports    *feedback.App
	Runner     *miniapps.Runner
	Limiter    Limiter
	// Signs has the street signs; nil for a city without them, where none is found.
	Signs Signs
	Cache guard.Cache // documents of automatic persisted queries; nil keeps them in this process alone
	// Firebase verifies a Firebase ID token and gives the phone that it proves; nil when there is no Firebase.
	Firebase func(ctx context.Context, token string) (account.Proved, error)
	// ZaloMiniApp asks Zalo what the tokens of the city's Mini App prove; nil when there is none. user is the person's id towards the official account, as the
	// Mini App says; it counts only when Zalo says so too.
	ZaloMiniApp func(ctx context.Context, accessToken, phoneToken, user string) (account.MiniAppProof, error)
	// WatchConversation does for conversations what WatchCase does for cases.
	WatchConversation func(ctx context.Context, id string) <-chan struct{}
	// WatchCase wakes whoever follows a case when it may have changed, and now and then without reason, until ctx ends; then the channel is closed.
	WatchCase func(ctx context.Context, ref miniapps.CaseRef) <-chan struct{}
	// ClientIP gives the client's address, past trusted proxies.
	ClientIP func(*fiber.Ctx) string
	Texts    *locale.Catalogue
	Now      func() time.Time
	Log      *slog.Logger
	Reg      prometheus.Registerer

	timeout time.Duration // of one read for a stream
}

func (d Deps) validate() error {
	var errs []error
	for name, there := range map[string]bool{
		"Accounts": d.Accounts != nil, "Accesses": d.Accesses != nil, "City": d.City != nil, "Media": d.Media != nil, "Notices": d.Notices != nil, "Dispatches": d.Dispatches != nil, "Devices": d.Devices != nil, "Desk": d.Desk != nil, "WatchConversation": d.WatchConversation != nil,
		"Reports": d.Reports != nil, "Runner": d.Runner != nil, "Limiter": d.Limiter != nil, "WatchCase": d.WatchCase != nil,
		"ClientIP": d.ClientIP != nil, "Texts": d.Texts != nil, "Now": d.Now != nil, "Log": d.Log != nil, "Reg": d.Reg != nil,
	} {
		if !there {
			errs = append(errs, fmt.Errorf("graph: %s is needed", name))
		}
	}
	return errors.Join(errs...)
}

// Handler is the GraphQL face, to be mounted on the public port.
type Handler struct{ server *transport.Server }

// New makes the gateway.
func New(cfg Settings, deps Deps) (*Handler, error) { return newHandler(cfg, deps, plainQueries()) }

func newHandler(cfg Settings, deps Deps, plain plainFields) (*Handler, error) {
	if err := errors.Join(cfg.Validate(), deps.validate()); err != nil {
		return nil, err
	}
	deps.timeout = cfg.Transport.Timeout
	m, err := newMetrics(deps.Reg)
	if err != nil {
		return nil, err
	}
	p := presenter{texts: deps.Texts, log: deps.Log}
	e, err := newEngine(cfg, deps, p, m, plain)
	if err != nil {
		return nil, err
	}
	td := transport.Deps{
		Engine: e, Doorman: doorman{accounts: deps.Accounts, errors: p, timeout: cfg.Transport.Timeout}, Address: deps.ClientIP,
		Rejected: m.reject, Streams: m.stream, Now: deps.Now, Log: deps.Log,
	}
	if cfg.Explorer {
		if td.Explorer, err = newExplorer(deps.Texts); err != nil {
			return nil, err
		}
	}
	server, err := transport.New(cfg.Transport, td)
	if err != nil {
		return nil, err
	}
	return &Handler{server: server}, nil
}

// Mount adds the path /graphql.
func (h *Handler) Mount(r fiber.Router) { h.server.Mount(r) }

// Drain tells open streams to connect elsewhere and waits until they have ended or ctx has.
func (h *Handler) Drain(ctx context.Context) { h.server.Drain(ctx) }

func newEngine(cfg Settings, deps Deps, p presenter, m *metrics, plain plainFields) (*engine, error) {
	schema, err := loadSchema()
	if err != nil {
		return nil, err
	}
	g, err := guard.New(schema, cfg.Limits)
	if err != nil {
		return nil, err
	}
	registered, err := readRegistered(cfg.Registered)
	if err != nil {
		return nil, err
	}
	cache := deps.Cache
	if cache == nil {
		if cache, err = guard.NewMemory(); err != nil {
			return nil, err
		}
	}
	root := &Resolver{deps: deps, errors: p, gazettes: newGazettes(deps.City), shelves: newShelves(deps.Runner.Catalogue())}
	exec := executor.New(NewExecutableSchema(Config{Schema: schema, Resolvers: root}))
	exec.SetErrorPresenter(p.present)
	exec.SetRecoverFunc(p.recovered)
	return &engine{
		exec: exec, guard: g, persisted: guard.NewPersisted(registered, cache), introspection: cfg.Introspection, getOnly: cfg.Transport.Get,
		errors: p, fields: plain.middleware, metrics: m, now: deps.Now,
	}, nil
}

// loadSchema reads the schema that is built in. @defer is not served: an answer in parts needs a transport of its own.
func loadSchema() (*ast.Schema, error) {
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		return nil, fmt.Errorf("graph: schema: %w", err)
	}
	delete(schema.Directives, "defer")
	return schema, nil
}

func readRegistered(path string) (guard.Registered, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("graph: registered: %w", err)
	}
	return guard.ReadRegistered(data)
}
