package main

import (
	"context"
	"slices"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/chat"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps/me"
)

// conversations takes letters into the chats that people have with the city.
type conversations struct{ sys *system }

// Ways gives the latest conversation on each network.
func (c conversations) Ways(ctx context.Context, to notify.Person, l notify.Letter) ([]notify.Way, error) {
	found, err := c.sys.chats.Ways(ctx, to.Subjects)
	out := make([]notify.Way, 0, len(found))
	for _, w := range found {
		if ch := c.sys.networks[w.Channel]; ch != nil {
			out = append(out, c.ways(ch.Profile(), w, l)...)
		}
	}
	return out, err
}

// ways says by which right a letter may go into a conversation now: by our clock, and as an approved text should the network refuse that by its own.
func (c conversations) ways(p channels.Profile, w chat.Way, l notify.Letter) []notify.Way {
	first := c.way(p, w, l)
	if first.Closed != "" || first.Ground == notify.Approved || !approves(p, l) {
		return []notify.Way{first}
	}
	second := first
	second.Ground, second.After = notify.Approved, channels.OutsideWindow
	return []notify.Way{first, second}
}

// approves tells whether a network has approved a text for the letter.
func approves(p channels.Profile, l notify.Letter) bool {
	return slices.Contains(p.Templates, l.Template().Name)
}

// way says by which right a letter may go into a conversation by our clock.
func (c conversations) way(p channels.Profile, w chat.Way, l notify.Letter) notify.Way {
	out := notify.Way{Channel: w.Channel, Target: w.Conversation, Ground: notify.Free}
	since := c.sys.now().Sub(w.LastAt)
	switch {
	case w.Left:
		out.Closed = "unfollowed"
	case p.FreeWindow == 0 || since <= p.FreeWindow:
	case c.sys.settings.Chat.PaidWindows && since <= p.PaidWindow:
		out.Ground = notify.Paid
	case approves(p, l):
		out.Ground = notify.Approved
	default:
		out.Closed = "window_closed"
	}
	return out
}

// Send puts a letter into the queue of its conversation. One that the network would not take at night must not stand there before answers.
func (c conversations) Send(ctx context.Context, w notify.Way, to notify.Person, l notify.Letter) (notify.Fate, error) {
	if wait := c.sys.night(l); wait > 0 && w.Ground == notify.Approved && w.Channel == "zalo" {
		return notify.Fate{State: notify.Pending, Retry: wait, Held: true}, nil
	}
	n := chat.Notice{
		ID: l.ID, To: to.Subject, App: l.App, Notice: l.Notice, CaseApp: l.CaseApp, CaseID: l.CaseID, At: l.At, Change: l.App == me.ID, Conversation: w.Target,
		Ground: string(w.Ground),
		Words:  func(message.Lang) (string, string) { return l.Title, l.Text },
	}
	if w.Ground == notify.Approved {
		n.Template = l.Template()
	}
	err := c.sys.chats.Tell(ctx, n)
	if fault.CodeOf(err) == fault.NotFound {
		return notify.Fate{State: notify.Refused, Reason: "no_conversation"}, nil
	}
	if f := fault.Of(err); f != nil && f.RetryAfter > 0 { // that conversation is full or at work, which says nothing about its network
		return notify.Fate{State: notify.Pending, Retry: f.RetryAfter, Held: true}, nil
	}
	return notify.Fate{State: notify.Pending, Taken: err == nil}, err
}

// Fate tells what became of a letter.
func (c conversations) Fate(ctx context.Context, w notify.Way, letter string) (notify.Fate, error) {
	f, err := c.sys.chats.Fate(ctx, w.Target, letter, string(w.Ground))
	if err != nil {
		return notify.Fate{}, err
	}
	switch f.State {
	case "sent", "delivered", "seen":
		return notify.Fate{State: notify.State(f.State), Network: f.Network}, nil
	case "never":
		return notify.Fate{State: notify.Refused, Reason: f.Reason}, nil
	case "unknown":
		return notify.Fate{State: notify.Refused, Reason: "lost"}, nil
	}
	return notify.Fate{State: notify.Pending, Taken: true}, nil
}
