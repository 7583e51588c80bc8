// Package audit keeps the record of who looked at a citizen's personal data, and shows it to that citizen.
//
// It owns the documents of looks. It does not know the data that was looked at, nor who may look.
package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

// Access is one look at personal data.
type Access = account.Access

// Config is the section audit of the configuration.
type Config struct {
	Retention time.Duration `koanf:"retention"` // how long a look is kept: at least the 24 months that Decree 53/2022 lets the authorities ask for. 17520h
}

// Validate reports every setting that is out of range.
func (c Config) Validate() error {
	if c.Retention <= 0 {
		return errors.New("retention: must be positive")
	}
	return nil
}

// Trail is the record of all looks. Looks are added and expire; nothing changes or removes one before.
type Trail struct {
	looks *store.Collection[look]
	of    store.Query
	cfg   Config
	now   func() time.Time
}

var (
	_ account.AccessLog = (*Trail)(nil)
	_ miniapps.Trail    = (*Trail)(nil)
)

// look is a look as it is stored.
type look struct {
	ID        string    `bson:"_id"` // <subject>/<id>
	Subject   string    `bson:"subject"`
	Actor     string    `bson:"actor"`
	Unit      string    `bson:"unit,omitempty"`
	App       string    `bson:"app,omitempty"`
	Purpose   string    `bson:"purpose"`
	Claims    []string  `bson:"claims"`
	Case      string    `bson:"case,omitempty"`
	At        time.Time `bson:"at"`
	ExpiresAt time.Time `bson:"expires_at"`
}

// New makes the trail.
func New(ctx context.Context, engine store.Engine, cfg Config, now func() time.Time) (*Trail, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("audit: configuration: %w", err)
	}
	looks, err := store.Define[look](ctx, engine, store.Kind{
		Name: "access_log", Indexes: []store.Index{{Name: "of", Equal: []string{"subject"}, Order: "at"}}, ExpiresAt: "expires_at", Owned: true,
	})
	if err != nil {
		return nil, err
	}
	of, err := looks.Query("of")
	return &Trail{looks: looks, of: of, cfg: cfg, now: now}, err
}

// Record stores a look. Only after it has returned nil may the data be shown. A look with an ID that is stored already is not stored again. INVALID
// without subject, actor, purpose or claims: a record that does not say who saw what of whom and why is none.
func (t *Trail) Record(ctx context.Context, a Access) error {
	if a.Subject == "" || a.Actor == "" || a.Purpose == "" || len(a.Claims) == 0 {
		return fault.Wrap(fault.Invalid, errors.New("audit: a look needs a subject, an actor, a purpose and claims"))
	}
	id, err := idOf(a)
	if err != nil {
		return err
	}
	at := a.At
	if at.IsZero() {
		at = t.now()
	}
	at = at.UTC().Truncate(time.Millisecond)
	err = t.looks.Insert(ctx, look{
		ID: id, Subject: a.Subject, Actor: a.Actor, Unit: a.Unit, App: a.App, Purpose: a.Purpose, Claims: a.Claims, Case: a.Case,
		At: at, ExpiresAt: at.Add(t.cfg.Retention),
	})
	if a.ID != "" && fault.CodeOf(err) == fault.Conflict {
		return nil
	}
	if err != nil {
		return fmt.Errorf("audit: record: %w", err)
	}
	return nil
}

// Look stores a look of a mini-app.
func (t *Trail) Look(ctx context.Context, l miniapps.Look) error {
	return t.Record(ctx, Access{
		ID: l.ID, Subject: l.Subject, Actor: l.App, Unit: l.Actor.Unit, App: l.App,
		Purpose: strings.Join(unique(l.Purpose), "; "), Claims: l.Claims, Case: l.Case.ID, At: l.At,
	})
}

// List shows a citizen who looked at their data, the latest first, over all subjects of their account. UNAUTHORIZED for a guest.
func (t *Trail) List(ctx context.Context, viewer account.Viewer, first int, after store.Cursor) (store.Page[Access], error) {
	if !viewer.SignedIn() {
		return store.Page[Access]{}, fault.New(fault.Unauthorized, "")
	}
	queries := make([]store.Query, len(viewer.Subjects))
	for i, s := range viewer.Subjects {
		queries[i] = t.of.Where(s).Descending()
	}
	page, err := t.looks.Page(ctx, first, after, queries...)
	if err != nil {
		return store.Page[Access]{}, fmt.Errorf("audit: list: %w", err)
	}
	out := store.Page[Access]{Items: make([]Access, len(page.Items)), Cursors: page.Cursors, HasNext: page.HasNext}
	for i, l := range page.Items {
		out.Items[i] = l.access()
	}
	return out, nil
}

func (l look) access() Access {
	_, id, _ := strings.Cut(l.ID, "/")
	return Access{ID: id, Subject: l.Subject, Actor: l.Actor, Unit: l.Unit, App: l.App, Purpose: l.Purpose, Claims: l.Claims, Case: l.Case, At: l.At}
}

// idOf names a look: by its own id within its subject, or at random.
func idOf(a Access) (string, error) {
	if a.ID != "" {
		return a.Subject + "/" + once.ID(a.ID), nil
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return "", fmt.Errorf("audit: random id: %w", err)
	}
	return a.Subject + "/" + id.String(), nil
}

// unique gives the texts in their order, each once.
func unique(texts []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range texts {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
