package casework

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// maxClaims is how many codes are tried for one case. With a million codes taken, the chance that even two are needed is one in a million.
const maxClaims = 8

// Ref names a case of a service.
type Ref struct {
	App string `bson:"app"`
	ID  string `bson:"id"`
}

// Codes hands out tracking codes, unique over all services. Each is the id of a claim document that is reserved before the case is stored and done afterwards.
type Codes struct {
	claims  *store.Collection[claim]
	reserve time.Duration
	now     func() time.Time
}

type claim struct {
	ID        Code       `bson:"_id"`
	Case      Ref        `bson:"case"`
	Done      bool       `bson:"done"` // the case is stored
	At        time.Time  `bson:"at"`
	ExpiresAt *time.Time `bson:"expiresAt,omitempty"` // of a reservation, or with the case itself
}

// NewCodes makes room for the codes in the store.
func NewCodes(ctx context.Context, e store.Engine, cfg Config, now func() time.Time) (*Codes, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("casework: %w", err)
	}
	claims, err := store.Define[claim](ctx, e, store.Kind{Name: "case_codes", ExpiresAt: "expiresAt"})
	if err != nil {
		return nil, err
	}
	return &Codes{claims: claims, reserve: cfg.CodeReservation, now: now}, nil
}

// Claim reserves a code for a case that is about to be stored. The same scope and case get the same code again, however often and from wherever they ask.
func (c *Codes) Claim(ctx context.Context, scope string, ref Ref) (Code, error) {
	for n := range maxClaims {
		code := candidate(scope, n)
		ours, err := c.take(ctx, code, ref)
		if err != nil {
			return "", fmt.Errorf("casework: claim code: %w", err)
		}
		if ours {
			return code, nil
		}
	}
	return "", &fault.Error{Code: fault.Unavailable, Cause: errors.New("casework: no free code found")}
}

// take tells whether the code now belongs to the case.
func (c *Codes) take(ctx context.Context, code Code, ref Ref) (bool, error) {
	now := Instant(c.now())
	until := now.Add(c.reserve)
	err := c.claims.Insert(ctx, claim{ID: code, Case: ref, At: now, ExpiresAt: &until})
	if fault.CodeOf(err) != fault.Conflict {
		return err == nil, err
	}
	held, err := c.claims.Get(ctx, string(code))
	if fault.CodeOf(err) == fault.NotFound { // expired in between: the next attempt of the caller gets it
		return false, &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: err}
	}
	return err == nil && held.Case == ref, err
}

// Settle makes the claim of a stored case lasting, or until expires when that is not nil. It may be repeated.
func (c *Codes) Settle(ctx context.Context, code Code, ref Ref, expires *time.Time) error {
	held, err := c.claims.Get(ctx, string(code))
	if fault.CodeOf(err) == fault.NotFound { // the reservation ran out before the relay came
		err = c.claims.Insert(ctx, claim{ID: code, Case: ref, Done: true, At: Instant(c.now()), ExpiresAt: expires})
		if fault.CodeOf(err) != fault.Conflict {
			return err
		}
		held, err = c.claims.Get(ctx, string(code))
	}
	if err != nil || held.Case == ref && held.Done && sameTime(held.ExpiresAt, expires) {
		return err
	}
	_, err = c.claims.Update(ctx, string(code), func(x *claim) error {
		if x.Case != ref {
			return &fault.Error{Code: fault.Internal, Cause: errors.New("casework: a code belongs to another case")}
		}
		x.Done, x.ExpiresAt = true, expires
		return nil
	})
	return err
}

// Case gives the case of a code. NOT_FOUND when nobody claimed it; a reserved code may name a case that is not stored.
func (c *Codes) Case(ctx context.Context, code Code) (Ref, error) {
	held, err := c.claims.Get(ctx, string(code))
	return held.Case, err
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
