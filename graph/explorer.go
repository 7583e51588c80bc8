package graph

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/message"
)

//go:embed explorer.html
var explorerHTML string

// explorerTexts are the texts of the page, by their names in the template.
var explorerTexts = []string{"title", "operation", "variables", "token", "run", "stop", "result", "docs", "load_docs", "no_docs"}

// newExplorer gives the page on which operations are tried. It needs nothing from elsewhere and may load nothing from elsewhere.
func newExplorer(texts *locale.Catalogue) (fiber.Handler, error) {
	page, err := template.New("explorer").Parse(explorerHTML)
	if err != nil {
		return nil, fmt.Errorf("graph: explorer: %w", err)
	}
	return func(c *fiber.Ctx) error {
		lang := acceptedLanguage(c.Get(fiber.HeaderAcceptLanguage))
		nonce := make([]byte, 16)
		_, _ = rand.Read(nonce) // never fails (Go 1.24 and later end the program instead)
		values := map[string]any{"Lang": lang, "Nonce": base64.StdEncoding.EncodeToString(nonce), "Text": textsIn(texts, lang)}
		var out bytes.Buffer
		if err := page.Execute(&out, values); err != nil {
			return fmt.Errorf("graph: explorer: %w", err)
		}
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		c.Set(fiber.HeaderContentSecurityPolicy, fmt.Sprintf(
			"default-src 'none'; script-src 'nonce-%[1]s'; style-src 'nonce-%[1]s'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'", values["Nonce"]))
		c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
		return c.Send(out.Bytes())
	}, nil
}

func textsIn(texts *locale.Catalogue, lang message.Lang) map[string]string {
	out := map[string]string{}
	for _, name := range explorerTexts {
		out[name] = texts.Text(lang, "graph.explorer."+name, nil)
	}
	return out
}
