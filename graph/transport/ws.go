package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	fastws "github.com/fasthttp/websocket"
	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/motcua/motcua/internal/fault"
)

// subprotocol is the one that is spoken: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
const subprotocol = "graphql-transport-ws"

// Close codes of the subprotocol, and those of RFC 6455 that are used.
const (
	closeGoingAway      = websocket.CloseGoingAway
	closeTryAgain       = websocket.CloseTryAgainLater
	closeInvalidMessage = 4400
	closeUnauthorized   = 4401
	closeForbidden      = 4403
	closeSubprotocol    = 4406
	closeInitTimeout    = 4408
	closeIDTaken        = 4409
	closeSecondInit     = 4429
)

// maxOperationID bounds the ids that a client gives its operations, in bytes.
const maxOperationID = 128

// message is one frame of the subprotocol.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// upgrade gives the handler that turns a request into a socket.
func (s *Server) upgrade() fiber.Handler {
	open := websocket.New(func(c *websocket.Conn) { s.serveSocket(c) }, websocket.Config{
		Subprotocols:    []string{subprotocol},
		Origins:         s.cfg.Origins,
		ReadBufferSize:  1024,
		WriteBufferSize: 1024,
		WriteBufferPool: &sync.Pool{}, // thousands of sockets are silent at any moment
		RecoverHandler: func(*websocket.Conn) {
			if r := recover(); r != nil {
				s.deps.Log.Error("panic in a socket", "panic", fmt.Sprintf("%T", r)) // its value may hold anything
			}
		},
	})
	return func(c *fiber.Ctx) error {
		// The place itself is taken when the connection has been handed over: for a client that is gone by then, nobody would ever give it back.
		creds := s.credentials(c)
		if err := s.streams.room(s.streams.guest(creds.Address)); err != nil {
			return s.refuseStream(c, err)
		}
		creds.Lasting = true
		c.Locals("credentials", creds)
		c.Locals("base", context.WithoutCancel(c.UserContext()))
		return open(c)
	}
}

