package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/motcua/motcua/channels/fcm"
	"github.com/motcua/motcua/channels/sms"
	"github.com/motcua/motcua/channels/webpush"
	"github.com/motcua/motcua/channels/zns"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/chat"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/alerts"
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
	sys.notices.KnowKinds(func(app, notice string) bool { return declares(catalogue, app, notice) })
	var err error
	sys.sender, err = notify.NewSender(ctx, sys.engine, sys.settings.Notify, notify.Deps{
		Inbox: sys.notices, Urgency: urgencies(catalogue), People: known{sys.accounts}, Carriers: carriers, Topics: sys.topics(),
		Bulletins: map[string][]string{alerts.ID: noticesOf(catalogue, alerts.ID)}, Texts: sys.texts, Nudge: sys.outbox.Nudge, Now: sys.now, Log: sys.log, Reg: sys.reg,
	})
	return err
}

// topics gives what tells many devices at once; nil when no network has topics.
func (sys *system) topics() notify.Topics {
	if !sys.settings.Channels.FCM.Enabled() {
		return nil
	}
	return sys.devices
}

// declares tells whether an app declares a notice, or any when that is "".
func declares(c *miniapps.Catalogue, app, notice string) bool {
	declared := noticesOf(c, app)
	return len(declared) > 0 && (notice == "" || slices.Contains(declared, notice))
}

// noticesOf gives the notices that an app declares.
func noticesOf(c *miniapps.Catalogue, app string) []string {
	m, _ := c.App(app)
	out := make([]string, len(m.Notices))
	for i, n := range m.Notices {
		out[i] = n.ID
	}
	return out
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
	sys.phones.over = sys.over
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
		Wanted: func(ctx context.Context, v account.Viewer) ([]string, error) { return sys.sender.TopicsOf(ctx, v) }, Shown: sys.shown,
	})
	return err
}

// leaveDevices takes the devices from an account that a session or a chat has registered which acts for it no more.
func (sys *system) leaveDevices(ctx context.Context, by string) error {
	return sys.devices.Leave(ctx, by)
}

// shown gives what a push says. What goes through Firebase is read by a company abroad: of a case it is told that there is something new, which the title says, and
// the rest is in the app. What goes to browsers is sealed for them (RFC 8291), and what everybody is told is no secret.
func (sys *system) shown(network string, l notify.Letter) string {
	if network == "fcm" && l.CaseID != "" {
		return sys.texts.Text(l.Lang, "notify.open_app", nil)
	}
	return l.Text
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

// deliver gives a mini-app what hands its cases' notices on: to the citizen's inbox, and by the cheapest lawful way that the citizen wants.
func (sys *system) deliver(app string) func(context.Context, casework.Notice) error {
	return func(ctx context.Context, n casework.Notice) error {
		return sys.sender.Post(ctx, notify.Notice{
			ID: n.ID, To: n.To, App: app, Notice: n.Notice, Params: n.Values(), CaseApp: app, CaseID: n.Case, At: n.At, Collapse: app + "/" + n.Case,
			Link: httpapi.OpenPath(app, n.Case),
		})
	}
}

// tellOwner tells the owner of an account what happened to it.
func (sys *system) tellOwner(ctx context.Context, a account.Alert) error {
	params := map[string]any{"network": sys.networkName(a.Network), "until": a.Until}
	if a.Ends != "" {
		if err := sys.sender.Withdraw(ctx, notify.Notice{ID: a.Ends, To: a.Account}); err != nil {
			return err
		}
	}
	n := notify.Notice{ID: a.ID, To: a.Account, App: me.ID, Notice: string(a.Notice), Params: params, At: a.At, Link: httpapi.OpenPath(me.ID, "")}
	if err := sys.sender.Post(ctx, n); err != nil {
		return err
	}
	person, err := sys.accounts.Person(ctx, a.Account)
	if err != nil {
		return err
	}
	if a.Notice == account.NoticeLinked || a.Notice == account.NoticeUnlinked {
		err = sys.sender.Refollow(ctx, notify.Person(person))
	}
	return errors.Join(err, sys.tellEverywhere(ctx, n, person.Subjects))
}

// tellEverywhere tells a notice in every chat of its recipient and not only by one way: whoever holds one of them must not be the only one to hear. The letter's own
// id keeps it from being told twice in the chat that the letter takes.
func (sys *system) tellEverywhere(ctx context.Context, n notify.Notice, subjects []string) error {
	ways, err := sys.chats.Everywhere(ctx, subjects)
	for _, w := range ways {
		err = errors.Join(err, sys.chats.Tell(ctx, chat.Notice{
			ID: notify.LetterID(n), To: n.To, App: n.App, Notice: n.Notice, At: n.At, Change: true, Conversation: w.Conversation,
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
