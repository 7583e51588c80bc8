package main

import (
	"bytes"
	"fmt"
	"net"
	"os"

	"github.com/gofiber/fiber/v2"
)

// bare serves the bytes on standard input at every address from a fiber handler that does nothing else, and prints its own address. It is the
// yardstick: what the same machine does with the same bytes when there is no city behind them.
func bare(body []byte) error {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	kind := fiber.MIMETextHTMLCharsetUTF8
	if bytes.HasPrefix(body, []byte("{")) {
		kind = "application/graphql-response+json; charset=utf-8"
	}
	app.All("/*", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, kind)
		return c.Send(body)
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, `{"msg":"listening","http":%q}`+"\n", ln.Addr())
	return app.Listener(ln)
}
