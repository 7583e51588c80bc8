package account

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// signingKey is a key pair for access tokens. Its life is cut into periods that every replica computes alike: next (published, so that verifiers know it
// before it is used), in use from From to Until, retired (verifies until the last token it signed has expired).
type signingKey struct {
	ID        string    `bson:"_id"` // kid: made of From, so that two replicas that make a period's key at once get one
	Public    []byte    `bson:"public"`
	Private   []byte    `bson:"private"` // sealed
	From      time.Time `bson:"from"`
	Until     time.Time `bson:"until"`
	ExpiresAt time.Time `bson:"expires_at"`
}

var keyKind = store.Kind{Name: "signing_keys", ExpiresAt: "expires_at"}

// openKey is a key ready for use.
type openKey struct {
	id          string
	public      ed25519.PublicKey
	private     ed25519.PrivateKey
	from, until time.Time
}

// keyring knows the signing keys and makes the next one in time. What it has read it keeps in memory; the store has the truth.
type keyring struct {
	stored *store.Collection[signingKey]
	box    Box
	period time.Duration
	ttl    time.Duration // of access tokens
	now    func() time.Time

	keys atomic.Pointer[[]openKey] // by From; read without a lock, so that a slow store does not hold up tokens of known keys
	mu   sync.Mutex                // held while the store is asked
	read time.Time                 // when the store last answered, or failed to
}

// stalest is how old the keys in memory may get before the published set is read anew; unknownID is the least time between two readings for unknown
// ids, which anybody can make up.
const (
	stalest   = time.Minute
	unknownID = time.Second
)

func newKeyring(ctx context.Context, e store.Engine, box Box, cfg Config, now func() time.Time) (*keyring, error) {
	stored, err := store.Define[signingKey](ctx, e, keyKind)
	if err != nil {
		return nil, err
	}
	k := &keyring{stored: stored, box: box, period: cfg.KeyPeriod, ttl: cfg.AccessTTL, now: now}
	k.keys.Store(&[]openKey{})
	if err := k.load(ctx); err != nil {
		return nil, err
	}
	_, err = k.signing(ctx, now())
	return k, err
}

// signing gives the key in use. It makes it, and the one after it, if they are not there.
func (k *keyring) signing(ctx context.Context, now time.Time) (openKey, error) {
	if key, ok := k.ready(now); ok {
		return key, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, ok := k.ready(now); ok {
		return key, nil
	}
	if err := k.load(ctx); err != nil {
		return openKey{}, err
	}
	if _, ok := k.at(now); !ok {
		from := now.UTC().Truncate(k.period)
		if _, taken := k.byID(kid(from)); taken { // from a time when periods were shorter
			from = now.UTC().Truncate(time.Second)
		}
		if err := k.make(ctx, from); err != nil {
			return openKey{}, err
		}
	}
	key, _ := k.at(now)
	if _, ok := k.at(key.until); !ok {
		if err := k.make(ctx, key.until); err != nil {
			return openKey{}, err
		}
	}
	key, ok := k.ready(now)
	if !ok {
		return openKey{}, fault.Wrap(fault.Internal, errors.New("account: no signing key for this period"))
	}
	return key, nil
}

// ready gives the key in use if the one after it is there too.
func (k *keyring) ready(now time.Time) (openKey, bool) {
	key, ok := k.at(now)
	if !ok {
		return openKey{}, false
	}
	_, next := k.at(key.until)
	return key, next
}

// at gives the key that signs at a time: the newest whose period it is.
func (k *keyring) at(t time.Time) (openKey, bool) {
	for _, key := range slices.Backward(*k.keys.Load()) {
		if !t.Before(key.from) && t.Before(key.until) {
			return key, true
		}
	}
	return openKey{}, false
}

// verifying gives the key of that id if tokens of it may still be good. An unknown id is looked for in the store, at most once a second.
func (k *keyring) verifying(ctx context.Context, id string, now time.Time) (openKey, bool, error) {
	key, ok := k.byID(id)
	if !ok && plausible(id) {
		if err := k.look(ctx, now); err != nil {
			return openKey{}, false, err
		}
		key, ok = k.byID(id)
	}
	if !ok || now.Before(key.from.Add(-leeway)) || !now.Before(k.end(key.until)) {
		return openKey{}, false, nil
	}
	return key, true, nil
}

// look reads the store unless that was just done.
func (k *keyring) look(ctx context.Context, now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Sub(k.read).Abs() < unknownID {
		return nil
	}
	return k.load(ctx)
}

// end is when the last token of a key that signs until then has expired.
func (k *keyring) end(until time.Time) time.Time { return until.Add(k.ttl + 2*leeway) }

func (k *keyring) byID(id string) (openKey, bool) {
	keys := *k.keys.Load()
	i := slices.IndexFunc(keys, func(key openKey) bool { return key.id == id })
	if i < 0 {
		return openKey{}, false
	}
	return keys[i], true
}

// make stores a new key. Of several replicas that do so at once, one stores its key and the others read that one.
func (k *keyring) make(ctx context.Context, from time.Time) error {
	doc, err := k.generate(from)
	if err != nil {
		return err
	}
	if err := k.stored.Insert(ctx, doc); err != nil && fault.CodeOf(err) != fault.Conflict {
		return fmt.Errorf("account: store signing key: %w", err)
	}
	return k.load(ctx)
}

func (k *keyring) generate(from time.Time) (signingKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return signingKey{}, fmt.Errorf("account: signing key: %w", err)
	}
	id := kid(from)
	sealed, err := k.box.Seal(private.Seed(), keySeal(id))
	if err != nil {
		return signingKey{}, err
	}
	until := from.Add(k.period)
	return signingKey{ID: id, Public: public, Private: sealed, From: from, Until: until, ExpiresAt: k.end(until).Add(time.Hour)}, nil
}

