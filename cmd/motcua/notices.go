package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/fcm"
	"github.com/motcua/motcua/channels/sms"
	"github.com/motcua/motcua/channels/webpush"
	"github.com/motcua/motcua/channels/zns"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/chat"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/alerts"
	"github.com/motcua/motcua/miniapps/feedback"
	"github.com/motcua/motcua/miniapps/me"
)

// openNotices opens the ways by which the city reaches people of its own accord.
func (sys *system) openNotices(ctx context.Context) error {
	if err := errors.Join(sys.openPhones(), sys.openDevices(ctx)); err != nil {
		return err
	}
	carriers := map[string]notify.Carrier{}
	for _, name := range sys.pushes {
		carriers[name] = sys.devices.Of(name)
	}
	for name := range sys.networks {
		carriers[name] = conversations{sys}
	}
	if sys.phones.text != nil {
		carriers["sms"] = texts{sys}
	}
	if sys.phones.zns != nil {
		carriers["zns"] = approved{sys}
	}
	catalogue := sys.runner.Catalogue()
	var err error
	sys.sender, err = notify.NewSender(ctx, sys.engine, sys.settings.Notify, notify.Deps{
		Inbox: sys.notices, Urgency: urgencies(catalogue), People: known{sys.accounts}, Carriers: carriers, Texts: sys.texts, Nudge: sys.outbox.Nudge,
		Now: sys.now, Log: sys.log, Reg: sys.reg,
	})
	return err
}

// openPhones opens the networks whose address is a phone number.
func (sys *system) openPhones() error {
	c := sys.settings.Channels
	if c.SMS.APIBase != "" {
		ch, err := sms.New(c.SMS, &http.Client{})
		if err != nil {
			return err
		}
		sys.phones.text = ch
	}
	if !c.ZNS.Enabled() || !c.Zalo.Enabled() {
		return nil
	}
	c.ZNS.APIBase = cmp.Or(c.ZNS.APIBase, c.Zalo.ZNSBase)
	secret := ""
	if c.Zalo.AppSecretProof {
		secret = c.Zalo.AppSecret
	}
	ch, err := zns.New(c.ZNS, secret, sys.zaloTokens, &http.Client{}, sys.now)
	if err == nil {
		sys.phones.zns = ch
	}
	return err
}

// openDevices opens the networks that push.
func (sys *system) openDevices(ctx context.Context) error {
	networks, topics := map[string]device.Channel{}, map[string]device.Topics{}
	if cfg := sys.settings.Channels.FCM; cfg.Enabled() {
		cfg.LinkBase = cmp.Or(cfg.LinkBase, sys.address)
		ch, err := fcm.New(ctx, cfg, &http.Client{}, sys.now)
		if err != nil {
			return err
		}
		networks["fcm"], topics["fcm"] = ch, ch
		if sys.verifier, err = fcm.NewVerifier(ctx, cfg, &http.Client{}, sys.now); err != nil {
			return err
		}
	}
	if cfg := sys.settings.Channels.WebPush; cfg.Enabled() {
		ch, err := webpush.New(cfg, nil, sys.now)
		if err != nil {
			return err
		}
		sys.onClose(func() error { ch.Close(); return nil })
		networks["webpush"] = ch
	}
	sys.pushes = slices.Sorted(maps.Keys(networks))
	var err error
	sys.devices, err = device.New(ctx, sys.engine, sys.settings.Devices, device.Deps{
		Box: sys.box, Channels: networks, Topics: topics, Limiter: limit.New(sys.redis, sys.now, sys.log), Nudge: func() { sys.outbox.Nudge(topicRelay) }, Now: sys.now, Log: sys.log, Reg: sys.reg,
	})
	return err
}

// topicRelay is the relay that brings devices' topics up to what their owners follow.
const topicRelay = "devices.topics"

// connectNotices gives the outbox what notices need of it.
func (sys *system) connectNotices() error {
	errs := []error{sys.outbox.Relay(topicRelay, sys.devices), sys.outbox.Relay(alerts.RelayName, sys.alerts.Relay())}
	for name, source := range sys.sender.Sources() {
		errs = append(errs, sys.outbox.Relay(name, source))
	}
	return errors.Join(errs...)
}

