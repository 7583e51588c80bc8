// Package redisxtest gives tests a Redis over TCP that they can kill, flush and put behind a black hole.
//
// It does not imitate a real server's persistence, nor its memory limits.
package redisxtest

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/motcua/motcua/internal/redisx"
)

// Server is a Redis behind a proxy.
type Server struct {
	Redis *miniredis.Miniredis

	proxy net.Listener
	addr  string // of Redis; it keeps it over a restart
	wg    sync.WaitGroup
	mu    sync.Mutex
	free  *sync.Cond
	hole  bool
	conns map[net.Conn]struct{}
}

// Start runs a server until the test ends.
func Start(t *testing.T) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Redis: miniredis.NewMiniRedis(), proxy: l, conns: map[net.Conn]struct{}{}}
	s.free = sync.NewCond(&s.mu)
	if err := s.Redis.Start(); err != nil {
		t.Fatal(err)
	}
	s.addr = s.Redis.Addr()
	s.wg.Go(s.accept)
	t.Cleanup(func() {
		_ = l.Close()
		s.Heal()
		s.cut()
		s.wg.Wait()
		s.Redis.Close()
	})
	return s
}

// Config reaches the server, with times short enough for tests.
func (s *Server) Config() redisx.Config {
	return redisx.Config{URI: "redis://" + s.proxy.Addr().String(), Timeout: 100 * time.Millisecond, Pause: 50 * time.Millisecond, PoolSize: 5}
}

// Open gives a client that is closed when the test ends.
func (s *Server) Open(t *testing.T) *redisx.Client {
	t.Helper()
	c, err := redisx.Open(t.Context(), s.Config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// BlackHole swallows all bytes from now on, in connections old and new, and answers nothing.
func (s *Server) BlackHole() { s.setHole(true) }

// Heal ends a black hole. What was sent meanwhile arrives now, as after a cut of the network.
func (s *Server) Heal() { s.setHole(false) }

// Kill ends the server and cuts all connections. Its data is gone.
func (s *Server) Kill() {
	s.Redis.Close()
	s.Redis.FlushAll()
	s.cut()
}

// Revive starts a killed server anew, empty.
func (s *Server) Revive(t *testing.T) {
	t.Helper()
	if err := s.Redis.Restart(); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) setHole(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hole = on
	s.free.Broadcast()
}

func (s *Server) accept() {
	for {
		c, err := s.proxy.Accept()
		if err != nil {
			return
		}
		s.wg.Go(func() { s.serve(c) })
	}
}

func (s *Server) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", s.addr)
	if err != nil {
		return
	}
	defer server.Close()
	s.track(client, server)
	defer s.untrack(client, server)
	var both sync.WaitGroup
	pipe := func(to, from net.Conn) {
		s.copy(to, from)
		_ = to.Close()
		_ = from.Close()
	}
	both.Go(func() { pipe(server, client) })
	both.Go(func() { pipe(client, server) })
	both.Wait()
}

func (s *Server) copy(to io.Writer, from io.Reader) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		s.mu.Lock()
		for s.hole {
			s.free.Wait()
		}
		s.mu.Unlock()
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (s *Server) track(cs ...net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range cs {
		s.conns[c] = struct{}{}
	}
}

func (s *Server) untrack(cs ...net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range cs {
		delete(s.conns, c)
	}
}

func (s *Server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}
