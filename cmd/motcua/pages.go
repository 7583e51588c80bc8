package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/motcua/motcua/channels/messenger"
	"github.com/motcua/motcua/channels/zns"
	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
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
	return ch.Setup(ctx, sys.welcome())
}

// menuTitle is how many characters the title of a menu entry has at most.
const menuTitle = 30

// welcome greets in both languages, and lists the services that can be opened by words.
func (sys *system) welcome() messenger.Welcome {
	w := messenger.Welcome{Greeting: message.Text{}}
	for _, l := range []message.Lang{message.Vietnamese, message.English} {
		w.Greeting[l] = sys.texts.Text(l, "chat.greeting", map[string]any{"city": sys.city.Name().In(l)})
	}
	for _, app := range sys.runner.Catalogue().Apps() {
		for _, a := range app.Actions {
			if len(a.OpeningWords) == 0 || len(w.Menu) == 20 {
				continue
			}
			title := message.Text{}
			for _, l := range []message.Lang{message.Vietnamese, message.English} {
				title[l] = string(head([]rune(a.Title.In(l)), menuTitle))
			}
			w.Menu = append(w.Menu, messenger.Entry{Title: title, Ref: app.AppID + "." + a.ID})
		}
	}
	return w
}

func head(r []rune, n int) []rune { return r[:min(len(r), n)] }

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
		for _, problem := range pageProblems(p) {
			problems = append(problems, "page "+p.Page+": "+problem)
		}
	}
	out.Account, out.Problem = strings.Join(names, ", "), strings.Join(problems, "; ")
	return out, nil
}

func pageProblems(p messenger.PageStatus) []string {
	var out []string
	add := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(p.Err != nil, "the network does not tell (%s)", fault.CodeOf(p.Err))
	add(p.Err == nil && !p.TokenGood, "the token is refused: make a new one in the developer console")
	add(p.Err == nil && len(p.Missing) > 0, "events are not sent to us (%s): motcua channels setup messenger", strings.Join(p.Missing, ", "))
	add(p.Err == nil && !p.GetStarted, "there is no button to begin with: motcua channels setup messenger")
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
