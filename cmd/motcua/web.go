package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/channels/web"
	"github.com/motcua/motcua/channels/web/assets"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/webchat"
)

// openWeb opens the chat on the city's own pages.
func (sys *system) openWeb(ctx context.Context) error {
	cfg := sys.settings.WebChat.Filled()
	var err error
	if sys.weblog, err = webchat.New(ctx, sys.engine, cfg, sys.box, sys.hub, sys.now); err != nil {
		return err
	}
	sys.web = web.New(sys.box, sys.weblog, web.Config{MaxText: cfg.MaxText, SessionMax: cfg.SessionMax}, sys.now)
	sys.networks[web.Name] = sys.web
	return nil
}

// outlineMetres is how far the borders on the web chat's map may be from the true ones: 274 KB, and no difference to be seen.
const outlineMetres = 40

// webChat makes the face of the web chat.
func (sys *system) webChat(clientIP func(*fiber.Ctx) string) (*httpapi.WebChat, error) {
	cfg := sys.settings.WebChat.Filled()
	wards, err := sys.city.GeoJSON(outlineMetres)
	if err != nil {
		return nil, err
	}
	deps := httpapi.WebChatDeps{
		Network: sys.web, Taker: sys.inbox, Log: sys.weblog, Media: sys.media, Guest: sys.visitor, Origin: sys.accounts.Origin, Limiter: limit.New(sys.redis, sys.now, sys.log), Texts: sys.texts,
		Link: sys.accounts.LinkLives, Form: sys.accounts.FormLives,
		City: sys.city.Name(), Wards: wards, VapidKey: sys.settings.Channels.WebPush.VAPIDPublicKey,
		MaxPhoto: sys.settings.Media.MaxPhoto, MaxVideo: sys.settings.Media.MaxVideo,
		Pages: httpapi.WebPages{
			Page: assets.Page(), Widget: assets.Widget(), Worker: assets.Worker(), File: assets.File, Policy: assets.Policy(sys.settings.Media.BaseURL, cfg.Tiles),
		},
		ClientIP: clientIP, Logger: sys.log, Reg: sys.reg,
	}
	if sys.settings.Channels.WebPush.Enabled() {
		deps.Devices = browsers{sys.devices}
	}
	return httpapi.NewWebChat(cfg, deps)
}

// visitor gives the viewer that stands for a visitor of our pages.
func (sys *system) visitor(ctx context.Context, v webchat.Visitor) (account.Viewer, error) {
	return sys.accounts.Guest(ctx, account.Identity{Network: web.Name, User: v.ID}, v.Lang)
}

// browsers keeps the browsers of visitors among the devices.
type browsers struct{ devices *device.Devices }

// Register keeps a subscription.
func (b browsers) Register(ctx context.Context, v account.Viewer, s httpapi.WebSubscription) error {
	raw, err := json.Marshal(map[string]any{"endpoint": s.Endpoint, "keys": map[string]string{"p256dh": s.P256dh, "auth": s.Auth}})
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	_, err = b.devices.Register(ctx, v, device.Registration{Kind: "webpush", Subscription: raw, Platform: "web"}, "")
	return err
}

// Remove forgets one browser of the viewer's, or all that the chat itself has registered: a linked chat acts for an account, whose other browsers are none of
// its business.
func (b browsers) Remove(ctx context.Context, v account.Viewer, endpoint string) error {
	if endpoint != "" {
		return gone(b.devices.RemoveKnown(ctx, v, "webpush", endpoint))
	}
	return b.devices.Leave(ctx, v.Identity)
}

// gone makes nothing of the removal of what is not there.
func gone(err error) error {
	if err == nil || fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return fmt.Errorf("devices: %w", err)
}

// linkURL is the page that opens a link of a chat; formURL the one that opens a half-filled form.
func (sys *system) linkURL(token string) string {
	return sys.address + "/chat/link/" + url.PathEscape(token)
}
func (sys *system) formURL(token string) string {
	return sys.address + "/chat/form/" + url.PathEscape(token)
}