// deliver hands a case's notice on: to the citizen's inbox, and by the cheapest lawful way that the citizen wants.
func (sys *system) deliver(ctx context.Context, n casework.Notice) error {
	return sys.sender.Post(ctx, notify.Notice{
		ID: n.ID, To: n.To, App: feedback.ID, Notice: n.Notice, Params: n.Values(), CaseApp: feedback.ID, CaseID: n.Case, At: n.At, Collapse: feedback.ID + "/" + n.Case,
	})
}

// tellOwner tells the owner of an account what happened to it.
func (sys *system) tellOwner(ctx context.Context, a account.Alert) error {
	params := map[string]any{"network": sys.networkName(a.Network), "until": a.Until}
	n := notify.Notice{ID: a.ID, To: a.Account, App: me.ID, Notice: string(a.Notice), Params: params, At: a.At}
	if err := sys.sender.Post(ctx, n); err != nil {
		return err
	}
	person, err := sys.accounts.Person(ctx, a.Account)
	if err != nil {
		return err
	}
	return sys.tellEverywhere(ctx, n, person.Subjects)
}

// tellEverywhere tells a notice in every chat of its recipient and not only by one way: whoever holds one of them must not be the only one to hear. The letter's own
// id keeps it from being told twice in the chat that the letter takes.
func (sys *system) tellEverywhere(ctx context.Context, n notify.Notice, subjects []string) error {
	ways, err := sys.chats.Ways(ctx, subjects)
	for _, w := range ways {
		err = errors.Join(err, sys.chats.Tell(ctx, chat.Notice{
			ID: notify.LetterID(n), To: n.To, App: n.App, Notice: n.Notice, At: n.At, Conversation: w.Conversation,
			Words: func(lang message.Lang) (title, text string) {
				title, text, _ = sys.notices.Words(n, lang) // Post has found them
				return title, text
			},
		}))
	}
	return err
}

// networkName gives what a network is called in texts.
func (sys *system) networkName(name string) message.Text {
	out := message.Text{}
	for _, l := range []message.Lang{message.Vietnamese, message.English} {
		out[l] = sys.texts.Text(l, "account.network_"+name, nil)
	}
	return out
}

// receipt takes over what became of a message to a phone number.
func (sys *system) receipt(ctx context.Context, id, state string) error {
	return sys.sender.Receipt(ctx, id, notify.State(state))
}

// fated has a letter looked at whose fate in a conversation has changed.
func (sys *system) fated(letter string) {
	if err := sys.sender.Nudge(context.Background(), letter); err != nil {
		sys.log.Debug("a letter was not woken; it is looked at in its time", "err", err)
	}
}

// urgencies reads how urgent notices are declared to be.
func urgencies(c *miniapps.Catalogue) func(app, notice string) miniapps.Urgency {
	return func(app, notice string) miniapps.Urgency {
		m, _ := c.App(app)
		i := slices.IndexFunc(m.Notices, func(n miniapps.Notice) bool { return n.ID == notice })
		if i < 0 {
			return ""
		}
		return m.Notices[i].Urgency
	}
}

// known finds people for notices among the accounts.
type known struct{ accounts *account.Accounts }

// Person gives the person behind a subject.
func (k known) Person(ctx context.Context, subject string) (notify.Person, error) {
	p, err := k.accounts.Person(ctx, subject)
	return notify.Person(p), err
}

// conversations takes letters into the chats that people have with the city.
type conversations struct{ sys *system }

// Ways gives the latest conversation on each network.
func (c conversations) Ways(ctx context.Context, to notify.Person, l notify.Letter) ([]notify.Way, error) {
	found, err := c.sys.chats.Ways(ctx, to.Subjects)
	out := make([]notify.Way, 0, len(found))
	for _, w := range found {
		if ch := c.sys.networks[w.Channel]; ch != nil {
			out = append(out, c.way(ch.Profile(), w, l))
		}
	}
	return out, err
}

