package webform

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/fault"
)

// statusOf gives the HTTP status of a fault.
func statusOf(f *fault.Error) int {
	if f.Key == "webform.too_large" {
		return fiber.StatusRequestEntityTooLarge
	}
	switch f.Code {
	case fault.Invalid:
		return fiber.StatusBadRequest
	case fault.Unauthorized:
		return fiber.StatusUnauthorized
	case fault.Forbidden:
		return fiber.StatusForbidden
	case fault.NotFound:
		return fiber.StatusNotFound
	case fault.Conflict:
		return fiber.StatusConflict
	case fault.RateLimited:
		return fiber.StatusTooManyRequests
	case fault.Unavailable:
		return fiber.StatusServiceUnavailable
	}
	return fiber.StatusInternalServerError
}

// wait tells the browser when to try again.
func wait(c *fiber.Ctx, f *fault.Error) {
	if f.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(f.WaitSeconds()))
	}
}

// refuse shows a page that says why there is no form, or why what was sent is not taken.
func (f *Forms) refuse(c *fiber.Ctx, p Preset, err error) error {
	x := fault.Of(err)
	if x.Code == fault.Internal {
		f.deps.Log.ErrorContext(c.UserContext(), "form failed", "app", p.App, "action", p.Action, "err", err)
	}
	wait(c, x)
	lang, title := p.Lang.Or(), "webform.no_form"
	if c.Method() == fiber.MethodPost {
		title = "webform.not_sent"
	}
	v := view{frame: f.frame(lang, f.deps.Texts.Text(lang, title, nil), p.Back), Heading: p.Heading, Notice: f.deps.Texts.Fault(lang, x)}
	if x.Code != fault.NotFound {
		v.Again = p.Self
	}
	return f.page.send(c, lang, statusOf(x), v)
}