// manyKeys bounds the reading of keys: with the shortest period and the longest life there are fewer.
const manyKeys = 5000

// load reads the keys from the store. The caller holds mu, or is alone.
func (k *keyring) load(ctx context.Context) error {
	defer func() { k.read = k.now() }() // afterwards: whoever waited for a store that is away does not wait for it again
	docs, err := k.stored.Collect(ctx, k.stored.ByID().First(manyKeys))
	if err != nil {
		return fmt.Errorf("account: signing keys: %w", err)
	}
	keys := make([]openKey, 0, len(docs))
	for _, d := range docs {
		seed, err := k.box.Unseal(d.Private, keySeal(d.ID))
		if err != nil || len(seed) != ed25519.SeedSize {
			return fault.Wrap(fault.Internal, fmt.Errorf("account: signing key %s was sealed with another keyset: %w", d.ID, err))
		}
		private := ed25519.NewKeyFromSeed(seed)
		public, ok := private.Public().(ed25519.PublicKey)
		if !ok || !public.Equal(ed25519.PublicKey(d.Public)) {
			return fault.Wrap(fault.Internal, fmt.Errorf("account: signing key %s: its halves do not match", d.ID))
		}
		keys = append(keys, openKey{id: d.ID, public: public, private: private, from: d.From, until: d.Until})
	}
	slices.SortFunc(keys, func(x, y openKey) int { return x.from.Compare(y.from) })
	k.keys.Store(&keys)
	return nil
}

// jwks gives the public keys whose tokens may be good now or soon.
func (k *keyring) jwks(ctx context.Context) ([]byte, error) {
	now := k.now()
	if err := k.freshen(ctx, now); err != nil && fault.CodeOf(err) != fault.Unavailable {
		return nil, err
	}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, key := range *k.keys.Load() {
		if now.Before(k.end(key.until)) {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.public, KeyID: key.id, Algorithm: string(jose.EdDSA), Use: "sig"})
		}
	}
	out, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("account: key set: %w", err)
	}
	return out, nil
}

func (k *keyring) freshen(ctx context.Context, now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Sub(k.read).Abs() < stalest {
		return nil
	}
	return k.load(ctx)
}

// kid names the key of the period that begins at start.
func kid(start time.Time) string { return "k" + strconv.FormatInt(start.Unix(), 36) }

// plausible tells whether an id could be one of ours, so that the store is not asked for anything else.
func plausible(id string) bool {
	if len(id) < 2 || len(id) > 10 || id[0] != 'k' {
		return false
	}
	_, err := strconv.ParseInt(id[1:], 36, 64)
	return err == nil
}

func keySeal(id string) string { return "account signing key/" + id }
