package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
)

// Webhook understands what one network sends. A channels.Channel is one.
type Webhook interface {
	Profile() channels.Profile
	Parse(r channels.Request) (channels.Batch, error)
}

// Taker keeps what networks sent, so that it survives a kill, before it is acknowledged. inbox.Inbox is one.
type Taker interface {
	Take(ctx context.Context, p channels.Profile, events []channels.Event) error
}

// webhookPath begins the paths that networks call.
const webhookPath = "/webhooks/"

// maxWebhook is the largest body of a webhook, in bytes: networks put many events into one.
const maxWebhook = 1 << 20

// maxBulky is how many webhooks whose bodies are larger than those of other requests are held at once: nobody has signed anything yet while they are read.
const maxBulky = 16

// storeTime is the longest time to store a webhook. Zalo wants its answer within two seconds, and counts the way there and back.
const storeTime = 1800 * time.Millisecond

// sendAgain is when a network may come again with what could not be stored. Those we know keep a plan of their own.
const sendAgain = 5 * time.Second

// Webhooks takes what networks send, at /webhooks/<name>. It answers 200 only after all of it was stored; a network sends again what got another answer.
type Webhooks struct {
	hooks map[string]Webhook
	taker Taker
	log   *slog.Logger
	calls *prometheus.CounterVec
	left  *prometheus.CounterVec
	news  *namesSeen
}

// NewWebhooks makes the routes of the networks, by name.
func NewWebhooks(hooks map[string]Webhook, taker Taker, log *slog.Logger, reg prometheus.Registerer) (*Webhooks, error) {
	w := &Webhooks{hooks: hooks, taker: taker, log: log, news: newNamesSeen(), calls: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "motcua_webhooks_total", Help: "Calls of networks, by network and how they ended: OK or the code of the fault.",
	}, []string{"network", "outcome"}), left: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "motcua_webhooks_ignored_total", Help: "What networks told and nobody here acts on, by network and kind; unknown: the network has learnt something new.",
	}, []string{"network", "kind"})}
	if err := errors.Join(reg.Register(w.calls), reg.Register(w.left)); err != nil {
		return nil, fmt.Errorf("http: metrics: %w", err)
	}
	return w, nil
}

// Mount adds the routes. The server gives them places and a limit of their own.
func (w *Webhooks) Mount(r fiber.Router) {
	for name, hook := range w.hooks {
		r.All(webhookPath+name, func(c *fiber.Ctx) error { return w.serve(c, name, hook) })
	}
}

// serve answers one call.
func (w *Webhooks) serve(c *fiber.Ctx, name string, hook Webhook) error {
	if m := c.Method(); m != fiber.MethodPost && m != fiber.MethodGet {
		c.Set(fiber.HeaderAllow, "GET, POST")
		return fiber.ErrMethodNotAllowed
	}
	reply, err := w.take(c, name, hook)
	w.count(c.UserContext(), name, err)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	return c.Status(fiber.StatusOK).Send(reply)
}

// take understands a call and stores what it says. UNAVAILABLE, saying when to come again, when that was not possible in time.
func (w *Webhooks) take(c *fiber.Ctx, name string, hook Webhook) ([]byte, error) {
	r, err := requestOf(c)
	if err != nil {
		return nil, err
	}
	batch, err := hook.Parse(r)
	for _, kind := range batch.Ignored {
		w.left.WithLabelValues(name, w.news.label(name, kind)).Inc()
	}
	if err != nil || len(batch.Events) == 0 {
		return batch.Reply, err
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), storeTime)
	defer cancel()
	return batch.Reply, again(w.taker.Take(ctx, hook.Profile(), batch.Events))
}

// again makes an error that time may mend one that says when to come again. Networks know 503; what some do about 429 is not written anywhere.
func again(err error) error {
	f := fault.Of(err)
	if f == nil || f.Code != fault.Unavailable && f.Code != fault.RateLimited {
		return err
	}
	if f.RetryAfter == 0 {
		f = f.After(sendAgain)
	}
	return &fault.Error{Code: fault.Unavailable, RetryAfter: f.RetryAfter, Cause: f}
}

// count tells operators how a call ended. What is wrong with a call that anybody can make is counted only; what we owe a network is logged too.
func (w *Webhooks) count(ctx context.Context, name string, err error) {
	outcome := "OK"
	if err != nil {
		outcome = string(fault.CodeOf(err))
	}
	w.calls.WithLabelValues(name, outcome).Inc()
	if outcome == string(fault.Unavailable) {
		w.log.WarnContext(ctx, "a webhook was not stored: the network is asked to send it again", "network", name, "err", err)
	}
}

// requestOf copies a request out of the server's buffers, which the next request on the connection overwrites. The body is as it was sent: a signature
// covers its bytes, and fiber's own reader would unpack a compressed one of any size.
func requestOf(c *fiber.Ctx) (channels.Request, error) {
	q, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		return channels.Request{}, fault.Wrap(fault.Invalid, err)
	}
	head := http.Header{}
	for name, value := range c.Request().Header.All() {
		head.Add(string(name), string(value))
	}
	return channels.Request{Method: strings.Clone(c.Method()), Header: head, Query: q, Body: bytes.Clone(c.Request().Body())}, nil
}

func isWebhook(c *fiber.Ctx) bool { return strings.HasPrefix(c.Path(), webhookPath) }
