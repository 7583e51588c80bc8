package signpage

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// kinds are what can be tapped where a plate hangs, in the order of the buttons. Who says that it is missing has nothing to scan.
var kinds = []string{"damaged", "unreadable", "elsewhere", "fake"}

// CanTap tells whether something can be said about the plate of a page: it has one, and the kind is one of the buttons.
func (p *Pages) CanTap(a *Answer, kind string) bool {
	return p.deps.Damaged != nil && a.Plate != "" && (slices.Contains(kinds, kind) && a.State == string(registry.Current) || kind == "fake" && a.State == string(registry.Ended))
}

// Tap notes what somebody at a network address said about the plate of a page, and gives what the page of thanks is to be opened with.
//
// Anybody may, without saying who they are: pages that caches keep for everybody hold no token of one visitor, and there is no cookie or sign-in that another
// site could misuse by sending the form. What is left is noise, which is bounded: by limits for each address (whoever calls this keeps them), by refusing forms
// that browsers say come from other sites, by counting the same tap from the same network at the same plate once within an hour, and by whoever makes the
// cases, who makes one for a plate however often it is told.
func (p *Pages) Tap(ctx context.Context, a *Answer, kind, client string) (Told, error) {
	if !p.CanTap(a, kind) {
		return Told{}, fault.New(fault.Invalid, "signpage.refused.title")
	}
	code, err := p.taps.once(a.Plate+" "+kind+" "+client, func() (string, error) { return p.deps.Damaged(ctx, a.Plate, kind, client) })
	if err != nil {
		return Told{}, err
	}
	return p.prove(a, kind, code), nil
}

// Bounds of what is remembered of taps.
const (
	tapsKept = 10_000
	tapAgain = time.Hour
)

// tapped remembers taps for an hour: by a hash whose key is nowhere else and changes with every start, so that nobody can tell who tapped.
type tapped struct {
	salt    [32]byte
	now     func() time.Time
	flights singleflight.Group

	mu   sync.Mutex
	done *simplelru.LRU[string, tap]
}

type tap struct {
	code string
	at   time.Time
}

func newTapped(now func() time.Time) *tapped {
	done, _ := simplelru.NewLRU[string, tap](tapsKept, nil) // fails only without a size
	t := &tapped{now: now, done: done}
	_, _ = rand.Read(t.salt[:]) // never fails, crypto/rand
	return t
}

// once does what is asked for, unless it was done for the same within the hour; then it gives what came of it.
func (t *tapped) once(what string, do func() (string, error)) (string, error) {
	mac := hmac.New(sha256.New, t.salt[:])
	mac.Write([]byte(what))
	key := hex.EncodeToString(mac.Sum(nil)[:16])
	out, err, _ := t.flights.Do(key, func() (any, error) {
		if code, ok := t.find(key); ok {
			return code, nil
		}
		code, err := do()
		if err == nil {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.forget()
			t.done.Add(key, tap{code, t.now()})
		}
		return code, err
	})
	code, _ := out.(string)
	return code, err
}

func (t *tapped) find(key string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x, ok := t.done.Peek(key) // which leaves the oldest at the end
	return x.code, ok && t.now().Sub(x.at) < tapAgain
}

// forget drops what is older than an hour.
func (t *tapped) forget() {
	for {
		_, x, ok := t.done.GetOldest()
		if !ok || t.now().Sub(x.at) < tapAgain {
			return
		}
		t.done.RemoveOldest()
	}
}
