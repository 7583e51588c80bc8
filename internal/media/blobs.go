package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"

	"github.com/motcua/motcua/internal/fault"
)

// OpenFolder opens a folder as a bucket, making it when it is not there. Nothing lies beside the files: their types are in the store.
func OpenFolder(dir string) (*blob.Bucket, error) {
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, fmt.Errorf("media: open folder: %w", err)
	}
	return b, nil
}

// blobRoot begins the keys of all blobs.
const blobRoot = "media/"

// blobKey names a blob by its upload, the attempt that made it and its rendition. Keys lie in 256 flat groups: a folder that loses its last file
// would stay, and groups can be listed one by one.
func (d document) blobKey(rendition string) string {
	return blobGroup(d.ID) + d.ID + "." + d.Blobs + "." + rendition
}

// newBlobs gives the name of an attempt: 32 hex digits that nobody has drawn before.
func newBlobs() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }

// blobGroup is the group that the blobs of an upload lie in.
func blobGroup(id string) string { return blobRoot + id[:min(2, len(id))] + "/" }

// put stores one blob. When it returns without error the blob survives a kill, and with SyncFiles a power cut.
func (m *Media) put(ctx context.Context, key, contentType string, body io.Reader) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.BlobTimeout)
	defer cancel()
	err := m.bucket.Upload(ctx, key, body, &blob.WriterOptions{ContentType: contentType, DisableContentTypeDetection: true})
	if err == nil && m.cfg.SyncFiles {
		err = m.sync(ctx, key)
	}
	return blobFault(err)
}

// sync forces a blob to disk when the bucket is a folder; other buckets are durable by themselves.
func (m *Media) sync(ctx context.Context, key string) error {
	r, err := m.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	var inner io.Reader
	if !r.As(&inner) {
		return nil
	}
	f, ok := inner.(*os.File)
	if !ok {
		return nil
	}
	if err := f.Sync(); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// remove removes the blobs that a document names. Those that are gone already are fine.
func (m *Media) remove(ctx context.Context, d document) error {
	var errs []error
	for _, r := range d.Renditions {
		if err := m.bucket.Delete(ctx, d.blobKey(r.Name)); gcerrors.Code(err) != gcerrors.NotFound {
			errs = append(errs, blobFault(err))
		}
	}
	return errors.Join(errs...)
}

// blobFault makes an error of the blob store a fault. The path or address in it stays in the cause, for the log.
func blobFault(err error) error {
	switch {
	case err == nil:
		return nil
	case gcerrors.Code(err) == gcerrors.NotFound:
		return fault.Wrap(fault.NotFound, err)
	}
	return fault.Wrap(fault.Unavailable, err)
}

// File is one stored rendition, open for reading.
type File struct {
	Name        string // a file name to offer for saving
	ContentType string
	Size        int64         // bytes
	ETag        string        // strong, with quotes
	ModTime     time.Time     // when the upload was announced: it never changes
	Left        time.Duration // until the address ends, or how long it may be kept when it has no end
	Public      bool          // anybody may keep it: the address has no end
	Untouched   bool          // the bytes are as a stranger sent them, so nobody should let them act as a page

	m   *Media
	key string
}

// Open finds what an address of URL names. FORBIDDEN when the address is wrong or has ended, NOT_FOUND when nothing is there (any more).
// It reads no bytes yet.
func (m *Media) Open(ctx context.Context, id string, q url.Values) (*File, error) {
	name := q.Get("r")
	expires, err := m.check(purposeRead, id, name, q)
	if err != nil {
		return nil, err
	}
	d, err := m.docs.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("media: open: %w", err)
	}
	r, ok := d.rendition(name)
	if !ok {
		return nil, fault.New(fault.NotFound, "")
	}
	left := publicLife
	if !expires.IsZero() {
		left = expires.Sub(m.now())
	}
	return &File{
		Name: fmt.Sprintf("%s-%s.%s", id, r.Name, extension(r.ContentType)), ContentType: r.ContentType, Size: r.Size,
		ETag: `"` + r.Hash[:min(32, len(r.Hash))] + `"`, ModTime: d.CreatedAt, Left: left, Public: expires.IsZero(), Untouched: r.Name == Original,
		m: m, key: d.blobKey(r.Name),
	}, nil
}

// Range reads length bytes from offset; a negative length reads to the end. NOT_FOUND when the blob is gone, UNAVAILABLE when the blob store is.
// ctx must live until the reader is closed.
func (f *File) Range(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	r, err := f.m.bucket.NewRangeReader(ctx, f.key, offset, length, nil)
	if err != nil {
		return nil, fmt.Errorf("media: read: %w", blobFault(err))
	}
	return r, nil
}

// ownerOf gives the upload that a key belongs to.
func ownerOf(key string) (id string, ok bool) {
	name, ok := strings.CutPrefix(key, blobRoot)
	if !ok || len(name) < 3 || name[2] != '/' {
		return "", false
	}
	id, _, ok = strings.Cut(name[3:], ".")
	return id, ok
}
