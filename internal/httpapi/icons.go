package httpapi

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// MountIcons adds /icons/<name>.svg: the mini-apps' icons, which manifests name. Pages of other origins may show them.
func MountIcons(r fiber.Router, files fs.FS) {
	r.Get("/icons/:name", func(c *fiber.Ctx) error {
		name := c.Params("name")
		if !strings.HasSuffix(name, ".svg") {
			return fiber.ErrNotFound
		}
		data, err := fs.ReadFile(files, name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			return fiber.ErrNotFound
		}
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderCacheControl, "public, max-age=86400")
		c.Set("Cross-Origin-Resource-Policy", "cross-origin")
		c.Set(fiber.HeaderContentType, "image/svg+xml")
		return c.Send(data)
	})
}
