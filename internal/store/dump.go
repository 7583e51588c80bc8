package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A dump is a line of its own, then BSON documents one behind the other: the header with the kinds, the rows kind by kind in the order of their ids, the trailer
// with counts and a SHA-256 over everything before it. Every BSON document begins with its length, so that a cut or damaged file is noticed.
const (
	dumpMagic  = "motcua dump 1\n"
	dumpFormat = 1
	maxRecord  = MaxDocument + 1024 // bytes of one document of a dump
)

type dumpHeader struct {
	Format int       `bson:"format"`
	At     time.Time `bson:"at"`
	Kinds  []Kind    `bson:"kinds"`
}

// record is a row or, at the end, the trailer.
type record struct {
	Kind    *int32   `bson:"k,omitempty"` // position in the header's kinds
	Doc     bson.Raw `bson:"d,omitempty"`
	Trailer *trailer `bson:"end,omitempty"`
}

type trailer struct {
	Counts []int  `bson:"counts"`
	Sum    []byte `bson:"sum"`
}

// Dump writes the kinds to w. Each document is whole, but documents written meanwhile may or may not be among them: dump a snapshot where one is to be had.
func Dump(ctx context.Context, e Engine, kinds []Kind, w io.Writer, now time.Time, progress Progress) (Report, error) {
	var report Report
	sha := sha256.New()
	buf := bufio.NewWriterSize(w, 1<<16)
	out := io.MultiWriter(buf, sha)
	if _, err := io.WriteString(out, dumpMagic); err != nil {
		return report, fmt.Errorf("store: dump: %w", err)
	}
	if err := writeRecord(out, dumpHeader{Format: dumpFormat, At: now.UTC(), Kinds: kinds}); err != nil {
		return report, err
	}
	end := trailer{Counts: make([]int, len(kinds))}
	for i, k := range kinds {
		r, err := dumpKind(ctx, e, k, int32(i), out, progress)
		if err != nil {
			return report, fmt.Errorf("store: dump %s: %w", k.Name, err)
		}
		report.Kinds = append(report.Kinds, r)
		end.Counts[i] = r.Documents
	}
	end.Sum = sha.Sum(nil)
	if err := writeRecord(buf, record{Trailer: &end}); err != nil {
		return report, err
	}
	if err := buf.Flush(); err != nil {
		return report, fmt.Errorf("store: dump: %w", err)
	}
	return report, nil
}

func dumpKind(ctx context.Context, e Engine, k Kind, at int32, w io.Writer, progress Progress) (KindReport, error) {
	if err := e.Define(ctx, Kind{Name: k.Name}); err != nil {
		return KindReport{}, err
	}
	total, err := Size(ctx, e, k.Name)
	if err != nil {
		return KindReport{}, err
	}
	sum := newSum(k.Name)
	for row, err := range Rows(ctx, e, k.Name, "") {
		if err != nil {
			return KindReport{}, err
		}
		if err := writeRecord(w, record{Kind: &at, Doc: row.Doc}); err != nil {
			return KindReport{}, err
		}
		if sum.add(row); sum.n%progressStep == 0 {
			progress.say(k.Name, sum.n, total)
		}
	}
	progress.say(k.Name, sum.n, max(total, sum.n))
	return sum.report(), nil
}

func writeRecord(w io.Writer, v any) error {
	raw, err := bson.Marshal(v)
	if err != nil {
		return fmt.Errorf("store: dump: %w", err)
	}
	if _, err := w.Write(raw); err != nil {
		return fmt.Errorf("store: dump: %w", err)
	}
	return nil
}

// Restore puts the documents of a dump into e, which should be empty and on which no migration has run. Documents that are there already and equal are left;
// CONFLICT when one is there and differs. Whether the dump is whole is known only at its end: check a file with CheckDump first.
func Restore(ctx context.Context, e Engine, r io.Reader, progress Progress) (Report, error) {
	d, err := openDump(r)
	if err != nil {
		return Report{}, err
	}
	for _, k := range d.kinds {
		if err := e.Define(ctx, k); err != nil {
			return Report{}, fmt.Errorf("store: restore %s: %w", k.Name, err)
		}
	}
	w := newLoader(ctx, e)
	read := d.each(progress, func(kind string, row Row) bool { return w.load(kind, row) && ctx.Err() == nil })
	if err := errors.Join(w.wait(), read, ctx.Err()); err != nil {
		return d.report(), fmt.Errorf("store: restore: %w", err)
	}
	return d.report(), nil
}

