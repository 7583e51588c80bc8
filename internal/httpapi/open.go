package httpapi

import (
	"net/url"

	"github.com/gofiber/fiber/v2"
)

// OpenPath is the address on the city's domain that shows a service, or a case of it when there is one: what a notice leads to. The mobile app takes it as
// its own (a universal link); a browser comes to the web chat.
func OpenPath(app, id string) string {
	path := "/open/" + url.PathEscape(app)
	if id != "" {
		path += "/" + url.PathEscape(id)
	}
	return path
}

// MountOpen serves those addresses. ref gives what the web chat begins with for a service ("feedback.mine"), "" for one that has nothing to show there. It
// shows nothing of the case: whose it is the chat asks.
func MountOpen(r fiber.Router, ref func(app string) string) {
	open := func(c *fiber.Ctx) error {
		to := "/chat"
		if begin := ref(c.Params("app")); begin != "" {
			to += "?" + url.Values{"ref": {begin}}.Encode()
		}
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.Redirect(to, fiber.StatusFound)
	}
	r.Get("/open/:app", open)
	r.Get("/open/:app/:id", open)
}
