package signpage

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/limit"
)

// BenchmarkScan compares the routes of a page that is ready with a handler that sends the same bytes, both without a network: what is left is the work of the
// page itself. A socket's part in a request is several times that of both.
func BenchmarkScan(b *testing.B) {
	d := open(b, func(x *Deps) { x.Seen = func(Visit) {} })
	page := d.page(b, Ask{Sign: d.code, Accept: "vi-VN,vi;q=0.9,en;q=0.8"})
	bare := fiber.New()
	bare.Get("/s/:sign", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(page.Zipped)
	})
	real := fiber.New()
	face, err := httpapi.NewSigns(httpapi.SignDeps{Pages: d.Pages, Limiter: nobody{}, ClientIP: func(c *fiber.Ctx) string { return "203.0.113.7" }, Log: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	face.Mount(real)
	for _, run := range []struct {
		name, sign string
		app        *fiber.App
	}{{"bare", d.code, bare}, {"ready", d.code, real}, {"lower case", strings.ToLower(d.code), real}, {"invented", "AAAAAAAAAAAAA", real}} {
		b.Run(run.name, func(b *testing.B) {
			handler := run.app.Handler()
			b.ReportAllocs()
			var c fasthttp.RequestCtx
			for b.Loop() {
				c.Request.Reset()
				c.Response.Reset()
				c.Request.Header.SetMethod("GET")
				c.Request.SetRequestURI("/s/" + run.sign)
				c.Request.Header.Set("Accept-Language", "vi-VN,vi;q=0.9,en;q=0.8")
				c.Request.Header.Set("Accept-Encoding", "gzip, deflate, br")
				c.Request.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36")
				handler(&c)
			}
		})
	}
}

// BenchmarkCold reads, writes and packs a page anew each time.
func BenchmarkCold(b *testing.B) {
	d := open(b)
	b.ReportAllocs()
	for b.Loop() {
		d.Forget()
		d.page(b, Ask{Sign: d.code})
	}
}

// nobody limits nobody.
type nobody struct{}

func (nobody) Allow(context.Context, string, limit.Rule) (time.Duration, error) { return 0, nil }
func (nobody) Spend(context.Context, string, limit.Rule, int) (time.Duration, error) {
	return 0, nil
}
func (nobody) Return(context.Context, string, int) {}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
