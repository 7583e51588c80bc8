// Package account knows who somebody is: phone numbers and the one-time codes that prove them, accounts, sessions and tokens, the roles of staff, and people
// that only a network knows.
//
// It owns the documents of accounts, phone claims, challenges, sessions, signing keys and network identities, and what joins them: merges, typed codes, links,
// recoveries. It does not know what anybody does once signed in, how a text message travels, or what a network is.
//
// Two identities become one account only when both were proved in the same flow. A merge rewrites no owner: every document keeps the subject that made it,
// and the surviving account lists the subjects that are its own.
//
// Personal data (phone numbers, names, names of devices, ids on networks) lies sealed in the store; a phone is found by a keyed index. Nothing here logs either.
package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// Box seals personal data and computes keyed indexes. secret.Box is one.
type Box interface {
	Seal(plain []byte, context string) ([]byte, error)
	Unseal(sealed []byte, context string) ([]byte, error)
	Index(context, value string) string
	Indexes(context, value string) []string
}

// Limiter slows down whoever asks too often, by counters that may be lost. limit.Limiter is one. What must never be lost, the attempts at a
// code and the codes of a phone, is counted in the store instead.
type Limiter interface {
	Allow(ctx context.Context, key string, r limit.Rule) (retryAfter time.Duration, err error)
}

// Texts puts the key of a text into words. locale.Catalogue is one.
type Texts interface {
	Text(lang message.Lang, key string, params map[string]any) string
}

// Left takes away what a session or a chat has left with an account, such as the phone or browser that it registered for notices: by is the session's id, or
// Viewer.Identity. It may be told more than once.
type Left func(ctx context.Context, by string) error

// Deps are what Accounts works with. All are needed but Tell and Left.
type Deps struct {
	Box      Box
	Limiter  Limiter
	Outbox   Outbox
	Texts    Texts
	Accesses AccessLog
	Tell     Tell // nil tells nobody
	Left     Left // nil takes nothing away
	Now      func() time.Time
	Log      *slog.Logger
	Reg      prometheus.Registerer
}

// Accounts signs people in and knows them afterwards. It is safe for concurrent use; several replicas may work on the same store.
type Accounts struct {
	cfg  Config
	link LinkConfig // of cfg, with its defaults
	deps Deps

	accounts   *store.Collection[record]
	claims     *store.Collection[claim]
	challenges *store.Collection[challenge]
	phones     *store.Collection[phoneCount]
	sessions   *store.Collection[session]
	identities *store.Collection[identity]
	merges     *store.Collection[merge]
	offers     *store.Collection[offer]
	links      *store.Collection[chatLink]
	tallies    *store.Collection[tally]
	linkEvents *store.Collection[linkEvent]
	recoveries *store.Collection[recovery]
	drafts     *store.Collection[draft]

	staff        store.Query
	ofSubject    store.Query // accounts
	chatOf       store.Query // identities, by subject
	eventsOf     store.Query // link events, by subject
	recoveriesBy store.Query // recoveries, by the identity that asked
	draftsFrom   store.Query // forms, by the subject of the chat that they began in

	keys   *keyring
	tokens *tokens
	events *prometheus.CounterVec
}

// record is an account as it is stored.
type record struct {
	ID        string       `bson:"_id"`      // also the account's first subject
	Subjects  []string     `bson:"subjects"` // at most 16
	Claim     string       `bson:"claim"`    // id of the phone claim that leads here: this side is the truth, a claim that says otherwise is stale
	Moves     int          `bson:"moves"`    // counts the changes of the phone
	Phone     []byte       `bson:"phone"`    // E.164, sealed
	Name      []byte       `bson:"name,omitempty"`
	Lang      message.Lang `bson:"lang"`
	Staff     bool         `bson:"staff,omitempty"` // has a role
	Roles     []Role       `bson:"roles,omitempty"`
	Unit      string       `bson:"unit,omitempty"`
	Ties      []tie        `bson:"ties,omitempty"` // what was joined to it, by which merge
	Void      []string     `bson:"void,omitempty"` // merges that must not count here (any more)
	Into      string       `bson:"into,omitempty"` // the account that it joined. It counts while that one lists this one's subject
	Merge     string       `bson:"merge,omitempty"`
	Pending   bool         `bson:"pending,omitempty"`   // the merge may not be completed
	PartedAt  *time.Time   `bson:"parted_at,omitempty"` // when a chat last ended the link of another
	Marks     once.Marks   `bson:"marks,omitempty"`
	CreatedAt time.Time    `bson:"created_at"`
	UpdatedAt time.Time    `bson:"updated_at"`
}

var accountKind = store.Kind{Name: "accounts", Indexes: []store.Index{
	{Name: "staff", Equal: []string{"staff"}, Order: "created_at"},
	{Name: "of_subject", Equal: []string{"subjects"}, Many: "subjects"},
}}

