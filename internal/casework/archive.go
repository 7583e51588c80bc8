package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Archive keeps the entries of long histories that no longer fit into their case, one document each.
type Archive struct {
	entries *store.Collection[archived]
}

type archived struct {
	ID        string     `bson:"_id"` // <case id>/<number of the entry>
	Entry     Entry      `bson:"entry"`
	ExpiresAt *time.Time `bson:"expiresAt,omitempty"`
}

// NewArchive makes room for the entries of one service; kind is its name in the store ("feedback_history").
func NewArchive(ctx context.Context, e store.Engine, kind string) (*Archive, error) {
	entries, err := store.Define[archived](ctx, e, store.Kind{Name: kind, ExpiresAt: "expiresAt", Owned: true})
	if err != nil {
		return nil, err
	}
	return &Archive{entries: entries}, nil
}

// Keep stores entries of a case, each for at least that long after it was made. An entry that is there already stays as it is.
func (a *Archive) Keep(ctx context.Context, caseID string, entries []Entry, keep time.Duration) error {
	for _, e := range entries {
		until := e.At.Add(keep)
		doc := archived{ID: fmt.Sprintf("%s/%08d", caseID, e.Seq), Entry: e, ExpiresAt: &until}
		if err := a.entries.Insert(ctx, doc); err != nil && fault.CodeOf(err) != fault.Conflict {
			return fmt.Errorf("casework: archive: %w", err)
		}
	}
	return nil
}

// List gives the archived entries of a case with numbers above after, oldest first, at most limit. Whether the caller may read the case is for the caller to check.
func (a *Archive) List(ctx context.Context, caseID string, after, limit int) ([]Entry, error) {
	q := a.entries.ByID().Between(fmt.Sprintf("%s/%08d", caseID, after+1), caseID+"0").First(limit) // '0' follows '/'
	docs, err := a.entries.Collect(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("casework: archive: %w", err)
	}
	out := make([]Entry, len(docs))
	for i, d := range docs {
		out[i] = d.Entry
	}
	return out, nil
}
