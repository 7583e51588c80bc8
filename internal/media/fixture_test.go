package media

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"gocloud.dev/blob"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/clocktest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		childMain(dir)
		return
	}
	leaktest.Main(m)
}

// hmacSigner is a Signer for tests.
type hmacSigner string

func (s hmacSigner) Sign(purpose, data string) string {
	h := hmac.New(sha256.New, []byte(s))
	fmt.Fprintf(h, "%d:%s%s", len(purpose), purpose, data)
	return hex.EncodeToString(h.Sum(nil))
}

func (s hmacSigner) Verify(purpose, data, mac string) bool {
	return hmac.Equal([]byte(s.Sign(purpose, data)), []byte(mac))
}

func testConfig() Config {
	return Config{
		UploadTTL: time.Hour, LinkTTL: time.Hour, MaxPhoto: 12 << 20, MaxVideo: 50 << 20, MaxPixels: 40_000_000, DecodeMemory: 384 << 20,
		MaxDecodes: 2, DecodeWait: 20 * time.Second, BlobTimeout: time.Minute, MaxLoose: 30, OrphanAfter: 24 * time.Hour, Retention: 1000 * time.Hour, SyncFiles: true,
	}
}

// desk is a Media over a store and a folder of its own.
type desk struct {
	*Media
	t      *testing.T
	ctx    context.Context
	clock  *clocktest.Clock
	folder string // of the bucket
	engine store.Engine
	fails  atomic.Int64 // replaces that fail from now on
	bucket *blob.Bucket
}

func open(t *testing.T, change ...func(*Config)) *desk {
	t.Helper()
	cfg := testConfig()
	cfg.SpoolDir = t.TempDir()
	for _, f := range change {
		f(&cfg)
	}
	d := &desk{t: t, ctx: t.Context(), clock: clocktest.At(time.Now()), folder: filepath.Join(t.TempDir(), "media")}
	d.engine = &storetest.Watched{Engine: memory.New(), Before: storetest.FailNext(storetest.Replace, &d.fails, fault.New(fault.Unavailable, ""))}
	var err error
	if d.bucket, err = OpenFolder(d.folder); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.bucket.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if d.Media, err = New(d.ctx, d.engine, d.bucket, hmacSigner("key"), cfg, d.clock.Now); err != nil {
		t.Fatal(err)
	}
	return d
}

func citizen(name string) account.Viewer {
	return account.Viewer{Account: name, Subject: name, Subjects: []string{name}, Assurance: account.Phone}
}

// announce makes an upload of mai's for a body.
func (d *desk) announce(contentType string, size int, key string) Upload {
	d.t.Helper()
	u, err := d.CreateUpload(d.ctx, citizen("mai"), UploadRequest{ContentType: contentType, Size: int64(size), Key: key})
	if err != nil {
		d.t.Fatalf("announce: %v", err)
	}
	return u
}

// send puts a body to an upload's address.
func (d *desk) send(u Upload, body []byte) (Item, error) {
	return d.Receive(d.ctx, u.ID, queryOf(d.t, u.URL), u.Headers["Content-Type"], bytes.NewReader(body))
}

// upload announces and sends a body.
func (d *desk) upload(contentType string, body []byte, key string) Item {
	d.t.Helper()
	it, err := d.send(d.announce(contentType, len(body), key), body)
	if err != nil {
		d.t.Fatalf("upload: %v", err)
	}
	return it
}

// read gives the bytes of a rendition by its address.
func (d *desk) read(id, rendition string) []byte {
	d.t.Helper()
	f, err := d.Open(d.ctx, id, queryOf(d.t, d.URL(id, rendition)))
	if err != nil {
		d.t.Fatalf("open %s: %v", rendition, err)
	}
	r, err := f.Range(d.ctx, 0, -1)
	if err != nil {
		d.t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		d.t.Fatal(err)
	}
	if int64(len(b)) != f.Size {
		d.t.Errorf("%s has %d bytes, its document says %d", rendition, len(b), f.Size)
	}
	return b
}

// files lists what lies in the bucket's folder.
func (d *desk) files() []string { return filesIn(d.t, d.folder) }

func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	out := []string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func queryOf(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// refused checks an error's code and the key of its text or of its first field.
func refused(t *testing.T, err error, code fault.Code, key string) {
	t.Helper()
	got := ""
	if f := fault.Of(err); f != nil {
		got = f.Key
		if got == "" && len(f.Fields) > 0 {
			got = f.Fields[0].Key
		}
	}
	if fault.CodeOf(err) != code || got != key {
		t.Errorf("got %s %q (%v), want %s %q", fault.CodeOf(err), got, err, code, key)
	}
}

func mustNotHold(t *testing.T, what string, b []byte) {
	t.Helper()
	if strings.Contains(string(b), "whisper") || bytes.Contains(b, []byte("Exif")) || bytes.Contains(b, []byte("PK\x03\x04")) {
		t.Errorf("%s still holds something of the original's metadata", what)
	}
}
