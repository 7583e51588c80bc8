// Package assets carries the pages of the web chat as the browser gets them: built from channels/web/ui, committed, and embedded, so that a
// city runs without Node.js.
//
// It knows no route and sets no header: whoever serves the files does. Its paths are fixed all the same, because the built files name each
// other by them:
//
//	/chat, /chat/link/<token>, /chat/form/<token>   Page, never cached
//	/chat/widget.js                                 Widget, cached for minutes
//	/chat/sw.js                                     Worker, never cached
//	/chat/assets/<name>                             File, cached for ever: the name holds a hash of what is in it
package assets

import (
	"embed"
	"net/url"
	"path"
	"strings"
)

//go:embed page.html widget.js sw.js files
var built embed.FS

// Policy is the Content-Security-Policy that the pages work under; frame-ancestors is left to the server. Beside our own origin pictures and films may come
// from media, the address that those of the city begin with, and be sent there; the map may be drawn with tiles. "" stands for none.
func Policy(media, tiles string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; " +
		"img-src 'self' blob:" + sources(media, tiles) + "; media-src 'self' blob:" + sources(media) + "; connect-src 'self'" + sources(media)
}

// sources gives the origins of addresses as a policy names them. A server that is chosen by {s} stands for all names in its place.
func sources(addresses ...string) string {
	out := ""
	for _, a := range addresses {
		u, err := url.Parse(strings.NewReplacer("//{s}.", "//*.", "{s}", "", "{z}", "", "{x}", "", "{y}", "").Replace(a))
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(u.Host, " ;,'\"") {
			continue
		}
		if o := " " + u.Scheme + "://" + u.Host; !strings.Contains(out+" ", o+" ") {
			out += o
		}
	}
	return out
}

// Page is the document of every page.
func Page() []byte { return must("page.html") }

// Widget is the script that another site includes to show a button for the chat.
func Widget() []byte { return must("widget.js") }

// Worker is the service worker that shows notifications.
func Worker() []byte { return must("sw.js") }

// File gives a built file by its hashed name, with its media type; false when there is none of that name.
func File(name string) (data []byte, mediaType string, ok bool) {
	if path.Base(name) != name {
		return nil, "", false
	}
	data, err := built.ReadFile("files/" + name)
	if err != nil {
		return nil, "", false
	}
	switch path.Ext(name) { // not from the machine's table of types: it differs between machines
	case ".js":
		return data, "text/javascript; charset=utf-8", true
	case ".css":
		return data, "text/css; charset=utf-8", true
	case ".svg":
		return data, "image/svg+xml", true
	case ".png":
		return data, "image/png", true
	case ".webmanifest":
		return data, "application/manifest+json", true
	case ".txt":
		return data, "text/plain; charset=utf-8", true
	}
	return data, "application/octet-stream", true
}

func must(name string) []byte {
	data, err := built.ReadFile(name)
	if err != nil {
		panic(err) // embedded above: it is there
	}
	return data
}
