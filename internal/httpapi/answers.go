package httpapi

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// statusOf is the HTTP status of each code.
var statusOf = map[fault.Code]int{
	fault.Invalid:      fiber.StatusBadRequest,
	fault.Unauthorized: fiber.StatusUnauthorized,
	fault.Forbidden:    fiber.StatusForbidden,
	fault.NotFound:     fiber.StatusNotFound,
	fault.Conflict:     fiber.StatusConflict,
	fault.RateLimited:  fiber.StatusTooManyRequests,
	fault.Unavailable:  fiber.StatusServiceUnavailable,
	fault.Internal:     fiber.StatusInternalServerError,
}

// codeOf is the code behind a status that fiber itself answers.
func codeOf(status int) fault.Code {
	for code, s := range statusOf {
		if s == status {
			return code
		}
	}
	if status < 500 {
		return fault.Invalid
	}
	return fault.Internal
}

// problem is the body of every error answer.
type problem struct {
	Code    fault.Code `json:"code"`
	Message string     `json:"message"`
}

// fail is the one place where the public port turns an error into an answer. What the error hides goes to the log only.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	status, f := fiber.StatusInternalServerError, (*fault.Error)(nil)
	if e := (*fiber.Error)(nil); errors.As(err, &e) {
		status, f = e.Code, fault.New(codeOf(e.Code), "")
	} else {
		f = fault.Of(err)
		status = statusOf[f.Code]
	}
	if f.Code == fault.Internal {
		s.deps.Log.ErrorContext(c.UserContext(), "request failed", "route", c.Route().Path, "err", err)
	}
	if f.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(f.WaitSeconds()))
	}
	return c.Status(status).JSON(problem{f.Code, s.deps.Texts.Fault(langOf(c), f)})
}

// langOf gives the language that a request asks for.
func langOf(c *fiber.Ctx) message.Lang {
	return message.Lang(c.AcceptsLanguages(string(message.Vietnamese), string(message.English))).Or()
}

func (s *Server) health(c *fiber.Ctx) error { return c.JSON(fiber.Map{"status": "ok"}) }

// ready tells a balancer whether to send requests here.
func (s *Server) ready(c *fiber.Ctx) error {
	if s.draining.Load() {
		return c.Status(fiber.StatusServiceUnavailable).JSON(fiber.Map{"status": "draining"})
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), 2*time.Second)
	defer cancel()
	if err := s.deps.Ready(ctx); err != nil {
		s.deps.Log.WarnContext(ctx, "not ready", "err", err)
		return c.Status(fiber.StatusServiceUnavailable).JSON(fiber.Map{"status": "unavailable"})
	}
	return c.JSON(fiber.Map{"status": "ok"})
}
