package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"

	"github.com/motcua/motcua/internal/fault"
)

// spool is an upload under way: in a file, so that slow senders cost disk and not memory.
type spool struct {
	*os.File
	size int64
	hash string // of the bytes, hex
}

// take copies a body to a file until it ends. INVALID when it has not exactly want bytes; UNAVAILABLE as takeUpTo.
func take(ctx context.Context, dir string, body io.Reader, want int64) (*spool, error) {
	s, err := takeUpTo(ctx, dir, body, want)
	if err == nil && s.size != want {
		s.drop()
		return nil, fault.New(fault.Invalid, "media.size_differs")
	}
	return s, err
}

// takeUpTo copies a body to a file until it ends, or is longer than most: then by one byte. UNAVAILABLE when it breaks off or the disk is full.
func takeUpTo(ctx context.Context, dir string, body io.Reader, most int64) (*spool, error) {
	f, err := os.CreateTemp(dir, "motcua-upload-*")
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err)
	}
	_ = os.Remove(f.Name()) // gone from the folder at once, so that a kill leaves nothing behind; where that cannot be, drop removes it
	s := &spool{File: f}
	h := sha256.New()
	s.size, err = io.Copy(io.MultiWriter(f, h), io.LimitReader(&whileIn{ctx, body}, most+1))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		s.drop()
		return nil, asFault(err)
	}
	s.hash = hex.EncodeToString(h.Sum(nil))
	return s, nil
}

// drop frees the file. There is nothing to do about an error: nothing of it was promised to anybody.
func (s *spool) drop() {
	_ = s.Close()
	_ = os.Remove(s.Name())
}

// asFault makes an error without a code one of a part that is down: here that is the sender, the disk or the blob store.
func asFault(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	return fault.Wrap(fault.Unavailable, err)
}

// whileIn reads until its context ends.
type whileIn struct {
	ctx context.Context
	r   io.Reader
}

// Read reads from r.
func (w *whileIn) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(p)
}

// sniff tells the type of the file by its first bytes.
func (s *spool) sniff() (string, error) {
	head := make([]byte, sniffLen)
	n, err := s.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fault.Wrap(fault.Unavailable, err)
	}
	return sniff(head[:n]), nil
}
