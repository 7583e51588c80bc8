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
	"github.com/motcua/motcua/internal/netcall"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/redisx"
	"github.com/motcua/motcua/internal/setting"
	"github.com/motcua/motcua/internal/store/mongo"
	"github.com/motcua/motcua/internal/store/sqlite"
	"github.com/motcua/motcua/internal/telemetry"
	"github.com/motcua/motcua/internal/webchat"
	"github.com/motcua/motcua/internal/webform"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/alerts"
	"github.com/motcua/motcua/miniapps/feedback"
	"github.com/motcua/motcua/miniapps/signs"
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
	Signs     signSettings          `koanf:"signs"`
	WebForm   webform.Config        `koanf:"webform"`
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

type signSettings struct {
	signs.Config `koanf:",squash"`
	Sample       bool               `koanf:"sample"` // `motcua dev` fills an empty registry with the city's sample signs
	Limits       httpapi.SignLimits `koanf:"limits"`
}

// Validate reports all settings that cannot work.
func (s signSettings) Validate() error {
	var faults setting.Faults
	faults.Also(s.Config.Validate())
	faults.Under("limits", s.Limits.Validate())
	return faults.Err()
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
	if q := &s.Notify.Quiet; q.From == "21:30" && q.To == "06:30" {
		q.From, q.To = "00:00", "00:00" // who works while the city sleeps sees notices leave
	}
	s.Account.Code.ResendAfter = 0 // one who tries things out signs in often
	s.Account.Code.SendsPerHour, s.Account.Code.SendsPerDay, s.Account.Code.ChecksPerDay = 100, 100, 1000
}

// validate collects the problems of every section, each with its key.
func (s *settings) validate(p profile) error {
	var faults setting.Faults
	for _, section := range []struct {
		name string
		its  interface{ Validate() error }
	}{
		{"telemetry", s.Telemetry}, {"redis", s.Redis}, {"http", s.HTTP}, {"graph", s.Graph}, {"runner", s.Runner}, {"account", s.Account},
		{"media", s.Media}, {"casework", s.Casework}, {"feedback", s.Feedback}, {"notify", s.Notify}, {"audit", s.Audit}, {"outbox", s.Outbox},
		{"inbox", s.Inbox}, {"chat", s.Chat}, {"conversation", s.Conversation}, {"channels.zalo", s.Channels.Zalo}, {"store", s.Store},
		{"channels.zns", s.Channels.ZNS}, {"channels.messenger", s.Channels.Messenger}, {"channels.fcm", s.Channels.FCM},
		{"channels.webpush", s.Channels.WebPush}, {"alerts", s.Alerts}, {"devices", s.Devices}, {"webchat", s.WebChat}, {"signs", s.Signs},
		{"webform", s.WebForm},
	} {
		faults.Under(section.name, section.its.Validate())
	}
	if s.MongoDB.URI != "" {
		faults.Under("mongodb", s.MongoDB.Validate())
	} else {
		faults.Under("sqlite", s.SQLite.Validate())
	}
	for key, addr := range map[string]string{"http_addr": s.HTTPAddr, "admin_addr": s.AdminAddr, "fakecity_addr": s.FakecityAddr} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			faults.Add(key, "%q is not host:port", addr)
		}
	}
	faults.Refuse(s.DataDir == "", "data_dir", "must name a folder")
	faults.Refuse(s.Media.Bucket != "" && !inS3(s.Media.Bucket), "media.bucket", "must be an s3:// address or empty")
	faults.Also(s.checkApproved())
	s.halfway(&faults)
	if p == prod {
		s.unsafe(&faults)
	}
	return faults.Err()
}

// unsafe lists what must not be so where real citizens are.
func (s *settings) unsafe(faults *setting.Faults) {
	faults.Under("channels.sms", s.Channels.SMS.Validate())
	faults.Under("channels.fcm", s.Channels.FCM.ForCitizens())
	faults.Under("channels.webpush", s.Channels.WebPush.ForCitizens())
	for _, w := range s.webhookSecrets() {
		if len(w.value) < minSecret {
			faults.Add(w.key, "must have %d characters or more: whoever guesses it speaks as any citizen", minSecret)
		}
	}
	faults.Refuse(s.Secrets.KeysetFile == "", "secrets.keyset_file", "must be set (make one with `motcua secrets generate`)")
	faults.Under("http", s.HTTP.ForCitizens())
	faults.Refuse(s.Graph.Introspection == graph.IntrospectionOn, "graph.introspection", "must be off or staff")
	faults.Refuse(s.Graph.Explorer, "graph.explorer", "must be false")
	faults.Refuse(s.Graph.Transport.Get != transport.GetRegistered, "graph.transport.get", "must be registered")
	faults.Refuse(s.MongoDB.URI != "" && s.Redis.URI == "", "redis.uri", "must be set with mongodb.uri: replicas count and signal together")
	faults.Refuse(s.MongoDB.URI != "" && s.Media.Bucket == "", "media.bucket", "must be set with mongodb.uri: replicas share no disk")
	host, _, err := net.SplitHostPort(s.AdminAddr)
	ip := net.ParseIP(host)
	faults.Refuse(err == nil && s.Secrets.AdminToken == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()),
		"admin_addr", "must be on the loopback interface unless secrets.admin_token is set")
}

// minSecret is how many characters a secret that signs webhooks has at least. The networks' own have 20 and more.
const minSecret = 16

// secretSetting is a secret with its key.
type secretSetting struct{ key, value string }

// webhookSecrets gives the secrets by which real networks sign. Those of stand-ins on this machine protect nobody.
func (s *settings) webhookSecrets() []secretSetting {
	var out []secretSetting
	add := func(on bool, key, value string) {
		if on {
			out = append(out, secretSetting{key, value})
		}
	}
	if z := s.Channels.Zalo; z.Enabled() && !netcall.Local(z.APIBase) {
		add(true, "channels.zalo.oa_secret_key", z.OASecretKey)
		add(z.OASecretKeyOld != "", "channels.zalo.oa_secret_key_old", z.OASecretKeyOld)
	}
	if m := s.Channels.Messenger; m.Enabled() && !netcall.Local(m.APIBase) {
		add(true, "channels.messenger.app_secret", m.AppSecret)
		add(m.AppSecretOld != "", "channels.messenger.app_secret_old", m.AppSecretOld)
	}
	return out
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
