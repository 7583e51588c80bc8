package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/messenger"
	"github.com/motcua/motcua/channels/web"
	"github.com/motcua/motcua/channels/zalo"
	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/chat"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/grant"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/openweb"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/qrscan"
	"github.com/motcua/motcua/internal/setting"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
)

// openChat opens the networks that the city is on, what comes in from them, and the dialogue.
func (sys *system) openChat(ctx context.Context) error {
	var err error
	if sys.grants, err = grant.New(ctx, sys.engine, sys.box, sys.now, sys.log, sys.reg); err != nil {
		return err
	}
	sys.networks, sys.mandates = map[string]channels.Channel{}, map[string]*mandate{}
	// The networks that citizens chat on, by name. A new one is a line here.
	if err := errors.Join(sys.openZalo(), sys.openMessenger(), sys.openWeb(ctx)); err != nil {
		return err
	}
	machine, err := sys.dialogue()
	if err != nil {
		return err
	}
	sys.sends = limit.New(sys.redis, sys.now, sys.log)
	scanner, err := qrscan.New(sys.settings.Chat.Codes, sys.reg)
	if err != nil {
		return err
	}
	sys.chats, err = chat.New(ctx, sys.engine, sys.settings.Chat, chat.Deps{
		Steps: machine, Runner: tries{sys.runner, sys.accounts, sys.sends}, People: sys.accounts, Box: sys.box, Channels: sys.networks, Limiter: sys.sends,
		Texts: sys.texts, Nudge: func() { sys.outbox.Nudge(chatRelay) }, Now: sys.now, Log: sys.log, Reg: sys.reg,
		ActsFor: sys.accounts.ActsFor, UnitOf: sys.unitOf, Office: sys.office, Officer: sys.officer, Accesses: sys.trail, Receipt: sys.receipt, Fated: sys.fated,
		Scan: func(ctx context.Context, id string) ([]string, error) {
			return scanner.Texts(ctx, id, func(ctx context.Context) (io.ReadCloser, error) { return sys.photo(ctx, id) })
		},
		Signal: func(topic string) { sys.hub.Signal(context.Background(), topic) }, Forget: sys.forget,
	})
	if err != nil {
		return err
	}
	fetcher := inbox.NewFetcher(sys.settings.Inbox.Fetch, sys.mediaHosts, sys.takeAttachment)
	sys.onClose(func() error { fetcher.Close(); return nil })
	sys.inbox, err = inbox.New(ctx, sys.engine, sys.settings.Inbox, inbox.Deps{
		Box: sys.box, Fetch: fetcher, Park: sys.parkEvent, Signals: sys.hub, Now: sys.now, Log: sys.log, Reg: sys.reg,
	})
	if err != nil {
		return err
	}
	var faults setting.Faults
	for name, ch := range sys.networks {
		p := ch.Profile()
		faults.Also(sys.inbox.Serves(p))
		if err := openweb.Hosts(p.MediaHosts).Check(); err != nil {
			faults.Add("channels."+name+".media_hosts", "%w", err)
		}
	}
	return faults.Err()
}

// dialogue makes the machine that talks: it understands the words of the city's services and those of any dialogue.
func (sys *system) dialogue() (*conversation.Machine, error) {
	files, err := fs.Sub(configs.Files, "phrasings")
	if err != nil {
		return nil, err
	}
	phrases, err := intent.Load(files)
	if err != nil {
		return nil, err
	}
	services := sys.runner.Catalogue()
	intents := intent.New(append(phrases, intent.Of(services.Apps())...))
	rules := sys.settings.Conversation
	if sys.address != "" {
		rules.Own = append(slices.Clone(rules.Own), sys.address)
	}
	return conversation.NewMachine(services, intents, sys.texts, rules)
}

// photo opens a photo as it is kept, in its largest form.
func (sys *system) photo(ctx context.Context, id string) (io.ReadCloser, error) {
	address, err := url.Parse(sys.media.URL(id, media.Large))
	if err != nil {
		return nil, err
	}
	f, err := sys.media.Open(ctx, id, address.Query())
	if err != nil {
		return nil, err
	}
	return f.Range(ctx, 0, -1)
}

