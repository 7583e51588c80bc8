package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/motcua/motcua/channels/fcm"
	"github.com/motcua/motcua/channels/messenger"
	"github.com/motcua/motcua/channels/sms"
	"github.com/motcua/motcua/channels/webpush"
	"github.com/motcua/motcua/channels/zalo"
	"github.com/motcua/motcua/channels/zns"
	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/graph"
	"github.com/motcua/motcua/graph/transport"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/audit"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/chat"
	"github.com/motcua/motcua/internal/config"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/redisx"
	"github.com/motcua/motcua/internal/store/mongo"
	"github.com/motcua/motcua/internal/store/sqlite"
	"github.com/motcua/motcua/internal/telemetry"
	"github.com/motcua/motcua/internal/webchat"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/alerts"
	"github.com/motcua/motcua/miniapps/feedback"
)

// settings is configs/motcua.yaml as a struct: one section for each package.
type settings struct {
	HTTPAddr     string `koanf:"http_addr"`
	AdminAddr    string `koanf:"admin_addr"`
	FakecityAddr string `koanf:"fakecity_addr"`
	DataDir      string `koanf:"data_dir"`
	City         string `koanf:"city"`

	Telemetry telemetry.Config      `koanf:"telemetry"`
	Secrets   secretSettings        `koanf:"secrets"`
	SQLite    sqlite.Config         `koanf:"sqlite"`
	MongoDB   mongo.Config          `koanf:"mongodb"`
	Redis     redisx.Config         `koanf:"redis"`
	HTTP      httpapi.Config        `koanf:"http"`
	Graph     graph.Settings        `koanf:"graph"`
	Runner    miniapps.RunnerConfig `koanf:"runner"`
	Account   account.Config        `koanf:"account"`
	Media     mediaSettings         `koanf:"media"`
	Casework  casework.Config       `koanf:"casework"`
	Feedback  feedback.Config       `koanf:"feedback"`
	Alerts    alerts.Config         `koanf:"alerts"`
	Notify    notify.Config         `koanf:"notify"`
	Devices   device.Config         `koanf:"devices"`
	WebChat   webchat.Config        `koanf:"webchat"`
	Audit     audit.Config          `koanf:"audit"`
	Outbox    outbox.Config         `koanf:"outbox"`
	Inbox     inbox.Config          `koanf:"inbox"`
	Chat      chat.Config           `koanf:"chat"`
	Store     storeSettings         `koanf:"store"`

	Conversation conversation.Rules `koanf:"conversation"`
	Channels     struct {
		SMS       sms.Config       `koanf:"sms"`
		Zalo      zalo.Config      `koanf:"zalo"`
		ZNS       zns.Config       `koanf:"zns"`
		Messenger messenger.Config `koanf:"messenger"`
		FCM       fcm.Config       `koanf:"fcm"`
		WebPush   webpush.Config   `koanf:"webpush"`
	} `koanf:"channels"`
}

type secretSettings struct {
	KeysetFile string `koanf:"keyset_file"`
	AdminToken string `koanf:"admin_token"`
}

type mediaSettings struct {
	media.Config `koanf:",squash"`
	Bucket       string `koanf:"bucket"`
}

type storeSettings struct {
	SweepEvery time.Duration `koanf:"sweep_every"`
}

// Validate reports a setting that cannot work.
func (s storeSettings) Validate() error {
	if s.SweepEvery < time.Second {
		return errors.New("sweep_every: must be at least 1s")
	}
	return nil
}

// runtime is what a command has of the outside: files, environment, output.
type runtime struct {
	file           string
	environ        []string
	stdout, stderr io.Writer
}

// profile is the way in which the program runs.
type profile string

const (
	dev  profile = "dev"  // everything embedded, stand-ins, sample people
	prod profile = "prod" // refuses what is unsafe
	tool profile = "tool" // a command beside either
)

// load reads the settings and reports everything that is wrong with them for the profile, all at once.
func (r *runtime) load(p profile) (settings, error) {
	defaults, err := configs.Files.ReadFile("motcua.yaml")
	if err != nil {
		return settings{}, err
	}
	var s settings
	readErr := config.Load(config.Source{Defaults: defaults, File: r.file, Environ: r.environ}, &s)
	s.SQLite.Dir = s.DataDir
	if p == dev {
		s.relax()
	}
	return s, errors.Join(readErr, s.validate(p))
}

