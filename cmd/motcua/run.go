package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/telemetry"
)

// ports are the listeners of a running city.
type ports struct {
	http, admin, fakecity net.Listener // fakecity is nil outside development
}

// listen opens the ports first, so that a port that is taken is told before anything else happens.
func (s *settings) listen(ctx context.Context, p profile) (ports, error) {
	var (
		out  ports
		errs []error
		lc   net.ListenConfig
	)
	open := func(key, addr string) net.Listener {
		l, err := lc.Listen(ctx, "tcp", addr)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: cannot listen on %s: %w", key, addr, reason(err)))
		}
		return l
	}
	out.http, out.admin = open("http_addr", s.HTTPAddr), open("admin_addr", s.AdminAddr)
	if p == dev {
		out.fakecity = open("fakecity_addr", s.FakecityAddr)
	}
	if len(errs) > 0 {
		out.close()
	}
	return out, errors.Join(errs...)
}

// reason gives the innermost error of a failed listen, which alone says something to a person.
func reason(err error) error {
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		return sys.Err
	}
	return err
}

func (p ports) close() {
	for _, l := range []net.Listener{p.http, p.admin, p.fakecity} {
		if l != nil {
			_ = l.Close() // nothing was served
		}
	}
}

// reachable gives an address that a program on this machine can call: a wildcard becomes the loopback address.
func reachable(l net.Listener) string {
	if l == nil {
		return ""
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.IsUnspecified() {
		return l.Addr().String()
	}
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(addr.Port))
}

// run serves until the context ends, then stops without failing a request: first the citizens' port is drained, then the workers, then the rest.
func (sys *system) run(ctx context.Context, p ports, started func()) error {
	if err := sys.connect(); err != nil {
		return err
	}
	public, err := sys.faces()
	if err != nil {
		return err
	}
	operators, err := sys.operators(ctx, p.admin)
	if err != nil {
		return err
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var (
		tasks sync.WaitGroup
		ended = make(chan error, 8)
	)
	begin := func(name string, f func() error) {
		tasks.Go(func() {
			if err := f(); err != nil {
				ended <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	begin("signals", func() error { return sys.hub.Run(work) })
	begin("outbox", func() error { return sys.outbox.Run(work) })
	begin("inbox", func() error { return sys.inbox.Run(work, sys.turn) })
	begin("retention", func() error {
		store.Keep(work, sys.engine, sys.settings.Store.SweepEvery, sys.now, sys.log)
		return nil
	})
	begin("scans", func() error { return sys.signs.Scans().Run(work) })
	begin("signs", func() error {
		for range sys.hub.Watch(work, signTopic) {
			sys.plates.Forget()
		}
		return nil
	})
	begin("plates", func() error {
		for range sys.hub.WatchSignals(work, signTopic) {
			sys.signs.Registry().Forget()
			sys.plates.Forget() // once more: what was made since the signal may tell what the registry did not know yet
		}
		return nil
	})
	begin("admin", func() error { return ignoreClosed(operators.Serve(p.admin)) })
	begin("http", func() error { return ignoreClosed(public.Serve(p.http)) })

	if err := sys.redis.Ping(ctx); err != nil {
		sys.log.WarnContext(ctx, "redis does not answer: limits count per replica and signals are slow until it does", "err", err)
	}
	for _, file := range sys.settings.exposed() {
		sys.log.WarnContext(ctx, "a file with secrets can be read by everybody on this machine", "file", file)
	}
	where := []any{"http", reachable(p.http), "admin", reachable(p.admin), "store", sys.kindOfStore()}
	if p.fakecity != nil {
		where = append(where, "fakecity", reachable(p.fakecity))
	}
	sys.log.InfoContext(ctx, "listening", where...)
	started()
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-ended:
	}
	sys.log.InfoContext(ctx, "stopping")
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), sys.settings.HTTP.DrainDelay+sys.settings.HTTP.DrainTimeout+time.Second)
	defer cancel()
	stopErr := public.Shutdown(last)
	stopWork()
	stopErr = errors.Join(stopErr, operators.Shutdown(last))
	tasks.Wait()
	stopErr = errors.Join(stopErr, sys.runner.Drain(last), sys.tracing.Close(last))
	sys.log.InfoContext(ctx, "stopped")
	return errors.Join(failure, stopErr)
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, httpapi.ErrClosed) {
		return nil
	}
	return err
}

func (sys *system) kindOfStore() string {
	if sys.settings.MongoDB.URI != "" {
		return "mongodb"
	}
	return "sqlite: one replica only"
}

// operators makes the operators' port and leaves its address and token where the commands find them. When ctx ends, so do long operations: an import behind its row.
func (sys *system) operators(ctx context.Context, l net.Listener) (*http.Server, error) {
	token := sys.settings.Secrets.AdminToken
	if token == "" {
		token = rand.Text()
	}
	if err := leaveDoor(sys.settings.DataDir, door{Addr: reachable(l), Token: token}); err != nil {
		return nil, err
	}
	sys.onClose(func() error { return os.Remove(filepath.Join(sys.settings.DataDir, doorFile)) })
	mux := telemetry.AdminHandler(sys.reg, telemetry.Check{Name: "store", Run: sys.engine.Ping})
	mux.Handle("/v1/", admin.Handler(sys.ops(), token))
	addr, _ := l.Addr().(*net.TCPAddr)
	guarded := admin.Guard(mux, addr != nil && addr.IP.IsLoopback(), sys.settings.Secrets.AdminToken != "", token)
	return &http.Server{
		Handler: guarded, BaseContext: func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, ErrorLog: slog.NewLogLogger(sys.log.Handler(), slog.LevelWarn),
	}, nil
}
