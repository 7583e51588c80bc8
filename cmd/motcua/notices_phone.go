package main

import (
	"cmp"
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zns"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/clip"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/alerts"
	"github.com/motcua/motcua/miniapps/me"
)

// phoneNetworks are the networks whose address is a phone number. A one-time code goes by the template network where there is one, and by text message when
// that says never, or when it takes no more in this minute: it costs less, and not everybody has the app.
type phoneNetworks struct {
	text channels.Channel // nil only for commands
	zns  channels.Channel // nil when there is none
	over func(ctx context.Context, p channels.Profile, first bool) time.Duration
}

// Profile is that of text messages.
func (p phoneNetworks) Profile() channels.Profile { return p.text.Profile() }

// Parse refuses: nothing comes in this way.
func (p phoneNetworks) Parse(r channels.Request) (channels.Batch, error) { return p.text.Parse(r) }

// Send makes one attempt.
func (p phoneNetworks) Send(ctx context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	if p.zns != nil && m.Template != nil && slices.Contains(p.zns.Profile().Templates, m.Template.Name) && p.over(ctx, p.zns.Profile(), true) == 0 {
		if o := p.zns.Send(ctx, to, m); o.Status == channels.Sent || o.Status == channels.Later && o.Unsure {
			return o
		}
	}
	m.Template = nil
	return p.text.Send(ctx, to, m)
}

// texts takes letters to phones as text messages.
type texts struct{ sys *system }

// Ways gives one way to whoever has an account.
func (texts) Ways(_ context.Context, to notify.Person, l notify.Letter) ([]notify.Way, error) {
	return phoneWay(to, l, notify.Way{Channel: "sms", Ground: notify.Paid}), nil
}

// Send makes one attempt. What is too long for one text message is shortened: a warning that ends early is worth more than none, and the inbox has it all.
func (t texts) Send(ctx context.Context, _ notify.Way, to notify.Person, l notify.Letter) (notify.Fate, error) {
	most := t.sys.phones.text.Profile().MaxText
	text, _ := clip.Text(l.Title+"\n"+l.Text, func(s string) bool { return utf8.RuneCountInString(s) <= most })
	return t.sys.toPhone(ctx, t.sys.phones.text, to, l, channels.Outbound{ID: l.ID, Kind: channels.Notice, Blocks: message.Blocks{message.Words{Text: text}}})
}

// Fate knows nothing that Send has not said.
func (texts) Fate(context.Context, notify.Way, string) (notify.Fate, error) {
	return notify.Fate{State: notify.Pending}, nil
}

// approved takes letters to phones as texts that the network approved.
type approved struct{ sys *system }

// Ways gives one way to whoever has an account, closed when there is no text for the letter.
func (a approved) Ways(_ context.Context, to notify.Person, l notify.Letter) ([]notify.Way, error) {
	w := notify.Way{Channel: "zns", Ground: notify.Approved}
	if !approves(a.sys.phones.zns.Profile(), l) {
		w.Closed = "no_template"
	}
	return phoneWay(to, l, w), nil
}

// Send makes one attempt, by day.
func (a approved) Send(ctx context.Context, _ notify.Way, to notify.Person, l notify.Letter) (notify.Fate, error) {
	if wait := a.sys.night(l); wait > 0 {
		return notify.Fate{State: notify.Pending, Retry: wait, Held: true}, nil
	}
	return a.sys.toPhone(ctx, a.sys.phones.zns, to, l, channels.Outbound{ID: zns.TrackingID(l.ID), Kind: channels.Notice, Template: l.Template()})
}

// Fate knows nothing that Send has not said; receipts come by themselves.
func (approved) Fate(context.Context, notify.Way, string) (notify.Fate, error) {
	return notify.Fate{State: notify.Pending}, nil
}

// night gives how long an approved text has to wait for the morning, when Zalo takes it again, by whichever address; 0 by day. What is urgent is looked at
// again as soon as it may take another way.
func (sys *system) night(l notify.Letter) time.Duration {
	wait := sys.settings.Channels.ZNS.Quiet(sys.now())
	if l.Urgency == miniapps.Urgent {
		return min(wait, cmp.Or(sys.settings.Notify.UrgentWait, 2*time.Minute))
	}
	return wait
}

// texted are the notices of which package account writes to every phone of the account itself, in words that are meant for a text message.
var texted = map[account.Notice]bool{account.NoticeRecoveryStarted: true, account.NoticeReleaseStarted: true}

// phoneWay gives a way to whoever has an account: accounts have phones. The number is looked up when something is to be sent to it, for most letters leave by
// other ways. What the phone has been told already it is not told again.
func phoneWay(to notify.Person, l notify.Letter, w notify.Way) []notify.Way {
	if to.Account == "" {
		return nil
	}
	if l.App == me.ID && texted[account.Notice(l.Notice)] {
		w.Closed = "texted"
	}
	return []notify.Way{w}
}

// toPhone makes one attempt to send a letter to somebody's phone as m.
func (sys *system) toPhone(ctx context.Context, ch channels.Channel, to notify.Person, l notify.Letter, m channels.Outbound) (notify.Fate, error) {
	first := l.Urgency == miniapps.Urgent && l.App != alerts.ID // a warning goes to many, however urgent it is
	phone, err := sys.accounts.PhoneOf(ctx, to.Account)
	if fault.CodeOf(err) == fault.NotFound {
		return notify.Fate{State: notify.Refused, Reason: "no_phone"}, nil
	}
	if err != nil {
		return notify.Fate{}, err
	}
	if wait := sys.over(ctx, ch.Profile(), first); wait > 0 {
		return notify.Fate{State: notify.Pending, Retry: wait, Held: true}, nil
	}
	switch o := ch.Send(ctx, channels.Address(phone), m); o.Status {
	case channels.Sent:
		return notify.Fate{State: notify.Sent, Network: o.MessageID}, nil
	case channels.Never:
		return notify.Fate{State: notify.Refused, Reason: o.Reason, Alarm: o.Alarm}, nil
	default:
		return notify.Fate{State: notify.Pending, Retry: o.Retry, Unsure: o.Unsure, Alarm: o.Alarm, Reason: o.Reason}, nil
	}
}

// over counts one message to a phone number, and gives the time to wait when the network takes no more of them in this minute. Approved texts count together
// with what leaves in chats of the same network, as the network counts them. What must not wait (first) has a share that the rest cannot use up.
func (sys *system) over(ctx context.Context, p channels.Profile, first bool) time.Duration {
	if p.PerMinute == 0 {
		return 0
	}
	name := p.Name
	if name == "zns" {
		name = "zalo"
	}
	wait, err := limit.Share(ctx, sys.sends, "send:"+name, limit.Rule{Max: p.PerMinute, Per: time.Minute}, first)
	if err == nil {
		return 0
	}
	return max(wait, time.Second)
}
