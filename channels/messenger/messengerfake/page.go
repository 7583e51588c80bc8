package messengerfake

import (
	"embed"
	"io/fs"

	phone "github.com/motcua/motcua/channels/channelfake/page"
)

//go:embed page
var pageFiles embed.FS

// pageRoutes serves the phone. It has no map of its own: whoever mounts the stand-in may serve outlines.json.
func (n *Network) pageRoutes() {
	own, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic("messengerfake: " + err.Error()) // a constant
	}
	phone.Routes(n.mux, own, nil)
}
