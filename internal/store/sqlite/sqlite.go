// Package sqlite is the embedded store engine: one SQLite file in the data folder, nothing to install.
//
// It owns the file, its tables (one per kind: id, version, the document and a column for each indexed field; a table more for each index over an array),
// the one writer that groups waiting writes into one transaction, and the pool of readers. A write is answered after it is on disk.
// It does not know what a document means, and it serves one process at a time.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/setting"
	"github.com/motcua/motcua/internal/store"
)

// Config says where the file is and how careful a write is.
type Config struct {
	Dir         string `koanf:"dir"`         // folder of the file, made when it is missing; required
	File        string `koanf:"file"`        // name of the file in Dir; "" means motcua.db
	Synchronous string `koanf:"synchronous"` // "full" (and "") survives a power cut; "normal" survives a kill only, and may lose the last writes in a power cut
	Readers     int    `koanf:"readers"`     // connections that read at the same time; 0 means one per processor, at least 4
	CacheKB     int    `koanf:"cache_kb"`    // page cache of each connection, in KiB; 0 means 8192
}

var fileRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$`)

// Validate reports every wrong setting.
func (c Config) Validate() error {
	var faults setting.Faults
	faults.Refuse(c.Dir == "", "dir", "must name a folder")
	faults.Refuse(c.File != "" && !fileRE.MatchString(c.File), "file", "must be a plain file name")
	if !slices.Contains([]string{"", "full", "normal"}, c.Synchronous) {
		faults.Add("synchronous", "must be full or normal")
	}
	faults.Refuse(c.Readers < 0 || c.Readers > 256, "readers", "must be between 0 and 256")
	faults.Refuse(c.CacheKB < 0, "cache_kb", "must not be negative")
	return faults.Err()
}

func (c Config) withDefaults() Config {
	if c.File == "" {
		c.File = "motcua.db"
	}
	if c.Synchronous == "" {
		c.Synchronous = "full"
	}
	if c.Readers == 0 {
		c.Readers = max(4, runtime.NumCPU())
	}
	if c.CacheKB == 0 {
		c.CacheKB = 8192
	}
	return c
}

func (c Config) path() string { return filepath.Join(c.Dir, c.File) }

// uri gives the name of a file of ours as SQLite takes it before a query (https://www.sqlite.org/uri.html).
func (c Config) uri(suffix string) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(c.path()) + suffix
}

// Engine keeps documents in one SQLite file.
type Engine struct {
	cfg    Config
	lock   *lock
	writer *writer

	readers chan *conn    // those at rest; room for all
	closed  chan struct{} // closed when Close begins

	defining chan struct{} // held by the one Define that runs
	tables   atomic.Pointer[map[string]*table]
	declared store.Declared
	once     sync.Once
	closeErr error
}

var (
	_ store.Engine = (*Engine)(nil)
	_ store.Lister = (*Engine)(nil)
)

// Open opens or makes the file. It fails with a text for the operator when the folder cannot be written, the file is none of ours or is newer than this
// program, or another process has it open. ctx bounds the opening only.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("store: sqlite: %w", err)
	}
	cfg = cfg.withDefaults()
	if err := makeFile(cfg); err != nil {
		return nil, err
	}
	l, err := takeLock(ctx, cfg)
	if err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, lock: l, closed: make(chan struct{}), defining: make(chan struct{}, 1)}
	if err := e.start(ctx); err != nil {
		return nil, errors.Join(err, e.release())
	}
	return e, nil
}

// start opens the connections. What it opened before an error is released by its caller.
func (e *Engine) start(ctx context.Context) error {
	w, err := openWriter(ctx, e.cfg)
	if err != nil {
		return err
	}
	e.writer = w
	tables, err := loadTables(w.conn)
	if err != nil {
		return err
	}
	e.tables.Store(&tables)
	if err := e.openReaders(ctx); err != nil {
		return err
	}
	go w.run()
	w.started = true
	return nil
}

// makeFile makes the folder, the file and the one for the lock, readable by their owner only: they hold personal data.
func makeFile(cfg Config) error {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("store: data folder %s cannot be made: %w", cfg.Dir, cause(err))
	}
	for _, path := range []string{cfg.path(), cfg.path() + lockSuffix} {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return fmt.Errorf("store: data folder %s cannot be written: %w", cfg.Dir, cause(err))
		}
		if err := f.Close(); err != nil {
			return fmt.Errorf("store: data folder %s cannot be written: %w", cfg.Dir, cause(err))
		}
	}
	return nil
}

// cause drops what os repeats of the path.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// dsn names the file and how a connection begins. wait is how many milliseconds it waits for a lock.
func dsn(cfg Config, wait int, pragmas ...string) string {
	var b strings.Builder
	b.WriteString(cfg.uri("") + "?")
	for _, p := range append([]string{fmt.Sprintf("busy_timeout(%d)", wait), fmt.Sprintf("cache_size(-%d)", cfg.CacheKB), "temp_store(memory)", "trusted_schema(off)"}, pragmas...) {
		b.WriteString("_pragma=" + p + "&")
	}
	return b.String()
}

// Ping tells whether the file can be read.
func (e *Engine) Ping(ctx context.Context) error {
	return e.read(ctx, func(c *conn) error {
		_, err := c.ask("SELECT 1 FROM motcua_kinds LIMIT 1")
		return err
	})
}

// Kinds gives what this process has defined, in the order of the names.
func (e *Engine) Kinds() []store.Kind { return e.declared.Kinds() }

// Close waits for the reads and writes under way, folds the write-ahead log into the file and lets another process have it. Later calls of other methods
// are Unavailable; closing again does nothing.
func (e *Engine) Close() error {
	e.once.Do(func() { e.closeErr = e.release() })
	return e.closeErr
}

func (e *Engine) release() error {
	close(e.closed)
	var errs []error
	if e.writer != nil {
		errs = append(errs, e.writer.drain())
	}
	errs = append(errs, closeAll(e.readers, cap(e.readers)))
	if e.writer != nil {
		errs = append(errs, e.writer.close())
	}
	return errors.Join(append(errs, e.lock.release())...)
}

// table gives the table of a kind. INTERNAL when nobody defined it.
func (e *Engine) table(kind string) (*table, error) {
	if t := (*e.tables.Load())[kind]; t != nil {
		return t, nil
	}
	return nil, &fault.Error{Code: fault.Internal, Cause: fmt.Errorf("store: kind %q is not defined", kind)}
}
