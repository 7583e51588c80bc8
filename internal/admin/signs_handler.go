package admin

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/motcua/motcua/internal/fault"
)

// Limits of an import. The lists' own reader has the same.
const (
	importPath     = "/v1/signs/import"
	keepPath       = "/v1/signs/keep"
	keptMark       = "kept"   // comment of an entry that says what became of a picture or recording
	maxImport      = 20 << 20 // bytes, packed and also unpacked
	maxImportFiles = 10_000
)

// sheetHeader tells in JSON what the file holds that follows.
const sheetHeader = "Motcua-Print-Sheet"

// routeSigns adds the operations on street signs. Each takes and gives JSON, whatever it does: names of plates may be addresses, and texts anything.
func (h handler) routeSigns(mux *http.ServeMux) {
	mux.HandleFunc("POST "+importPath, h.importSigns)
	mux.HandleFunc("POST "+keepPath, h.keepSign)
	mux.HandleFunc("POST /v1/signs/print", h.printSigns)
	mux.HandleFunc("POST /v1/signs/plates", onSigns(h, Signs.Plates))
	mux.HandleFunc("POST /v1/signs/plate", onSigns(h, Signs.Plate))
	mux.HandleFunc("POST /v1/signs/batches", onSigns(h, Signs.Batches))
	mux.HandleFunc("POST /v1/signs/reissue", onSigns(h, Signs.Reissue))
	mux.HandleFunc("POST /v1/signs/revoke", onSigns(h, Signs.Revoke))
	mux.HandleFunc("POST /v1/signs/condition", onSigns(h, Signs.SetCondition))
	mux.HandleFunc("POST /v1/signs/stories", onSigns(h, Signs.Stories))
	mux.HandleFunc("POST /v1/signs/story", onSigns(h, Signs.Story))
	mux.HandleFunc("POST /v1/signs/review", onSigns(h, Signs.Review))
	mux.HandleFunc("POST /v1/signs/events", onSigns(h, Signs.Events))
	mux.HandleFunc("POST /v1/signs/settle", onSigns(h, Signs.Settle))
	mux.HandleFunc("POST /v1/signs/silent", onSigns(h, Signs.Silent))
	mux.HandleFunc("POST /v1/signs/heat", onSigns(h, Signs.Heat))
}

// onSigns serves one operation.
func onSigns[In, Out any](h handler, do func(Signs, context.Context, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var (
			in  In
			out Out
		)
		signs, err := h.signs()
		if err == nil {
			err = decode(r, &in)
		}
		if err == nil {
			out, err = do(signs, r.Context(), in)
		}
		h.answer(w, r, out, err)
	}
}

func (h handler) signs() (Signs, error) {
	if h.ops.Signs == nil {
		return nil, fault.Wrap(fault.NotFound, errors.New("this city has no street signs"))
	}
	return h.ops.Signs, nil
}

// bodyLimit gives the largest body that a path takes, in bytes.
func bodyLimit(path string) int64 {
	switch path {
	case importPath:
		return maxImport
	case keepPath:
		return MaxKept
	}
	return maxBody
}

// keepSign takes one picture or recording.
func (h handler) keepSign(w http.ResponseWriter, r *http.Request) {
	var kept SignKept
	signs, err := h.signs()
	if err == nil {
		q := r.URL.Query()
		kept, err = signs.Keep(r.Context(), SignKeep{Story: q.Get("story"), DryRun: q.Has("dry_run")}, r.Body)
	}
	h.answer(w, r, kept, err)
}

// importSigns takes files in one archive and answers line by line. When the caller leaves, the import ends behind the row that it is at.
func (h handler) importSigns(w http.ResponseWriter, r *http.Request) {
	var files []SignFile
	signs, err := h.signs()
	if err == nil {
		files, err = receive(r.Body)
	}
	if err != nil {
		h.answer(w, r, nil, err)
		return
	}
	say := h.lines(w)
	report, err := signs.Import(r.Context(), files, importOf(r.URL.Query()), sparing(func(done, total int) { say(step{Done: done, Total: total}) }))
	if err != nil {
		h.log(r, err)
		say(step{Error: problemOf(err)})
		return
	}
	say(step{Signs: &report})
}

func (o SignImport) values() url.Values {
	v := url.Values{"by": {o.By}}
	for name, on := range map[string]bool{"dry_run": o.DryRun, "skip_faulty": o.SkipFaulty} {
		if on {
			v.Set(name, "1")
		}
	}
	return v
}

func importOf(v url.Values) SignImport {
	return SignImport{By: v.Get("by"), DryRun: v.Has("dry_run"), SkipFaulty: v.Has("skip_faulty")}
}

// sparing passes on no more than each hundredth part of the work.
func sparing(p Progress) Progress {
	last := -1
	return func(done, total int) {
		if part := done * 100 / max(total, 1); part != last {
			last = part
			p(done, total)
		}
	}
}

// receive reads the files of an archive, no more than may come.
func receive(body io.Reader) ([]SignFile, error) {
	data, err := io.ReadAll(body)
	var much *http.MaxBytesError
	if errors.As(err, &much) {
		return nil, tooLarge()
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are only shown
		return nil, fault.Wrap(fault.Invalid, fmt.Errorf("the archive of the files: %w", err))
	}
	if len(z.File) > maxImportFiles {
		return nil, tooMany()
	}
	files, left := make([]SignFile, len(z.File)), int64(maxImport)
	for i, entry := range z.File {
		f, err := inflate(entry, left)
		if err != nil {
			return nil, err
		}
		files[i], left = f, left-int64(len(f.Data))
	}
	return files, nil
}

func inflate(entry *zip.File, most int64) (SignFile, error) {
	in, err := entry.Open()
	if err != nil {
		return SignFile{}, fault.Wrap(fault.Invalid, err)
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return SignFile{}, fault.Wrap(fault.Invalid, err)
	}
	if int64(len(data)) > most {
		return SignFile{}, tooLarge()
	}
	out := SignFile{Name: strings.ToValidUTF8(entry.Name, "?"), Data: data}
	if entry.Comment == keptMark {
		out.Data = nil
		if err := json.Unmarshal(data, &out.Kept); err != nil || out.Kept == nil {
			return SignFile{}, fault.Wrap(fault.Invalid, fmt.Errorf("%s: what became of it: %w", out.Name, err))
		}
	}
	return out, nil
}

func tooMany() error {
	return fault.Wrap(fault.Invalid, fmt.Errorf("there are too many files: %d at most", maxImportFiles))
}

func tooLarge() error {
	return fault.Wrap(fault.Invalid, fmt.Errorf("the files are too large: %d MB together at most", maxImport>>20))
}

// printSigns streams the file. An error in the middle cuts the answer off, so that the client cannot take half for the whole.
func (h handler) printSigns(w http.ResponseWriter, r *http.Request) {
	var order PrintOrder
	signs, err := h.signs()
	if err == nil {
		err = decode(r, &order)
	}
	begun := false
	if err == nil {
		err = signs.Print(r.Context(), order, func(s PrintSheet) io.Writer {
			begun = true
			head, _ := json.Marshal(s) // numbers and texts always marshal
			w.Header().Set(sheetHeader, url.QueryEscape(string(head)))
			w.Header().Set("Content-Type", "application/octet-stream")
			return w
		})
	}
	switch {
	case err != nil && begun:
		h.log(r, err)
		panic(http.ErrAbortHandler)
	case err != nil:
		h.answer(w, r, nil, err)
	}
}
