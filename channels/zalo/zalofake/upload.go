package zalofake

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"
)

// upload is a file of the city that messages can refer to.
type upload struct {
	kind    uploadKind
	expires time.Time // by the network's clock
	name    string    // on the shelf
	title   string    // as it was called
	media   string    // media type
	size    int       // bytes
}

// uploadKind is what may be uploaded where: https://developers.zalo.me/docs/official-account/tin-nhan/quan-ly-tin-nhan/upload-hinh-anh
type uploadKind string

const (
	imageUpload uploadKind = "image" // JPEG or PNG, 1 MB
	gifUpload   uploadKind = "gif"   // 5 MB
	fileUpload  uploadKind = "file"  // PDF, DOC, DOCX, CSV, 5 MB
)

// Of uploads.
const (
	uploadLife = 7 * 24 * time.Hour
	perMonth   = 5000
)

func (k uploadKind) limit() int {
	if k == imageUpload {
		return 1 << 20
	}
	return 5 << 20
}

// fits tells by its bytes whether a file is of the kind.
func (k uploadKind) fits(data []byte) bool {
	found := http.DetectContentType(data)
	switch k {
	case imageUpload:
		return found == "image/jpeg" || found == "image/png"
	case gifUpload:
		return found == "image/gif"
	}
	isOldWord := bytes.HasPrefix(data, []byte("\xD0\xCF\x11\xE0"))
	isCSV := utf8.Valid(data) && !bytes.ContainsRune(data, 0)
	return found == "application/pdf" || found == "application/zip" || isOldWord || isCSV
}

// takeUpload gives an id for a file, good for seven days.
func (n *Network) takeUpload(kind uploadKind) work {
	return func(w http.ResponseWriter, r *http.Request) (any, *refusal) {
		title, data, bad := readUpload(w, r, kind)
		if bad != nil {
			return nil, bad
		}
		n.mu.Lock()
		id, bad := n.keepUpload(kind, title, data)
		n.mu.Unlock()
		if bad != nil {
			return nil, bad
		}
		n.stats.Uploads.Add(1)
		if n.faults.Planned(func(f *Faults) *int { return &f.LoseUploads }) {
			n.stats.BreakOff()
		}
		if kind == fileUpload {
			return map[string]string{"token": id}, nil
		}
		return map[string]string{"attachment_id": id}, nil
	}
}

func readUpload(w http.ResponseWriter, r *http.Request, kind uploadKind) (string, []byte, *refusal) {
	r.Body = http.MaxBytesReader(w, r.Body, int64(kind.limit())+64<<10) // and the form around it
	part, head, err := r.FormFile("file")
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return "", nil, tooMuch
	case err != nil:
		return "", nil, badParams
	}
	defer part.Close()
	data, err := io.ReadAll(part)
	switch {
	case err != nil || len(data) == 0 || !kind.fits(data):
		return "", nil, badParams
	case len(data) > kind.limit():
		return "", nil, tooMuch
	}
	return path.Base(head.Filename), data, nil
}

// keepUpload is called with mu held.
func (n *Network) keepUpload(kind uploadKind, title string, data []byte) (string, *refusal) {
	now := n.clock()
	if !n.month.take(now) {
		return "", &refusal{-211, "Out of quota"}
	}
	for id, u := range n.uploads {
		if now.After(u.expires) {
			delete(n.uploads, id)
		}
	}
	ext := strings.ToLower(path.Ext(title))
	name, media := n.files.Put(ext, data)
	id := rand.Text()
	n.uploads[id] = upload{kind, now.Add(uploadLife), name, title, media, len(data)}
	return id, nil
}

// uploadOf gives an upload that is still good. It is called with mu held.
func (n *Network) uploadOf(id string) (upload, bool) {
	u, ok := n.uploads[id]
	return u, ok && !n.clock().After(u.expires)
}

// monthly counts the uploads of a month.
type monthly struct {
	month string
	taken int
}

func (m *monthly) take(now time.Time) bool {
	if month := now.Format("2006-01"); month != m.month {
		m.month, m.taken = month, 0
	}
	m.taken++
	return m.taken <= perMonth
}
