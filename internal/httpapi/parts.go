package httpapi

import (
	"context"

	"github.com/gofiber/fiber/v2"
)

// Keys gives the public keys that access tokens are checked with, as a JWK set; *account.Accounts is one.
type Keys interface {
	JWKS(ctx context.Context) ([]byte, error)
}

// MountFunc is a Mounter that is a function.
type MountFunc func(fiber.Router)

// Mount adds the routes.
func (f MountFunc) Mount(r fiber.Router) { f(r) }

// MountKeys adds /.well-known/jwks.json. Others may keep the answer for five minutes: a new key is published long before it signs.
func MountKeys(r fiber.Router, keys Keys) {
	r.Get("/.well-known/jwks.json", func(c *fiber.Ctx) error {
		set, err := keys.JWKS(c.UserContext())
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderCacheControl, "public, max-age=300")
		c.Set(fiber.HeaderContentType, "application/jwk-set+json")
		return c.Send(set)
	})
}

// MountIcons adds /icons/<name>.svg for each picture, by name. /favicon.ico, which browsers ask for where a page names no icon, is nothing, and for a day.
func MountIcons(r fiber.Router, icons map[string]string) {
	r.Get("/favicon.ico", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderCacheControl, "public, max-age=86400")
		return c.SendStatus(fiber.StatusNoContent)
	})
	for name, svg := range icons {
		r.Get("/icons/"+name+".svg", func(c *fiber.Ctx) error {
			c.Set(fiber.HeaderCacheControl, "public, max-age=86400")
			c.Set(fiber.HeaderContentType, "image/svg+xml")
			c.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages of the city's other sites show it
			return c.SendString(svg)
		})
	}
}
