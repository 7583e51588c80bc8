package store

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/motcua/motcua/internal/fault"
)

// Lister is an engine that can say what was defined on it in this process; both engines can, and an observed one can.
type Lister interface {
	// Kinds gives the kinds, merged from all their declarations, in the order of their names.
	Kinds() []Kind
}

// Declared is what one process has declared to an engine. The zero value is empty; it is safe for concurrent use.
type Declared struct {
	mu    sync.RWMutex
	kinds map[string]Kind
}

// Kind gives a kind, merged from all its declarations.
func (d *Declared) Kind(name string) (Kind, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	k, ok := d.kinds[name]
	return k, ok
}

// Merge gives k together with what was declared before. INTERNAL when the two contradict each other.
func (d *Declared) Merge(k Kind) (Kind, error) {
	if err := k.Validate(); err != nil {
		return k, fault.Wrap(fault.Internal, err)
	}
	if was, ok := d.Kind(k.Name); ok {
		return merge(was, k)
	}
	return k, nil
}

func merge(was, k Kind) (Kind, error) {
	if was.ExpiresAt != "" && k.ExpiresAt != "" && was.ExpiresAt != k.ExpiresAt {
		return k, internalf("kind %s expires by %s and by %s", k.Name, was.ExpiresAt, k.ExpiresAt)
	}
	if k.ExpiresAt == "" {
		k.ExpiresAt = was.ExpiresAt
	}
	k.Owned = k.Owned || was.Owned
	indexes := slices.Clone(was.Indexes)
	for _, x := range k.Indexes {
		i := slices.IndexFunc(indexes, func(y Index) bool { return x.Name == y.Name })
		switch {
		case i < 0:
			indexes = append(indexes, x)
		case !indexes[i].Same(x):
			return k, internalf("kind %s declares index %s in two ways", k.Name, x.Name)
		}
	}
	k.Indexes = indexes
	return k, nil
}

// Remember takes over a kind once the engine has built it. INTERNAL when another declaration that contradicts it came first.
func (d *Declared) Remember(k Kind) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kinds == nil {
		d.kinds = map[string]Kind{}
	}
	if was, ok := d.kinds[k.Name]; ok {
		var err error
		if k, err = merge(was, k); err != nil {
			return err
		}
	}
	d.kinds[k.Name] = k
	return nil
}

// Kinds gives all kinds in the order of their names.
func (d *Declared) Kinds() []Kind {
	d.mu.RLock()
	defer d.mu.RUnlock()
	out := make([]Kind, 0, len(d.kinds))
	for _, k := range d.kinds {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b Kind) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Need gives a kind that must have been declared; INTERNAL otherwise.
func (d *Declared) Need(name string) (Kind, error) {
	if k, ok := d.Kind(name); ok {
		return k, nil
	}
	return Kind{}, &fault.Error{Code: fault.Internal, Cause: fmt.Errorf("store: kind %q is not defined", name)}
}

// Same tells whether two declarations mean the same index.
func (x Index) Same(y Index) bool {
	return x.Name == y.Name && x.Order == y.Order && x.Many == y.Many && slices.Equal(x.Equal, y.Equal)
}
