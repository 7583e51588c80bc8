package zalofake

import (
	"embed"
	"io/fs"

	"github.com/motcua/motcua/channels/channelfake/page"
)

//go:embed page
var pageFiles embed.FS

// pageRoutes serves the phone.
func (n *Network) pageRoutes() {
	own, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic("zalofake: " + err.Error()) // a constant
	}
	page.Routes(n.mux, own, n.cfg.Outlines)
}
