package main_test

import (
	"context"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/motcua/motcua/internal/citytest"
)

// redisServer is a real Redis server on a port of its own.
type redisServer struct {
	addr string
	cmd  *exec.Cmd
}

func startRedis(ctx context.Context, t *testing.T, addr string) *redisServer {
	t.Helper()
	if addr == "" {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr = ln.Addr().String()
		ln.Close()
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &redisServer{addr: addr, cmd: exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())}
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("%v (make test installs redis-server)", err)
	}
	t.Cleanup(s.kill)
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	if err := citytest.Poll(ctx, func() (bool, error) { return client.Ping(ctx).Err() == nil, nil }); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *redisServer) kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill() // it may have ended already
		_ = s.cmd.Wait()         // killed: always an error
	}
}

func (s *redisServer) flush(ctx context.Context) error {
	client := redis.NewClient(&redis.Options{Addr: s.addr})
	defer client.Close()
	return client.FlushAll(ctx).Err()
}

// TestRedisMayVanish flushes and kills a real Redis server while clients send reports.
func TestRedisMayVanish(t *testing.T) {
	const clients, each = 8, 40
	ctx := within(t, 3*time.Minute)
	server := startRedis(ctx, t, "")
	city := newPlace(t, "MOTCUA_REDIS__URI=redis://"+server.addr+"/0").start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	h := &hammer{clients: clients, each: each, url: func() string { return city.HTTP }, tokens: []string{citizen.Token}}
	receipts := make(chan []receipt, 1)
	go func() { receipts <- h.run(ctx, t) }()

	if err := server.flush(ctx); err != nil {
		t.Error(err)
	}
	server.kill()
	// Without Redis: requests are answered, sign-in included.
	other, err := city.SignIn(ctx, "0987654321")
	if err != nil {
		t.Fatalf("signing in without Redis: %v", err)
	}
	if err := other.Do(ctx, "{ me { id } }", nil, nil); err != nil {
		t.Errorf("reading without Redis: %v", err)
	}
	again := startRedis(ctx, t, server.addr)
	if err := again.flush(ctx); err != nil {
		t.Error(err)
	}
	got := <-receipts
	if len(got) != clients*each {
		t.Errorf("%d of %d reports were acknowledged", len(got), clients*each)
	}
	verify(ctx, t, citizen, got)
}
