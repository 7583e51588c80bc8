package httpapi

import (
	"bytes"
	"html/template"

	"github.com/gofiber/fiber/v2"
)

var firstPage = template.Must(template.New("first").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{{.Title}}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}li{margin:.4rem 0}a{color:#0b57a4}</style></head>
<body><h1>{{.Title}}</h1><p>{{.Intro}}</p><ul>{{range .Links}}<li><a href="{{.Path}}">{{.Text}}</a></li>{{end}}</ul></body></html>
`))

// first is the page at /: it links to what is there.
func (s *Server) first(c *fiber.Ctx) error {
	type line struct{ Path, Text string }
	lang := langOf(c)
	text := func(key string) string {
		return s.deps.Texts.Text(lang, key, map[string]any{"city": s.deps.City.In(lang)})
	}
	lines := make([]line, 0, len(s.deps.Links))
	for _, l := range s.deps.Links {
		lines = append(lines, line{l.Path, text(l.Key)})
	}
	var page bytes.Buffer
	err := firstPage.Execute(&page, map[string]any{"Lang": string(lang), "Title": text("http.title"), "Intro": text("http.intro"), "Links": lines})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	c.Vary(fiber.HeaderAcceptLanguage)
	c.Type("html", "utf-8")
	return c.Send(page.Bytes())
}
