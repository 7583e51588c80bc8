package fakecity

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"

	"github.com/motcua/motcua/channels/channelfake/page"
)

//go:embed page
var pageFiles embed.FS

// pageRoutes serves the page with all phones.
func (c *City) pageRoutes() {
	var index bytes.Buffer
	if err := template.Must(template.ParseFS(pageFiles, "page/index.html")).Execute(&index, embedded(c.cfg.Chat)); err != nil {
		panic("fakecity: " + err.Error()) // the template is ours
	}
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-src 'self' " + origin(c.cfg.Chat) +
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	c.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		page.Headers(w, "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		_, _ = w.Write(index.Bytes()) // a browser that has left needs no page
	})
	for _, name := range []string{"index.js", "index.css"} {
		c.mux.HandleFunc("GET /"+name, page.Asset(pageFiles, "page/"+name))
	}
	c.mux.HandleFunc("GET "+MessengerPath+"/outlines.json", page.Outlines(c.cfg.Zalo.Outlines)) // the phone has no map of its own
}

// embedded is the address of the web chat in a frame; "" for none.
func embedded(chat string) string {
	u, err := url.Parse(chat)
	if err != nil || origin(chat) == "" {
		return ""
	}
	q := u.Query()
	q.Set("embed", "1")
	u.RawQuery = q.Encode()
	return u.String()
}
