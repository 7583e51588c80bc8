package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/webchat"
)

// WebNetwork is the channel of the city's own pages; *web.Channel is one.
type WebNetwork interface {
	Webhook
	// Begin makes a visitor and gives their token. Nothing is stored.
	Begin(lang message.Lang) (token string)
	// Renew gives a visitor another token, for another language.
	Renew(v webchat.Visitor, lang message.Lang) (token string)
	// Visitor gives who asks. UNAUTHORIZED for nobody whom we know.
	Visitor(h http.Header) (webchat.Visitor, error)
	// Ticket names a file of the visitor for a message that they send later.
	Ticket(v webchat.Visitor, a channels.Attachment) string
	// LineID gives the id of the line that Heard makes.
	LineID(e channels.Event) string
	// Heard puts what a visitor said into the log, once, and gives its place; 0 for what is no line.
	Heard(ctx context.Context, e channels.Event) (seq int64, err error)
}

// WebLog is what was said in the conversations; *webchat.Log is one.
type WebLog interface {
	Begun(ctx context.Context, visitor string) (bool, error)
	Find(ctx context.Context, visitor, id string) (seq int64, err error)
	Before(ctx context.Context, visitor string, before int64, limit int) ([]webchat.Line, error)
	Follow(ctx context.Context, visitor string, after int64) iter.Seq2[webchat.Line, error]
	Typing(ctx context.Context, visitor string) <-chan bool
	SetTyping(visitor string, on bool)
}

// WebMedia takes and shows files; *media.Media does.
type WebMedia interface {
	Take(ctx context.Context, v account.Viewer, key, contentType string, body io.Reader) (media.Item, error)
	TakeFromStranger(ctx context.Context, v account.Viewer, key, contentType string, body io.Reader) (media.Item, error)
	URL(id, rendition string) string
	// Renew gives an address that is good now in place of one that URL gave once; others come back as they are.
	Renew(address string) string
}

// WebDevices knows the browsers that are sent notices.
type WebDevices interface {
	// Register keeps a subscription of the viewer's, once however often it comes.
	Register(ctx context.Context, v account.Viewer, s WebSubscription) error
	// Remove forgets the one with that endpoint; "" means all of the viewer's browsers.
	Remove(ctx context.Context, v account.Viewer, endpoint string) error
}

// WebSubscription is a browser's leave to send it notices (Push API, PushSubscription.toJSON).
type WebSubscription struct{ Endpoint, P256dh, Auth string }

// WebPages are the files of the pages. Package assets of channels/web has them.
type WebPages struct {
	Page, Widget, Worker []byte
	File                 func(name string) (data []byte, mediaType string, ok bool) // by its name, which holds a hash of its content
	Policy               string                                                     // the Content-Security-Policy, without frame-ancestors
}

// WebChatDeps are what the web chat works with. All are needed but Devices, Wards, Link and Form.
type WebChatDeps struct {
	Network  WebNetwork
	Taker    Taker
	Log      WebLog
	Media    WebMedia
	Guest    func(ctx context.Context, v webchat.Visitor) (account.Viewer, error) // the viewer that stands for a visitor
	Origin   func(address string) string                                          // hides an address, as channels.Event carries it
	Link     func(ctx context.Context, token string) error                        // NOT_FOUND for the token of a link that cannot be opened
	Form     func(ctx context.Context, token string) error                        // likewise of a form
	Devices  WebDevices                                                           // nil: no notices by push
	Limiter  Limiter
	Texts    *locale.Catalogue
	City     message.Text
	Wards    []byte // GeoJSON of their borders; nil for none
	VapidKey string // public, base64url; "" while there is no push
	MaxPhoto int64  // bytes
	MaxVideo int64  // bytes
	Pages    WebPages
	ClientIP func(*fiber.Ctx) string // past trusted proxies
	Logger   *slog.Logger
	Reg      prometheus.Registerer
}

// Limiter counts who asks; *limit.Limiter does.
type Limiter interface {
	Allow(ctx context.Context, key string, r limit.Rule) (retryAfter time.Duration, err error)
	Spend(ctx context.Context, key string, r limit.Rule, n int) (retryAfter time.Duration, err error)
	Return(ctx context.Context, key string, n int)
}

// WebChat is the HTTP face of the web chat: its pages below /chat, and what they call below /chat/v1. What a visitor says is acknowledged when the event
// and its line are stored, both under the id that the page gave it; what is shown comes from the log, by place. So a page that sends until it is answered,
// and reads on from where it was, loses nothing and shows nothing twice.
type WebChat struct {
	cfg     webchat.Config
	deps    WebChatDeps
	streams *webStreams
	said    *prometheus.CounterVec
	files   *prometheus.CounterVec
}