// chatRelay is the relay that sends what conversations hold.
const chatRelay = "chats"

// openZalo joins the city's official account, when there is one.
func (sys *system) openZalo() error {
	cfg := sys.settings.Channels.Zalo
	if !cfg.Enabled() {
		return nil
	}
	oauth, err := zalo.NewOAuth(cfg, &http.Client{}, sys.now)
	if err != nil {
		return err
	}
	d := &mandate{
		grant: "zalo/" + cfg.OAID, account: cfg.OAID, consent: oauth.ConsentURL,
		exchange: func(ctx context.Context, code string) (grant.Pair, error) {
			p, err := oauth.Exchange(ctx, code)
			if errors.Is(err, zalo.ErrOtherAccount) {
				err = &fault.Error{Code: fault.Invalid, Key: "http.callback_account", Cause: err}
			}
			return grant.Pair(p), err
		},
	}
	tokens := sys.grants.Source(d.grant, func(ctx context.Context, refresh string) (grant.Pair, error) {
		p, err := oauth.Refresh(ctx, refresh)
		return grant.Pair(p), err
	})
	ch, err := zalo.New(cfg, tokens, &http.Client{}, sys.now)
	if err != nil {
		return err
	}
	if sys.miniApp, err = zalo.NewMiniApp(cfg, tokens, &http.Client{}); err != nil {
		return err
	}
	sys.zaloTokens = tokens
	sys.networks["zalo"], sys.mandates["zalo"] = ch, d
	return nil
}

// openMessenger joins the city's pages, when there are any.
func (sys *system) openMessenger() error {
	cfg := sys.settings.Channels.Messenger
	if !cfg.Enabled() {
		return nil
	}
	ch, err := messenger.New(cfg, &http.Client{}, sys.now)
	if err != nil {
		return err
	}
	sys.networks["messenger"] = ch
	return nil
}

// mediaHosts gives where the attachments of a network may be fetched from.
func (sys *system) mediaHosts(name string) []string {
	if ch := sys.networks[name]; ch != nil {
		return ch.Profile().MediaHosts
	}
	return nil
}

// takeAttachment puts an attachment into the city's media, as the person who sent it would.
func (sys *system) takeAttachment(ctx context.Context, m inbox.Message, i int, contentType string, body io.Reader) (string, error) {
	viewer, err := sys.accounts.Guest(ctx, account.Identity{Network: m.Channel, Account: m.Event.Account, User: string(m.Event.From)}, "")
	if err != nil {
		return "", err
	}
	item, err := sys.media.Take(ctx, viewer, fmt.Sprintf("%s#%d", m.ID, i), contentType, body)
	return item.ID, err
}

// connectChat gives the outbox what conversations need of it.
func (sys *system) connectChat() error {
	return errors.Join(
		sys.outbox.Relay(chatRelay, sys.chats),
		sys.outbox.Handle(replayKind, sys.replayEvent),
		sys.outbox.Schedule("channels.grants", 10*time.Minute, sys.grants.Check),
	)
}

// replayKind is the kind of intents that stand for an event that was parked.
const replayKind = "inbox.replay"

// parkedEvent is the payload of such an intent.
type parkedEvent struct {
	ID string `bson:"id"`
}

// parkEvent shows what could not be acted on to an operator, dead in the outbox with its reason, and tells the person that it went wrong.
func (sys *system) parkEvent(ctx context.Context, id, conversation string, cause error) error {
	payload, err := bson.Marshal(parkedEvent{ID: id})
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	intent := outbox.Intent{ID: "inbox/" + once.ID(id), Lane: outbox.Normal, Kind: replayKind, Payload: payload}
	if err := sys.outbox.Park(ctx, intent, cause); err != nil {
		return err
	}
	sys.log.ErrorContext(ctx, "an event was given up", "conversation", conversation, "intent", intent.ID, "err", cause)
	if err := sys.chats.Apologise(ctx, conversation, id); err != nil { // the desk knows; that is what counts
		sys.log.ErrorContext(ctx, "nobody could be told that an event was given up", "conversation", conversation, "err", err)
	}
	return nil
}

