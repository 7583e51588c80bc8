package store

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
)

// Migration changes every document of a kind once, when a new version of the program needs another shape.
type Migration struct {
	ID   string // never used again for another change: "2026-11-reports-place"
	Kind string // whose documents it changes
	// Change gives the document's new shape. It may keep the _id only, must leave a document of the new shape as it is (after a crash it meets some again, and the
	// older version of the program may still be writing), and is given a copy. Giving back nil leaves the document alone.
	Change func(bson.D) (bson.D, error)
}

// applied is the record of one migration.
type applied struct {
	ID      string    `bson:"_id"`
	Kind    string    `bson:"kind"`
	After   string    `bson:"after"` // the last id that was dealt with; a broken-off run goes on behind it
	Changed int       `bson:"changed"`
	Done    bool      `bson:"done"`
	At      time.Time `bson:"at"` // of the last word
}

// lease says who runs migrations.
type lease struct {
	ID     string    `bson:"_id"`
	Holder string    `bson:"holder"`
	Until  time.Time `bson:"until"`
}

const (
	migrationKind = "migrations"
	leaseKind     = "migration_lease"
	leaseID       = "runner"
	leaseTime     = 15 * time.Second       // how long a runner that died holds up the others
	leasePoll     = 200 * time.Millisecond // how often one that waits looks again
	migrateStep   = 200                    // documents between two records of progress
)

// runner carries out migrations.
type runner struct {
	engine Engine
	record *Collection[applied]
	leases *Collection[lease]
	holder string
	now    func() time.Time
	log    *slog.Logger
}

// Migrate carries out, in their order, those of the migrations that the store has not seen. It is safe on every start and on several replicas at once: one runs
// them, the others wait for it. Broken off, it goes on where it was. Call it before the kinds are defined, so that new indexes find documents of the new shape.
func Migrate(ctx context.Context, e Engine, all []Migration, now func() time.Time, log *slog.Logger) error {
	if err := checkMigrations(all); err != nil {
		return err
	}
	r := &runner{engine: e, holder: uuid.NewString(), now: now, log: log}
	var err error
	if r.record, err = Define[applied](ctx, e, Kind{Name: migrationKind}); err != nil {
		return err
	}
	if r.leases, err = Define[lease](ctx, e, Kind{Name: leaseKind}); err != nil {
		return err
	}
	pending, err := r.pending(ctx, all)
	if err != nil || len(pending) == 0 {
		return err
	}
	if err := r.acquire(ctx); err != nil {
		return err
	}
	defer r.release(ctx)
	if pending, err = r.pending(ctx, all); err != nil { // another may have done some while this one waited
		return err
	}
	for _, m := range pending {
		if err := r.run(ctx, m); err != nil {
			return fmt.Errorf("store: migration %s: %w", m.ID, err)
		}
	}
	return nil
}

func checkMigrations(all []Migration) error {
	seen := map[string]bool{}
	for _, m := range all {
		if m.ID == "" || m.Change == nil || seen[m.ID] {
			return fmt.Errorf("store: migration %q: needs an id of its own and a change", m.ID)
		}
		if err := (Kind{Name: m.Kind}).Validate(); err != nil {
			return err
		}
		seen[m.ID] = true
	}
	return nil
}

// pending gives the migrations that are not done.
func (r *runner) pending(ctx context.Context, all []Migration) ([]Migration, error) {
	ids := make([]string, len(all))
	for i, m := range all {
		ids[i] = m.ID
	}
	known, err := r.record.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []Migration
	for _, m := range all {
		if !known[m.ID].Done {
			out = append(out, m)
		}
	}
	return out, nil
}

// acquire waits until the lease is free or over, and takes it.
func (r *runner) acquire(ctx context.Context) error {
	for {
		got, err := r.take(ctx)
		if err != nil || got {
			return err
		}
		t := time.NewTimer(leasePoll)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
	}
}

