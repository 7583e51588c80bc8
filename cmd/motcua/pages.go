package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/channels/messenger"
	"github.com/motcua/motcua/channels/zns"
	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/clip"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// pages gives the city's pages on Messenger. NOT_FOUND when there are none.
func (sys *system) pages() (*messenger.Channel, error) {
	ch, ok := sys.networks["messenger"].(*messenger.Channel)
	if !ok {
		return nil, fault.Wrap(fault.NotFound, errors.New("messenger is not configured (channels.messenger)"))
	}
	return ch, nil
}

// setupPages puts up what the city's pages show before anybody has written, and asks for their events.
func (sys *system) setupPages(ctx context.Context) error {
	ch, err := sys.pages()
	if err != nil {
		return err
	}
	err = ch.Setup(ctx, sys.welcome())
	if fault.CodeOf(err) == fault.Forbidden {
		return fmt.Errorf("%w: look at page_access_token (channels.messenger) and its permissions %s", err, strings.Join(pageScopes(false), ", "))
	}
	return err
}

// What a menu takes, https://developers.facebook.com/docs/messenger-platform/send-messages/persistent-menu.
const (
	maxMenu      = 20
	maxMenuTitle = 30 // characters
)

// commands are the entries that open no service: their titles are words that every dialogue understands.
var commands = []string{"menu_person", "menu_help"}

// welcome greets in both languages, and lists the services that can be opened by words, and behind them what every dialogue understands.
func (sys *system) welcome() messenger.Welcome {
	w := messenger.Welcome{Greeting: sys.inBoth("chat.greeting")}
	for _, app := range sys.runner.Catalogue().Apps() {
		for _, a := range app.Actions {
			if len(a.OpeningWords) == 0 || a.Audience != miniapps.ByCitizen || len(w.Menu) == maxMenu-len(commands) {
				continue
			}
			w.Menu = append(w.Menu, messenger.Entry{Title: menuTitle(a.Title), Ref: app.AppID + "." + a.ID})
		}
	}
	for _, key := range commands {
		w.Menu = append(w.Menu, messenger.Entry{Title: sys.inBoth("chat." + key), Ref: key})
	}
	return w
}

// inBoth gives a text in both languages; it may name the city.
func (sys *system) inBoth(key string) message.Text {
	out := message.Text{}
	for _, l := range []message.Lang{message.Vietnamese, message.English} {
		out[l] = sys.texts.Text(l, key, map[string]any{"city": sys.city.Name().In(l)})
	}
	return out
}

// menuTitle shortens a title at the end of a word.
func menuTitle(t message.Text) message.Text {
	out := message.Text{}
	for _, l := range []message.Lang{message.Vietnamese, message.English} {
		out[l], _ = clip.Text(t.In(l), func(s string) bool { return utf8.RuneCountInString(s) <= maxMenuTitle })
	}
	return out
}

// pagesStatus tells how the pages stand, in the operators' terms.
func (sys *system) pagesStatus(ctx context.Context) (admin.ChannelStatus, error) {
	ch, err := sys.pages()
	if err != nil {
		return admin.ChannelStatus{}, err
	}
	out := admin.ChannelStatus{Connected: true}
	var names, problems []string
	for _, p := range ch.Status(ctx) {
		names = append(names, p.Page)
		out.Connected = out.Connected && p.TokenGood && p.Err == nil
		out.AccessExpiresAt = earliest(out.AccessExpiresAt, p.Expires)
		for _, problem := range sys.pageProblems(p) {
			problems = append(problems, "page "+p.Page+": "+problem)
		}
	}
	out.Account, out.Problem = strings.Join(names, ", "), strings.Join(problems, "; ")
	return out, nil
}

// pageProblems names what is missing on a page, and what to do about it.
func (sys *system) pageProblems(p messenger.PageStatus) []string {
	switch {
	case p.Err != nil && fault.CodeOf(p.Err) == fault.Forbidden:
		return []string{fmt.Sprintf("the network refused the question (%v): look at channels.messenger.app_id, app_secret and the page's token", p.Err)}
	case p.Err != nil:
		return []string{fmt.Sprintf("the network does not tell (%v)", p.Err)}
	case !p.TokenGood:
		return []string{"the token is refused: make a new one in the developer console (page_access_token)"}
	}
	var out []string
	add := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	for _, scope := range pageScopes(len(sys.settings.Channels.Messenger.Templates) > 0) {
		add(!slices.Contains(p.Scopes, scope), "the token lacks the permission %s", scope)
	}
	const again = "motcua channels setup messenger"
	add(len(p.Missing) > 0, "events are not sent to us (%s): %s", strings.Join(p.Missing, ", "), again)
	add(!p.GetStarted, "there is no button to begin with: %s", again)
	add(p.Greetings == 0, "there is no greeting: %s", again)
	add(p.MenuEntries == 0, "there is no menu: %s", again)
	return out
}

// pageScopes are the permissions that a page's token needs, https://developers.facebook.com/docs/permissions.
func pageScopes(templates bool) []string {
	out := []string{"pages_messaging", "pages_manage_metadata"}
	if templates {
		out = append(out, "pages_utility_messaging")
	}
	return out
}

// earliest gives the earlier of two times; zero stands for never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// approvedStatus tells how the approved texts to phone numbers stand.
func (sys *system) approvedStatus(ctx context.Context) (admin.ChannelStatus, error) {
	ch, ok := sys.phones.zns.(*zns.Channel)
	if !ok {
		return admin.ChannelStatus{}, fault.Wrap(fault.NotFound, errors.New("zns is not configured (channels.zns)"))
	}
	findings, err := ch.Check(ctx)
	if err != nil {
		return admin.ChannelStatus{}, err
	}
	return admin.ChannelStatus{Connected: true, Account: sys.settings.Channels.Zalo.OAID, Problem: strings.Join(findings, "; ")}, nil
}
