// Package consent keeps what each citizen agreed to: which mini-app may see which piece of their data, for which purpose.
//
// It owns the ledger, to which entries are only ever added (Law 91/2025 article 9 asks for consent that is given per purpose, can be proved, and can be
// withdrawn at any time). It does not know the data itself, nor how the question was put.
package consent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

// Act is what a citizen did.
type Act string

// The acts.
const (
	Granted   Act = "granted"
	Withdrawn Act = "withdrawn"
)

// Entry is one act. With the purpose's hash, the channel and the time it is the proof that the citizen agreed to that text.
type Entry struct {
	Subject     string
	App         string // id of the mini-app
	Claim       string // "phone", "name"
	PurposeHash string // of the text that the citizen was shown (miniapps.Scope.Hash)
	Channel     string // where they were asked: "app", "web", "zalo"
	Act         Act
	At          time.Time // UTC; set by the ledger
}

// entry is an Entry as it is stored.
type entry struct {
	ID          string    `bson:"_id"` // <subject>/<app>/<claim>/<number>: one number is taken once, so the acts have one order
	Number      int       `bson:"number"`
	Subject     string    `bson:"subject"`
	App         string    `bson:"app"`
	Claim       string    `bson:"claim"`
	PurposeHash string    `bson:"purpose_hash"`
	Channel     string    `bson:"channel"`
	Act         Act       `bson:"act"`
	At          time.Time `bson:"at"`
}

// Ledger is the record of all acts. The latest act about an app and a claim counts.
type Ledger struct {
	entries *store.Collection[entry]
	now     func() time.Time
}

var _ miniapps.Consents = (*Ledger)(nil)

// New makes the ledger. Its entries are kept for as long as the city must be able to prove them: they do not expire by themselves.
func New(ctx context.Context, engine store.Engine, now func() time.Time) (*Ledger, error) {
	entries, err := store.Define[entry](ctx, engine, store.Kind{Name: "consents", Owned: true})
	if err != nil {
		return nil, err
	}
	return &Ledger{entries: entries, now: now}, nil
}

// Grant records that a citizen agreed. Agreeing again to the same text adds nothing. INVALID when the entry does not say who agreed to what, or where.
func (l *Ledger) Grant(ctx context.Context, e Entry) error {
	e.Act = Granted
	return l.add(ctx, e)
}

// Withdraw records that a citizen no longer agrees. It counts from when it returns. Withdrawing what was never granted adds nothing.
func (l *Ledger) Withdraw(ctx context.Context, e Entry) error {
	e.Act = Withdrawn
	return l.add(ctx, e)
}

// Granted tells whether the subject lets the app see the claim for the purpose whose text has that hash. A changed purpose needs a new consent.
func (l *Ledger) Granted(ctx context.Context, subject, app, claim, purposeHash string) (bool, error) {
	last, there, err := l.last(ctx, Entry{Subject: subject, App: app, Claim: claim})
	if err != nil {
		return false, err
	}
	return there && last.Act == Granted && last.PurposeHash == purposeHash && purposeHash != "", nil
}

// manyEntries bounds one citizen's list. Acts that change nothing are not recorded, so nobody comes near.
const manyEntries = 1000

// List gives a subject's acts, by app and claim, and each in its order.
func (l *Ledger) List(ctx context.Context, subject string) ([]Entry, error) {
	if err := checkPart(subject); err != nil {
		return nil, err
	}
	out := []Entry{}
	for e, err := range l.entries.Find(ctx, l.entries.ByID().Prefix(subject+"/").First(manyEntries)) {
		if err != nil {
			return nil, fmt.Errorf("consent: list: %w", err)
		}
		out = append(out, e.public())
	}
	return out, nil
}

// races is how often an act that others outrun is placed behind theirs.
const races = 16

// add appends an act, unless it changes nothing. The number decides between acts at the same time: each is placed once, behind those it was told of.
func (l *Ledger) add(ctx context.Context, e Entry) error {
	if err := e.check(); err != nil {
		return err
	}
	for range races {
		last, there, err := l.last(ctx, e)
		if err != nil {
			return err
		}
		if !there && e.Act == Withdrawn || there && last.Act == e.Act && (e.Act == Withdrawn || last.PurposeHash == e.PurposeHash) {
			return nil
		}
		n := last.Number + 1
		err = l.entries.Insert(ctx, entry{
			ID: fmt.Sprintf("%s%08d", e.prefix(), n), Number: n, Subject: e.Subject, App: e.App, Claim: e.Claim,
			PurposeHash: e.PurposeHash, Channel: e.Channel, Act: e.Act, At: l.now().UTC().Truncate(time.Millisecond),
		})
		if fault.CodeOf(err) == fault.Conflict {
			continue
		}
		if err != nil {
			return fmt.Errorf("consent: add: %w", err)
		}
		return nil
	}
	return &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: errors.New("consent: others kept adding")}
}

// last reads the latest act about an app and a claim.
func (l *Ledger) last(ctx context.Context, e Entry) (entry, bool, error) {
	for _, part := range []string{e.Subject, e.App, e.Claim} {
		if err := checkPart(part); err != nil {
			return entry{}, false, err
		}
	}
	for found, err := range l.entries.Find(ctx, l.entries.ByID().Prefix(e.prefix()).Descending().First(1)) {
		if err != nil {
			return entry{}, false, fmt.Errorf("consent: read: %w", err)
		}
		return found, true, nil
	}
	return entry{}, false, nil
}

func (e Entry) prefix() string { return e.Subject + "/" + e.App + "/" + e.Claim + "/" }

func (e Entry) check() error {
	if e.PurposeHash == "" && e.Act == Granted {
		return fault.Wrap(fault.Invalid, errors.New("consent: no purpose"))
	}
	if e.Channel == "" {
		return fault.Wrap(fault.Invalid, errors.New("consent: no channel"))
	}
	return nil
}

// checkPart refuses what would reach into another citizen's, app's or claim's entries.
func checkPart(s string) error {
	if s == "" || len(s) > 128 || strings.ContainsAny(s, "/\x00") {
		return fault.Wrap(fault.Invalid, errors.New("consent: a part is empty, too long or holds a slash"))
	}
	return nil
}

func (e entry) public() Entry {
	return Entry{Subject: e.Subject, App: e.App, Claim: e.Claim, PurposeHash: e.PurposeHash, Channel: e.Channel, Act: e.Act, At: e.At}
}
