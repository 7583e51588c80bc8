// Command fakecity serves the stand-ins for the networks a city talks to as a process of its own, for tests that kill or load the real program.
//
// Settings come from the environment; --help shows them. The actual address is logged as one JSON line with "msg":"listening".
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path"
	"syscall"
	"time"

	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fakecity"
)

const usage = `fakecity serves stand-ins for the networks that a city talks to. It takes no arguments; the environment sets (defaults in brackets):
  MOTCUA_FAKECITY_ADDR                    where it listens; port 0 takes a free one [127.0.0.1:8090]
  MOTCUA_FAKECITY_CITY                    folder of configs/cities whose wards the maps show [the first]
  MOTCUA_FAKECITY_CHAT                    the program's web chat, for the page with all phones; webchat.embed_origins there must name this place [none]
  MOTCUA_FAKECITY_SMS_TOKEN               what the SMS stand-in accepts [fakecity]
  MOTCUA_FAKECITY_ZALO_APP_ID             [1000000000000000001]
  MOTCUA_FAKECITY_ZALO_APP_SECRET         [fakecity]
  MOTCUA_FAKECITY_ZALO_OA_ID              [2000000000000000002]
  MOTCUA_FAKECITY_ZALO_OA_SECRET_KEY      signs webhooks [fakecity]
  MOTCUA_FAKECITY_ZALO_CODE_VERIFIER      whose challenge the console knows [any challenge of the consent address]
  MOTCUA_FAKECITY_ZALO_WEBHOOK            where events go [http://127.0.0.1:8080/webhooks/zalo]
  MOTCUA_FAKECITY_MESSENGER_APP_ID        [900000000000001]
  MOTCUA_FAKECITY_MESSENGER_APP_SECRET    signs webhooks [fakecity]
  MOTCUA_FAKECITY_MESSENGER_VERIFY_TOKEN  what the webhook's address is checked with [fakecity]
  MOTCUA_FAKECITY_MESSENGER_PAGE_ID       [100000000000001]
  MOTCUA_FAKECITY_MESSENGER_PAGE_TOKEN    what API requests for the page must have [fakecity]
  MOTCUA_FAKECITY_MESSENGER_WEBHOOK       where events go [http://127.0.0.1:8080/webhooks/messenger]
  MOTCUA_FAKECITY_FCM_PROJECT_ID          [motcua-dev]
  MOTCUA_FAKECITY_FCM_BEARER              access token that requests must have [any, and none]
The page with all phones is at /, the phones at /zalo/, /messenger/ and /lock/, their handles for tests below <phone>/control/.`

