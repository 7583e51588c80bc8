package httpapi

import (
	"net"
	"sync"
	"sync/atomic"
)

// lastCall is a listener that, when it is closed, first takes the connections that wait to be accepted. Their clients believe that they are connected and
// have sent their requests; the system would reset them.
type lastCall struct {
	*net.TCPListener
	closing sync.Once
	ending  atomic.Bool   // Close has begun
	closed  chan struct{} // closed when it is over
	waiting chan net.Conn // those that waited at the end
	err     error
}

// newLastCall wraps a listener; one that is not TCP stays as it is.
func newLastCall(ln net.Listener) net.Listener {
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		return ln
	}
	return &lastCall{TCPListener: tcp, closed: make(chan struct{}), waiting: make(chan net.Conn, maxWaiting)}
}

// maxWaiting is how many waiting connections are taken at the end: more than the backlog that systems allow by default.
const maxWaiting = 8192

// Accept gives the next connection, after Close first those that waited.
func (l *lastCall) Accept() (net.Conn, error) {
	c, err := l.TCPListener.Accept()
	if err == nil || !l.ending.Load() {
		return c, err
	}
	<-l.closed
	select {
	case c := <-l.waiting:
		return c, nil
	default:
		return nil, net.ErrClosed
	}
}

// Close ends listening.
func (l *lastCall) Close() error {
	l.closing.Do(func() {
		l.ending.Store(true)
		for _, c := range endListening(l.TCPListener) {
			l.waiting <- c
		}
		close(l.closed)
		l.err = l.TCPListener.Close()
	})
	return l.err
}
