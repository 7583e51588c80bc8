package messengerfake

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/motcua/motcua/channels/channelfake"
)

// upload is a file of the city that messages can refer to.
type upload struct {
	page string
	file channelfake.File
}

// What may be uploaded, in bytes.
const (
	maxImage = 8 << 20
	maxFile  = 25 << 20
)

// takeUpload gives an id for a file, sent in a form or named by its address, which is not fetched.
func (n *Network) takeUpload(w http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	a, data, name, bad := readUpload(w, r)
	if bad != nil {
		return nil, bad
	}
	n.mu.Lock()
	f := channelfake.File{URL: a.Payload.URL}
	if data != nil {
		f, _ = n.keep(name, strings.ToLower(path.Ext(name)), data)
	}
	id := strconv.Itoa(800000000000001 + len(n.uploads))
	n.uploads[id] = upload{pg.ID, f}
	n.mu.Unlock()
	n.stats.Uploads.Add(1)
	if n.faults.Planned(func(f *Faults) *int { return &f.LoseUploads }) {
		n.stats.BreakOff()
	}
	return map[string]string{"attachment_id": id}, nil
}

// readUpload takes a request apart; data is nil when the file was named by its address.
func readUpload(w http.ResponseWriter, r *http.Request) (a cityAttachment, data []byte, name string, bad *refusal) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFile+64<<10) // and the form around it
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		var in struct {
			Message struct {
				Attachment cityAttachment `json:"attachment"`
			} `json:"message"`
		}
		if json.NewDecoder(r.Body).Decode(&in) != nil || !channelfake.IsWeb(in.Message.Attachment.Payload.URL) {
			return a, nil, "", badParam("An upload needs an address or a file")
		}
		return in.Message.Attachment, nil, "", nil
	}
	part, head, err := r.FormFile("filedata")
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return a, nil, "", badParam("The file is too large")
	case err != nil:
		return a, nil, "", badParam("An upload needs an address or a file")
	}
	defer func() { _ = part.Close() }() // it has been read
	data, err = io.ReadAll(part)
	var m struct {
		Attachment cityAttachment `json:"attachment"`
	}
	if err != nil || len(data) == 0 || json.Unmarshal([]byte(r.FormValue("message")), &m) != nil {
		return a, nil, "", badParam("An upload needs a message and a file")
	}
	if m.Attachment.Type == "image" && (len(data) > maxImage || !strings.HasPrefix(http.DetectContentType(data), "image/")) {
		return a, nil, "", badParam("An image has up to 8 MB")
	}
	return m.Attachment, data, path.Base(head.Filename), nil
}
