// Package memory is the store engine of tests: it keeps everything in memory and finds by looking at every row.
//
// It owns neither files nor indexes, which makes it plain and cheap, and promises what every engine does; but what it held is gone with its Disk, so only
// tests may use it. It does not know what a document means.
package memory

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Disk is what outlives an engine. The zero value is empty. Several engines may be open on it, as replicas are on one server.
type Disk struct {
	mu     sync.RWMutex
	tables map[string]*table
}

// Engine keeps documents on a Disk.
type Engine struct {
	disk     *Disk
	declared store.Declared
	closed   bool // under the disk's lock
}

var (
	_ store.Engine = (*Engine)(nil)
	_ store.Lister = (*Engine)(nil)
)

var errClosed = errors.New("store: closed")

// New gives an engine on an empty disk of its own.
func New() *Engine { return new(Disk).Open() }

// Open gives an engine that finds what others wrote on the disk.
func (d *Disk) Open() *Engine { return &Engine{disk: d} }

// Define makes room for a kind, and refuses an index that cannot hold a document which is there.
func (e *Engine) Define(ctx context.Context, k store.Kind) error {
	e.disk.mu.Lock()
	defer e.disk.mu.Unlock()
	if err := e.ready(ctx); err != nil {
		return err
	}
	k, err := e.declared.Merge(k)
	if err != nil {
		return err
	}
	t, err := e.disk.tables[k.Name].with(k)
	if err != nil {
		return err
	}
	if e.disk.tables == nil {
		e.disk.tables = map[string]*table{}
	}
	e.disk.tables[k.Name] = t
	return e.declared.Remember(k)
}

// read lends the table of a kind to f while nobody writes.
func (e *Engine) read(ctx context.Context, kind string, f func(*table) error) error {
	runtime.Gosched() // others get their turn, as they do while a disk is waited for
	e.disk.mu.RLock()
	defer e.disk.mu.RUnlock()
	if err := e.ready(ctx); err != nil {
		return err
	}
	if _, err := e.declared.Need(kind); err != nil {
		return err
	}
	return f(e.disk.tables[kind])
}

// write lends the table of a kind to f alone.
func (e *Engine) write(ctx context.Context, kind string, f func(*table) error) error {
	runtime.Gosched()
	e.disk.mu.Lock()
	defer e.disk.mu.Unlock()
	if err := e.ready(ctx); err != nil {
		return err
	}
	if _, err := e.declared.Need(kind); err != nil {
		return err
	}
	return f(e.disk.tables[kind])
}

// ready tells why nothing can be done: the caller has left or the engine is closed.
func (e *Engine) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Unavailable, err)
	}
	if e.closed {
		return fault.Wrap(fault.Unavailable, errClosed)
	}
	return nil
}

// Ping tells whether the engine is open.
func (e *Engine) Ping(ctx context.Context) error {
	e.disk.mu.RLock()
	defer e.disk.mu.RUnlock()
	return e.ready(ctx)
}

// Kinds gives what was defined on this engine, in the order of the names.
func (e *Engine) Kinds() []store.Kind { return e.declared.Kinds() }

// Close leaves everything on the disk. Later calls of other methods are Unavailable; closing again does nothing.
func (e *Engine) Close() error {
	e.disk.mu.Lock()
	defer e.disk.mu.Unlock()
	e.closed = true
	return nil
}
