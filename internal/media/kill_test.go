package media

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// childDir names the folder in which a child process of the kill test works, childWay how it sends.
const (
	childDir = "MOTCUA_MEDIA_CHILD"
	childWay = "MOTCUA_MEDIA_WAY"
)

// deadly is an engine that kills its process where a document is about to name its blobs.
type deadly struct{ store.Engine }

func (deadly) Replace(context.Context, string, string, int64, bson.Raw) (bool, error) {
	err := syscall.Kill(os.Getpid(), syscall.SIGKILL)
	return false, fmt.Errorf("still alive: %w", err)
}

// openIn opens media over a folder that outlives the process.
func openIn(ctx context.Context, dir string, wrap func(store.Engine) store.Engine) (*Media, func() error, error) {
	e, err := sqlite.Open(ctx, sqlite.Config{Dir: dir})
	if err != nil {
		return nil, nil, err
	}
	b, err := OpenFolder(filepath.Join(dir, "media"))
	if err != nil {
		return nil, nil, err
	}
	cfg := testConfig()
	cfg.SpoolDir = filepath.Join(dir, "spool")
	m, err := New(ctx, wrap(e), b, hmacSigner("key"), cfg, time.Now)
	return m, func() error { _ = b.Close(); return e.Close() }, err
}

// childMain sends a photo until the engine kills the process.
func childMain(dir string) {
	ctx := context.Background()
	m, _, err := openIn(ctx, dir, func(e store.Engine) store.Engine { return deadly{e} })
	if err == nil {
		_, err = ways()[os.Getenv(childWay)](ctx, m, dir)
	}
	fmt.Fprintln(os.Stderr, "child ended alive:", err)
	os.Exit(3)
}

// ways are the ways in which a photo comes.
func ways() map[string]func(context.Context, *Media, string) (Item, error) {
	return map[string]func(context.Context, *Media, string) (Item, error){"uploaded": sendSample, "fetched": takeSample, "kept": keepSample}
}

// takeSample takes the photo that lies in the folder.
func takeSample(ctx context.Context, m *Media, dir string) (Item, error) {
	f, err := os.Open(filepath.Join(dir, "photo.jpg"))
	if err != nil {
		return Item{}, err
	}
	defer f.Close()
	return m.Take(ctx, guest("zalo-1"), "k", "", f)
}

// sendSample announces and sends the photo that lies in the folder.
func sendSample(ctx context.Context, m *Media, dir string) (Item, error) {
	body, err := os.ReadFile(filepath.Join(dir, "photo.jpg"))
	if err != nil {
		return Item{}, err
	}
	u, err := m.CreateUpload(ctx, citizen("mai"), UploadRequest{ContentType: typeJPEG, Size: int64(len(body)), Key: "k"})
	if err != nil {
		return Item{}, err
	}
	return m.Receive(ctx, u.ID, m.sign(purposeWrite, u.ID, "", u.ExpiresAt), "", bytes.NewReader(body))
}

func TestKilledBetweenBlobAndDocument(t *testing.T) {
	t.Parallel()
	for name, send := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killedBetweenBlobAndDocument(t, name, send)
		})
	}
}

func killedBetweenBlobAndDocument(t *testing.T, way string, send func(context.Context, *Media, string) (Item, error)) {
	dir := t.TempDir()
	for name, b := range map[string][]byte{"photo.jpg": phoneJPEG(t, quarters(40, 30), 1), "spool": nil} {
		var err error
		if b == nil {
			err = os.Mkdir(filepath.Join(dir, name), 0o700)
		} else {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childDir+"="+dir, childWay+"="+way)
	out, err := child.CombinedOutput()
	if s, ok := child.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
		t.Fatalf("the child ended by %v (%v), not by the kill: %s", child.ProcessState, err, out)
	}
	if n := len(filesIn(t, filepath.Join(dir, "media"))); n != 3 {
		t.Fatalf("%d blobs lie there after the kill, want 3", n)
	}
	if left := filesIn(t, filepath.Join(dir, "spool")); len(left) > 0 {
		t.Errorf("the kill left %v", left)
	}
	m, closeAll, err := openIn(t.Context(), dir, func(e store.Engine) store.Engine { return e })
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := closeAll(); err != nil {
			t.Error(err)
		}
	}()
	it, err := send(t.Context(), m, dir)
	if err != nil || it.Width != 40 {
		t.Errorf("sending again after the kill: %+v, %v", it, err)
	}
	m.now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	if done, err := m.SweepBlobs(t.Context()); err != nil || done.Blobs != 3 {
		t.Errorf("sweep removed %+v, %v, want the 3 blobs of the killed attempt", done, err)
	}
	if n := len(filesIn(t, filepath.Join(dir, "media"))); n != 3 {
		t.Errorf("%d blobs are left, want 3", n)
	}
}

func TestStoreDownBetweenBlobAndDocument(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := phoneJPEG(t, quarters(40, 30), 1)
	u := d.announce(typeJPEG, len(body), "k")
	d.fails.Store(1000)
	_, err := d.send(u, body)
	refused(t, err, fault.Unavailable, "")
	if n := len(d.files()); n != 3 {
		t.Fatalf("%d blobs, want 3: they come before the document", n)
	}
	if items, err := d.Items(d.ctx, []string{u.ID}); err != nil || len(items) != 0 {
		t.Errorf("not acknowledged, yet there: %v, %v", items, err)
	}
	d.fails.Store(0)

	// Nobody comes back: the upload goes with the sweep of documents, its blobs with the sweep of blobs.
	d.clock.Add(25 * time.Hour)
	if done, err := d.Sweep(d.ctx); err != nil || done.Items != 1 {
		t.Errorf("sweep removed %+v, %v, want 1 item", done, err)
	}
	if done, err := d.SweepBlobs(d.ctx); err != nil || done.Blobs != 3 {
		t.Errorf("sweep removed %+v, %v, want 3 blobs", done, err)
	}
	if left := d.files(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
