//go:build unix

package httpapi

import (
	"io"
	"net"
	"testing"
)

// TestLastCall closes a listener on which connections wait: they are accepted all the same, and nobody after them.
func TestLastCall(t *testing.T) {
	const waiting = 20
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln := newLastCall(inner)
	clients := make([]net.Conn, waiting)
	for i := range clients {
		if clients[i], err = net.Dial("tcp", ln.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer clients[i].Close()
		if _, err := clients[i].Write([]byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := ln.Close(); err != nil {
		t.Error(err)
	}
	if err := ln.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	seen := map[byte]bool{}
	for {
		c, err := ln.Accept()
		if err != nil {
			break
		}
		var got [1]byte
		if _, err := io.ReadFull(c, got[:]); err != nil {
			t.Error(err)
		}
		seen[got[0]] = true
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(seen) != waiting {
		t.Errorf("%d of %d waiting connections were taken", len(seen), waiting)
	}
	if c, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		c.Close()
		t.Error("a connection is taken after the close")
	}
}
