package zalofake

import (
	"embed"
	"net/http"
	"path"
)

//go:embed page
var pageFiles embed.FS

func (n *Network) pageRoutes() {
	n.mux.HandleFunc("GET /{$}", n.asset("page.html"))
	for _, name := range []string{"chat.css", "chat.js", "bubbles.js", "city.js", "map.js", "switches.js"} {
		n.mux.HandleFunc("GET /"+name, n.asset(name))
	}
	n.mux.HandleFunc("GET /outlines.json", n.outlines)
}

func pageHeaders(w http.ResponseWriter, kind string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
		"img-src 'self' blob: data:; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
}

// asset serves a file of the page.
func (n *Network) asset(name string) http.HandlerFunc {
	data, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic("zalofake: " + err.Error()) // a name in pageRoutes that is not there: no test gets past this
	}
	kind := map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}[path.Ext(name)]
	return func(w http.ResponseWriter, _ *http.Request) {
		pageHeaders(w, kind)
		_, _ = w.Write(data) // a browser that has left needs no page
	}
}

// outlines serves the wards for the map.
func (n *Network) outlines(w http.ResponseWriter, _ *http.Request) {
	pageHeaders(w, "application/json")
	w.Header().Set("Cache-Control", "max-age=3600")
	if n.cfg.Outlines == nil {
		_, _ = w.Write([]byte(`{"wards":[]}`))
		return
	}
	_, _ = w.Write(n.cfg.Outlines)
}
