package httpapi

import (
	"bytes"
	"context"
	"html/template"
	"log/slog"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/locale"
)

// Callback is the address that a browser comes back to after somebody agreed on a network's site that the city may speak there (OAuth's redirect URI). It tells
// that person whether it worked.
type Callback struct {
	Path  string
	Texts *locale.Catalogue
	Log   *slog.Logger
	// Finish takes what the address carries to its end; other parts of the query than it knows must be ignored. The public part of its error is shown, the
	// rest is logged: it must hold neither the code nor a token. INVALID without a cause is not logged: anybody can bring it about as often as they like.
	Finish func(ctx context.Context, q url.Values) error
}

// finishTime is the longest time for a callback, which asks the network.
const finishTime = 15 * time.Second

// Mount adds the route. Nothing keeps what the query holds: no cache, no referrer, no log.
func (b Callback) Mount(r fiber.Router) {
	r.All(b.Path, func(c *fiber.Ctx) error {
		if c.Method() != fiber.MethodGet { // a preview by HEAD must not use up the code
			c.Set(fiber.HeaderAllow, fiber.MethodGet)
			return fiber.ErrMethodNotAllowed
		}
		return b.serve(c)
	})
}

func (b Callback) serve(c *fiber.Ctx) error {
	q, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		return b.page(c, fault.New(fault.Invalid, "")) // the cause would quote the query
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), finishTime)
	defer cancel()
	err = b.Finish(ctx, q)
	if f := fault.Of(err); err != nil && (f.Code != fault.Invalid || f.Cause != nil) {
		b.Log.WarnContext(ctx, "connecting a channel failed", "path", b.Path, "err", err)
	}
	return b.page(c, err)
}

var callbackPage = template.Must(template.New("callback").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{{.Title}}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}</style></head>
<body><h1>{{.Title}}</h1>{{with .Why}}<p>{{.}}</p>{{end}}<p>{{.Next}}</p></body></html>
`))

// page says how it ended.
func (b Callback) page(c *fiber.Ctx, err error) error {
	lang, status := langOf(c), fiber.StatusOK
	say := map[string]any{"Lang": string(lang), "Title": b.Texts.Text(lang, "http.callback_done", nil), "Next": b.Texts.Text(lang, "http.callback_close", nil)}
	if f := fault.Of(err); err != nil {
		status = statusOf[f.Code]
		say["Title"], say["Next"] = b.Texts.Text(lang, "http.callback_failed", nil), b.Texts.Text(lang, "http.callback_again", nil)
		say["Why"] = b.Texts.Fault(lang, f)
	}
	var page bytes.Buffer
	if err := callbackPage.Execute(&page, say); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Vary(fiber.HeaderAcceptLanguage)
	c.Type("html", "utf-8")
	return c.Status(status).Send(page.Bytes())
}
