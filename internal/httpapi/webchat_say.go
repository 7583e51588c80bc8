package httpapi

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// chatPush is the one path that is served by DELETE.
const chatPush = "/chat/v1/push"

// sayTime is the longest time to store what a visitor said.
const sayTime = 5 * time.Second

// session gives a token, to a new visitor or anew to one who has one.
func (w *WebChat) session(c *fiber.Ctx, who caller) error {
	var in struct {
		Lang message.Lang `json:"lang"`
	}
	if body := c.Request().Body(); len(body) > 0 && json.Unmarshal(body, &in) != nil {
		return fault.New(fault.Invalid, "")
	}
	if in.Lang == "" {
		in.Lang = who.Lang
	}
	if who.known {
		return c.JSON(fiber.Map{"token": w.deps.Network.Renew(who.Visitor, in.Lang)})
	}
	if err := w.allow(c.UserContext(), "session", who.address, w.cfg.Limits.Sessions); err != nil {
		return err
	}
	return c.JSON(fiber.Map{"token": w.deps.Network.Begin(in.Lang)})
}

// say takes a message.
func (w *WebChat) say(c *fiber.Ctx, who caller) error {
	seq, outcome, err := w.take(c, who)
	if err != nil {
		outcome = string(fault.CodeOf(err))
	}
	w.said.WithLabelValues(outcome).Inc()
	if err != nil {
		return err
	}
	return c.Status(fiber.StatusAccepted).JSON(fiber.Map{"seq": seq})
}

func (w *WebChat) take(c *fiber.Ctx, who caller) (seq int64, outcome string, err error) {
	if !who.known {
		return 0, "", who.cause
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), sayTime)
	defer cancel()
	if err := w.counted(ctx, who); err != nil {
		return 0, "", err
	}
	r, err := requestOf(c)
	if err != nil {
		return 0, "", err
	}
	batch, err := w.deps.Network.Parse(r)
	if err != nil {
		return 0, "", err
	}
	for _, e := range batch.Events {
		e.Origin = w.deps.Origin(w.deps.ClientIP(c))
		if seq, outcome, err = w.hear(ctx, who, e); err != nil {
			return 0, "", err
		}
	}
	return seq, outcome, nil
}

// counted counts a message of the visitor, then of their address.
func (w *WebChat) counted(ctx context.Context, who caller) error {
	if err := w.allow(ctx, "say", who.ID, w.cfg.Limits.Messages); err != nil {
		return err
	}
	return w.allow(ctx, "say-address", who.address, w.cfg.Limits.AddressMessages)
}

// hear stores an event and then its line. A line that is there proves that the event was stored, even when its mark in the inbox is gone by now; an event
// without its line gets it from whoever acts on it, before the answer.
func (w *WebChat) hear(ctx context.Context, who caller, e channels.Event) (seq int64, outcome string, err error) {
	if e.Kind == channels.Said {
		if seq, err = w.deps.Log.Find(ctx, who.ID, w.deps.Network.LineID(e)); seq > 0 || err != nil {
			return seq, "REPEAT", err
		}
	}
	w.deps.Log.SetTyping(who.ID, true)
	if err = w.deps.Taker.Take(ctx, w.deps.Network.Profile(), []channels.Event{e}); err == nil {
		seq, err = w.deps.Network.Heard(ctx, e)
	}
	if err != nil {
		w.deps.Log.SetTyping(who.ID, false)
	}
	return seq, "OK", err
}

// subscribe registers the browser for notices.
func (w *WebChat) subscribe(c *fiber.Ctx, who caller) error {
	if !who.known {
		return who.cause
	}
	if w.deps.Devices == nil {
		return fault.New(fault.NotFound, "webchat.no_push")
	}
	if err := w.counted(c.UserContext(), who); err != nil {
		return err
	}
	s, err := subscriptionOf(c.Request().Body())
	if err != nil {
		return err
	}
	viewer, err := w.deps.Guest(c.UserContext(), who.Visitor)
	if err != nil {
		return err
	}
	if err := w.deps.Devices.Register(c.UserContext(), viewer, s); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// subscriptionOf reads what a browser's subscription says of itself; fields that browsers add are left alone.
func subscriptionOf(body []byte) (WebSubscription, error) {
	var in struct {
		Subscription struct {
			Endpoint string `json:"endpoint"`
			Keys     struct {
				P256dh string `json:"p256dh"`
				Auth   string `json:"auth"`
			} `json:"keys"`
		} `json:"subscription"`
	}
	bad := fault.InvalidField("webchat.subscription", "subscription")
	if json.Unmarshal(body, &in) != nil {
		return WebSubscription{}, bad
	}
	s := WebSubscription{Endpoint: in.Subscription.Endpoint, P256dh: in.Subscription.Keys.P256dh, Auth: in.Subscription.Keys.Auth}
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Host == "" || len(s.Endpoint) > 1000 || s.P256dh == "" || s.Auth == "" || len(s.P256dh)+len(s.Auth) > 300 {
		return WebSubscription{}, bad
	}
	return s, nil
}

// unsubscribe ends the notices to the visitor's browsers, or to the one that the query names.
func (w *WebChat) unsubscribe(c *fiber.Ctx, who caller) error {
	if !who.known {
		return who.cause
	}
	if w.deps.Devices == nil {
		return c.SendStatus(fiber.StatusNoContent)
	}
	if err := w.counted(c.UserContext(), who); err != nil {
		return err
	}
	viewer, err := w.deps.Guest(c.UserContext(), who.Visitor)
	if err != nil {
		return err
	}
	if err := w.deps.Devices.Remove(c.UserContext(), viewer, utils.CopyString(c.Query("endpoint"))); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
