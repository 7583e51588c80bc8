package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"gocloud.dev/blob"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/fcm"
	"github.com/motcua/motcua/channels/web"
	"github.com/motcua/motcua/channels/zalo"
	"github.com/motcua/motcua/graph"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/audit"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/chat"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/consent"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/fakecity"
	"github.com/motcua/motcua/internal/grant"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/live"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/redisx"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/telemetry"
	"github.com/motcua/motcua/internal/webchat"
	"github.com/motcua/motcua/internal/webform"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/alerts"
	"github.com/motcua/motcua/miniapps/feedback"
	"github.com/motcua/motcua/miniapps/me"
	"github.com/motcua/motcua/miniapps/signs"
	"github.com/motcua/motcua/miniapps/signs/signpage"
)

// system is the city at work: every part, wired. open makes it, run.go runs it, the commands use it.
type system struct {
	settings   settings
	profile    profile
	now        func() time.Time // the clock of the whole program
	log        *slog.Logger
	reg        *prometheus.Registry
	tracing    *telemetry.Tracing
	texts      *locale.Catalogue
	city       *city.City
	box        *secret.Box
	bare       store.Engine // as it was opened
	engine     store.Engine // bare, observed
	bucket     *blob.Bucket
	redis      *redisx.Client
	hub        *live.Hub
	outbox     *outbox.Outbox
	accounts   *account.Accounts
	trail      *audit.Trail
	consents   *consent.Ledger
	media      *media.Media
	notices    *notify.Notices
	sender     *notify.Sender
	devices    *device.Devices
	pushes     []string // networks of devices, by name
	feedback   *feedback.App
	alerts     *alerts.App
	me         *me.App
	signs      *signs.App
	forms      *webform.Forms  // set with the faces
	plates     *signpage.Pages // behind the codes of signs; set with the faces
	runner     *miniapps.Runner
	icons      map[string]string           // of mini-apps, SVG
	relays     map[string]casework.Carrier // of mini-apps, by name
	grants     *grant.Keeper
	networks   map[string]channels.Channel // that citizens chat on, by name
	mandates   map[string]*mandate         // of the networks that need a consent
	inbox      *inbox.Inbox
	chats      *chat.Chats
	sends      *limit.Limiter // counts what leaves towards networks
	weblog     *webchat.Log
	web        *web.Channel
	phones     phoneNetworks
	verifier   *fcm.Verifier // nil without Firebase
	miniApp    *zalo.MiniApp // nil without Zalo
	zaloTokens *grant.Source // nil without Zalo
	address    string        // begins the addresses handed out, without a slash at the end

	closers []func() error // in the order of opening
}

// open wires all parts, from the store up. address begins the addresses handed out to citizens. Nothing runs yet.
func open(ctx context.Context, s settings, p profile, log *slog.Logger, address string) (*system, error) {
	return openAt(ctx, time.Now, s, p, log, address)
}

// openAt is open with a clock.
func openAt(ctx context.Context, now func() time.Time, s settings, p profile, log *slog.Logger, address string) (*system, error) {
	if err := s.restored(); err != nil {
		return nil, err
	}
	sys := &system{settings: s, profile: p, now: now, log: log, reg: telemetry.NewRegistry(version), address: cmp.Or(address, s.HTTP.PublicURL)}
	for _, step := range []func(context.Context) error{sys.openData, sys.openStore, sys.openSignals, sys.openPeople} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, sys.close())
		}
	}
	if s.Media.BaseURL == "" {
		sys.settings.Media.BaseURL = address
	}
	for _, step := range []func(context.Context) error{sys.openServices, sys.openChat, sys.openNotices} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, sys.close())
		}
	}
	return sys, nil
}

// close releases everything, the last opened first.
func (sys *system) close() error {
	var errs []error
	for i := len(sys.closers) - 1; i >= 0; i-- {
		errs = append(errs, sys.closers[i]())
	}
	sys.closers = nil
	return errors.Join(errs...)
}

func (sys *system) onClose(f func() error) { sys.closers = append(sys.closers, f) }