// CheckDump reads a dump to its end and tells whether it is whole.
func CheckDump(r io.Reader) (Report, error) {
	d, err := openDump(r)
	if err != nil {
		return Report{}, err
	}
	err = d.each(nil, func(string, Row) bool { return true })
	return d.report(), err
}

// dump is one that is being read.
type dump struct {
	in    *bufio.Reader
	sha   hash.Hash // over everything read before the trailer
	kinds []Kind
	sums  []*sum
}

func openDump(r io.Reader) (*dump, error) {
	d := &dump{in: bufio.NewReaderSize(r, 1<<16), sha: sha256.New()}
	magic := make([]byte, len(dumpMagic))
	if _, err := io.ReadFull(d.in, magic); err != nil || string(magic) != dumpMagic {
		return nil, errors.New("store: this is no dump of motcua, or one of another format")
	}
	d.sha.Write(magic)
	raw, err := d.next()
	if err != nil {
		return nil, err
	}
	d.sha.Write(raw)
	var h dumpHeader
	if err := bson.Unmarshal(raw, &h); err != nil {
		return nil, errDamaged
	}
	if h.Format != dumpFormat {
		return nil, fmt.Errorf("store: a dump of format %d, this program reads %d", h.Format, dumpFormat)
	}
	for _, k := range h.Kinds {
		if err := k.Validate(); err != nil {
			return nil, fmt.Errorf("store: damaged dump: %w", err)
		}
		d.sums = append(d.sums, newSum(k.Name))
	}
	d.kinds = h.Kinds
	return d, nil
}

var (
	errDamaged = errors.New("store: the dump is damaged")
	errCut     = errors.New("store: the dump is cut short")
)

// next reads one BSON document.
func (d *dump) next() (bson.Raw, error) {
	head, err := d.in.Peek(4)
	if err != nil {
		return nil, errCut
	}
	size := binary.LittleEndian.Uint32(head)
	if size < 5 || size > maxRecord {
		return nil, errDamaged
	}
	raw := make(bson.Raw, size)
	if _, err := io.ReadFull(d.in, raw); err != nil {
		return nil, errCut
	}
	if raw.Validate() != nil {
		return nil, errDamaged
	}
	return raw, nil
}

// each gives the rows to f until it is false, and checks the trailer when it gets there.
func (d *dump) each(progress Progress, f func(kind string, r Row) bool) error {
	for {
		raw, err := d.next()
		if err != nil {
			return err
		}
		var rec record
		if err := bson.Unmarshal(raw, &rec); err != nil {
			return errDamaged
		}
		if rec.Trailer != nil {
			return d.check(raw, *rec.Trailer)
		}
		d.sha.Write(raw)
		row, kind, err := d.row(rec)
		if err != nil {
			return err
		}
		s := d.sums[kind]
		if s.add(row); s.n%progressStep == 0 {
			progress.say(s.kind, s.n, 0)
		}
		if !f(s.kind, row) {
			return nil
		}
	}
}

func (d *dump) row(rec record) (Row, int, error) {
	if rec.Kind == nil || *rec.Kind < 0 || int(*rec.Kind) >= len(d.kinds) || len(rec.Doc) == 0 {
		return Row{}, 0, errDamaged
	}
	id, ok := rec.Doc.Lookup("_id").StringValueOK()
	if !ok {
		return Row{}, 0, errDamaged
	}
	return Row{ID: id, Version: 1, Doc: bytes.Clone(rec.Doc)}, int(*rec.Kind), nil
}

// check compares what was read with the trailer, which must itself be exactly as Dump writes it, since no checksum covers it.
func (d *dump) check(raw bson.Raw, t trailer) error {
	own, err := bson.Marshal(record{Trailer: &t})
	if err != nil || !bytes.Equal(own, raw) {
		return errDamaged
	}
	if !bytes.Equal(t.Sum, d.sha.Sum(nil)) || len(t.Counts) != len(d.sums) {
		return errDamaged
	}
	for i, s := range d.sums {
		if t.Counts[i] != s.n {
			return errDamaged
		}
	}
	if _, err := d.in.Peek(1); err == nil {
		return errDamaged // something behind the end
	}
	return nil
}

func (d *dump) report() Report {
	var r Report
	for _, s := range d.sums {
		r.Kinds = append(r.Kinds, s.report())
	}
	return r
}
