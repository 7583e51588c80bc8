package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/fault"
)

// operation begins an operation and gives its responses.
type operation func(context.Context) (graphql.ResponseHandler, context.Context)

// events answers with a stream of server-sent events: "next" for each response, then "complete". A stream that ends without "complete" was
// cut off, and its client connects again.
func (s *Server) events(c *fiber.Ctx, ctx context.Context, creds Credentials, a Admission, op operation) error {
	who := s.streams.holderOf(creds.Address, a)
	if err := s.streams.enter("events", who); err != nil {
		return s.refuseStream(c, err)
	}
	c.Set(fiber.HeaderContentType, typeEvents+"; charset=utf-8")
	c.Set("X-Accel-Buffering", "no") // proxies pass each event on at once
	conn := c.Context().Conn()
	// The stream outlives the handler: the request's values stay, its end does not.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer s.streams.leave("events", who)
		defer cancel()
		e := eventStream{server: s, conn: conn, w: w, creds: creds, admission: a, checked: s.deps.Now()}
		e.run(ctx, cancel, op)
	})
	return nil
}

// refuseStream answers a request for a stream that is not taken up.
func (s *Server) refuseStream(c *fiber.Ctx, err error) error {
	if errors.Is(err, errTooMany) {
		c.Set(fiber.HeaderRetryAfter, "30")
		return s.refuse(c, fiber.StatusTooManyRequests, reasonStreams, "too many streams are open already; close some")
	}
	c.Set(fiber.HeaderRetryAfter, "5")
	return s.refuse(c, fiber.StatusServiceUnavailable, reasonStreams, "no more streams can be opened here; try again")
}

// eventStream writes one stream. Responses come from a goroutine of their own, so that signs of life go on while the next is waited for.
type eventStream struct {
	server    *Server
	conn      net.Conn
	w         *bufio.Writer
	creds     Credentials
	admission Admission
	checked   time.Time // when the admission was last found to hold
}

func (e *eventStream) run(ctx context.Context, cancel context.CancelFunc, op operation) {
	responses := make(chan []byte)
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.server.produce(ctx, op, responses)
	}()
	defer func() { <-done }()
	defer cancel()

	ping := time.NewTicker(e.server.cfg.PingEvery)
	defer ping.Stop()
	recheck := time.NewTicker(e.server.cfg.RecheckEvery)
	defer recheck.Stop()
	if !e.write(":\n\n") { // the head goes out at once
		return
	}
	for {
		alive := true
		select {
		case body, more := <-responses:
			if !more {
				e.write("event: complete\ndata:\n\n")
				return
			}
			alive = e.holds(ctx) && e.write("event: next\ndata: "+string(body)+"\n\n")
		case <-ping.C:
			alive = e.write(":\n\n")
		case <-recheck.C:
			alive = e.recheck(ctx)
		case <-e.server.streams.ctx.Done():
			return
		}
		if !alive {
			return
		}
	}
}

// fresh is how long it is known that a sign-in holds, so that a burst of events does not ask for each.
const fresh = time.Second

// holds tells whether the sign-in is good at this moment: each event is for somebody who may have it now.
func (e *eventStream) holds(ctx context.Context) bool {
	return e.server.deps.Now().Sub(e.checked) < fresh || e.recheck(ctx)
}

func (e *eventStream) recheck(ctx context.Context) bool {
	now := e.server.deps.Now()
	if !e.server.stillAdmitted(ctx, e.creds, e.admission) {
		return false
	}
	e.checked = now
	return true
}

// produce runs an operation and passes on its responses as JSON in one line, then closes out.
func (s *Server) produce(ctx context.Context, op operation, out chan<- []byte) {
	defer close(out)
	defer s.contain(ctx)
	handler, ctx := op(ctx)
	for res := handler(ctx); res != nil; res = handler(ctx) {
		body, err := s.encode(res)
		if err != nil {
			return
		}
		select {
		case out <- bytes.ReplaceAll(body, []byte("\n"), nil):
		case <-ctx.Done():
			return
		}
	}
}

// contain keeps a panic in one stream from ending the process.
func (s *Server) contain(ctx context.Context) {
	if r := recover(); r != nil {
		s.deps.Log.ErrorContext(ctx, "panic in a stream", "panic", fmt.Sprintf("%T", r)) // its value may hold anything
	}
}

// stillAdmitted tells whether a stream's sign-in is what it was when the stream began. An outage lets the stream live: who reads data asks anew.
func (s *Server) stillAdmitted(ctx context.Context, creds Credentials, was Admission) bool {
	if !was.Expires.IsZero() && !s.deps.Now().Before(was.Expires) {
		return false
	}
	_, is, err := s.deps.Doorman.Admit(ctx, creds)
	if err != nil {
		return fault.CodeOf(err) == fault.Unavailable
	}
	return is.Identity == was.Identity
}

// write sends at once. It tells whether the client still takes it.
func (e *eventStream) write(s string) bool {
	if err := e.conn.SetWriteDeadline(time.Now().Add(e.server.cfg.WriteTimeout)); err != nil {
		return false
	}
	if _, err := e.w.WriteString(s); err != nil {
		return false
	}
	return e.w.Flush() == nil
}
