package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
)

// guest is somebody whom only a network knows.
func guest(subject string) account.Viewer {
	return account.Viewer{Subject: subject, Subjects: []string{subject}, Assurance: account.Guest}
}

// take takes a body for a guest.
func (d *desk) take(key string, body []byte) (Item, error) {
	return d.Take(d.ctx, guest("zalo-1"), key, "", bytes.NewReader(body))
}

func TestTakeJudgesByBytes(t *testing.T) {
	t.Parallel()
	photo, video := phoneJPEG(t, quarters(40, 30), 1), mp4("isom")
	d := open(t, func(c *Config) { c.MaxPhoto, c.MaxVideo = int64(len(photo)), int64(len(video)) })
	tests := []struct {
		name, key, contentType string
		viewer                 account.Viewer
		body                   io.Reader
		code                   fault.Code // "" when it is taken
		text                   string
		kind                   Kind
	}{
		{name: "photo", key: "a", viewer: guest("g"), body: bytes.NewReader(photo), kind: Photo},
		{name: "photo called a page", key: "b", contentType: "text/html", viewer: guest("g"), body: bytes.NewReader(photo), kind: Photo},
		{name: "video called a photo", key: "c", contentType: typeJPEG, viewer: guest("g"), body: bytes.NewReader(video), kind: Video},
		{name: "photo of a citizen who signed in, byte by byte", key: "d", viewer: citizen("mai"), body: iotest.OneByteReader(bytes.NewReader(photo)), kind: Photo},
		{name: "128 bytes of key", key: strings.Repeat("k", once.MaxKey), viewer: guest("g"), body: bytes.NewReader(photo), kind: Photo},
		{name: "nobody", key: "x", body: bytes.NewReader(photo), code: fault.Unauthorized},
		{name: "without a key", viewer: guest("g"), body: bytes.NewReader(photo), code: fault.Invalid, text: "media.key_missing"},
		{name: "too long a key", key: strings.Repeat("k", once.MaxKey+1), viewer: guest("g"), body: bytes.NewReader(photo), code: fault.Invalid, text: "media.key_too_long"},
		{name: "empty", key: "x", viewer: guest("g"), body: bytes.NewReader(nil), code: fault.Invalid, text: "media.empty"},
		{name: "sound", key: "x", contentType: "audio/amr", viewer: guest("g"), body: strings.NewReader("#!AMR\nxxxx"), code: fault.Invalid, text: "media.type_unknown"},
		{name: "page called a photo", key: "x", contentType: typeJPEG, viewer: guest("g"), body: strings.NewReader("<html>"), code: fault.Invalid, text: "media.type_unknown"},
		{name: "HEIC", key: "x", viewer: guest("g"), body: bytes.NewReader(ftyp("heic")), code: fault.Invalid, text: "media.heic"},
		{name: "HEIC by its name only", key: "x", contentType: "image/heif", viewer: guest("g"), body: strings.NewReader("?"), code: fault.Invalid, text: "media.heic"},
		{name: "too large a photo", key: "x", viewer: guest("g"), body: io.MultiReader(bytes.NewReader(photo), strings.NewReader("x")), code: fault.Invalid, text: "media.too_large_photo"},
		{name: "endless video", key: "x", viewer: guest("g"), body: io.MultiReader(bytes.NewReader(video), neverEnding('x')), code: fault.Invalid, text: "media.too_large_video"},
		{name: "half a photo", key: "y", viewer: guest("g"), body: bytes.NewReader(photo[:len(photo)/2]), code: fault.Invalid, text: "media.unreadable"},
		{name: "breaks off at once", key: "x", viewer: guest("g"), body: iotest.ErrReader(io.ErrUnexpectedEOF), code: fault.Unavailable},
		{name: "breaks off early", key: "x", viewer: guest("g"), body: io.MultiReader(bytes.NewReader(photo[:9]), iotest.ErrReader(io.ErrUnexpectedEOF)), code: fault.Unavailable},
		{name: "breaks off late", key: "x", viewer: guest("g"), body: io.MultiReader(bytes.NewReader(photo[:600]), iotest.ErrReader(errors.New("10.0.0.7: reset"))), code: fault.Unavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			it, err := d.Take(d.ctx, tt.viewer, tt.key, tt.contentType, tt.body)
			refused(t, err, tt.code, tt.text)
			if it.Kind != tt.kind {
				t.Errorf("got a %q, want %q", it.Kind, tt.kind)
			}
			if err != nil {
				return
			}
			for _, r := range it.Renditions {
				mustNotHold(t, r.Name, d.read(it.ID, r.Name))
			}
			if _, err := d.Attach(d.ctx, tt.viewer.Subjects, []string{it.ID}, Ref{"feedback", "r1"}); err != nil {
				t.Errorf("its owner cannot attach it: %v", err)
			}
		})
	}
	if left := filesIn(t, d.cfg.SpoolDir); len(left) > 0 {
		t.Errorf("left in the spool: %v", left)
	}
}

func TestTakeTwiceIsOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	one := phoneJPEG(t, quarters(40, 30), 1)
	first, err := d.take("k", one)
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.Take(d.ctx, guest("zalo-1"), "k", "", iotest.ErrReader(errors.New("must not be read")))
	if err != nil || again.ID != first.ID {
		t.Errorf("the same key again: %v, %v", again.ID, err)
	}
	other, err := d.take("k2", one)
	if err != nil || other.ID == first.ID {
		t.Errorf("another key: %v, %v", other.ID, err)
	}
	other, err = d.Take(d.ctx, guest("zalo-2"), "k", "", bytes.NewReader(one))
	if err != nil || other.ID == first.ID {
		t.Errorf("another person's equal key: %v, %v", other.ID, err)
	}
	u, err := d.CreateUpload(d.ctx, guest("zalo-1"), UploadRequest{ContentType: typeMP4, Size: 7, Key: "k"})
	if err != nil || u.ID == first.ID {
		t.Errorf("an upload of the same key: %v, %v", u.ID, err)
	}
}

// A network may compress a picture anew each time it is asked.
func TestTakeOfOneKeyAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	bodies := [][]byte{phoneJPEG(t, quarters(40, 30), 1), phoneJPEG(t, quarters(60, 40), 1), mp4("isom")}
	items := make([]Item, 12)
	var wg sync.WaitGroup
	for i := range items {
		wg.Go(func() {
			var err error
			if items[i], err = d.take("k", bodies[i%3]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, it := range items {
		if it.ID != items[0].ID || it.Width != items[0].Width || it.Kind != items[0].Kind || it.Size != items[0].Size {
			t.Errorf("one key gave %+v and %+v", items[0], it)
		}
	}
	if n := len(d.files()); n != len(items[0].Renditions) {
		t.Errorf("%d blobs, want those of the winner", n)
	}
}

func TestTakenAndLooseIsLimitedAndSwept(t *testing.T) {
	t.Parallel()
	d := open(t, func(c *Config) { c.MaxLoose = 2 })
	body := phoneJPEG(t, quarters(8, 8), 1)
	for _, key := range []string{"a", "b", "a"} {
		if _, err := d.take(key, body); err != nil {
			t.Fatal(err)
		}
	}
	_, err := d.take("c", body)
	refused(t, err, fault.RateLimited, "media.too_many_loose")
	d.clock.Add(25 * time.Hour)
	if done, err := d.Sweep(d.ctx); err != nil || done.Items != 2 {
		t.Errorf("sweep removed %+v, %v, want 2 items", done, err)
	}
	if it, err := d.take("a", body); err != nil || d.read(it.ID, Large) == nil {
		t.Errorf("a key that was swept: %v", err)
	}
}

func TestTakeWhileItIsSwept(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := phoneJPEG(t, quarters(8, 8), 1)
	it, err := d.take("k", body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.docs.Update(d.ctx, it.ID, func(x *document) error { x.State = leaving; return nil }); err != nil {
		t.Fatal(err)
	}
	_, err = d.take("k", body)
	refused(t, err, fault.Unavailable, "")
}

func TestTakeGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.fails.Store(1000)
	_, err := d.take("k", mp4("isom"))
	refused(t, err, fault.Unavailable, "")
	d.fails.Store(0)
	body := phoneJPEG(t, quarters(40, 30), 1) // the network gives something else this time
	it, err := d.take("k", body)
	if err != nil || it.Kind != Photo || it.Width != 40 {
		t.Errorf("after the failure: %+v, %v", it, err)
	}
	if x, err := d.docs.Get(d.ctx, it.ID); err != nil || x.Kind != Photo || x.Size != int64(len(body)) {
		t.Errorf("stored as %s of %d bytes, %v", x.Kind, x.Size, err)
	}
	ctx, cancel := context.WithCancel(d.ctx)
	cancel()
	_, err = d.Take(ctx, guest("zalo-1"), "k2", "", bytes.NewReader(body))
	refused(t, err, fault.Unavailable, "")
	d.cfg.SpoolDir = filepath.Join(t.TempDir(), "gone")
	_, err = d.take("k3", body)
	refused(t, err, fault.Unavailable, "")
}
