package account

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// digits is the length of a code.
const digits = 6

// attempt is one try at a code.
type attempt struct {
	id      string // of the challenge
	code    string
	use     string // what the code must be good for; "" for what apps and pages ask for
	purpose string // what the code is to be used for
	key     string // idempotency key; "" for none
	device  string // must be the one that asked, where it named itself; "" is not checked
}

// verdict is how an attempt ended.
type verdict int

const (
	right verdict = iota
	wrong
	ended     // too late, used, or never there: one answer for all, as the difference helps only who guesses
	exhausted // tried too often
)

// code computes the code of a challenge.
func (a *Accounts) code(c challenge) (string, error) {
	return codeOf(a.deps.Box.Index("account code", c.ID+hex.EncodeToString(c.Salt)))
}

// codeOf makes six digits of a keyed hash. 64 bits of it make each code as likely as any other to within 1 in 10¹³.
func codeOf(index string) (string, error) {
	if len(index) < 16 {
		return "", fmt.Errorf("account: a keyed index of %d digits", len(index))
	}
	n, err := strconv.ParseUint(index[:16], 16, 64)
	if err != nil {
		return "", fmt.Errorf("account: keyed index: %w", err)
	}
	return fmt.Sprintf("%0*d", digits, n%1_000_000), nil
}

// matches tells, in the same time for any code, whether it is the challenge's under one of the box's keys.
func (a *Accounts) matches(c challenge, code string) bool {
	ok := 0
	for _, index := range a.deps.Box.Indexes("account code", c.ID+hex.EncodeToString(c.Salt)) {
		if want, err := codeOf(index); err == nil {
			ok |= subtle.ConstantTimeCompare([]byte(want), []byte(code))
		}
	}
	return ok == 1
}

// prove takes an attempt at a code. Each attempt is counted by compare-and-swap in the same write that would accept it, so guesses in parallel
// get no more tries than guesses in a row, on however many replicas. The right code is used up by that write; the same request again (same key, purpose and
// code, within repeatTime) gets the same proof.
func (a *Accounts) prove(ctx context.Context, t attempt) (challenge, error) {
	t.code = strings.TrimSpace(t.code)
	if len(t.code) != digits || strings.ContainsFunc(t.code, notDigit) {
		return challenge{}, fault.InvalidField("account.code_format", "code")
	}
	if !isID(t.id) {
		return challenge{}, a.refuse(ended, 0)
	}
	if t.key != "" {
		t.key = a.deps.Box.Index("account proof key", t.id+"/"+t.key)
	}
	if t.device != "" {
		t.device = a.deviceIndex(t.device)
	}
	c, err := a.challenges.Get(ctx, t.id)
	if fault.CodeOf(err) == fault.NotFound || err == nil && (c.Use != t.use || !c.from(t.device)) {
		return challenge{}, a.refuse(ended, 0)
	}
	if err != nil {
		return challenge{}, fmt.Errorf("account: check code: %w", err)
	}
	if err := a.chargeCheck(ctx, c.Claim); err != nil {
		return challenge{}, err
	}
	session, err := newID()
	if err != nil {
		return challenge{}, err
	}
	var v verdict
	c, err = a.challenges.Update(ctx, t.id, func(c *challenge) error {
		var changed bool
		if v, changed = a.try(c, t, session); !changed {
			return store.ErrUnchanged
		}
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return challenge{}, a.refuse(ended, 0)
	}
	if err != nil {
		return challenge{}, fmt.Errorf("account: check code: %w", err)
	}
	if v != right {
		return challenge{}, a.refuse(v, a.cfg.Code.Attempts-c.Attempts)
	}
	a.count("code_right")
	return c, nil
}

// try judges an attempt and counts it. It tells whether c must be stored. It may run again on a fresh copy.
func (a *Accounts) try(c *challenge, t attempt, session string) (verdict, bool) {
	now := a.now()
	if c.Proof != nil {
		repeat := t.key != "" && c.Proof.Key == t.key && c.Proof.Purpose == t.purpose && now.Before(c.Proof.At.Add(repeatTime))
		if !repeat {
			return ended, false
		}
	} else if !now.Before(c.Deadline) {
		return ended, false
	}
	if c.Attempts >= a.cfg.Code.Attempts && c.Proof == nil {
		return exhausted, false
	}
	if a.matches(*c, t.code) {
		if c.Proof != nil {
			return right, false
		}
		c.Attempts++
		c.Proof = &proof{Purpose: t.purpose, Key: t.key, Session: session, At: now}
		return right, true
	}
	if c.Proof != nil {
		return ended, false // a repeat carries the right code
	}
	c.Attempts++
	return wrong, true
}

// from tells whether the challenge may be answered from a device: the one that asked for it, if both named themselves.
func (c challenge) from(device string) bool {
	return device == "" || c.Device == "" || subtle.ConstantTimeCompare([]byte(c.Device), []byte(device)) == 1
}

// refuse puts a verdict into an error. left is how many attempts remain after a wrong one.
func (a *Accounts) refuse(v verdict, left int) error {
	field := fault.Field{Path: []string{"code"}, Key: "account.code_ended"}
	switch {
	case v == wrong && left > 0:
		a.count("code_wrong")
		field.Key, field.Params = "account.code_wrong", map[string]any{"left": left}
	case v == wrong, v == exhausted:
		a.count("code_exhausted")
		field.Key = "account.code_exhausted"
	default:
		a.count("code_ended")
	}
	return &fault.Error{Code: fault.Invalid, Fields: []fault.Field{field}}
}

func notDigit(r rune) bool { return r < '0' || r > '9' }
