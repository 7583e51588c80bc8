package webform

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/message"
)

//go:embed page
var pageFiles embed.FS

// renderer writes pages.
type renderer struct {
	pages  map[message.Lang]*template.Template
	policy string
}

// newRenderer reads the template, once for each language. images is an origin that pictures may come from besides ours; "" for none.
func newRenderer(texts *locale.Catalogue, images string) (*renderer, error) {
	css, err := pageFiles.ReadFile("page/style.css")
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(images, " ;,'\"") {
		return nil, fmt.Errorf("webform: %q is no origin", images)
	}
	style := string(css)
	sum := sha256.Sum256([]byte(style))
	r := &renderer{pages: map[message.Lang]*template.Template{}, policy: policyOf(base64.StdEncoding.EncodeToString(sum[:]), images)}
	for _, lang := range []message.Lang{message.Vietnamese, message.English} {
		words := template.FuncMap{
			"t":   func(key string) string { return texts.Text(lang, "webform."+key, nil) },
			"css": func() template.CSS { return template.CSS(style) }, // ours, and the same for everybody
		}
		if r.pages[lang], err = template.New("").Funcs(words).ParseFS(pageFiles, "page/*.html"); err != nil {
			return nil, fmt.Errorf("webform: %w", err)
		}
	}
	return r, nil
}

// policyOf is what a browser may do with a page: show our style and pictures, and send the form to us. Nothing else, no script at all.
func policyOf(styleHash, images string) string {
	return "default-src 'none'; style-src 'sha256-" + styleHash + "'; img-src " + strings.TrimSpace("'self' "+images) +
		"; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}

// write writes a page by the template of that name.
func (r *renderer) write(lang message.Lang, name string, v any) ([]byte, error) {
	var out bytes.Buffer
	if err := r.pages[lang].ExecuteTemplate(&out, name, v); err != nil {
		return nil, fmt.Errorf("webform: %w", err)
	}
	return out.Bytes(), nil
}

// send writes the page of a form. It holds answers, and a ticket: nobody keeps it but the visitor's own browser, which asks anew whenever it is opened and shows what it keeps
// on the way back alone (RFC 9111 §6). If that did not keep it either, the way back from what was sent would end at an error.
func (r *renderer) send(c *fiber.Ctx, lang message.Lang, status int, v view) error {
	body, err := r.write(lang, "page", v)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, r.policy)
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set("X-Robots-Tag", "noindex")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Status(status).Send(body)
}
