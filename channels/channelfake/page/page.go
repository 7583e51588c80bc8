// Package page serves the phone on which a person plays a citizen of a chat network that is a stand-in.
//
// It owns the chat as it is drawn, the composer, the map and the panel with the switches. What a network calls its things, and which switches and acts it
// has, its stand-in tells in two files of its own. network.css sets the colours --accent and --deep. network.js exports as its default
//
//	name, line             what the network is called, and the account's line under its name
//	notes, detailed        the words for kinds of entries that are no messages, and the kinds among them whose text is shown
//	address(button)        what a button opens; "" when it is for the program
//	welcome(), menu()      optional: {greeting, offers} before anybody has said something, and the offers of the menu: {title, href} or {title, act, body}
//	switches               [name, label, meaning, faults to set for on, reader of the faults]
//	acts, forms            [name, label, how to do it if it is not an act of that name], and those that need a word: [act, label, field, example]
//	rows                   [label, reader of the sums]
//
// The handles that the page calls are below control/, in the form that the stand-ins for Zalo and Messenger share.
package page

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
)

//go:embed files
var shared embed.FS

var names = []string{"chat.css", "chat.js", "bubbles.js", "city.js", "dom.js", "map.js", "switches.js"}

// Routes serves the page at the root of a stand-in. own holds network.js and network.css; outlines is what the map is drawn from, nil for no map.
func Routes(mux *http.ServeMux, own fs.FS, outlines []byte) {
	mux.HandleFunc("GET /{$}", File("page.html"))
	for _, name := range names {
		mux.HandleFunc("GET /"+name, File(name))
	}
	for _, name := range []string{"network.js", "network.css"} {
		mux.HandleFunc("GET /"+name, Asset(own, name))
	}
	mux.HandleFunc("GET /outlines.json", Outlines(outlines))
}

// Headers are those of a page of a stand-in, which pages of the same origin may frame.
func Headers(w http.ResponseWriter, kind string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
		"img-src 'self' blob: data:; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
}

var kinds = map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

// File serves one of the files that all pages share: chat.css and dom.js are of use to others.
func File(name string) http.HandlerFunc { return Asset(shared, path.Join("files", name)) }

// Asset serves a file of a page.
func Asset(files fs.FS, name string) http.HandlerFunc {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		panic("page: " + err.Error()) // a file that was not embedded: no test gets past this
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		Headers(w, kinds[path.Ext(name)])
		_, _ = w.Write(data) // a browser that has left needs no page
	}
}

// Outlines serves the wards for the map.
func Outlines(data []byte) http.HandlerFunc {
	if data == nil {
		data = []byte(`{"wards":[]}`)
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		Headers(w, "application/json")
		w.Header().Set("Cache-Control", "max-age=3600")
		_, _ = w.Write(data)
	}
}
