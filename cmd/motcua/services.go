package main

import (
	"context"
	"errors"
	"maps"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/alerts"
	"github.com/motcua/motcua/miniapps/feedback"
	"github.com/motcua/motcua/miniapps/me"
	"github.com/motcua/motcua/miniapps/signs"
)

// openServices opens the mini-apps and what they stand on.
func (sys *system) openServices(ctx context.Context) error {
	var err error
	if err = sys.openBucket(ctx); err != nil {
		return err
	}
	if sys.media, err = media.New(ctx, sys.engine, sys.bucket, sys.box, sys.settings.Media.Config, sys.now); err != nil {
		return err
	}
	if sys.settings.Media.Bucket == "" {
		sys.media.KeepFree(func() (int64, error) { return media.Free(sys.settings.DataDir) })
	}
	codes, err := casework.NewCodes(ctx, sys.engine, sys.settings.Casework, sys.now)
	if err != nil {
		return err
	}
	sys.feedback, err = feedback.New(ctx, sys.engine, feedback.Deps{
		City: sys.city, Media: sys.media, Codes: codes, Texts: sys.texts, Names: sys.accounts,
		Deliver: sys.deliver(feedback.ID), Park: sys.park, Signal: sys.signalCase, Nudge: sys.outbox.Nudge, Follow: sys.followCase,
	}, sys.settings.Feedback, sys.now)
	if err != nil {
		return err
	}
	if sys.alerts, err = alerts.New(ctx, sys.engine, alerts.Deps{City: sys.city, Texts: sys.texts, Audience: audience{sys}, Nudge: sys.outbox.Nudge}, sys.settings.Alerts, sys.now); err != nil {
		return err
	}
	if sys.me, err = me.New(me.Deps{Accounts: sys.accounts, Texts: sys.texts, LinkURL: sys.linkURL, FormURL: sys.formURL, Zone: sys.city.Calendar().Zone()}); err != nil {
		return err
	}
	if err = sys.openSigns(ctx); err != nil {
		return err
	}
	// The city's services, in the order of the menu. A new one is a line here, and one in manifests.
	apps := []miniapps.App{sys.feedback, sys.alerts, sys.signs, sys.me}
	sys.adopt(apps)
	sys.runner, err = miniapps.NewRunner(sys.settings.Runner, miniapps.Deps{
		Apps: apps, Consents: sys.consents, Claims: sys.accounts, Trail: sys.trail, OnChange: sys.signalCase,
		Now: sys.now, Log: sys.log, Reg: sys.reg, Tracer: sys.tracing.Provider,
	})
	if err != nil {
		return err
	}
	if sys.notices, err = notify.New(ctx, sys.engine, sys.settings.Notify, sys.runner.Catalogue(), sys.hub, sys.now); err != nil {
		return err
	}
	sys.notices.KnowAreas(func(code string) bool { _, ok := sys.city.Ward(code); return ok })
	return nil
}

// manifests reads what the city's services declare, for those who check settings before there is a service.
func manifests() ([]miniapps.Manifest, error) {
	var (
		out  []miniapps.Manifest
		errs []error
	)
	for _, read := range []func() (miniapps.Manifest, error){feedback.Manifest, alerts.Manifest, signs.Manifest, me.Manifest} {
		m, err := read()
		out, errs = append(out, m), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// adopt connects mini-apps to the parts of the program that they have something for: each says by a method of its own that it does.
func (sys *system) adopt(apps []miniapps.App) {
	sys.icons, sys.relays = map[string]string{}, map[string]casework.Carrier{}
	for _, app := range apps {
		id := app.Manifest().AppID
		if x, ok := app.(interface{ Icon() string }); ok {
			sys.icons[id] = x.Icon()
		}
		if x, ok := app.(media.Cases); ok { // its photos stay as long as its cases do
			sys.media.Connect(id, x)
		}
		if x, ok := app.(interface {
			Relays() map[string]casework.Carrier
		}); ok { // what its cases have still to tell is told
			maps.Copy(sys.relays, x.Relays())
		}
	}
}
