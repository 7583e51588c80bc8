package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/motcua/motcua/internal/fault"
)

const (
	queueLength = 1024     // writes that may wait; more callers wait to get in, until their context ends
	groupSize   = 256      // writes in one transaction at most
	walLimit    = 64 << 20 // bytes of write-ahead log after which the writer insists on folding it in
	writerWait  = 250      // milliseconds that the writer waits for readers when it folds in the log; nobody else writes
	walLook     = 64       // how many transactions pass between two looks at its size
)

// mode says how a write wants to run.
type mode int

const (
	grouped mode = iota // in one transaction with whatever else waits
	alone               // in a transaction of its own
	bare                // outside of any transaction
)

// write is one piece of work for the writer. run may be called again after a transaction that did not commit; it must then begin afresh.
type write struct {
	mode mode
	run  func(c *conn) error
	then func() // called after the commit and before any later write; may be nil

	ctx     context.Context
	started atomic.Bool // set by whoever comes first: the writer to run it, the caller to give it up
	done    chan error
}

// writer owns the only connection that writes, and the goroutine that uses it.
type writer struct {
	conn    *conn
	walPath string
	queue   chan *write
	started bool
	ended   chan struct{}

	mu     sync.RWMutex // held for reading while a write is put into the queue
	closed bool
}

func openWriter(ctx context.Context, cfg Config) (*writer, error) {
	c, err := openConn(ctx, dsn(cfg, writerWait, "auto_vacuum(incremental)", "journal_mode(wal)", "synchronous("+cfg.Synchronous+")",
		"wal_autocheckpoint(1000)", "journal_size_limit(16777216)"))
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", cfg.path(), err)
	}
	w := &writer{
		conn: c, walPath: cfg.path() + "-wal", queue: make(chan *write, queueLength), ended: make(chan struct{}),
	}
	if err := prepareFile(c); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open %s: %w", cfg.path(), err), w.close())
	}
	return w, nil
}

// do hands a write over and waits until it is on disk. When ctx ends first the write is given up if it has not begun; if it has, its outcome is unknown to the caller.
func (w *writer) do(ctx context.Context, m mode, run func(*conn) error, then func()) error {
	if err := ctx.Err(); err != nil {
		return toFault(err)
	}
	op := &write{mode: m, run: run, then: then, ctx: ctx, done: make(chan error, 1)}
	if err := w.put(ctx, op); err != nil {
		return toFault(err)
	}
	select {
	case err := <-op.done:
		return toFault(err)
	case <-ctx.Done():
	}
	if op.started.CompareAndSwap(false, true) {
		return toFault(ctx.Err())
	}
	select {
	case err := <-op.done: // it was finished at the same moment
		return toFault(err)
	default:
		return toFault(fmt.Errorf("store: left while writing: %w", ctx.Err()))
	}
}

func (w *writer) put(ctx context.Context, op *write) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.queue <- op:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run carries out writes until the queue is closed and empty.
func (w *writer) run() {
	defer close(w.ended)
	for n := 0; ; n++ {
		op, open := <-w.queue
		if !open {
			return
		}
		for op != nil {
			op = w.turn(op)
		}
		if n%walLook == walLook-1 {
			w.boundLog()
		}
	}
}

// turn runs op together with the grouped writes that wait behind it. It gives back a write that it met and that wants a turn of its own.
func (w *writer) turn(op *write) (next *write) {
	if op.mode != grouped {
		w.single(op)
		return nil
	}
	group := []*write{op}
	for len(group) < groupSize {
		select {
		case more, open := <-w.queue:
			if !open {
				w.commit(group)
				return nil
			}
			if more.mode != grouped {
				w.commit(group)
				return more
			}
			group = append(group, more)
			continue
		default:
		}
		break
	}
	w.commit(group)
	return nil
}

// commit runs the group as one transaction, or each alone when that fails: then the one that is at fault fails by itself.
func (w *writer) commit(group []*write) {
	live := group[:0]
	for _, op := range group {
		if w.begin(op) {
			live = append(live, op)
		}
	}
	if len(live) == 0 {
		return
	}
	err := w.transact(live)
	if err != nil && len(live) > 1 {
		for _, op := range live {
			w.finish(op, w.transact([]*write{op}))
		}
		return
	}
	for _, op := range live {
		w.finish(op, err)
	}
}

// begin claims op for the writer. It is false when the caller has left.
func (w *writer) begin(op *write) bool {
	if !op.started.CompareAndSwap(false, true) {
		return false
	}
	if err := op.ctx.Err(); err != nil {
		op.done <- err
		return false
	}
	return true
}

func (w *writer) finish(op *write, err error) {
	if err == nil && op.then != nil {
		op.then()
	}
	op.done <- err
}

func (w *writer) single(op *write) {
	if !w.begin(op) {
		return
	}
	if op.mode == bare {
		w.finish(op, guard(func() error { return op.run(w.conn) }))
		return
	}
	w.finish(op, w.transact([]*write{op}))
}

func (w *writer) transact(group []*write) error {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		w.rollback() // a transaction that an earlier failure left open
		if err = w.exec("BEGIN IMMEDIATE"); err != nil {
			return err
		}
	}
	for _, op := range group {
		if err := guard(func() error { return op.run(w.conn) }); err != nil {
			w.rollback()
			return err
		}
	}
	if err := w.exec("COMMIT"); err != nil {
		w.rollback()
		return err
	}
	return nil
}

func (w *writer) exec(query string) error {
	_, err := w.conn.exec(query)
	return err
}

// rollback ends the transaction. SQLite has already done so by itself after some failures, and then complains.
func (w *writer) rollback() { _ = w.exec("ROLLBACK") }

// guard keeps a panic of one write from ending the writer, on which everybody waits.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fault.Internal, fmt.Errorf("store: a write panicked: %v", p))
		}
	}()
	return f()
}

// boundLog folds the write-ahead log into the file when readers have kept SQLite from doing so for long. It waits for the reads under way, which are short.
func (w *writer) boundLog() {
	info, err := os.Stat(w.walPath)
	if err != nil || info.Size() < walLimit {
		return
	}
	_ = checkpoint(w.conn) // tried again after the next transactions
}

func checkpoint(c *conn) error {
	_, err := c.ask("PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// drain refuses new writes and waits for those in the queue.
func (w *writer) drain() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	if !w.started {
		return nil
	}
	<-w.ended
	return checkpoint(w.conn)
}

func (w *writer) close() error { return w.conn.close() }
