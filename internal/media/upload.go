package media

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// UploadRequest announces one file.
type UploadRequest struct {
	ContentType string // as the sender believes it; "" or application/octet-stream is guessed from Name
	Size        int64  // bytes of the file, exactly
	Name        string // file name; only its ending is looked at, and it is not kept: names can be personal
	Key         string // the caller's idempotency key, 1 to 128 bytes
}

// Upload says how to send the announced file: one request with the file as its body.
type Upload struct {
	ID        string            // names the item once the file has arrived
	URL       string            // signed; whoever has it may send the file
	Method    string            // "PUT"
	Headers   map[string]string // to be sent along
	ExpiresAt time.Time         // when URL ends
}

// CreateUpload makes room for one file of the viewer. The same key gives the same upload, with a fresh address.
// UNAUTHORIZED for nobody: whoever has a subject can own a file; INVALID for a type or size that is never taken; CONFLICT for a key used for another file;
// RATE_LIMITED when too many of the viewer's uploads are attached to nothing yet.
func (m *Media) CreateUpload(ctx context.Context, v account.Viewer, r UploadRequest) (Upload, error) {
	if v.Subject == "" {
		return Upload{}, fault.New(fault.Unauthorized, "")
	}
	declared, kind, err := m.announced(r)
	if err != nil {
		return Upload{}, err
	}
	input, err := json.Marshal(map[string]any{"contentType": declared, "size": r.Size, "name": r.Name})
	if err != nil {
		return Upload{}, fmt.Errorf("media: create upload: %w", err)
	}
	hash, err := once.HashInput(input)
	if err != nil {
		return Upload{}, fmt.Errorf("media: create upload: %w", err)
	}
	now := m.clock()
	d := document{
		ID: once.ID(once.Scope(v.Subject, "media", "create_upload", r.Key)), Owner: v.Subject, Loose: v.Subject, State: waiting, Kind: kind,
		Declared: declared, Size: r.Size, InputHash: hash, CreatedAt: now, SweepAt: now.Add(m.cfg.OrphanAfter),
	}
	if err := m.announce(ctx, d); err != nil {
		return Upload{}, fmt.Errorf("media: create upload: %w", err)
	}
	expires := now.Add(m.cfg.UploadTTL).Truncate(time.Second)
	return Upload{
		ID: d.ID, URL: m.uploadURL(d.ID, expires), Method: http.MethodPut,
		Headers: map[string]string{"Content-Type": declared}, ExpiresAt: expires,
	}, nil
}

// announced checks what was announced and gives its type and kind.
func (m *Media) announced(r UploadRequest) (declared string, kind Kind, err error) {
	if err := checkKey(r.Key); err != nil {
		return "", "", err
	}
	declared = declaredType(r.ContentType, r.Name)
	kind, key := kindOf(declared)
	if key != "" {
		return "", "", fault.InvalidField(key, "contentType")
	}
	limit := m.limit(kind)
	if r.Size <= 0 {
		return "", "", fault.InvalidField("media.empty", "size")
	}
	if r.Size > limit {
		return "", "", tooLarge(kind, limit)
	}
	return declared, kind, nil
}

func checkKey(key string) error {
	if key == "" {
		return fault.InvalidField("media.key_missing", "idempotencyKey")
	}
	if len(key) > once.MaxKey {
		return fault.InvalidField("media.key_too_long", "idempotencyKey")
	}
	return nil
}

// limit gives the most bytes that an item of a kind may have.
func (m *Media) limit(k Kind) int64 {
	if k == Photo {
		return m.cfg.MaxPhoto
	}
	return m.cfg.MaxVideo
}

func tooLarge(k Kind, limit int64) error {
	f := fault.InvalidField("media.too_large_"+string(k), "size")
	f.Fields[0].Params = map[string]any{"max": limit >> 20} // MB
	return f
}

// announce stores the document of a new upload, unless it is there already.
func (m *Media) announce(ctx context.Context, d document) error {
	known, err := m.docs.Get(ctx, d.ID)
	if err == nil {
		return sameAnnouncement(known, d)
	}
	if fault.CodeOf(err) != fault.NotFound {
		return err
	}
	n, err := m.docs.Count(ctx, m.loose.Where(d.Owner), m.cfg.MaxLoose)
	if err != nil {
		return err
	}
	if n >= m.cfg.MaxLoose {
		return fault.New(fault.RateLimited, "media.too_many_loose").With("max", m.cfg.MaxLoose)
	}
	err = m.docs.Insert(ctx, d)
	if fault.CodeOf(err) != fault.Conflict {
		return err
	}
	if known, err = m.docs.Get(ctx, d.ID); err != nil { // the same request won the race
		return err
	}
	return sameAnnouncement(known, d)
}

func sameAnnouncement(known, d document) error {
	if known.InputHash != d.InputHash {
		return once.Clash()
	}
	if known.State == leaving {
		return isLeaving()
	}
	return nil
}

// isLeaving answers a key whose item is being swept: it is free again once the sweep is through.
func isLeaving() error { return fault.New(fault.Unavailable, "").After(5 * time.Second) }