// New defines the documents and makes sure that there are keys to sign with. It fails when the signing keys in the store were sealed by another keyset.
func New(ctx context.Context, engine store.Engine, cfg Config, deps Deps) (*Accounts, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("account: configuration: %w", err)
	}
	cfg.Limits = cfg.Limits.orDefaults()
	a := &Accounts{cfg: cfg, link: cfg.Link.orDefaults(), deps: deps}
	if err := a.define(ctx, engine); err != nil {
		return nil, err
	}
	a.events = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "motcua_account_events_total", Help: "What happened at sign-in, by event.",
	}, []string{"event"})
	if err := deps.Reg.Register(a.events); err != nil {
		return nil, fmt.Errorf("account: metrics: %w", err)
	}
	var err error
	if a.keys, err = newKeyring(ctx, engine, deps.Box, cfg, deps.Now); err != nil {
		return nil, err
	}
	a.tokens, err = newTokens(a.keys, cfg, deps.Now)
	return a, err
}

func (a *Accounts) define(ctx context.Context, engine store.Engine) (err error) {
	if a.accounts, err = store.Define[record](ctx, engine, accountKind); err != nil {
		return err
	}
	if a.claims, err = store.Define[claim](ctx, engine, claimKind); err != nil {
		return err
	}
	if a.challenges, err = store.Define[challenge](ctx, engine, challengeKind); err != nil {
		return err
	}
	if a.phones, err = store.Define[phoneCount](ctx, engine, phoneKind); err != nil {
		return err
	}
	if a.sessions, err = store.Define[session](ctx, engine, sessionKind); err != nil {
		return err
	}
	if a.identities, err = store.Define[identity](ctx, engine, identityKind); err != nil {
		return err
	}
	if err = a.defineLinks(ctx, engine); err != nil {
		return err
	}
	return a.queries()
}

func (a *Accounts) defineLinks(ctx context.Context, engine store.Engine) (err error) {
	if a.merges, err = store.Define[merge](ctx, engine, mergeKind); err != nil {
		return err
	}
	if a.offers, err = store.Define[offer](ctx, engine, offerKind); err != nil {
		return err
	}
	if a.links, err = store.Define[chatLink](ctx, engine, chatLinkKind); err != nil {
		return err
	}
	if a.tallies, err = store.Define[tally](ctx, engine, tallyKind); err != nil {
		return err
	}
	if a.linkEvents, err = store.Define[linkEvent](ctx, engine, linkEventKind); err != nil {
		return err
	}
	if a.recoveries, err = store.Define[recovery](ctx, engine, recoveryKind); err != nil {
		return err
	}
	a.drafts, err = store.Define[draft](ctx, engine, draftKind)
	return err
}

func (a *Accounts) queries() error {
	var errs [6]error
	a.staff, errs[0] = a.accounts.Query("staff")
	a.ofSubject, errs[1] = a.accounts.Query("of_subject")
	a.chatOf, errs[2] = a.identities.Query("of_subject")
	a.eventsOf, errs[3] = a.linkEvents.Query("of")
	a.recoveriesBy, errs[4] = a.recoveries.Query("by")
	a.draftsFrom, errs[5] = a.drafts.Query("from")
	return errors.Join(errs[:]...)
}

// now is the clock in the precision that the store keeps.
func (a *Accounts) now() time.Time { return a.deps.Now().UTC().Truncate(time.Millisecond) }

func (a *Accounts) count(event string) { a.events.WithLabelValues(event).Inc() }

// JWKS gives the public keys that access tokens are verified with, as a JWK set (RFC 7517): the one in use, the next one, and older ones whose
// tokens have not all expired. When the store is away it gives the keys known last.
func (a *Accounts) JWKS(ctx context.Context) ([]byte, error) { return a.keys.jwks(ctx) }

func (r record) viewer(s session) Viewer {
	return Viewer{
		Account: r.ID, Subject: s.Subject, Subjects: r.Subjects, Session: s.uuid(), Assurance: s.Assurance,
		Roles: r.Roles, Unit: r.Unit, Lang: r.Lang.Or(),
	}
}

// signedOut is the one error for every token that is not good: which check failed is nobody's business but the log's.
func signedOut(cause error) error {
	return fault.New(fault.Unauthorized, "account.signed_out").Because(cause)
}

// newID makes a random id.
func newID() (string, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return "", fmt.Errorf("account: random id: %w", err)
	}
	return id.String(), nil
}

// isID tells whether a client's id has the form of ours, before the store is asked for it.
func isID(s string) bool {
	_, err := uuid.Parse(s)
	return err == nil && len(s) == 36
}

// randomBytes makes n bytes that nobody can guess. crypto/rand never fails (Go 1.24 and later end the program instead).
func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