// openData reads what is shipped or configured and does not change: city, texts, keys.
func (sys *system) openData(ctx context.Context) error {
	var err error
	if sys.city, sys.texts, err = sys.settings.data(); err != nil {
		return err
	}
	sys.texts.LogGaps(sys.log)
	if sys.box, err = sys.settings.keyset(sys.profile); err != nil {
		return err
	}
	sys.tracing, err = telemetry.NewTracing(ctx, sys.settings.Telemetry, version)
	return err
}

// data loads the city and the message catalogues.
func (s *settings) data() (*city.City, *locale.Catalogue, error) {
	files, err := s.cityFiles()
	if err != nil {
		return nil, nil, err
	}
	place, cityErr := city.Load(files)
	sub, err := localeFiles()
	if err != nil {
		return nil, nil, err
	}
	texts, textErr := locale.Load(sub)
	return place, texts, errors.Join(cityErr, textErr)
}

// openSignals opens what may vanish at any moment, and the outbox that does not.
func (sys *system) openSignals(ctx context.Context) error {
	var err error
	if sys.redis, err = redisx.Open(ctx, sys.settings.Redis); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	sys.onClose(sys.redis.Close)
	sys.hub = live.New(sys.redis, sys.log)
	sys.outbox, err = outbox.New(ctx, sys.engine, sys.settings.Outbox, sys.now, sys.log, sys.reg)
	if err != nil {
		return err
	}
	sys.outbox.Connect(sys.hub)
	return nil
}

// openPeople opens accounts and the records about them.
func (sys *system) openPeople(ctx context.Context) error {
	var err error
	if sys.trail, err = audit.New(ctx, sys.engine, sys.settings.Audit, sys.now); err != nil {
		return err
	}
	if sys.consents, err = consent.New(ctx, sys.engine, sys.now); err != nil {
		return err
	}
	sys.accounts, err = account.New(ctx, sys.engine, sys.settings.Account, account.Deps{
		Box: sys.box, Limiter: limit.New(sys.redis, sys.now, sys.log), Outbox: sys.outbox, Texts: sys.texts, Accesses: sys.trail, Tell: sys.tellOwner, Left: sys.leaveDevices, Now: sys.now, Log: sys.log, Reg: sys.reg,
	})
	return err
}

func caseTopic(ref miniapps.CaseRef) string { return "case:" + ref.App + "/" + ref.ID }

func (sys *system) signalCase(ctx context.Context, ref miniapps.CaseRef) {
	sys.hub.Signal(ctx, caseTopic(ref))
}

func (sys *system) watchCase(ctx context.Context, ref miniapps.CaseRef) <-chan struct{} {
	return sys.hub.Watch(ctx, caseTopic(ref))
}

// connect gives the outbox its handlers, relays and recurring jobs.
func (sys *system) connect() error {
	errs := []error{
		sys.connectChat(),
		sys.connectNotices(),
		sys.outbox.Handle(account.SMSKind, sys.accounts.SMSHandler(sys.phones)),
		sys.outbox.Handle(relayKind, sys.again),
	}
	for name, relay := range sys.relays {
		errs = append(errs, sys.outbox.Relay(name, relay))
	}
	errs = append(errs,
		sys.outbox.Schedule("signs.damage", time.Minute, func(ctx context.Context) error { return second(sys.signs.Damage().Resume(ctx)) }),
		sys.outbox.Schedule("media.sweep", time.Hour, func(ctx context.Context) error { return second(sys.media.Sweep(ctx)) }),
		sys.outbox.Schedule("media.sweep_blobs", 24*time.Hour, func(ctx context.Context) error { return second(sys.media.SweepBlobs(ctx)) }),
	)
	return errors.Join(errs...)
}

func second[T any](_ T, err error) error { return err }

