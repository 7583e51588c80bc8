//go:build unix

package httpapi

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// endListening takes the connections that wait and ends the listening in the same breath, so that next to none can come between.
func endListening(l *net.TCPListener) []net.Conn {
	raw, err := l.SyscallConn()
	if err != nil {
		return nil
	}
	var fds []int
	err = raw.Control(func(fd uintptr) {
		for len(fds) < maxWaiting {
			c, _, err := syscall.Accept(int(fd)) // does not wait: the descriptor is Go's
			if errors.Is(err, syscall.EINTR) || errors.Is(err, syscall.ECONNABORTED) {
				continue
			}
			if err != nil {
				break
			}
			fds = append(fds, c)
		}
		_ = syscall.Shutdown(int(fd), syscall.SHUT_RDWR) // where a listener cannot be shut down, Close comes next
	})
	if err != nil {
		return nil
	}
	conns := make([]net.Conn, 0, len(fds))
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
		f := os.NewFile(uintptr(fd), "accepted")
		if c, err := net.FileConn(f); err == nil { // works on a descriptor of its own
			conns = append(conns, c)
		}
		_ = f.Close() // only the copy is used
	}
	return conns
}
