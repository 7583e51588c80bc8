package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/motcua/motcua/graph/transport"
	"github.com/motcua/motcua/internal/fault"
)

func TestMain(m *testing.M) {
	leaktest.Main(m)
}

// fakeEngine knows a handful of operations by their text.
type fakeEngine struct{ emit chan string }

func (e *fakeEngine) Prepare(_ context.Context, p transport.Params) (*graphql.OperationContext, *transport.Refusal) {
	kind := ast.Query
	switch {
	case strings.HasPrefix(p.Query, "mutation"):
		kind = ast.Mutation
	case strings.HasPrefix(p.Query, "subscription"):
		kind = ast.Subscription
	case strings.Contains(p.Query, "bad"):
		return nil, &transport.Refusal{Reason: "validation", Errors: gqlerror.List{{Message: "no such field"}}}
	}
	return &graphql.OperationContext{RawQuery: p.Query, Operation: &ast.OperationDefinition{Operation: kind}}, nil
}

func (e *fakeEngine) Run(ctx context.Context, op *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	if op.Operation.Operation == ast.Subscription {
		return func(ctx context.Context) *graphql.Response {
			select {
			case s, ok := <-e.emit:
				if !ok {
					return nil
				}
				return &graphql.Response{Data: json.RawMessage(s)}
			case <-ctx.Done():
				return nil
			}
		}, ctx
	}
	if strings.Contains(op.RawQuery, "slow") {
		return func(ctx context.Context) *graphql.Response { <-ctx.Done(); return nil }, ctx
	}
	if strings.Contains(op.RawQuery, "half") {
		return graphql.OneShot(&graphql.Response{Data: json.RawMessage(`{"half":null}`), Errors: gqlerror.List{{Message: "not now"}}}), ctx
	}
	who, _ := ctx.Value(whoKey{}).(string)
	return graphql.OneShot(&graphql.Response{Data: json.RawMessage(`{"ok":"` + who + `"}`)}), ctx
}

func (e *fakeEngine) Trim(l gqlerror.List) gqlerror.List { return l }

type whoKey struct{}

// fakeDoor lets in guests and the tokens that are good at the moment.
type fakeDoor struct {
	mu      sync.Mutex
	tokens  map[string]time.Time // ends
	rights  string
	outages atomic.Bool
	asked   atomic.Int32
}

func (d *fakeDoor) Admit(ctx context.Context, c transport.Credentials) (context.Context, transport.Admission, error) {
	d.asked.Add(1)
	if d.outages.Load() {
		return ctx, transport.Admission{}, fault.New(fault.Unavailable, "").After(3 * time.Second)
	}
	if c.Authorization == "" {
		return ctx, transport.Admission{}, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	token := strings.TrimPrefix(c.Authorization, "Bearer ")
	end, ok := d.tokens[token]
	if !ok {
		return ctx, transport.Admission{}, fault.New(fault.Unauthorized, "")
	}
	return context.WithValue(ctx, whoKey{}, token), transport.Admission{Identity: token + d.rights, Expires: end}, nil
}

func (d *fakeDoor) Words(_ context.Context, _ string, err error) *gqlerror.Error {
	return &gqlerror.Error{Message: "words", Extensions: map[string]any{"code": string(fault.CodeOf(err))}}
}

func (d *fakeDoor) revoke(token string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.tokens, token)
}

func (d *fakeDoor) change(rights string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rights = rights
}

// rig is a server on a port.
type rig struct {
	t        *testing.T
	host     string
	server   *transport.Server
	engine   *fakeEngine
	door     *fakeDoor
	ahead    atomic.Int64 // nanoseconds that the server's clock is ahead
	mu       sync.Mutex
	rejected []string
	open     map[string]int
}

func config() transport.Config {
	return transport.Config{
		MaxBody: 4096, Get: transport.GetAny, Timeout: 200 * time.Millisecond, InitTimeout: 2 * time.Second, PingEvery: time.Second,
		WriteTimeout: time.Second, RecheckEvery: 20 * time.Millisecond, Streams: 10, Subscriptions: 2, Operations: 10,
	}
}

func newRig(t *testing.T, change ...func(*transport.Config)) *rig {
	t.Helper()
	cfg := config()
	for _, f := range change {
		f(&cfg)
	}
	r := &rig{t: t, engine: &fakeEngine{emit: make(chan string)}, open: map[string]int{}}
	r.door = &fakeDoor{tokens: map[string]time.Time{"good": time.Now().Add(time.Hour)}}
	var err error
	r.server, err = transport.New(cfg, transport.Deps{
		Engine: r.engine, Doorman: r.door, Address: func(c *fiber.Ctx) string { return c.IP() },
		Rejected: func(reason string) { r.mu.Lock(); defer r.mu.Unlock(); r.rejected = append(r.rejected, reason) },
		Streams:  func(kind string, n int) { r.mu.Lock(); defer r.mu.Unlock(); r.open[kind] += n },
		Now:      func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	app := fiber.New(fiber.Config{DisableStartupMessage: true, StreamRequestBody: true, IdleTimeout: 100 * time.Millisecond})
	r.server.Mount(app)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() { defer close(done); _ = app.Listener(ln) }()
	r.host = ln.Addr().String()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		r.server.Drain(ctx)
		http.DefaultClient.CloseIdleConnections()
		if err := app.ShutdownWithContext(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		_ = ln.Close() // a server that has not begun to serve does not notice that it was shut down
		<-done
	})
	return r
}

// openStreams gives how many streams of a kind are open.
func (r *rig) openStreams(kind string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open[kind]
}

func (r *rig) wasRejected(reason string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.rejected {
		if x == reason {
			return true
		}
	}
	return false
}
