// Command fakecity serves the stand-ins for the networks a city talks to as a process of its own, for tests that kill or load the real program.
//
// It listens on MOTCUA_FAKECITY_ADDR (default 127.0.0.1:8090; port 0 takes a free one) and accepts the SMS token of MOTCUA_FAKECITY_SMS_TOKEN
// (default "fakecity"). The actual address is logged as one JSON line with "msg":"listening".
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/motcua/motcua/internal/fakecity"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "fakecity serves stand-ins for the networks that a city talks to. It takes no arguments; MOTCUA_FAKECITY_ADDR (127.0.0.1:8090) and\n"+
			"MOTCUA_FAKECITY_SMS_TOKEN (fakecity) set where it listens and what the SMS stand-in accepts.")
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
	addr := cmp.Or(env("MOTCUA_FAKECITY_ADDR"), "127.0.0.1:8090")
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("fakecity: cannot listen: %w", err)
	}
	srv := &http.Server{
		Handler:           fakecity.New(fakecity.Config{SMSToken: cmp.Or(env("MOTCUA_FAKECITY_SMS_TOKEN"), "fakecity"), Now: time.Now}),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: time.Minute,
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	log.InfoContext(ctx, "listening", "fakecity", l.Addr().String())
	select {
	case err := <-ended:
		return fmt.Errorf("fakecity: %w", err)
	case <-ctx.Done():
	}
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
