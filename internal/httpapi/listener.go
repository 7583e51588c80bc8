package httpapi

import (
	"net"
	"time"
)

// patientListener gives each connection a write deadline that moves with its progress: a client that takes bytes, however slowly, keeps
// its stream or download; one that takes none for the whole time is cut off.
type patientListener struct {
	net.Listener
	limit time.Duration
}

// Accept gives the next connection.
func (l patientListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &patientConn{Conn: c, limit: l.limit}, nil
}

type patientConn struct {
	net.Conn
	limit time.Duration
}

// writeStep is how much is written under one deadline.
const writeStep = 64 << 10

// Write writes p, allowing the limit for each step of it.
func (c *patientConn) Write(p []byte) (int, error) {
	done := 0
	for {
		if err := c.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
			return done, err
		}
		n, err := c.Conn.Write(p[done:min(len(p), done+writeStep)])
		done += n
		if err != nil || done == len(p) {
			return done, err
		}
	}
}
