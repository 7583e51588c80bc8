package webform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/media"
)

// mostBytes gives how long a form may be with all the files that it takes.
func (f *Forms) mostBytes(fm *form) int64 {
	sum := int64(f.cfg.MaxValues) + maxTicket + overhead
	fm.root.each(nil, func(n *node) {
		if n.files() {
			sum += int64(n.max) * (f.mostOf(n) + 1024)
		}
	})
	return sum
}

// mostOf gives how long one file of a field may be, in bytes.
func (f *Forms) mostOf(n *node) int64 {
	if n.leaf().kind == kindVideo {
		return f.deps.MaxVideo
	}
	return f.deps.MaxPhoto
}

// takeFile takes one file of a field. What is wrong with it is said beside the field, and the form is not sent; the error is one of the body.
func (s *filling) takeFile(n *node, contentType string, body io.Reader) error {
	if len(s.ticket.Files[n.path]) >= n.max {
		s.addWrong(n, s.text("too_many_files", map[string]any{"max": n.max}))
		return nil
	}
	spool, err := s.spool(n, body)
	if err != nil {
		return err
	}
	if spool == nil {
		return nil
	}
	defer spool.drop()
	it, err := s.store(n, contentType, spool)
	if err != nil {
		x := fault.Of(err)
		if x.Key == "media.type_unknown" { // says what the city takes anywhere; this field takes one kind
			x = notKind(n)
		}
		s.addFault(x, n)
		return nil
	}
	if !slices.Contains(s.ticket.Files[n.path], it.ID) { // the same photo twice is one
		s.ticket.Files[n.path] = append(s.ticket.Files[n.path], it.ID)
		s.ticket.Sizes[it.ID] = int(spool.size)
	}
	return nil
}

// store hands a file on. Its key is made from its bytes: the same form sent again names the same file, and another file chosen in its place another.
func (s *filling) store(n *node, contentType string, spool *spool) (media.Item, error) {
	if err := s.spend(int(spool.size)); err != nil {
		return media.Item{}, worded(err, "webform.too_many_bytes")
	}
	if err := s.inspect(n, contentType, spool); err != nil {
		return media.Item{}, err
	}
	viewer, err := s.guest()
	if err != nil {
		return media.Item{}, err
	}
	it, err := s.deps.Media.TakeFromStranger(s.ctx, viewer, "web form "+spool.hash, contentType, spool.file)
	if err != nil {
		return media.Item{}, err
	}
	return it, rightKind(n, it.Kind)
}

// inspect looks at the first file of a form before there is a guest to own it: a broken photo must not leave one behind.
func (s *filling) inspect(n *node, contentType string, spool *spool) error {
	if s.viewer.Subject != "" || s.ticket.holdsFiles() {
		return nil
	}
	kind, err := s.deps.Media.Check(s.ctx, contentType, spool.file)
	if err == nil {
		err = rightKind(n, kind)
	}
	if err != nil {
		return err
	}
	if _, err := spool.file.Seek(0, io.SeekStart); err != nil {
		return fault.Wrap(fault.Unavailable, fmt.Errorf("webform: spool: %w", err))
	}
	return nil
}

func rightKind(n *node, got media.Kind) error {
	if string(got) != string(n.leaf().kind) {
		return notKind(n)
	}
	return nil
}

// notKind says which kind of file a field takes.
func notKind(n *node) *fault.Error {
	return fault.New(fault.Invalid, "webform.not_"+string(n.leaf().kind))
}

// worded gives a refusal by a limit words of its own.
func worded(err error, key string) error {
	if f := fault.Of(err); f.Code == fault.RateLimited {
		return fault.New(fault.RateLimited, key).After(f.RetryAfter)
	}
	return err
}

// spool is a file under way.
type spool struct {
	file *os.File
	size int64
	hash string // hex
}

func (s *spool) drop() {
	_ = s.file.Close()
	_ = os.Remove(s.file.Name())
}

// spool reads a file to the disk: nil for one that cannot be taken, which has been said then.
func (s *filling) spool(n *node, body io.Reader) (*spool, error) {
	file, err := os.CreateTemp(s.deps.SpoolDir, "motcua-form-*")
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err)
	}
	out := &spool{file: file}
	hash, most := sha256.New(), s.mostOf(n)
	out.size, err = io.Copy(io.MultiWriter(file, hash), io.LimitReader(&whileIn{s.ctx, body}, most+1))
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	out.hash = hex.EncodeToString(hash.Sum(nil))
	switch {
	case err != nil:
		err = fault.Wrap(fault.Unavailable, fmt.Errorf("webform: spool: %w", err))
	case out.size > most:
		s.addFault(fault.New(fault.Invalid, "media.too_large_"+string(n.leaf().kind)).With("max", most>>20), n)
	case out.size == 0:
		s.addFault(fault.New(fault.Invalid, "media.empty"), n)
	default:
		return out, nil
	}
	out.drop()
	return nil, err
}

// whileIn is a body that ends with its context.
type whileIn struct {
	ctx  context.Context
	from io.Reader
}

// Read reads on.
func (w *whileIn) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.from.Read(p)
}

// keepFiles drops the files that the visitor does not want any more: each that is wanted is named by its box.
func (s *filling) keepFiles(n *node) {
	wanted := s.values[boxName(n)]
	s.ticket.Files[n.path] = slices.DeleteFunc(s.ticket.Files[n.path], func(id string) bool { return !slices.Contains(wanted, id) })
}

// loseFiles forgets files that the action could not use, such as those that were kept too long without being sent.
func (s *filling) loseFiles(f *fault.Error) {
	lost := map[string][]string{}
	for _, x := range f.Fields {
		n := s.fm.root.at(x.Path)
		if n == nil || !n.files() {
			continue
		}
		ids, at := s.ticket.Files[n.path], 0
		if n.kind == kindList {
			if _, err := fmt.Sscanf(x.Path[len(x.Path)-1], "%d", &at); err != nil {
				continue
			}
		}
		if at >= 0 && at < len(ids) {
			lost[n.path] = append(lost[n.path], ids[at])
		}
	}
	for path, ids := range lost {
		s.ticket.Files[path] = slices.DeleteFunc(s.ticket.Files[path], func(id string) bool { return slices.Contains(ids, id) })
	}
}

var errNoGuest = errors.New("webform: a guest without a subject")