// relax sets what makes development comfortable and production unsafe.
func (s *settings) relax() {
	s.Graph.Introspection, s.Graph.Explorer, s.Graph.Transport.Get = graph.IntrospectionOn, true, transport.GetAny
	if s.HTTP.DrainDelay == 2*time.Second {
		s.HTTP.DrainDelay = 0 // no balancer watches
	}
	s.Account.Code.ResendAfter = 0 // one who tries things out signs in often
	s.Account.Code.SendsPerHour, s.Account.Code.SendsPerDay, s.Account.Code.ChecksPerDay = 100, 100, 1000
}

// validate collects the problems of every section, each with its key.
func (s *settings) validate(p profile) error {
	errs := []error{
		under("telemetry", s.Telemetry.Validate()), under("redis", s.Redis.Validate()), under("http", s.HTTP.Validate()),
		under("graph", s.Graph.Validate()), under("runner", s.Runner.Validate()), under("account", s.Account.Validate()), under("media", s.Media.Validate()),
		under("casework", s.Casework.Validate()), under("feedback", s.Feedback.Validate()), under("notify", s.Notify.Validate()), under("audit", s.Audit.Validate()),
		under("outbox", s.Outbox.Validate()), under("inbox", s.Inbox.Validate()), under("chat", s.Chat.Validate()),
		under("conversation", s.Conversation.Validate()), under("channels.zalo", s.Channels.Zalo.Validate()), under("store", s.Store.Validate()),
		under("channels.zns", s.Channels.ZNS.Validate()), under("channels.messenger", s.Channels.Messenger.Validate()), under("channels.fcm", s.Channels.FCM.Validate()),
		under("channels.webpush", s.Channels.WebPush.Validate()), under("alerts", s.Alerts.Validate()), under("devices", s.Devices.Validate()),
		under("webchat", s.WebChat.Validate()),
	}
	if s.MongoDB.URI != "" {
		errs = append(errs, under("mongodb", s.MongoDB.Validate()))
	} else {
		errs = append(errs, under("sqlite", s.SQLite.Validate()))
	}
	for key, addr := range map[string]string{"http_addr": s.HTTPAddr, "admin_addr": s.AdminAddr, "fakecity_addr": s.FakecityAddr} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			errs = append(errs, fmt.Errorf("%s: %q is not host:port", key, addr))
		}
	}
	if s.DataDir == "" {
		errs = append(errs, errors.New("data_dir: must name a folder"))
	}
	if p == prod {
		errs = append(errs, s.unsafe()...)
	}
	return errors.Join(errs...)
}

// unsafe lists what must not be so where real citizens are.
func (s *settings) unsafe() []error {
	errs := []error{
		under("channels.sms", s.Channels.SMS.Validate()), under("channels.fcm", s.Channels.FCM.ForCitizens()), under("channels.webpush", s.Channels.WebPush.ForCitizens()),
	}
	refuse := func(bad bool, text string) {
		if bad {
			errs = append(errs, errors.New(text))
		}
	}
	refuse(s.Secrets.KeysetFile == "", "secrets.keyset_file: must be set (make one with `motcua secrets generate`)")
	refuse(!strings.HasPrefix(s.HTTP.PublicURL, "https://"), "http.public_url: must be an https:// address")
	refuse(s.Graph.Introspection == graph.IntrospectionOn, "graph.introspection: must be off or staff")
	refuse(s.Graph.Explorer, "graph.explorer: must be false")
	refuse(s.Graph.Transport.Get != transport.GetRegistered, "graph.transport.get: must be registered")
	refuse(s.MongoDB.URI != "" && s.Redis.URI == "", "redis.uri: must be set with mongodb.uri: replicas count and signal together")
	refuse(s.MongoDB.URI != "" && s.Media.Bucket == "", "media.bucket: must be set with mongodb.uri: replicas share no disk")
	host, _, err := net.SplitHostPort(s.AdminAddr)
	ip := net.ParseIP(host)
	refuse(err == nil && s.Secrets.AdminToken == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()),
		"admin_addr: must be on the loopback interface unless secrets.admin_token is set")
	return errs
}

// under names the section before each problem of a joined error.
func under(section string, err error) error {
	if err == nil {
		return nil
	}
	var out []error
	for _, line := range flatten(err) {
		out = append(out, errors.New(section+"."+line))
	}
	return errors.Join(out...)
}

// cityFiles opens the folder of the city's data: one of the shipped cities by its name, or any folder by its path.
func (s *settings) cityFiles() (fs.FS, error) {
	if strings.ContainsRune(s.City, filepath.Separator) {
		return os.DirFS(s.City), nil
	}
	sub, err := fs.Sub(configs.Files, path.Join("cities", s.City))
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(sub, "."); err != nil {
		return nil, fmt.Errorf("city: there is no shipped city %q", s.City)
	}
	return sub, nil
}