func main() {
	if len(os.Args) > 1 {
		os.Exit(help(os.Args[1]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv, os.Stdout, slog.New(slog.NewJSONHandler(os.Stderr, nil))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// help says what the environment sets and gives the exit status: only who asked for help has done nothing wrong.
func help(argument string) int {
	if argument == "-h" || argument == "--help" || argument == "help" {
		fmt.Println(usage)
		return 0
	}
	fmt.Fprintln(os.Stderr, usage)
	return 2
}

// run serves until the context ends.
func run(ctx context.Context, env func(string) string, out io.Writer, log *slog.Logger) error {
	wards, err := wardsOf(env("MOTCUA_FAKECITY_CITY"))
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", cmp.Or(env("MOTCUA_FAKECITY_ADDR"), "127.0.0.1:8090"))
	if err != nil {
		return fmt.Errorf("fakecity: cannot listen: %w", err)
	}
	c := fakecity.New(configOf(env, log, wards, baseOf(l)))
	srv := &http.Server{Handler: c, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	log.InfoContext(ctx, "listening", "fakecity", l.Addr().String())
	welcome(out, l)
	defer c.Close()
	select {
	case err := <-ended:
		return fmt.Errorf("fakecity: %w", err)
	case <-ctx.Done():
	}
	c.Close() // ends open chats, which would hold up the server
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(last); err != nil {
		return fmt.Errorf("fakecity: stop: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("fakecity: %w", err)
	}
	return nil
}

// baseOf gives the address of the stand-ins; "" where it is what the first request calls it.
func baseOf(l net.Listener) string {
	if at, ok := l.Addr().(*net.TCPAddr); ok && !at.IP.IsUnspecified() {
		return "http://" + at.String()
	}
	return ""
}

// welcome tells a person where to look.
func welcome(out io.Writer, l net.Listener) {
	base := baseOf(l)
	if at, ok := l.Addr().(*net.TCPAddr); ok && base == "" {
		base = fmt.Sprintf("http://localhost:%d", at.Port)
	}
	fmt.Fprintf(out, "Thành phố thử: %s/\nZalo: %[1]s/zalo/  Messenger: %[1]s/messenger/  Màn hình khóa: %[1]s/lock/  SMS: %[1]s/sms\n", base)
}

// configOf takes the settings from the environment. base is the address of the stand-ins, "" when it is not known.
func configOf(env func(string) string, log *slog.Logger, wards []fakecity.Ward, base string) fakecity.Config {
	cfg := fakecity.Config{
		SMSToken: cmp.Or(env("MOTCUA_FAKECITY_SMS_TOKEN"), "fakecity"), Now: time.Now, Wards: wards, Chat: env("MOTCUA_FAKECITY_CHAT"),
		Zalo: zaloOf(env, log), Messenger: messengerOf(env, log),
		FCM: fcmfake.Config{ProjectID: env("MOTCUA_FAKECITY_FCM_PROJECT_ID"), Bearer: env("MOTCUA_FAKECITY_FCM_BEARER")},
	}
	if base != "" {
		cfg.Zalo.Base, cfg.Messenger.Base, cfg.WebPush.Base = base+fakecity.ZaloPath, base+fakecity.MessengerPath, base+fakecity.PushPath
	}
	return cfg
}

// zaloOf takes the Zalo stand-in's settings from the environment.
func zaloOf(env func(string) string, log *slog.Logger) zalofake.Config {
	of := func(key string) string { return env("MOTCUA_FAKECITY_ZALO_" + key) }
	return zalofake.Config{
		AppID: of("APP_ID"), AppSecret: of("APP_SECRET"), OAID: of("OA_ID"), OASecretKey: of("OA_SECRET_KEY"), CodeVerifier: of("CODE_VERIFIER"),
		WebhookURL: cmp.Or(of("WEBHOOK"), "http://127.0.0.1:8080/webhooks/zalo"), People: fakecity.SamplePeople(),
		Templates: zalofake.SampleTemplates(), Log: log,
	}
}

// messengerOf takes the Messenger stand-in's settings from the environment.
func messengerOf(env func(string) string, log *slog.Logger) messengerfake.Config {
	of := func(key string) string { return env("MOTCUA_FAKECITY_MESSENGER_" + key) }
	return messengerfake.Config{
		AppID: of("APP_ID"), AppSecret: of("APP_SECRET"), VerifyToken: of("VERIFY_TOKEN"),
		Pages:      []messengerfake.Page{{ID: cmp.Or(of("PAGE_ID"), "100000000000001"), Token: cmp.Or(of("PAGE_TOKEN"), "fakecity"), Name: "Một cửa"}},
		WebhookURL: cmp.Or(of("WEBHOOK"), "http://127.0.0.1:8080/webhooks/messenger"), People: fakecity.SamplePeople(), Log: log,
	}
}

// wardsOf reads the borders of a city that comes with the program; "" means the first one.
func wardsOf(name string) ([]fakecity.Ward, error) {
	if name == "" {
		found, err := fs.Glob(configs.Files, "cities/*/city.yaml")
		if err != nil || len(found) == 0 {
			return nil, errors.Join(errors.New("fakecity: no city comes with the program"), err)
		}
		name = path.Base(path.Dir(found[0]))
	}
	files, err := fs.Sub(configs.Files, "cities/"+name)
	if err != nil {
		return nil, fmt.Errorf("fakecity: %w", err)
	}
	c, err := city.Load(files)
	if err != nil {
		return nil, fmt.Errorf("fakecity: %w", err)
	}
	return fakecity.WardsOf(c), nil
}
