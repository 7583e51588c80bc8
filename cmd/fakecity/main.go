// Command fakecity serves the stand-ins for the networks a city talks to as a process of its own, for tests that kill or load the real program.
//
// Settings come from the environment; run it with an argument to see them. The actual address is logged as one JSON line with "msg":"listening".
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path"
	"syscall"
	"time"

	"github.com/motcua/motcua/channels/zalo/zalofake"
	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fakecity"
)

const usage = `fakecity serves stand-ins for the networks that a city talks to. It takes no arguments; the environment sets (defaults in brackets):
  MOTCUA_FAKECITY_ADDR                where it listens; port 0 takes a free one [127.0.0.1:8090]
  MOTCUA_FAKECITY_CITY                folder of configs/cities whose wards the maps show [the first]
  MOTCUA_FAKECITY_SMS_TOKEN           what the SMS stand-in accepts [fakecity]
  MOTCUA_FAKECITY_ZALO_APP_ID         [1000000000000000001]
  MOTCUA_FAKECITY_ZALO_APP_SECRET     [fakecity]
  MOTCUA_FAKECITY_ZALO_OA_ID          [2000000000000000002]
  MOTCUA_FAKECITY_ZALO_OA_SECRET_KEY  signs webhooks [fakecity]
  MOTCUA_FAKECITY_ZALO_CODE_VERIFIER  whose challenge the console knows [any challenge of the consent address]
  MOTCUA_FAKECITY_ZALO_WEBHOOK        where events go [http://127.0.0.1:8080/webhooks/zalo]
The Zalo phone is at /zalo/, its handles for tests below /zalo/control/.`

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv, slog.New(slog.NewJSONHandler(os.Stderr, nil))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, env func(string) string, log *slog.Logger) error {
	wards, err := wardsOf(env("MOTCUA_FAKECITY_CITY"))
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", cmp.Or(env("MOTCUA_FAKECITY_ADDR"), "127.0.0.1:8090"))
	if err != nil {
		return fmt.Errorf("fakecity: cannot listen: %w", err)
	}
	c := fakecity.New(fakecity.Config{SMSToken: cmp.Or(env("MOTCUA_FAKECITY_SMS_TOKEN"), "fakecity"), Now: time.Now, Zalo: zaloOf(env, log), Wards: wards})
	if at, ok := l.Addr().(*net.TCPAddr); ok && !at.IP.IsUnspecified() {
		c.Zalo.SetBase("http://" + at.String() + fakecity.ZaloPath) // else it is what the first request calls it
	}
	srv := &http.Server{Handler: c, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	log.InfoContext(ctx, "listening", "fakecity", l.Addr().String())
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

// zaloOf takes the Zalo stand-in's settings from the environment.
func zaloOf(env func(string) string, log *slog.Logger) zalofake.Config {
	of := func(key string) string { return env("MOTCUA_FAKECITY_ZALO_" + key) }
	return zalofake.Config{
		AppID: of("APP_ID"), AppSecret: of("APP_SECRET"), OAID: of("OA_ID"), OASecretKey: of("OA_SECRET_KEY"), CodeVerifier: of("CODE_VERIFIER"),
		WebhookURL: cmp.Or(of("WEBHOOK"), "http://127.0.0.1:8080/webhooks/zalo"), People: fakecity.SamplePeople(), Log: log,
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
