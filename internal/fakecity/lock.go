package fakecity

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/channelfake/page"
	"github.com/motcua/motcua/internal/lockscreen"
)

// note is one notification on any device.
type note struct {
	Kind   string `json:"kind"` // fcm or push
	Device string `json:"device"`
	lockscreen.Note
}

const manyNotes = 100 // shown at a time

// notes gives the newest notifications of all devices, the newest first.
func (c *City) notes() []note {
	out := []note{}
	of := func(kind string, screens *lockscreen.Screens) {
		for _, device := range screens.Devices() {
			for _, n := range screens.Notes(device) {
				out = append(out, note{kind, device, n})
			}
		}
	}
	of("fcm", c.FCM.Screens())
	of("push", c.WebPush.Screens())
	slices.SortStableFunc(out, func(a, b note) int { return b.At.Compare(a.At) })
	return out[:min(len(out), manyNotes)]
}

// lockRoutes serves the lock screen and what it shows.
func (c *City) lockRoutes() {
	c.mux.HandleFunc("GET "+LockPath+"/{$}", page.Asset(pageFiles, "page/lock.html"))
	for _, name := range []string{"lock.js", "lock.css"} {
		c.mux.HandleFunc("GET "+LockPath+"/"+name, page.Asset(pageFiles, "page/"+name))
	}
	for _, name := range []string{"chat.css", "dom.js"} {
		c.mux.HandleFunc("GET "+LockPath+"/"+name, page.File(name))
	}
	c.mux.HandleFunc("GET "+LockPath+"/notes", func(w http.ResponseWriter, _ *http.Request) {
		channelfake.Write(w, http.StatusOK, map[string]any{"home": origin(c.cfg.Chat), "notes": c.notes()})
	})
}

// origin gives the scheme and host of an address; "" when it has none.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