// way says by which right a letter may go into a conversation now.
func (c conversations) way(p channels.Profile, w chat.Way, l notify.Letter) notify.Way {
	out := notify.Way{Channel: w.Channel, Target: w.Conversation, Ground: notify.Free}
	since := c.sys.now().Sub(w.LastAt)
	switch {
	case w.Left:
		out.Closed = "unfollowed"
	case p.FreeWindow == 0 || since <= p.FreeWindow:
	case c.sys.settings.Chat.PaidWindows && since <= p.PaidWindow:
		out.Ground = notify.Paid
	case slices.Contains(p.Templates, l.Template().Name):
		out.Ground = notify.Approved
	default:
		out.Closed = "window_closed"
	}
	return out
}

// Send puts a letter into the queue of its conversation. One that the network would not take at night must not stand there before answers.
func (c conversations) Send(ctx context.Context, w notify.Way, to notify.Person, l notify.Letter) (notify.Fate, error) {
	if wait := c.sys.night(l); wait > 0 && w.Ground == notify.Approved && w.Channel == "zalo" {
		return notify.Fate{State: notify.Pending, Retry: wait}, nil
	}
	n := chat.Notice{
		ID: l.ID, To: to.Subject, App: l.App, Notice: l.Notice, CaseApp: l.CaseApp, CaseID: l.CaseID, At: l.At, Conversation: w.Target, Ground: string(w.Ground),
		Words: func(message.Lang) (string, string) { return l.Title, l.Text },
	}
	if w.Ground == notify.Approved {
		n.Template = l.Template()
	}
	err := c.sys.chats.Tell(ctx, n)
	if fault.CodeOf(err) == fault.NotFound {
		return notify.Fate{State: notify.Refused, Reason: "no_conversation"}, nil
	}
	return notify.Fate{State: notify.Pending, Taken: err == nil}, err
}

