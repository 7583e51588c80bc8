package zalo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zaloapi"
)

// manyUploads is how many pictures' ids are remembered; a few hundred bytes each.
const manyUploads = 1024

// uploads remembers which pictures the network has. It is safe for concurrent use; what it forgets is uploaded again.
type uploads struct {
	mu   sync.Mutex
	kept *simplelru.LRU[[sha256.Size]byte, upload]
	life time.Duration
}

type upload struct {
	id    string
	until time.Time
}

func newUploads(life time.Duration) (*uploads, error) {
	kept, err := simplelru.NewLRU[[sha256.Size]byte, upload](manyUploads, nil)
	if err != nil {
		return nil, err
	}
	return &uploads{kept: kept, life: life}, nil
}

func (u *uploads) get(hash [sha256.Size]byte, now time.Time) (id string, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	x, ok := u.kept.Get(hash)
	return x.id, ok && now.Before(x.until)
}

func (u *uploads) put(hash [sha256.Size]byte, id string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.kept.Add(hash, upload{id: id, until: now.Add(u.life)})
}

// forget drops an id that the network no longer knows, unless another one has come meanwhile.
func (u *uploads) forget(hash [sha256.Size]byte, id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if x, ok := u.kept.Peek(hash); ok && x.id == id {
		u.kept.Remove(hash)
	}
}

// attachmentID gives the network's id of a picture, uploading it when the network does not have it.
func (c *Channel) attachmentID(ctx context.Context, p picture) (string, channels.Outcome) {
	type result struct {
		id string
		o  channels.Outcome
	}
	v, _, _ := c.flight.Do(string(p.hash[:]), func() (any, error) {
		if id, ok := c.uploaded.get(p.hash, c.now()); ok {
			return result{id: id}, nil
		}
		id, o := c.upload(ctx, p)
		return result{id, o}, nil
	})
	r, _ := v.(result)
	return r.id, r.o
}

// upload gives the picture to the network, "Upload hình ảnh" at https://developers.zalo.me/docs/official-account/. Nobody sees it
// yet, so an upload whose answer is lost is not Unsure.
func (c *Channel) upload(ctx context.Context, p picture) (string, channels.Outcome) {
	r, err := p.request()
	if err != nil {
		return "", later(fmt.Errorf("zalo: upload: %w", err))
	}
	a := c.api.Call(ctx, r)
	if !a.OK() {
		o := c.outcome(a)
		o.Unsure = false
		return "", o
	}
	var d answered
	a.Data(&d)
	id := string(d.AttachmentID)
	if id == "" {
		return "", later(errors.New("zalo: upload: the network answered success without an id"))
	}
	c.uploaded.put(p.hash, id, c.now())
	return id, channels.Outcome{}
}

// request is the form that the network wants: one field, file.
func (p picture) request() (zaloapi.Request, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	name := "picture." + strings.TrimPrefix(p.contentType, "image/")
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`},
		"Content-Type":        {p.contentType},
	})
	if err != nil {
		return zaloapi.Request{}, err
	}
	if _, err := part.Write(p.bytes); err != nil {
		return zaloapi.Request{}, err
	}
	if err := w.Close(); err != nil {
		return zaloapi.Request{}, err
	}
	return zaloapi.Request{Path: "/v2.0/oa/upload/image", ContentType: w.FormDataContentType(), Body: b.Bytes()}, nil
}
