package main

import (
	"context"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/alerts"
)

// audience lets alerts reach the people who follow wards.
type audience struct{ sys *system }

// Announce hands a revision on.
func (a audience) Announce(ctx context.Context, n alerts.Announcement) error {
	return a.sys.sender.Announce(ctx, notify.Broadcast{
		ID: n.ID, Revision: n.Revision, App: alerts.ID, Notice: n.Notice, Params: n.Params, Areas: n.Wards, Urgency: urgencies(a.sys.runner.Catalogue())(alerts.ID, n.Notice),
		At: n.At, Until: n.Until, Link: httpapi.OpenPath(alerts.ID, ""), Topic: true,
	})
}

// Reach counts people.
func (a audience) Reach(ctx context.Context, wards []string, most int) (int, error) {
	return a.sys.notices.CountFollowers(ctx, wards, most)
}

// Progress tells how far the telling is.
func (a audience) Progress(ctx context.Context, id string) (alerts.Progress, error) {
	p, err := a.sys.sender.Progress(ctx, id)
	return alerts.Progress{Revision: p.Revision, People: p.Total, Told: p.Sent, Failed: p.Failed, Done: p.Done}, err
}

// viewerFor gives the viewer that preferences know a citizen by.
func (a audience) viewerFor(ctx context.Context, c miniapps.Citizen) (account.Viewer, error) {
	p, err := a.sys.accounts.Person(ctx, c.Subject)
	return account.Viewer{Account: p.Account, Subject: c.Subject, Subjects: c.Subjects, Assurance: c.Assurance}, err
}

// Followed gives the wards that a citizen follows.
func (a audience) Followed(ctx context.Context, c miniapps.Citizen) ([]string, error) {
	if c.Subject == "" {
		return nil, nil
	}
	v, err := a.viewerFor(ctx, c)
	if err != nil {
		return nil, err
	}
	p, err := a.sys.notices.Preferences(ctx, v)
	return p.Areas, err
}

// Follow sets them, for the person's devices too.
func (a audience) Follow(ctx context.Context, c miniapps.Citizen, wards []string, key string) error {
	v, err := a.viewerFor(ctx, c)
	if err == nil {
		_, err = a.sys.notices.SetPreferences(ctx, v, notify.Patch{Areas: &wards}, key)
	}
	return err
}
