package webform

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"

	"github.com/motcua/motcua/internal/fault"
)

const (
	maxParts    = 800 // fields of one form, files among them
	maxPartName = 300 // bytes
	overhead    = 64 << 10
)

// unreadable is what ends what is no form.
func unreadable() error { return fault.New(fault.Invalid, "webform.unreadable") }

// tooMuch is what a form ends with that is larger than it may be.
func tooMuch() error { return fault.New(fault.Invalid, "webform.too_large") }

// boundary gives what parts the fields of a form (RFC 7578).
func boundary(contentType string) (string, bool) {
	kind, params, err := mime.ParseMediaType(contentType)
	b := params["boundary"]
	return b, err == nil && kind == "multipart/form-data" && b != "" && len(b) <= 70
}

// partReader is given the fields of a form in the order in which they come.
type partReader struct {
	values int                                                  // bytes that all typed values may have together
	value  func(name, text string)                              //
	file   func(name, contentType string, body io.Reader) error // for a file that was chosen; it may leave the body unread
}

// read goes through a form. Its errors are those of unreadable and tooMuch, of the body and of file.
func (r partReader) read(body *bounded, boundary string) error {
	m := multipart.NewReader(body, boundary)
	for n := 0; ; n++ {
		part, err := m.NextRawPart()
		if errors.Is(err, io.EOF) && body.err == nil {
			return nil
		}
		if err != nil {
			return body.cause(unreadable())
		}
		if n == maxParts {
			return tooMuch()
		}
		if err := r.part(part); err != nil {
			return body.cause(err)
		}
	}
}

func (r *partReader) part(part *multipart.Part) error {
	name := part.FormName()
	if name == "" || len(name) > maxPartName {
		return unreadable()
	}
	_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if filename, isFile := params["filename"]; isFile {
		if filename == "" { // no file was chosen
			return nil
		}
		return r.file(name, part.Header.Get("Content-Type"), part)
	}
	text, err := io.ReadAll(io.LimitReader(part, int64(r.values)+1))
	if err != nil {
		return unreadable()
	}
	if r.values -= len(text); r.values < 0 {
		return tooMuch()
	}
	r.value(name, string(text))
	return nil
}

// bounded is a body of which no more than left bytes are read.
type bounded struct {
	from io.Reader
	left int64
	err  error // of the body itself
}

// Read reads on.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.err = tooMuch()
		return 0, b.err
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = fault.Wrap(fault.Unavailable, err)
		err = b.err
	}
	return n, err
}

// cause gives the error of the body itself, if it has one, in place of what followed from it.
func (b *bounded) cause(err error) error {
	if b.err != nil {
		return b.err
	}
	return err
}