// faces makes the citizens' port: GraphQL, media and the public keys.
func (sys *system) faces() (*httpapi.Server, error) {
	var server *httpapi.Server
	gateway, err := graph.New(sys.settings.Graph, graph.Deps{
		Accounts: sys.accounts, Accesses: sys.trail, City: sys.city, Media: sys.media, Notices: sys.notices, Reports: sys.feedback, Runner: sys.runner,
		Dispatches: sys.sender, Devices: sys.devices, Desk: sys.chats, Signs: signFinder{sys.signs, sys.now}, WatchConversation: sys.watchConversation, Firebase: sys.firebase(), ZaloMiniApp: sys.zaloMiniApp(),
		Limiter: limit.New(sys.redis, sys.now, sys.log), Cache: sys.documents(), WatchCase: sys.watchCase,
		ClientIP: func(c *fiber.Ctx) string { return server.ClientIP(c) }, Texts: sys.texts, Now: sys.now, Log: sys.log, Reg: sys.reg,
	})
	if err != nil {
		return nil, err
	}
	webhooks, err := httpapi.NewWebhooks(sys.hooks(), sys.inbox, sys.log, sys.reg)
	if err != nil {
		return nil, err
	}
	clientIP := func(c *fiber.Ctx) string { return server.ClientIP(c) }
	pages, err := sys.webChat(clientIP)
	if err != nil {
		return nil, err
	}
	forms, err := sys.openForms(clientIP)
	if err != nil {
		return nil, err
	}
	counter, err := sys.formFaces(forms)
	if err != nil {
		return nil, err
	}
	plates, err := sys.signFaces(forms, clientIP)
	if err != nil {
		return nil, err
	}
	server, err = httpapi.New(sys.settings.HTTP, httpapi.Deps{
		City: sys.city.Name(), Texts: sys.texts, Ready: sys.engine.Ping, Log: sys.log, Reg: sys.reg, Tracer: sys.tracing.Provider,
		Parts: append([]httpapi.Mounter{
			gateway, webhooks, pages, counter, plates,
			httpapi.MountFunc(func(r fiber.Router) { httpapi.MountMedia(r, sys.media) }),
			httpapi.MountFunc(func(r fiber.Router) { httpapi.MountKeys(r, sys.accounts) }),
			httpapi.MountFunc(func(r fiber.Router) { httpapi.MountOpen(r, sys.opening) }),
			httpapi.MountFunc(func(r fiber.Router) { httpapi.MountIcons(r, sys.icons) }),
		}, sys.callbacks()...),
		Drains: []httpapi.Drainer{gateway, pages}, Links: sys.links(), Secure: sys.profile == prod,
	})
	return server, err
}

// opening gives the action that shows a citizen what a service has for them: its first that reads, needs nothing to be told, and can be asked for by words.
func (sys *system) opening(app string) string {
	m, _ := sys.runner.Catalogue().App(app)
	for _, a := range m.Actions {
		_, err := sys.runner.Catalogue().Check(app, a.ID, nil, message.Vietnamese)
		if a.Audience == miniapps.ByCitizen && a.ReadOnly && len(a.OpeningWords) > 0 && err == nil {
			return app + "." + a.ID
		}
	}
	return ""
}

// links are the lines of the first page: what a browser can open.
func (sys *system) links() []httpapi.Link {
	out := []httpapi.Link{{Path: httpapi.FormsPath, Key: "http.link_forms"}, {Path: chatPath, Key: "http.link_chat"}}
	if sys.settings.Graph.Explorer {
		out = append(out, httpapi.Link{Path: "/graphql", Key: "http.link_graphql"})
	}
	if sys.profile == dev {
		out = append(out, httpapi.Link{Path: sys.settings.Channels.SMS.APIBase, Key: "http.link_phone"})
		if base, ok := strings.CutSuffix(sys.settings.Channels.Zalo.APIBase, fakecity.ZaloAPI); ok {
			out = append(out, httpapi.Link{Path: base + fakecity.ZaloPath + "/", Key: "http.link_zalo"})
		}
	}
	return append(out, httpapi.Link{Path: "/.well-known/jwks.json", Key: "http.link_jwks"}, httpapi.Link{Path: "/readyz", Key: "http.link_health"})
}