func (s *Server) serveSocket(c *websocket.Conn) {
	base, _ := c.Locals("base").(context.Context)
	creds, _ := c.Locals("credentials").(Credentials)
	ctx, cancel := context.WithCancel(base)
	k := &socket{server: s, conn: c.Conn, cancel: cancel, base: ctx, creds: creds, holder: s.streams.guest(creds.Address), operations: map[string]*running{}}
	if s.streams.enter("socket", k.holder) != nil {
		s.deps.Rejected(reasonStreams)
		k.close(closeTryAgain, "Try again later")
		k.finish()
		return
	}
	defer func() { s.streams.leave("socket", k.holder) }()
	defer k.finish()
	if c.Subprotocol() != subprotocol {
		k.close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	k.serve()
}

// socket is one connection. One goroutine reads; each operation under way has one more, which writes what it yields.
type socket struct {
	server *Server
	conn   *fastws.Conn
	base   context.Context // ends with the connection
	cancel context.CancelFunc
	creds  Credentials
	holder holder // whom it is counted by; for the goroutine that reads

	write sync.Mutex // one writer at a time

	mu         sync.Mutex
	caller     context.Context // carries who calls; nil before the acknowledgement
	admission  Admission
	checked    time.Time // when the admission was last found to hold
	inited     bool
	closed     bool // a close was sent
	finished   bool // nothing may begin any more
	operations map[string]*running

	flights sync.WaitGroup
}

// running is one operation under way. The client may use its id again as soon as it has ended it, so an operation is told by this and not by its id.
type running struct {
	id     string
	cancel context.CancelFunc
}

// serve reads until the connection ends.
func (k *socket) serve() {
	cfg := k.server.cfg
	alive := func() { _ = k.conn.SetReadDeadline(time.Now().Add(cfg.PingEvery * 5 / 2)) }
	k.conn.SetReadLimit(int64(cfg.MaxBody))
	k.conn.SetPongHandler(func(string) error { alive(); return nil })
	alive()
	// Timers and not a goroutine: thousands of sockets are silent at any moment.
	defer k.every(cfg.InitTimeout, k.initTimeout)()
	defer k.every(cfg.PingEvery, k.ping)()
	defer k.every(cfg.RecheckEvery, k.recheck)()
	defer context.AfterFunc(k.server.streams.ctx, func() {
		k.while(func() { k.close(closeGoingAway, "Going away, connect again") })
	})()
	for {
		kind, data, err := k.conn.ReadMessage()
		if err != nil {
			return
		}
		alive()
		var m message
		if kind != websocket.TextMessage || !decodeMessage(data, &m) {
			k.close(closeInvalidMessage, "Invalid message received")
			return
		}
		if !k.take(m) {
			return
		}
	}
}

// decodeMessage reads one frame with the strictness of a request's body.
func decodeMessage(data []byte, m *message) bool {
	if _, err := parseJSON(data); err != nil {
		return false
	}
	return json.Unmarshal(data, m) == nil
}

// take obeys one message. It tells whether to go on reading.
func (k *socket) take(m message) bool {
	switch m.Type {
	case "connection_init":
		return k.init(m.Payload)
	case "ping":
		k.send(message{Type: "pong", Payload: m.Payload})
		return true
	case "pong":
		return true
	case "subscribe":
		return k.subscribe(m)
	case "complete":
		k.stop(m.ID)
		return true
	}
	k.close(closeInvalidMessage, "Invalid message received")
	return false
}

func (k *socket) initTimeout() (again bool) {
	k.mu.Lock()
	waiting := !k.inited
	k.mu.Unlock()
	if waiting {
		k.close(closeInitTimeout, "Connection initialisation timeout")
	}
	return false
}

// init signs the connection in. The token comes in the payload, because browsers cannot set headers on sockets.
func (k *socket) init(payload json.RawMessage) bool {
	k.mu.Lock()
	second := k.inited
	k.inited = true
	k.mu.Unlock()
	if second {
		k.close(closeSecondInit, "Too many initialisation requests")
		return false
	}
	var p struct {
		Authorization string `json:"authorization"`
	}
	if len(payload) > 0 && json.Unmarshal(payload, &p) != nil {
		k.close(closeInvalidMessage, "Invalid message received")
		return false
	}
	if p.Authorization != "" {
		k.creds.Authorization = p.Authorization
	}
	caller, admission, err := k.server.deps.Doorman.Admit(k.base, k.creds)
	if fault.CodeOf(err) == fault.Unavailable {
		k.close(closeTryAgain, "Try again later")
		return false
	}
	if err != nil {
		k.server.deps.Rejected(reasonAuth)
		k.close(closeForbidden, "Forbidden")
		return false
	}
	who := k.server.streams.holderOf(k.creds.Address, admission)
	if !k.server.streams.pass(k.holder, who) {
		k.server.deps.Rejected(reasonStreams)
		k.close(closeTryAgain, "Too many connections")
		return false
	}
	k.holder = who
	k.mu.Lock()
	k.caller, k.admission, k.checked = caller, admission, k.server.deps.Now()
	k.mu.Unlock()
	return k.send(message{Type: "connection_ack"})
}

func (k *socket) subscribe(m message) bool {
	k.mu.Lock()
	caller := k.caller
	_, taken := k.operations[m.ID]
	room := len(k.operations) < k.server.cfg.Subscriptions
	k.mu.Unlock()
	switch {
	case caller == nil:
		k.close(closeUnauthorized, "Unauthorized")
		return false
	case m.ID == "" || len(m.ID) > maxOperationID:
		k.close(closeInvalidMessage, "Invalid message received")
		return false
	case taken:
		k.close(closeIDTaken, "Subscriber for "+m.ID+" already exists")
		return false
	case !room:
		k.server.deps.Rejected(reasonStreams)
		return k.fail(m.ID, gqlerror.List{k.server.deps.Doorman.Words(caller, k.creds.Languages, fault.New(fault.RateLimited, ""))})
	}
	if !k.recheck() {
		return false
	}
	p, err := ParseParams(m.Payload)
	if err != nil {
		k.server.deps.Rejected(reasonParams)
		k.close(closeInvalidMessage, "Invalid message received")
		return false
	}
	op, refusal := k.server.deps.Engine.Prepare(caller, p)
	if refusal != nil {
		k.server.deps.Rejected(refusal.Reason)
		return k.fail(m.ID, refusal.Errors)
	}
	leave, ok := k.server.enter(op)
	if !ok {
		k.server.deps.Rejected(reasonOverload)
		busy := fault.New(fault.Unavailable, "").After(time.Second)
		return k.fail(m.ID, gqlerror.List{k.server.deps.Doorman.Words(caller, k.creds.Languages, busy)})
	}
	ctx, cancel := k.deadline(caller, op)
	me := &running{id: m.ID, cancel: cancel}
	k.mu.Lock()
	k.operations[m.ID] = me
	k.mu.Unlock()
	k.flights.Go(func() {
		defer leave()
		k.run(ctx, me, op)
	})
	return true
}

// deadline bounds queries and mutations; subscriptions end with the connection.
func (k *socket) deadline(ctx context.Context, op *graphql.OperationContext) (context.Context, context.CancelFunc) {
	if op.Operation.Operation == ast.Subscription {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, k.server.cfg.Timeout)
}

// run sends what an operation yields, then tells that it is over, unless the client already knows.
func (k *socket) run(ctx context.Context, me *running, op *graphql.OperationContext) {
	defer me.cancel()
	defer k.server.contain(ctx)
	handler, ctx := k.server.deps.Engine.Run(ctx, op)
	for res := handler(ctx); res != nil; res = handler(ctx) {
		if !k.holds() {
			return
		}
		body, err := k.server.encode(res)
		if err != nil || !k.has(me) || !k.send(message{ID: me.id, Type: "next", Payload: body}) {
			break
		}
	}
	if k.forget(me) {
		k.send(message{ID: me.id, Type: "complete"})
	}
}

func (k *socket) fail(id string, errs gqlerror.List) bool {
	body, err := json.Marshal(k.server.deps.Engine.Trim(errs))
	return err == nil && k.send(message{ID: id, Type: "error", Payload: body})
}

func (k *socket) has(r *running) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.operations[r.id] == r
}

