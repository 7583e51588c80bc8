package media

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Kind tells photos from videos and recordings of sound.
type Kind string

// The kinds.
const (
	Photo Kind = "photo"
	Video Kind = "video"
	Audio Kind = "audio" // of the city's own: nobody else can send one
)

// Names of renditions. A photo has Thumb, Medium and Large, a video or recording has Original.
const (
	Thumb    = "thumb"    // at most 320 pixels on the longer side
	Medium   = "medium"   // at most 1280
	Large    = "large"    // at most 2560
	Original = "original" // the bytes as they were sent; of a recording without its tags
)

// Rendition is one stored form of an item.
type Rendition struct {
	Name        string `bson:"name"`
	ContentType string `bson:"type"`
	Size        int64  `bson:"size"`   // bytes
	Width       int    `bson:"width"`  // pixels; 0 for a video
	Height      int    `bson:"height"` // pixels; 0 for a video
	Hash        string `bson:"hash"`   // of its bytes, hex
}

// Item is a photo, video or recording that arrived whole.
type Item struct {
	ID          string
	Kind        Kind
	ContentType string // of the largest rendition
	Size        int64  // bytes of the largest rendition
	Width       int    // pixels of the largest rendition; 0 for a video
	Height      int
	Renditions  []Rendition // smallest first
	CreatedAt   time.Time
}

// Ref names the case that an item is attached to.
type Ref struct {
	App string `bson:"app,omitempty"`
	ID  string `bson:"id,omitempty"`
}

// state is how far an upload has come.
type state string

const (
	waiting state = "waiting" // announced; nothing stored, or blobs that no document names yet
	ready   state = "ready"   // its blobs are stored
	leaving state = "leaving" // being removed; as good as gone
)

// document is what the store keeps of one upload.
type document struct {
	ID         string      `bson:"_id"`
	Owner      string      `bson:"owner"`           // the subject that announced it
	Loose      string      `bson:"loose,omitempty"` // the owner, while attached to nothing
	State      state       `bson:"state"`
	Kind       Kind        `bson:"kind"`
	Declared   string      `bson:"declared"`        // content type that was announced
	Size       int64       `bson:"size"`            // bytes that were announced, and came
	InputHash  string      `bson:"input"`           // of the announcement, to tell a repeat from a clash
	Body       string      `bson:"body,omitempty"`  // hash of the bytes that came, hex
	Blobs      string      `bson:"blobs,omitempty"` // tells the blobs of the attempt that won from those of others
	Renditions []Rendition `bson:"renditions,omitempty"`
	Ref        Ref         `bson:"ref,omitempty"`
	CreatedAt  time.Time   `bson:"created_at"`
	StrangerAt *time.Time  `bson:"stranger_at,omitempty"` // when a stranger sent it; absent once it is attached or somebody's who is known
	SweepAt    time.Time   `bson:"sweep_at"`              // when it may be removed; of what is attached: when its case is asked for
}

// item gives what others see of a document that is ready.
func (d document) item() Item {
	best := d.Renditions[len(d.Renditions)-1]
	return Item{
		ID: d.ID, Kind: d.Kind, ContentType: best.ContentType, Size: best.Size, Width: best.Width, Height: best.Height,
		Renditions: slices.Clone(d.Renditions), CreatedAt: d.CreatedAt,
	}
}

// rendition finds a stored form by name; "" means the largest.
func (d document) rendition(name string) (Rendition, bool) {
	if d.State != ready || len(d.Renditions) == 0 {
		return Rendition{}, false
	}
	if name == "" {
		return d.Renditions[len(d.Renditions)-1], true
	}
	for _, r := range d.Renditions {
		if r.Name == name {
			return r, true
		}
	}
	return Rendition{}, false
}

// Items gives those of the items that are ready, in the order of ids, in one read. It does not ask who may see them.
func (m *Media) Items(ctx context.Context, ids []string) ([]Item, error) {
	docs, err := m.docs.GetMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("media: items: %w", err)
	}
	out := make([]Item, 0, len(ids))
	for _, id := range ids {
		if d, ok := docs[id]; ok && d.State == ready {
			out = append(out, d.item())
		}
	}
	return out, nil
}

// Attach ties items to a case, so that they live as long as it; a case that is not there yet has Retention to come. Only the subjects that uploaded them
// may. Attaching again to the same case only gives it that time anew.
// INVALID names each wrong id by its place in ids (Path "0", "1", …): unknown or another's, not uploaded yet, or part of another case. Then none is attached
// that was not before, save in a race for the same item.
func (m *Media) Attach(ctx context.Context, subjects, ids []string, ref Ref) ([]Item, error) {
	if ref.App == "" || ref.ID == "" {
		return nil, fmt.Errorf("media: attach: the case has no name")
	}
	docs, err := m.docs.GetMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("media: attach: %w", err)
	}
	var wrong []fault.Field
	for i, id := range ids {
		if key := attachable(docs[id], subjects, ref); key != "" {
			wrong = append(wrong, fault.Field{Path: []string{strconv.Itoa(i)}, Key: key})
		}
	}
	if len(wrong) > 0 {
		return nil, &fault.Error{Code: fault.Invalid, Fields: wrong}
	}
	out := make([]Item, 0, len(ids))
	for i, id := range ids {
		d, err := m.docs.Update(ctx, id, func(d *document) error { return m.attach(d, subjects, ref, i) })
		if fault.CodeOf(err) == fault.NotFound {
			err = fault.InvalidField("media.unknown", strconv.Itoa(i))
		}
		if err != nil {
			return nil, fmt.Errorf("media: attach: %w", err)
		}
		out = append(out, d.item())
	}
	return out, nil
}

// attach changes one document; i is its place in the caller's list.
func (m *Media) attach(d *document, subjects []string, ref Ref, i int) error {
	if key := attachable(*d, subjects, ref); key != "" {
		return fault.InvalidField(key, strconv.Itoa(i))
	}
	now := m.clock()
	if d.Ref == ref && d.SweepAt.After(now.Add(m.cfg.Retention/2)) { // repeats within a short time need no write
		return store.ErrUnchanged
	}
	d.Ref, d.Loose, d.StrangerAt, d.SweepAt = ref, "", nil, now.Add(m.cfg.Retention)
	return nil
}

// attachable gives the key of what keeps a document from being attached; "" when nothing does. The zero document is one that does not exist.
func attachable(d document, subjects []string, ref Ref) string {
	switch {
	case d.ID == "" || d.State == leaving || !slices.Contains(subjects, d.Owner):
		return "media.unknown"
	case d.State != ready:
		return "media.not_ready"
	case d.Ref != (Ref{}) && d.Ref != ref:
		return "media.taken"
	}
	return ""
}
