// Package citytest starts the real program as a process of its own and talks to it as the world does: HTTP, GraphQL and signals.
//
// End-to-end tests and benchmarks share it. It knows the program's command line and public surface, and imports none of its parts.
package citytest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Build compiles the program of that folder below cmd into dir and gives its path. With race, the race detector is on.
func Build(ctx context.Context, root, name, dir string, race bool) (string, error) {
	bin := filepath.Join(dir, name)
	args := []string{"build", "-o", bin}
	if race {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/"+name)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	return bin, nil
}

// Options say how to start a program.
type Options struct {
	Bin   string
	Args  []string  // after the program's name
	Env   []string  // besides PATH and HOME
	Dir   string    // working folder
	Stdin io.Reader // nil means none
}

// Process is a running program.
type Process struct {
	HTTP, Admin, Fakecity string // base addresses with http://; "" where it has none

	cmd  *exec.Cmd
	mu   sync.Mutex
	logs bytes.Buffer
	done chan struct{}
	err  error
}

// ErrEnded means that the program ended before it listened.
var ErrEnded = errors.New("citytest: the program ended")

// Start runs the program and returns when it has logged the addresses it listens on.
func Start(ctx context.Context, o Options) (*Process, error) {
	p := &Process{cmd: exec.Command(o.Bin, o.Args...), done: make(chan struct{})}
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, o.Env...)
	p.cmd.Dir, p.cmd.Stdin = o.Dir, o.Stdin
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	listening := make(chan listening, 1)
	go p.read(stderr, listening)
	select {
	case l := <-listening:
		p.HTTP, p.Admin, p.Fakecity = base(l.HTTP), base(l.Admin), base(l.Fakecity)
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("%w: %v\n%s", ErrEnded, p.err, p.Logs())
	case <-ctx.Done():
		p.Kill()
		return nil, fmt.Errorf("%w\n%s", ctx.Err(), p.Logs())
	}
}

// listening is the log line that names the addresses.
type listening struct {
	Msg      string `json:"msg"`
	HTTP     string `json:"http"`
	Admin    string `json:"admin"`
	Fakecity string `json:"fakecity"`
}

func base(addr string) string {
	if addr == "" {
		return ""
	}
	return "http://" + addr
}

func (p *Process) read(stderr io.Reader, found chan<- listening) {
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		if p.logs.Len() < 8<<20 {
			p.logs.Write(lines.Bytes())
			p.logs.WriteByte('\n')
		}
		p.mu.Unlock()
		var l listening
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "listening" {
			select {
			case found <- l:
			default:
			}
		}
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

// Logs gives what the program has written to its standard error so far.
func (p *Process) Logs() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logs.String()
}

// PID is the id of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill ends the process as a power cut would (SIGKILL) and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.done
}

// Stop asks the process to end (SIGTERM) and gives its exit code, or -1 when it had to be killed after the time.
func (p *Process) Stop(limit time.Duration) int {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(limit):
		p.Kill()
		return -1
	}
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// WaitReady returns when the program answers its readiness check.
func (p *Process) WaitReady(ctx context.Context) error {
	return Poll(ctx, func() (bool, error) {
		res, err := http.Get(p.HTTP + "/readyz")
		if err != nil {
			return false, nil
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK, nil
	})
}

// Poll asks until the answer is yes, an error comes, or ctx ends.
func Poll(ctx context.Context, ask func() (bool, error)) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		yes, err := ask()
		if err != nil || yes {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