func (r *runner) take(ctx context.Context) (bool, error) {
	mine := lease{ID: leaseID, Holder: r.holder, Until: r.now().Add(leaseTime)}
	err := r.leases.Insert(ctx, mine)
	if fault.CodeOf(err) != fault.Conflict {
		return err == nil, err
	}
	got := false
	_, err = r.leases.Update(ctx, leaseID, func(l *lease) error {
		if got = l.Holder == r.holder || !l.Until.After(r.now()); !got {
			return ErrUnchanged
		}
		*l = mine
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound { // released between the two
		return false, nil
	}
	return got && err == nil, err
}

// renew keeps the lease. CONFLICT when it was lost: then another runner is at work.
func (r *runner) renew(ctx context.Context) error {
	got, err := r.take(ctx)
	if err == nil && !got {
		return fault.Wrap(fault.Conflict, fmt.Errorf("store: another runner took over"))
	}
	return err
}

// release gives the lease back even when ctx has ended. What fails is only waited for by others until the lease is over.
func (r *runner) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	l, err := r.leases.Get(ctx, leaseID)
	if err == nil && l.Holder == r.holder {
		err = r.leases.Delete(ctx, leaseID)
	}
	if err != nil {
		r.log.WarnContext(ctx, "store: the migration lease was not given back", "err", err)
	}
}

func (r *runner) run(ctx context.Context, m Migration) error {
	if err := r.engine.Define(ctx, Kind{Name: m.Kind}); err != nil {
		return err
	}
	state, err := r.record.Get(ctx, m.ID)
	if fault.CodeOf(err) == fault.NotFound {
		state = applied{ID: m.ID, Kind: m.Kind, At: r.now().UTC()}
		err = r.record.Insert(ctx, state)
	}
	if err != nil {
		return err
	}
	r.log.InfoContext(ctx, "store: migration begins", "migration", m.ID, "kind", m.Kind, "behind", state.After)
	for !state.Done {
		if state, err = r.step(ctx, m, state); err != nil {
			return err
		}
	}
	r.log.InfoContext(ctx, "store: migration is done", "migration", m.ID, "kind", m.Kind, "changed", state.Changed)
	return nil
}

// step deals with the next documents and records how far it came.
func (r *runner) step(ctx context.Context, m Migration, state applied) (applied, error) {
	if err := r.renew(ctx); err != nil {
		return state, err
	}
	n := 0
	for row, err := range Rows(ctx, r.engine, m.Kind, state.After) {
		if err != nil {
			return state, err
		}
		changed, err := r.change(ctx, m, row)
		if err != nil {
			return state, err
		}
		if changed {
			state.Changed++
		}
		state.After = row.ID
		if n++; n == migrateStep {
			break
		}
	}
	state.Done, state.At = n < migrateStep, r.now().UTC()
	return r.record.Update(ctx, m.ID, func(a *applied) error {
		*a = state
		return nil
	})
}

// change brings one document to the new shape, again when others write it meanwhile.
func (r *runner) change(ctx context.Context, m Migration, row Row) (bool, error) {
	for attempt := range maxAttempts {
		next, err := m.shape(row)
		if err != nil || next == nil || bytes.Equal(next, row.Doc) {
			return false, err
		}
		swapped, err := r.engine.Replace(ctx, m.Kind, row.ID, row.Version, next)
		if err != nil || swapped {
			return swapped, err
		}
		if err := pause(ctx, attempt); err != nil {
			return false, err
		}
		rows, err := r.engine.Get(ctx, m.Kind, row.ID)
		if err != nil || len(rows) == 0 {
			return false, err
		}
		row = rows[0]
	}
	return false, fault.Wrap(fault.Unavailable, fmt.Errorf("store: a document of %s kept changing", m.Kind))
}

func (m Migration) shape(row Row) (bson.Raw, error) {
	var doc bson.D
	if err := bson.Unmarshal(row.Doc, &doc); err != nil {
		return nil, err
	}
	next, err := m.Change(doc)
	if err != nil || next == nil {
		return nil, err
	}
	return bson.Marshal(next)
}
