package httpapi

import (
	"context"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/motcua/motcua/internal/fault"
)

// lives tells whoever has the link of a page whether it can still be opened, and if not in what words to say so, before they are asked to sign in for it.
// find is nil where that is not known; then it can.
func (w *WebChat) lives(find func(ctx context.Context, token string) error) handler {
	return func(c *fiber.Ctx, who caller) error {
		if err := w.allow(c.UserContext(), "link", who.address, w.cfg.Limits.AddressMessages); err != nil {
			return err
		}
		if find == nil {
			return c.JSON(fiber.Map{"open": true})
		}
		err := find(c.UserContext(), utils.CopyString(c.Params("token")))
		if f := fault.Of(err); f != nil && f.Code == fault.NotFound {
			return c.JSON(fiber.Map{"open": false, "message": w.deps.Texts.Fault(who.Lang, f)})
		}
		if err != nil {
			return err
		}
		return c.JSON(fiber.Map{"open": true})
	}
}
