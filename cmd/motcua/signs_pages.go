package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
	"github.com/motcua/motcua/miniapps/signs/signpage"
)

// signPages makes the pages behind the codes.
func (sys *system) signPages() (*signpage.Pages, error) {
	s, c := sys.settings.Signs, sys.settings.Channels
	links := signpage.Links{ZaloOA: c.Zalo.OAID, App: s.AppLink, Chat: chatPath, Hotline: s.Hotline}
	links.MessengerPage = c.Messenger.First()
	return signpage.New(signpage.Deps{
		Registry: sys.signs.Registry(), Codes: sys.signs.Codes(), City: sys.city, Texts: sys.texts, Base: sys.signs.Base(), Links: links,
		Services: sys.signServices, MediaURL: sys.media.PublicURL, MediaSize: sys.mediaSizes, Seen: sys.signSeen, Damaged: sys.signDamaged,
		Signer: sys.box, Now: sys.now, Reg: sys.reg, MaxCached: s.Pages, TTL: s.PageLife,
	})
}

// signServices gives what can be done where any plate hangs.
func (sys *system) signServices(lang message.Lang) []signpage.Service {
	var out []signpage.Service
	for _, p := range sys.runner.Catalogue().Placed() {
		x := signpage.Service{App: p.App, Action: p.Action.ID, Field: p.Field, Title: p.Action.Title.In(lang), Text: p.Action.Description.In(lang), Form: sys.forms.Can(p.App, p.Action.ID, p.Field)}
		if m, ok := sys.runner.Catalogue().App(p.App); ok && len(m.Icons) > 0 {
			x.Icon = m.Icons[0].Src
		}
		out = append(out, x)
	}
	return out
}

// signSeen counts a look at a page.
func (sys *system) signSeen(v signpage.Visit) {
	if v.Code == "" && v.State == registry.Current { // by the number, which anybody may type
		return
	}
	sys.signs.Scans().Seen(scans.Scan{
		Code: v.Code, Plate: v.Plate, Ward: v.Ward, State: v.State, Face: scans.Web, Client: v.Client, At: v.At, Home: scans.Point{Lat: v.Lat, Lon: v.Lon},
	})
}

// signDamaged takes down what somebody in a network (limit.Network) tapped on a page. A tap needs nobody to own it: whoever makes it, it is worth the same.
func (sys *system) signDamaged(ctx context.Context, plate, kind, client string) (string, error) {
	p, err := sys.signs.Registry().Plate(ctx, plate)
	if err != nil {
		return "", err
	}
	address, _, _ := strings.Cut(client, "/") // the first of its network
	in, err := json.Marshal(map[string]string{"sign": sys.signs.Number(&p), "kind": kind})
	if err != nil {
		return "", err
	}
	res, err := sys.runner.Run(ctx, miniapps.Request{
		App: signs.ID, Action: signs.ActionDamaged, Input: in, Key: rand.Text(),
		Viewer: account.Viewer{Subject: signs.PasserBy, Subjects: []string{signs.PasserBy}, Origin: sys.accounts.Origin(address), Assurance: account.Guest},
	})
	if err != nil {
		return "", err
	}
	told, _ := res.Data.(signs.Told)
	return told.Code, nil
}

// mediaSizes gives the width and height of pictures.
func (sys *system) mediaSizes(ctx context.Context, ids []string) (map[string][2]int, error) {
	items, err := sys.media.Items(ctx, ids)
	out := make(map[string][2]int, len(items))
	for _, it := range items {
		out[it.ID] = [2]int{it.Width, it.Height}
	}
	return out, err
}

// signFaces makes what citizens reach at /s/.
func (sys *system) signFaces(forms placedForms, clientIP func(*fiber.Ctx) string) (httpapi.Mounter, error) {
	var err error
	if sys.plates, err = sys.signPages(); err != nil {
		return nil, err
	}
	return httpapi.NewSigns(httpapi.SignDeps{
		Pages: sys.plates, Forms: forms, Limiter: limit.New(sys.redis, sys.now, sys.log), Limits: sys.settings.Signs.Limits, ClientIP: clientIP, Log: sys.log,
	})
}