// Fate tells what became of a letter.
func (c conversations) Fate(ctx context.Context, w notify.Way, letter string) (notify.Fate, error) {
	f, err := c.sys.chats.Fate(ctx, w.Target, letter)
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

// phoneNetworks are the networks whose address is a phone number. A one-time code goes by the template network where there is one, and by text message when
// that says never: it costs less, and not everybody has the app.
type phoneNetworks struct {
	text channels.Channel // nil only for commands
	zns  channels.Channel // nil when there is none
}

// Profile is that of text messages.
func (p phoneNetworks) Profile() channels.Profile { return p.text.Profile() }

// Parse refuses: nothing comes in this way.
func (p phoneNetworks) Parse(r channels.Request) (channels.Batch, error) { return p.text.Parse(r) }

// Send makes one attempt.
func (p phoneNetworks) Send(ctx context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	if p.zns != nil && m.Template != nil && slices.Contains(p.zns.Profile().Templates, m.Template.Name) {
		if o := p.zns.Send(ctx, to, m); o.Status == channels.Sent || o.Status == channels.Later && o.Unsure {
			return o
		}
	}
	m.Template = nil
	return p.text.Send(ctx, to, m)
}

// texts takes letters to phones as text messages.
type texts struct{ sys *system }

// Ways gives one way to whoever has proved a phone.
func (t texts) Ways(ctx context.Context, to notify.Person, _ notify.Letter) ([]notify.Way, error) {
	return phoneWay(ctx, t.sys, to, notify.Way{Channel: "sms", Ground: notify.Paid})
}

// Send makes one attempt.
func (t texts) Send(ctx context.Context, _ notify.Way, to notify.Person, l notify.Letter) (notify.Fate, error) {
	return t.sys.toPhone(ctx, t.sys.phones.text, to, channels.Outbound{ID: l.ID, Kind: channels.Notice, Blocks: message.Blocks{message.Words{Text: l.Title + "\n" + l.Text}}})
}

// Fate knows nothing that Send has not said.
func (texts) Fate(context.Context, notify.Way, string) (notify.Fate, error) {
	return notify.Fate{State: notify.Pending}, nil
}

// approved takes letters to phones as texts that the network approved.
type approved struct{ sys *system }

// Ways gives one way to whoever has proved a phone, closed when there is no text for the letter.
func (a approved) Ways(ctx context.Context, to notify.Person, l notify.Letter) ([]notify.Way, error) {
	w := notify.Way{Channel: "zns", Ground: notify.Approved}
	if !slices.Contains(a.sys.phones.zns.Profile().Templates, l.Template().Name) {
		w.Closed = "no_template"
	}
	return phoneWay(ctx, a.sys, to, w)
}

// Send makes one attempt, by day.
func (a approved) Send(ctx context.Context, _ notify.Way, to notify.Person, l notify.Letter) (notify.Fate, error) {
	if wait := a.sys.night(l); wait > 0 {
		return notify.Fate{State: notify.Pending, Retry: wait}, nil
	}
	return a.sys.toPhone(ctx, a.sys.phones.zns, to, channels.Outbound{ID: zns.TrackingID(l.ID), Kind: channels.Notice, Template: l.Template()})
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

// phoneWay gives a way to whoever has a phone.
func phoneWay(ctx context.Context, sys *system, to notify.Person, w notify.Way) ([]notify.Way, error) {
	if to.Account == "" {
		return nil, nil
	}
	_, err := sys.accounts.PhoneOf(ctx, to.Account)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []notify.Way{w}, nil
}

// toPhone makes one attempt to send a message to somebody's phone.
func (sys *system) toPhone(ctx context.Context, ch channels.Channel, to notify.Person, m channels.Outbound) (notify.Fate, error) {
	phone, err := sys.accounts.PhoneOf(ctx, to.Account)
	if fault.CodeOf(err) == fault.NotFound {
		return notify.Fate{State: notify.Refused, Reason: "no_phone"}, nil
	}
	if err != nil {
		return notify.Fate{}, err
	}
	if wait := sys.over(ctx, ch.Profile()); wait > 0 {
		return notify.Fate{State: notify.Pending, Retry: wait}, nil
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
// with what leaves in chats of the same network, as the network counts them.
func (sys *system) over(ctx context.Context, p channels.Profile) time.Duration {
	if p.PerMinute == 0 {
		return 0
	}
	name := p.Name
	if name == "zns" {
		name = "zalo"
	}
	wait, err := sys.sends.Allow(ctx, "send:"+name, limit.Rule{Max: p.PerMinute, Per: time.Minute})
	if err == nil {
		return 0
	}
	return max(wait, time.Second)
}

// audience lets alerts reach the people who follow wards.
type audience struct{ sys *system }

// Announce hands a revision on.
func (a audience) Announce(ctx context.Context, n alerts.Announcement) error {
	return a.sys.sender.Announce(ctx, notify.Broadcast{
		ID: n.ID, Revision: n.Revision, App: alerts.ID, Notice: n.Notice, Params: n.Params, Areas: n.Wards, Urgency: urgencies(a.sys.runner.Catalogue())(alerts.ID, n.Notice),
		At: n.At, Until: n.Until,
	})
}

// Reach counts people.
func (a audience) Reach(ctx context.Context, wards []string, most int) (int, error) {
	return a.sys.notices.CountFollowers(ctx, wards, most)
}

// Progress tells how far the telling is.
func (a audience) Progress(ctx context.Context, id string) (alerts.Progress, error) {
	p, err := a.sys.sender.Progress(ctx, id)
	return alerts.Progress{People: p.Total, Told: p.Sent, Failed: p.Failed, Done: p.Done}, err
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

// firebase gives what verifies Firebase's tokens; nil when there is no Firebase.
func (sys *system) firebase() func(context.Context, string) (account.Proved, error) {
	if sys.verifier == nil {
		return nil
	}
	return func(ctx context.Context, token string) (account.Proved, error) {
		p, err := sys.verifier.Verify(ctx, token)
		return account.Proved{Phone: p.Phone, Provider: "firebase", ProviderID: p.UID}, err
	}
}

// zaloMiniApp gives what asks Zalo about the tokens of the city's Mini App; nil when the city is not on Zalo.
func (sys *system) zaloMiniApp() func(context.Context, string, string, string) (account.MiniAppProof, error) {
	if sys.miniApp == nil {
		return nil
	}
	return func(ctx context.Context, access, phone, user string) (account.MiniAppProof, error) {
		p, err := sys.miniApp.Verify(ctx, access, phone, user)
		return account.MiniAppProof{Network: "zalo", Account: sys.settings.Channels.Zalo.OAID, User: p.IDByOA, Phone: p.Phone}, err
	}
}