// replayEvent has an event handled again, when an operator retries it.
func (sys *system) replayEvent(ctx context.Context, in outbox.Intent) error {
	var p parkedEvent
	if err := bson.Unmarshal(in.Payload, &p); err != nil {
		return outbox.Permanent("malformed", err)
	}
	err := sys.inbox.Replay(ctx, p.ID)
	switch fault.CodeOf(err) {
	case fault.NotFound:
		return nil // its time was over
	case fault.Conflict:
		return outbox.Permanent("not_parked", err) // it waits or is done
	}
	return err
}

// turn acts on an event. What was said on our own pages stands in their log before it is answered.
func (sys *system) turn(ctx context.Context, m inbox.Message) error {
	if m.Channel == web.Name {
		if _, err := sys.web.Heard(ctx, m.Event); err != nil {
			return err
		}
	}
	return sys.chats.Turn(ctx, m)
}

// unitOf gives the unit that works on a case.
func (sys *system) unitOf(ctx context.Context, ref miniapps.CaseRef) (string, bool) {
	if ref.App != feedback.ID {
		return "", false
	}
	r, err := sys.feedback.Get(ctx, account.Viewer{Roles: []account.Role{account.Dispatcher}}, ref.ID)
	if err != nil {
		return "", false
	}
	return r.Unit, true
}

// office tells whether the units of the city work at that moment: they all keep the city's hours.
func (sys *system) office(_ string, at time.Time) (opens time.Time, open bool) {
	next := sys.city.Calendar().Add(at, time.Minute)
	return next.Add(-time.Minute), next.Sub(at) == time.Minute
}

// officer gives the name under which a member of staff speaks to citizens.
func (sys *system) officer(ctx context.Context, v account.Viewer) (string, error) {
	names, err := sys.accounts.Names(ctx, []string{v.Account})
	return names[v.Account], err
}

// watchConversation wakes whoever follows a conversation at a desk.
func (sys *system) watchConversation(ctx context.Context, id string) <-chan struct{} {
	return sys.hub.Watch(ctx, "conversation:"+id)
}

// forget removes what is kept of somebody on a network who asks for it: pushes to their browser, files that belong to no case, what waits to be acted on,
// the log of our own pages, and their id on the network.
func (sys *system) forget(ctx context.Context, v account.Viewer, m inbox.Message) error {
	errs := []error{sys.forgetDevices(ctx, v), sys.inbox.Forget(ctx, m)}
	for _, subject := range v.Subjects {
		errs = append(errs, sys.media.Forget(ctx, subject))
	}
	if m.Channel == web.Name {
		errs = append(errs, sys.weblog.Forget(ctx, string(m.Event.From)))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return sys.accounts.Forget(ctx, account.Identity{Network: m.Channel, Account: m.Event.Account, User: string(m.Event.From)})
}

// forgetDevices removes the browsers and phones that were registered for a chat itself, as those of a guest. Those of an account that it is linked to are the
// account's.
func (sys *system) forgetDevices(ctx context.Context, v account.Viewer) error {
	own := cmp.Or(v.Scope, v.Subject)
	guest := account.Viewer{Subject: own, Subjects: []string{own}}
	list, err := sys.devices.List(ctx, guest)
	for _, d := range list {
		if gone := sys.devices.Remove(ctx, guest, d.ID); fault.CodeOf(gone) != fault.NotFound {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// hooks are the networks that call, by name.
func (sys *system) hooks() map[string]httpapi.Webhook {
	out := make(map[string]httpapi.Webhook, len(sys.networks))
	for name, ch := range sys.networks {
		if name != web.Name { // whose pages are our own
			out[name] = ch
		}
	}
	return out
}