// Receive takes the body of an announced upload, whose address is id and q. contentType is what the sender claims, "" when nothing.
// When it returns without error the item survives a kill. The same body again changes nothing.
//
// FORBIDDEN for an address that is wrong or has ended; NOT_FOUND for an upload that was swept; INVALID for a body that is not what was
// announced or cannot be taken, after which another body may be sent; CONFLICT when another body has been taken; UNAVAILABLE when the
// body breaks off or it cannot be stored now.
func (m *Media) Receive(ctx context.Context, id string, q url.Values, contentType string, body io.Reader) (Item, error) {
	if _, err := m.check(purposeWrite, id, "", q); err != nil {
		return Item{}, err
	}
	d, err := m.docs.Get(ctx, id)
	if err != nil {
		return Item{}, fmt.Errorf("media: receive: %w", err)
	}
	if d.State == leaving {
		return Item{}, fault.New(fault.NotFound, "")
	}
	if !claims(contentType, d.Declared) {
		return Item{}, fault.New(fault.Invalid, "media.type_differs")
	}
	s, err := take(ctx, m.cfg.SpoolDir, body, d.Size)
	if d.State == ready && fault.CodeOf(err) == fault.Invalid {
		return Item{}, otherBody().Because(err)
	}
	if err != nil {
		return Item{}, fmt.Errorf("media: receive: %w", err)
	}
	defer s.drop()
	if d.State == ready {
		return repeat(d, s.hash)
	}
	it, err := m.keep(ctx, d, s)
	if err != nil {
		return Item{}, fmt.Errorf("media: receive: %w", err)
	}
	return it, nil
}

// repeat answers a body that comes for an upload that has one.
func repeat(d document, hash string) (Item, error) {
	if d.Body != hash {
		return Item{}, otherBody()
	}
	return d.item(), nil
}

func otherBody() *fault.Error { return fault.New(fault.Conflict, "media.other_body") }

// keep checks a body that has come whole, stores its blobs, and then the document that names them. Each attempt has blobs of its own, so that attempts
// that meet cannot spoil each other's; those of an attempt that lost are removed here or, when that fails, by the sweep of blobs.
func (m *Media) keep(ctx context.Context, d document, s *spool) (Item, error) {
	forms, err := m.forms(ctx, d.Kind, s)
	if err != nil {
		return Item{}, err
	}
	mine := document{ID: d.ID, State: ready, Kind: d.Kind, Size: s.size, Body: s.hash, Blobs: newBlobs()}
	for _, f := range forms {
		mine.Renditions = append(mine.Renditions, f.Rendition)
		if err := m.put(ctx, mine.blobKey(f.Name), f.ContentType, f.body); err != nil {
			return Item{}, errors.Join(err, m.remove(ctx, mine))
		}
	}
	done, err := m.docs.Update(ctx, d.ID, func(d *document) error { return d.arrive(mine) })
	switch code := fault.CodeOf(err); {
	case code == fault.Conflict || code == fault.NotFound: // another body was quicker, or the sweep was
		return Item{}, errors.Join(err, m.remove(ctx, mine))
	case err != nil: // the document may name the blobs: whether it does is not known
		return Item{}, err
	case done.Blobs != mine.Blobs: // the same body was quicker
		_ = m.remove(ctx, mine) // what stays is swept: no reason to fail an upload that is done
	}
	return done.item(), nil
}

// arrive turns a waiting upload into one that is ready with what is mine.
func (d *document) arrive(mine document) error {
	switch {
	case d.State == leaving:
		return fault.New(fault.NotFound, "")
	case d.State == waiting:
		d.State, d.Kind, d.Size, d.Body, d.Blobs, d.Renditions = ready, mine.Kind, mine.Size, mine.Body, mine.Blobs, mine.Renditions
		return nil
	case d.Body != mine.Body:
		return otherBody()
	}
	return store.ErrUnchanged
}

// form is a rendition together with its bytes.
type form struct {
	Rendition
	body io.Reader
}

// forms checks a body and gives what is to be stored of it.
func (m *Media) forms(ctx context.Context, want Kind, s *spool) ([]form, error) {
	actual, err := s.sniff()
	if err != nil {
		return nil, err
	}
	kind, key := kindOf(actual)
	if want == Audio {
		kind, key = ownKindOf(actual)
	}
	if key != "" {
		return nil, fault.New(fault.Invalid, key)
	}
	if kind != want {
		return nil, fault.New(fault.Invalid, "media.type_differs")
	}
	if kind == Audio {
		f, err := m.sound(ctx, actual, s)
		return []form{f}, err
	}
	if kind == Video {
		if err := checkVideo(actual, s, s.size); err != nil {
			return nil, err
		}
		return []form{{Rendition{Name: Original, ContentType: actual, Size: s.size, Hash: s.hash}, io.NewSectionReader(s, 0, s.size)}}, nil
	}
	pictures, err := m.render(ctx, actual, s)
	if err != nil {
		return nil, err
	}
	out := make([]form, 0, len(pictures))
	for _, p := range pictures {
		out = append(out, form{p.Rendition, bytes.NewReader(p.data)})
	}
	return out, nil
}
