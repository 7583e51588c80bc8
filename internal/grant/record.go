package grant

import (
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// record is a grant as it is stored.
type record struct {
	ID       string    `bson:"_id"`    // its name
	Serial   int64     `bson:"serial"` // counts the pairs: a decision made on an older one is void
	Pair     sealed    `bson:"pair"`
	Previous *sealed   `bson:"previous,omitempty"` // for diagnosis only
	Lease    lease     `bson:"lease"`
	Renewing time.Time `bson:"renewing,omitempty"` // since when the refresh token may have been spent with nothing stored for it; zero when it has not
	Failures int       `bson:"failures,omitempty"` // in a row
	NextTry  time.Time `bson:"next_try,omitempty"` // after a failure
	Refused  time.Time `bson:"refused,omitempty"`  // since when the network refuses the refresh token
	Agreed   time.Time `bson:"agreed,omitempty"`   // when an administrator agreed last
}

// sealed is a pair as it is stored.
type sealed struct {
	Access  []byte    `bson:"access"`
	Refresh []byte    `bson:"refresh"`
	Got     time.Time `bson:"got"`
	Expires time.Time `bson:"expires"` // of the access token
}

// lease says who renews. It ends by itself, should its holder die.
type lease struct {
	Holder string    `bson:"holder,omitempty"` // a Source; "" for nobody
	Until  time.Time `bson:"until,omitempty"`
}

// replace puts a new pair in the place of the old one, and forgets what was wrong with that.
func (r *record) replace(next sealed) {
	old := r.Pair
	*r = record{ID: r.ID, Serial: r.Serial + 1, Pair: next, Previous: &old, Agreed: r.Agreed}
}

// unknownLife is how long an access token is taken to live when the network does not say.
const unknownLife = time.Hour

func (k *Keeper) seal(name string, p Pair) (sealed, error) {
	access, err := k.box.Seal([]byte(p.Access), "grant access/"+name)
	if err != nil {
		return sealed{}, fmt.Errorf("grant: seal: %w", err)
	}
	refresh, err := k.box.Seal([]byte(p.Refresh), "grant refresh/"+name)
	if err != nil {
		return sealed{}, fmt.Errorf("grant: seal: %w", err)
	}
	now := k.now()
	if !p.ExpiresAt.After(now) {
		p.ExpiresAt = now.Add(unknownLife)
	}
	return sealed{Access: access, Refresh: refresh, Got: stamp(now), Expires: stamp(p.ExpiresAt)}, nil
}

func (k *Keeper) unseal(r record) (Pair, error) {
	access, err := k.box.Unseal(r.Pair.Access, "grant access/"+r.ID)
	if err != nil {
		return Pair{}, fault.Wrap(fault.Internal, fmt.Errorf("grant: %s: %w", r.ID, err))
	}
	refresh, err := k.box.Unseal(r.Pair.Refresh, "grant refresh/"+r.ID)
	if err != nil {
		return Pair{}, fault.Wrap(fault.Internal, fmt.Errorf("grant: %s: %w", r.ID, err))
	}
	return Pair{Access: string(access), Refresh: string(refresh), ExpiresAt: r.Pair.Expires}, nil
}

// stamp is a time as stores keep it.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
