package mongo_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy stands between the driver and a server. It can lose the answer to the next command of one name after the server has carried it out, or be cut off.
type proxy struct {
	listener net.Listener
	server   string
	lose     atomic.Pointer[string] // the command whose answer is lost next
	lost     atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]bool
	wg    sync.WaitGroup
}

func newProxy(t *testing.T, uri string) *proxy {
	t.Helper()
	u, err := url.Parse(uri)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: l, server: u.Host, conns: map[net.Conn]bool{}}
	p.wg.Go(p.accept)
	t.Cleanup(p.cut)
	return p
}

func (p *proxy) uri() string {
	return "mongodb://" + p.listener.Addr().String() + "/?retryWrites=false"
}

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		s, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = c.Close()
			continue
		}
		p.hold(c, s)
		var armed atomic.Bool
		p.wg.Go(func() { p.carry(c, s, &armed, true) })
		p.wg.Go(func() { p.carry(s, c, &armed, false) })
	}
}

func (p *proxy) hold(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = true
	}
}

// carry passes whole messages on. One from the client that holds the command arms the connection: the next answer is swallowed and the connection closed.
func (p *proxy) carry(from, to net.Conn, armed *atomic.Bool, asks bool) {
	defer func() { _ = from.Close(); _ = to.Close() }()
	for {
		head := make([]byte, 4)
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		message := append(head, make([]byte, binary.LittleEndian.Uint32(head)-4)...)
		if _, err := io.ReadFull(from, message[4:]); err != nil {
			return
		}
		if name := p.lose.Load(); asks && name != nil && bytes.Contains(message, []byte("\x02"+*name+"\x00")) && p.lose.CompareAndSwap(name, nil) {
			armed.Store(true)
		}
		if !asks && armed.Load() {
			p.lost.Add(1)
			return
		}
		if _, err := to.Write(message); err != nil {
			return
		}
	}
}

// cut ends all connections and takes no more.
func (p *proxy) cut() {
	_ = p.listener.Close()
	p.mu.Lock()
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}
