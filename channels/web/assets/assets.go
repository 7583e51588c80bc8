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
	"path"
)

//go:embed page.html widget.js sw.js files
var built embed.FS

// Policy is the Content-Security-Policy that the pages work under; frame-ancestors is left to the server. Pictures and map tiles may come from
// any https address, and a form's photos go to the address that createMediaUpload signed.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: https:; media-src 'self' blob: https:; " +
	"connect-src 'self' https:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"

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
