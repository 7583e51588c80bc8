package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"modernc.org/sqlite"
)

// keptStatements is how many prepared statements a connection keeps, some 10 KB each. A city uses about that many; one that was not used for longest makes
// room for another.
const keptStatements = 128

// conn is a connection to a file and the statements that it has prepared, which takes SQLite longer than to run them. One goroutine uses it at a time.
//
// It stands on the driver itself. database/sql would add what the engine does not need: a pool below its own, and another copy of each document.
type conn struct {
	ctx  context.Context // never ends: reads and writes are short, and those that have begun are let finish
	raw  rawConn
	kept *simplelru.LRU[string, statement] // by text; SQLite itself prepares one again when tables or indexes have changed
	args []driver.NamedValue               // of the statement that runs
	row  row                               // that was read last
}

// rawConn and statement are what the engine uses of the driver.
type (
	rawConn interface {
		driver.Conn
		driver.ExecerContext
		driver.QueryerContext
	}
	statement interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
)

// openConn opens a connection. ctx bounds the opening only.
func openConn(ctx context.Context, dsn string) (*conn, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	opened, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	raw, ok := opened.(rawConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a %T cannot run statements", opened), opened.Close())
	}
	kept, err := simplelru.NewLRU(keptStatements, func(_ string, s statement) { _ = s.Close() }) // repeats at most the error of its last run
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return &conn{ctx: context.WithoutCancel(ctx), raw: raw, kept: kept}, nil
}

func (c *conn) close() error {
	c.kept.Purge()
	return c.raw.Close()
}

// exec runs a statement, which is kept, and tells how many rows it changed.
func (c *conn) exec(query string, args ...any) (changed int64, err error) {
	s, err := c.prepared(query)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(c.ctx, c.bind(args))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// rows runs a query, which is kept, and yields its rows. A row is good until the next; meanwhile the connection does nothing else.
func (c *conn) rows(query string, args ...any) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		s, err := c.prepared(query)
		if err != nil {
			yield(nil, err)
			return
		}
		found, err := s.QueryContext(c.ctx, c.bind(args))
		if err != nil {
			yield(nil, err)
			return
		}
		c.walk(found, yield)
	}
}

// run runs statements that are not kept: those that are rare, and pragmas, some of which act while they are prepared and not when they run again.
func (c *conn) run(script string) error {
	_, err := c.raw.ExecContext(c.ctx, script, nil)
	return err
}

// ask runs a query that is not kept to its end and gives the first of its rows, nil when there is none.
func (c *conn) ask(query string, args ...any) (first row, err error) {
	found, err := c.raw.QueryContext(c.ctx, query, c.bind(args))
	if err != nil {
		return nil, err
	}
	c.walk(found, func(r row, failed error) bool {
		if err = failed; first == nil {
			first = slices.Clone(r)
		}
		return true
	})
	return first, err
}

// walk yields rows and closes them. Closing can only repeat the error of the last step.
func (c *conn) walk(found driver.Rows, yield func(row, error) bool) {
	defer func() { _ = found.Close() }()
	if n := len(found.Columns()); cap(c.row) < n {
		c.row = make(row, n)
	} else {
		c.row = c.row[:n]
	}
	defer clear(c.row) // a document is not held for longer than its reader needs it
	for {
		err := found.Next(c.row)
		if err == io.EOF {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if !yield(c.row, nil) {
			return
		}
	}
}

// prepared finds the statement or prepares it.
func (c *conn) prepared(query string) (statement, error) {
	if s, ok := c.kept.Get(query); ok {
		return s, nil
	}
	made, err := c.raw.Prepare(query)
	if err != nil {
		return nil, err
	}
	s, ok := made.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a %T cannot be run", made), made.Close())
	}
	c.kept.Add(query, s)
	return s, nil
}

// bind gives arguments to the driver, which copies them.
func (c *conn) bind(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, v := range args {
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.args
}

// row holds the values of a row. A value of another type, NULL among them, reads as the zero value.
type row []driver.Value

func (r row) text(i int) string {
	s, _ := r[i].(string)
	return s
}

func (r row) int(i int) int64 {
	n, _ := r[i].(int64)
	return n
}

func (r row) blob(i int) []byte {
	b, _ := r[i].([]byte)
	return b
}
