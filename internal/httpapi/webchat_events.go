package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/webchat"
)

// events answers with a stream of server-sent events: each line behind the place that the page names (after, or Last-Event-ID when an EventSource comes
// back), who types, and signs of life. It ends with the event "end", which says why; a stream that ends without it was cut off. Either way the page connects
// again with its last place.
func (w *WebChat) events(c *fiber.Ctx, who caller) error {
	if !who.known {
		return who.cause
	}
	after, err := cursorOf(c)
	if err != nil {
		return err
	}
	if err := w.countRead(c.UserContext(), who); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/event-stream; charset=utf-8")
	if c.Method() == fiber.MethodHead {
		return nil
	}
	s, err := w.streams.enter(context.WithoutCancel(c.UserContext()), who.ID, who.address) // the stream outlives the handler
	if err != nil {
		return err
	}
	c.Set("X-Accel-Buffering", "no") // proxies pass each event on at once
	c.Context().SetBodyStreamWriter(func(out *bufio.Writer) {
		defer w.streams.leave(s)
		e := eventWriter{chat: w, out: out, who: who.Visitor}
		e.run(s, after)
	})
	return nil
}

// cursorOf gives the place behind which a page reads on.
func cursorOf(c *fiber.Ctx) (int64, error) {
	q, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		return 0, fault.New(fault.Invalid, "")
	}
	if last := utils.CopyString(c.Get("Last-Event-ID")); last != "" {
		return number(last)
	}
	return number(q.Get("after"))
}

// eventWriter writes one stream. Lines come from a goroutine of their own, so that signs of life go on while the next is waited for.
type eventWriter struct {
	chat *WebChat
	out  *bufio.Writer
	who  webchat.Visitor
}

func (e *eventWriter) run(s *webStream, after int64) {
	ctx, cancel := context.WithCancel(s.ctx)
	typing := e.chat.deps.Log.Typing(ctx, e.who.ID)
	lines, done := make(chan webchat.Line), make(chan struct{})
	go func() {
		defer close(done)
		e.chat.follow(ctx, e.who, after, lines)
	}()
	defer func() { <-done }()
	defer cancel()
	e.pass(s, lines, typing)
}

// pass writes what comes until the stream is to end or the page has gone.
func (e *eventWriter) pass(s *webStream, lines <-chan webchat.Line, typing <-chan bool) {
	beat := time.NewTicker(e.chat.cfg.Heartbeat)
	defer beat.Stop()
	alive := e.write("retry: 1000\n\n") // the head goes out at once
	for alive {
		select {
		case line, more := <-lines:
			if !more {
				return // the store is away: the page comes again
			}
			alive = e.message(line)
		case on := <-typing:
			alive = e.write("event: typing\ndata: {\"on\":" + strconv.FormatBool(on) + "}\n\n")
		case <-beat.C:
			alive = e.write(":\n\n")
		case <-s.ctx.Done():
			e.write("event: end\ndata: {\"reason\":\"" + s.reason() + "\"}\n\n")
			return
		}
	}
}

func (e *eventWriter) message(line webchat.Line) bool {
	data, err := json.Marshal(e.chat.show(line))
	if err != nil { // what was stored as JSON is JSON
		return false
	}
	return e.write("event: message\nid: " + strconv.FormatInt(line.Seq, 10) + "\ndata: " + string(data) + "\n\n")
}

// write sends at once. It tells whether the page still takes it; the connection bounds how long it may not.
func (e *eventWriter) write(s string) bool {
	if _, err := e.out.WriteString(s); err != nil {
		return false
	}
	return e.out.Flush() == nil
}

// follow passes on the lines of a conversation, then closes out.
func (w *WebChat) follow(ctx context.Context, who webchat.Visitor, after int64, out chan<- webchat.Line) {
	defer close(out)
	defer w.contain(ctx)
	for line, err := range w.deps.Log.Follow(ctx, who.ID, after) {
		if err != nil {
			w.deps.Logger.WarnContext(ctx, "a stream of the web chat ended early", "err", err)
			return
		}
		select {
		case out <- line:
		case <-ctx.Done():
			return
		}
	}
}

// contain keeps a panic in one stream from ending the process.
func (w *WebChat) contain(ctx context.Context) {
	if r := recover(); r != nil {
		w.deps.Logger.ErrorContext(ctx, "panic in a stream", "panic", fmt.Sprintf("%T", r)) // its value may hold anything
	}
}
