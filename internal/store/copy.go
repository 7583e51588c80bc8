package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/motcua/motcua/internal/fault"
)

const (
	copyWorkers  = 16  // documents that are being written at a time
	progressStep = 500 // documents between two words of progress
)

// Report says what a copy, a dump or a restore dealt with.
type Report struct {
	Kinds []KindReport
}

// KindReport is the part of one kind.
type KindReport struct {
	Kind      string
	Documents int
	Hash      string // SHA-256 in hex over all documents in the order of their ids; equal when and only when the documents are
}

// Documents gives the number over all kinds.
func (r Report) Documents() int {
	n := 0
	for _, k := range r.Kinds {
		n += k.Documents
	}
	return n
}

// Progress is told how far a kind has come. total is 0 when it is not known. It is called from one goroutine at a time; nil is allowed where one is asked for.
type Progress func(kind string, done, total int)

func (p Progress) say(kind string, done, total int) {
	if p != nil {
		p(kind, done, total)
	}
}

// Copy brings the kinds from one engine to another and reads them back to compare counts and hashes. Nothing may write to either meanwhile. Documents that are
// there already and equal are left, so that a copy that was broken off can be repeated; CONFLICT when one is there and differs. Versions begin at 1 again.
func Copy(ctx context.Context, from, to Engine, kinds []Kind, progress Progress) (Report, error) {
	var report Report
	for _, k := range kinds {
		r, err := copyKind(ctx, from, to, k, progress)
		if err != nil {
			return report, fmt.Errorf("store: copy %s: %w", k.Name, err)
		}
		report.Kinds = append(report.Kinds, r)
	}
	return report, nil
}

func copyKind(ctx context.Context, from, to Engine, k Kind, progress Progress) (KindReport, error) {
	if err := errors.Join(from.Define(ctx, Kind{Name: k.Name}), to.Define(ctx, k)); err != nil {
		return KindReport{}, err
	}
	total, err := Size(ctx, from, k.Name)
	if err != nil {
		return KindReport{}, err
	}
	sum := newSum(k.Name)
	w := newLoader(ctx, to)
	for row, err := range Rows(ctx, from, k.Name, "") {
		if err != nil {
			return KindReport{}, errors.Join(err, w.wait())
		}
		sum.add(row)
		if !w.load(k.Name, row) {
			break
		}
		if sum.n%progressStep == 0 {
			progress.say(k.Name, sum.n, total)
		}
	}
	if err := w.wait(); err != nil {
		return KindReport{}, err
	}
	want := sum.report()
	got, err := Digest(ctx, to, k.Name)
	if err != nil {
		return KindReport{}, err
	}
	if got != want {
		return KindReport{}, fmt.Errorf("%d documents with hash %.12s went in, %d with hash %.12s are there", want.Documents, want.Hash, got.Documents, got.Hash)
	}
	progress.say(k.Name, want.Documents, max(total, want.Documents))
	return want, nil
}

// Digest counts and hashes the documents of a kind.
func Digest(ctx context.Context, e Engine, kind string) (KindReport, error) {
	sum := newSum(kind)
	for row, err := range Rows(ctx, e, kind, "") {
		if err != nil {
			return KindReport{}, err
		}
		sum.add(row)
	}
	return sum.report(), nil
}

// sum counts and hashes rows in the order of their ids.
type sum struct {
	kind string
	n    int
	h    hash.Hash
}

func newSum(kind string) *sum { return &sum{kind: kind, h: sha256.New()} }

func (s *sum) add(r Row) {
	s.n++
	_ = binary.Write(s.h, binary.LittleEndian, uint32(len(r.ID))) // a hash never fails
	s.h.Write([]byte(r.ID))
	s.h.Write(r.Doc)
}

func (s *sum) report() KindReport {
	return KindReport{Kind: s.kind, Documents: s.n, Hash: hex.EncodeToString(s.h.Sum(nil))}
}

// loader writes rows, several at a time.
type loader struct {
	engine Engine
	ctx    context.Context // ends with the first failure
	group  *errgroup.Group
	failed atomic.Bool
}

func newLoader(ctx context.Context, e Engine) *loader {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(copyWorkers)
	return &loader{engine: e, ctx: ctx, group: g}
}

// load hands a row over. It is false when an earlier one failed; wait then says how.
func (l *loader) load(kind string, r Row) bool {
	l.group.Go(func() error {
		err := l.put(kind, r)
		if err != nil {
			l.failed.Store(true)
		}
		return err
	})
	return !l.failed.Load()
}

func (l *loader) wait() error { return l.group.Wait() }

func (l *loader) put(kind string, r Row) error {
	err := l.engine.Insert(l.ctx, kind, r.ID, r.Doc)
	if fault.CodeOf(err) != fault.Conflict {
		return err
	}
	there, err := l.engine.Get(l.ctx, kind, r.ID)
	if err != nil {
		return err
	}
	doc, err := Prepare(r.ID, r.Doc)
	if err != nil {
		return err
	}
	if len(there) == 1 && bytes.Equal(there[0].Doc, doc) {
		return nil
	}
	return fault.Wrap(fault.Conflict, fmt.Errorf("store: another document of %s is there under the same id", kind))
}