// NewWebChat makes the part; the server mounts and drains it.
func NewWebChat(cfg webchat.Config, deps WebChatDeps) (*WebChat, error) {
	if deps.Network == nil || deps.Taker == nil || deps.Log == nil || deps.Media == nil || deps.Guest == nil || deps.Origin == nil || deps.Limiter == nil || deps.Texts == nil ||
		deps.Pages.File == nil || deps.ClientIP == nil || deps.Logger == nil || deps.Reg == nil {
		return nil, errors.New("http: web chat: something that it works with is missing")
	}
	open := prometheus.NewGauge(prometheus.GaugeOpts{Name: "motcua_webchat_streams", Help: "Open event streams of the web chat."})
	said := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "motcua_webchat_messages_total", Help: "Messages of visitors, by how they ended: OK, REPEAT, or the code of the fault.",
	}, []string{"outcome"})
	files := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "motcua_webchat_uploads_total", Help: "Files of visitors, by how they ended: OK, the code of the fault, STRANGERS_FULL or TOO_MANY_BYTES.",
	}, []string{"outcome"})
	if err := errors.Join(deps.Reg.Register(open), deps.Reg.Register(said), deps.Reg.Register(files)); err != nil {
		return nil, fmt.Errorf("http: metrics: %w", err)
	}
	cfg = cfg.Filled()
	if most := max(deps.MaxPhoto, deps.MaxVideo); int64(min(cfg.Limits.UploadBytes.Max, cfg.Limits.AddressUploadBytes.Max)) <= most {
		return nil, fmt.Errorf("webchat: limits.upload_bytes, limits.address_upload_bytes: must be more than one video, %d", most)
	}
	return &WebChat{cfg: cfg, deps: deps, said: said, files: files, streams: newWebStreams(cfg, open)}, nil
}

// Mount adds the routes.
func (w *WebChat) Mount(r fiber.Router) {
	w.pages(r)
	r.Post("/chat/v1/session", w.answering(w.session))
	r.Post("/chat/v1/messages", w.answering(w.say))
	r.Post(chatUploads, w.answering(w.upload))
	r.Get("/chat/v1/events", w.answering(w.events))
	r.Get("/chat/v1/log", w.answering(w.older))
	r.Get("/chat/v1/links/:token", w.answering(w.lives(w.deps.Link)))
	r.Get("/chat/v1/forms/:token", w.answering(w.lives(w.deps.Form)))
	r.Post(chatPush, w.answering(w.subscribe))
	r.Delete(chatPush, w.answering(w.unsubscribe))
}

// Drain ends the open streams, whose pages connect again elsewhere, and returns when they have ended or ctx has.
func (w *WebChat) Drain(ctx context.Context) { w.streams.drain(ctx) }

// caller is who calls.
type caller struct {
	webchat.Visitor
	known   bool   // the token is good
	cause   error  // why it is not
	address string // network address to count by
}

// handler answers one call. Its faults are put into the visitor's language.
type handler func(c *fiber.Ctx, who caller) error

// answering finds out who calls, and turns an error into the answer that pages understand.
func (w *WebChat) answering(next handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		who := caller{address: limit.Network(w.deps.ClientIP(c))}
		who.Visitor, who.cause = w.deps.Network.Visitor(http.Header{"Authorization": {string(c.Request().Header.Peek(fiber.HeaderAuthorization))}})
		who.known = who.cause == nil
		if !who.known {
			who.Lang = langOf(c)
		}
		err := next(c, who)
		if err == nil {
			return nil
		}
		return w.refuse(c, who, err)
	}
}

// trouble is the body of an error answer.
type trouble struct {
	Error struct {
		Code    fault.Code `json:"code"`
		Message string     `json:"message"`
		Path    []string   `json:"path,omitempty"` // of the field that is wrong
	} `json:"error"`
}

func (w *WebChat) refuse(c *fiber.Ctx, who caller, err error) error {
	f := fault.Of(err)
	if f.Code == fault.Internal {
		w.deps.Logger.ErrorContext(c.UserContext(), "request failed", "route", c.Route().Path, "err", err)
	}
	if f.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, fmt.Sprint(f.WaitSeconds()))
	}
	var body trouble
	body.Error.Code, body.Error.Message = f.Code, w.deps.Texts.Fault(who.Lang, f)
	if len(f.Fields) > 0 {
		body.Error.Path = f.Fields[0].Path
	}
	return c.Status(statusOf[f.Code]).JSON(body)
}

// allow counts a call. RATE_LIMITED with words of its own when there are too many.
func (w *WebChat) allow(ctx context.Context, what, who string, r limit.Rule) error {
	_, err := w.deps.Limiter.Allow(ctx, limitKey(what, who), r)
	if f := fault.Of(err); f != nil && f.Code == fault.RateLimited {
		return fault.New(fault.RateLimited, "webchat.too_fast").After(f.RetryAfter)
	}
	return err
}

// limitKey names what is counted of whom.
func limitKey(what, who string) string { return "webchat:" + what + ":" + who }
