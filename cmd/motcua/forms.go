package main

import (
	"context"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/channels/web"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/scanpage"
	"github.com/motcua/motcua/internal/webform"
	"github.com/motcua/motcua/miniapps/signs"
)

// openForms makes the forms of services, for whoever shows them.
func (sys *system) openForms(clientIP func(*fiber.Ctx) string) (placedForms, error) {
	limiter := limit.New(sys.redis, sys.now, sys.log)
	forms, err := webform.New(sys.settings.WebForm, webform.Deps{
		Catalogue: sys.runner.Catalogue(), Runner: tries{sys.runner, sys.accounts, limiter}, Media: sys.media, Box: sys.box, Limiter: limiter, Texts: sys.texts, ClientIP: clientIP,
		Guest: func(ctx context.Context, v webform.Visitor) (account.Viewer, error) {
			return sys.accounts.Guest(ctx, account.Identity{Network: web.Name, User: v.ID, Origin: v.Origin}, v.Lang)
		},
		MaxPhoto: sys.settings.Media.MaxPhoto, MaxVideo: sys.settings.Media.MaxVideo, Body: httpapi.BodyOf, SpoolDir: sys.settings.Media.SpoolDir, Images: sys.elsewhere(sys.settings.Media.BaseURL), Chat: chatPath, City: sys.city.Name(), Zone: sys.city.Calendar().Zone(),
		Now: sys.now, Log: sys.log, Reg: sys.reg,
	})
	sys.forms = forms
	return placedForms{forms, func(c *fiber.Ctx) string { return sys.accounts.Origin(clientIP(c)) }}, err
}

// chatPath is where the web chat is.
const chatPath = "/chat"

// formFaces makes what citizens reach at /f.
func (sys *system) formFaces(forms placedForms) (httpapi.Mounter, error) {
	c := sys.settings.Channels
	ways := webform.Ways{MessengerPage: c.Messenger.First(), ZaloOA: c.Zalo.OAID}
	if sys.settings.Signs.AppLink != "" { // the city has an app: it takes what notices lead to
		ways.App = func(app, _ string) string { return httpapi.OpenPath(app, "") }
	}
	counter, err := webform.NewCounter(forms.forms, webform.CounterDeps{Path: httpapi.FormsPath, Base: sys.address, Ways: ways})
	if err != nil {
		return nil, err
	}
	return httpapi.NewForms(counter, forms)
}

// elsewhere gives the origin of an address; "" when it is ours.
func (sys *system) elsewhere(address string) string {
	u, err := url.Parse(address)
	if own, err2 := url.Parse(sys.address); err != nil || err2 == nil && u.Host == own.Host {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// placedForms puts the forms at an address, of a plate or their own, into the terms of forms.
type placedForms struct {
	forms  *webform.Forms
	origin func(c *fiber.Ctx) string // where a request comes from, as account.Identity has it
}

func (f placedForms) Show(c *fiber.Ctx, at scanpage.Form) error { return f.forms.Show(c, preset(at)) }

// Send carries out a form. Every form has a guest of its own: those who make guests count them by where they come from.
func (f placedForms) Send(c *fiber.Ctx, at scanpage.Form) error {
	p := preset(at)
	p.Origin = f.origin(c)
	return f.forms.Send(c, p)
}

func preset(f scanpage.Form) webform.Preset {
	return webform.Preset{
		App: f.App, Action: f.Action, Input: f.Input, Heading: f.Heading, Back: f.Back, Lang: f.Lang, Self: f.Self, InLangs: f.InLangs,
		Link: func(app, action string, input map[string]any) (string, bool) { // another sign has a page of its own
			sign, _ := input["sign"].(string)
			return "/s/" + url.PathEscape(sign) + "?lang=" + url.QueryEscape(string(f.Lang)), app == signs.ID && action == signs.ActionShow && sign != ""
		},
	}
}