// forget drops an operation that is over and tells whether it was still known.
func (k *socket) forget(r *running) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.operations[r.id] != r {
		return false
	}
	delete(k.operations, r.id)
	return true
}

// stop ends an operation that the client no longer wants. An id that is not known is over already.
func (k *socket) stop(id string) {
	k.mu.Lock()
	r := k.operations[id]
	delete(k.operations, id)
	k.mu.Unlock()
	if r != nil {
		r.cancel()
	}
}

// every calls f again and again, until f says no or the function it gives is called. It takes no goroutine between the calls.
func (k *socket) every(d time.Duration, f func() (again bool)) (stop func() bool) {
	var t *time.Timer
	ready := make(chan struct{})
	t = time.AfterFunc(d, func() {
		<-ready // t is set
		k.while(func() {
			if f() {
				t.Reset(d)
			}
		})
	})
	close(ready)
	return t.Stop
}

// while calls f unless the connection is finished, and keeps it from being given back before f has returned: the server uses its memory again for
// another connection.
func (k *socket) while(f func()) {
	k.mu.Lock()
	if k.finished {
		k.mu.Unlock()
		return
	}
	k.flights.Add(1)
	k.mu.Unlock()
	defer k.flights.Done()
	f()
}

// ping sends a sign of life and asks for one.
func (k *socket) ping() bool {
	if k.base.Err() != nil {
		return false
	}
	if k.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(k.server.cfg.WriteTimeout)) != nil {
		k.close(closeGoingAway, "")
		return false
	}
	return true
}

// recheck ends the connection when the sign-in has ended or means something else now.
func (k *socket) recheck() bool {
	k.mu.Lock()
	admission, admitted := k.admission, k.caller != nil
	k.mu.Unlock()
	if k.base.Err() != nil {
		return false
	}
	if !admitted {
		return true
	}
	now := k.server.deps.Now()
	if k.server.stillAdmitted(k.base, k.creds, admission) {
		k.mu.Lock()
		k.checked = now
		k.mu.Unlock()
		return true
	}
	k.server.deps.Rejected(reasonAuth)
	k.close(closeForbidden, "Forbidden")
	return false
}

// holds tells whether the sign-in is good at this moment: what an operation yields is for somebody who may have it now.
func (k *socket) holds() bool {
	k.mu.Lock()
	known := k.server.deps.Now().Sub(k.checked) < fresh
	k.mu.Unlock()
	return known || k.recheck()
}

// send writes one message. It tells whether the client still takes it.
func (k *socket) send(m message) bool {
	k.write.Lock()
	defer k.write.Unlock()
	if k.conn.SetWriteDeadline(time.Now().Add(k.server.cfg.WriteTimeout)) != nil {
		return false
	}
	w, err := k.conn.NextWriter(websocket.TextMessage)
	if err != nil {
		return false
	}
	if !writeMessage(w, m) {
		return false
	}
	return w.Close() == nil
}

// close tells the client why, once, and ends the connection; the reader then finds it closed.
func (k *socket) close(code int, reason string) {
	k.mu.Lock()
	again := k.closed
	k.closed = true
	k.mu.Unlock()
	if again {
		return
	}
	reason = strings.ToValidUTF8(reason[:min(len(reason), 100)], "") // a close frame carries 123 bytes
	_ = k.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
	// The peer answers with a close of its own; a short while is left for it, so that ours is not lost with the connection.
	_ = k.conn.SetReadDeadline(time.Now().Add(time.Second))
	k.cancel()
}

// finish ends every operation and waits for them.
func (k *socket) finish() {
	k.cancel()
	k.drainRead()
	_ = k.conn.Close()
	k.mu.Lock()
	k.finished = true
	k.mu.Unlock()
	k.flights.Wait()
}

// drainRead waits, shortly, for the peer's own close after ours.
func (k *socket) drainRead() {
	k.mu.Lock()
	closed := k.closed
	k.mu.Unlock()
	if !closed {
		return
	}
	for {
		if _, _, err := k.conn.NextReader(); err != nil {
			return
		}
	}
}

// writeMessage writes a message whose payload is JSON already, without encoding that again.
func writeMessage(w io.Writer, m message) bool {
	head, err := json.Marshal(message{ID: m.ID, Type: m.Type})
	if err != nil {
		return false
	}
	if len(m.Payload) == 0 {
		_, err = w.Write(head)
		return err == nil
	}
	for _, part := range [][]byte{head[:len(head)-1], []byte(`,"payload":`), m.Payload, []byte("}")} {
		if _, err := w.Write(part); err != nil {
			return false
		}
	}
	return true
}
