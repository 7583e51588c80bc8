// Package media takes photos and videos from citizens, keeps them, and hands them out by signed, expiring addresses. It also keeps pictures and recordings of
// the city's own, which everybody may see.
//
// It owns what a file must be to be taken (its true type, size and pixels, judged by its bytes), the renditions of a photo without any metadata
// of the original, the documents that name the blobs, and the sweep of what nobody needs. A photo is always decoded and encoded anew, so that no
// place, name or hidden content of the original survives; a video is kept as it was sent, and a
// recording without what its maker wrote beside the sound.
//
// It knows no mini-app, no channel and no HTTP: whoever may read a case hands out the addresses of its media.
package media

import (
	"context"
	"fmt"
	"time"

	"gocloud.dev/blob"
	"golang.org/x/sync/semaphore"

	"github.com/motcua/motcua/internal/store"
)

// Signer makes and checks the signatures of addresses.
type Signer interface {
	// Sign gives a signature over data for one purpose; it is safe to stand in a URL's query.
	Sign(purpose, data string) string
	// Verify tells whether mac is a signature over data for that purpose, in constant time.
	Verify(purpose, data, mac string) bool
}

// Media takes, keeps and hands out photos and videos. It is safe for concurrent use.
type Media struct {
	cfg    Config
	docs   *store.Collection[document]
	due    store.Query // documents whose time has come, earliest first
	loose  store.Query // what one subject has uploaded and not attached
	alien  store.Query // what strangers have sent and nobody has attached
	bucket *blob.Bucket
	signer Signer
	memory *semaphore.Weighted // bytes that photos being decoded may take together
	owners map[string]Cases    // by app
	now    func() time.Time

	free      func() (int64, error) // bytes free on the disk; nil when there is no end of them
	strangers tally
}

// KeepFree names what tells the bytes that are free where the bucket lies. Call it before anything is taken; without it, room is not asked for.
func (m *Media) KeepFree(free func() (int64, error)) { m.free = free }

// Cases tells which of the cases of an app there still are. Of what Keep has taken a case is "holder/item".
type Cases interface {
	// Existing gives those of the ids whose cases are there.
	Existing(ctx context.Context, ids []string) ([]string, error)
}

// Connect names who answers for the cases of an app. Call it before Sweep: what is attached to cases that nobody answers for stays.
func (m *Media) Connect(app string, c Cases) { m.owners[app] = c }

// New makes the media of a city over a store and a bucket, which stays the caller's to close.
func New(ctx context.Context, e store.Engine, bucket *blob.Bucket, signer Signer, cfg Config, now func() time.Time) (*Media, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	docs, err := store.Define[document](ctx, e, store.Kind{
		Name: "media",
		Indexes: []store.Index{
			{Name: "due", Order: "sweep_at"},
			{Name: "loose", Equal: []string{"loose"}},
			{Name: "strangers", Order: "stranger_at"},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	m := &Media{cfg: cfg, docs: docs, bucket: bucket, signer: signer, memory: semaphore.NewWeighted(cfg.DecodeMemory), owners: map[string]Cases{}, now: now}
	if m.due, err = docs.Query("due"); err != nil {
		return nil, err
	}
	if m.loose, err = docs.Query("loose"); err != nil {
		return nil, err
	}
	if m.alien, err = docs.Query("strangers"); err != nil {
		return nil, err
	}
	return m, nil
}

// clock gives the time as it is stored: UTC, in milliseconds.
func (m *Media) clock() time.Time { return m.now().UTC().Truncate(time.Millisecond) }
