package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// Recovery is somebody's wait for what they cannot prove at once.
type Recovery struct {
	ID      string // for CancelRecovery
	Kind    RecoveryKind
	Phone   string // masked
	Network string // of the chat that asked
	Own     bool   // the viewer's chat asked
	Started time.Time
	Ready   time.Time // from then on ConfirmRecovery finishes it
	Ends    time.Time // then it is void
}

// RecoveryKind tells what is waited for.
type RecoveryKind string

// The kinds of recovery.
const (
	// ReplacePhone puts another phone in the place of an account's, whose owner lost it and asks from a linked chat.
	ReplacePhone RecoveryKind = "replace"
	// ReleasePhone takes a phone from an account for who holds the number now: they get an account of their own and see nothing of the former one.
	ReleasePhone RecoveryKind = "release"
)

// recovery is a wait as it is stored: one of each kind for an account.
type recovery struct {
	ID        string        `bson:"_id"` // <account>/<kind>
	Turn      string        `bson:"turn"`
	Account   string        `bson:"account"`
	Kind      RecoveryKind  `bson:"kind"`
	State     recoveryState `bson:"state"`
	By        string        `bson:"by"` // the chat that asked
	Subject   string        `bson:"subject"`
	Network   string        `bson:"network"`
	Claim     string        `bson:"claim"` // keyed index of the phone
	Phone     []byte        `bson:"phone"` // sealed
	Moves     int           `bson:"moves"` // the account's, when it began: any other change of the phone makes it void
	StartedAt time.Time     `bson:"started_at"`
	ReadyAt   time.Time     `bson:"ready_at"`
	EndsAt    time.Time     `bson:"ends_at"`
	EndedAt   *time.Time    `bson:"ended_at,omitempty"`
	ExpiresAt time.Time     `bson:"expires_at"`
}

type recoveryState string

const (
	waiting   recoveryState = "waiting"
	carrying  recoveryState = "carrying" // nobody can stop it any more; whoever asked completes it
	cancelled recoveryState = "cancelled"
	carried   recoveryState = "done"
)

var recoveryKind = store.Kind{Name: "recoveries", Owned: true, ExpiresAt: "expires_at", Indexes: []store.Index{{Name: "by", Equal: []string{"by"}, Order: "started_at"}}}

func (r recovery) open(now time.Time) bool {
	return r.State == carrying || r.State == waiting && now.Before(r.EndsAt)
}

// StartRecovery begins the wait, on the proof of a phone by its code (of RequestChatCode). Every way of reaching the account's owner is told: chats, devices,
// and by text message the phones. Whoever acts for the account can stop it with CancelRecovery.
//
// From a linked chat: the phone is to take the place of the account's, which was lost. From any other chat: the phone leads to an account with another chat
// on this network, so that SignInChat refused; its new holder is to have it.
//
// INVALID for a code that is not good; CONFLICT when the phone is another account's (account.phone_taken), when somebody else waits
// (account.recovery_waits), or when nothing has to be waited for (account.nothing_to_recover); FORBIDDEN for accounts of staff, whom an administrator helps,
// and outside of a chat; RATE_LIMITED after one was cancelled.
func (a *Accounts) StartRecovery(ctx context.Context, v Viewer, challengeID, code, key string) (Recovery, error) {
	phone, err := a.proveInChat(ctx, v, "recovery", challengeID, code, key)
	if err != nil {
		return Recovery{}, err
	}
	x, err := a.identities.Get(ctx, v.Identity)
	if err != nil {
		return Recovery{}, fmt.Errorf("account: recovery: %w", err)
	}
	kind, r, err := a.recoverable(ctx, v, x, phone)
	if err != nil {
		return Recovery{}, err
	}
	doc, err := a.newRecovery(v, x, r, kind, phone, challengeID)
	if err != nil {
		return Recovery{}, err
	}
	doc, err = a.storeRecovery(ctx, doc)
	if err != nil {
		return Recovery{}, err
	}
	return a.shownRecovery(doc, v)
}

// recoverable finds the account and what may be asked for.
func (a *Accounts) recoverable(ctx context.Context, v Viewer, x identity, phone string) (RecoveryKind, record, error) {
	kind := ReleasePhone
	r, there, err := a.ofPhone(ctx, phone)
	if err != nil {
		return "", record{}, err
	}
	if v.SignedIn() {
		kind = ReplacePhone
		if there && r.ID != v.Account {
			return "", record{}, fault.New(fault.Conflict, "account.phone_taken")
		}
		if there { // it is the account's already
			return "", record{}, fault.New(fault.Conflict, "account.nothing_to_recover")
		}
		if r, err = a.own(ctx, v); err != nil {
			return "", record{}, err
		}
		if since := r.PartedAt; since != nil && a.now().Before(since.Add(a.link.RecoveryWait)) {
			return "", record{}, a.later(*since)
		}
	} else if !there || !a.twin(r, x.Network, x.ID) {
		return "", record{}, fault.New(fault.Conflict, "account.nothing_to_recover")
	}
	if r.Staff {
		return "", record{}, fault.New(fault.Forbidden, "account.recovery_staff")
	}
	return kind, r, nil
}

// ofPhone gives the account that a phone leads to, and makes none.
func (a *Accounts) ofPhone(ctx context.Context, phone string) (record, bool, error) {
	ids := a.deps.Box.Indexes(phoneContext, phone)
	c, there, err := a.findClaim(ctx, ids)
	if err != nil || !there {
		return record{}, false, err
	}
	r, there, err := a.owner(ctx, c)
	if err != nil || !there || !slices.Contains(ids, r.Claim) {
		return record{}, false, err
	}
	r, err = a.survivor(ctx, r)
	return r, err == nil, err
}

func (a *Accounts) newRecovery(v Viewer, x identity, r record, kind RecoveryKind, phone, by string) (recovery, error) {
	id := r.ID + "/" + string(kind)
	sealed, err := a.deps.Box.Seal([]byte(phone), recoverySeal(id))
	if err != nil {
		return recovery{}, err
	}
	now := a.now()
	ready := now.Add(a.link.RecoveryWait)
	ends := ready.Add(a.link.RecoveryOpen)
	return recovery{
		ID: id, Turn: once.ID(once.Scope(v.KeyScope(), "account", "recovery", by)), Account: r.ID, Kind: kind, State: waiting,
		By: x.ID, Subject: v.KeyScope(), Network: x.Network, Claim: a.deps.Box.Index(phoneContext, phone), Phone: sealed, Moves: r.Moves,
		StartedAt: now, ReadyAt: ready, EndsAt: ends, ExpiresAt: ends.Add(a.link.RecoveryWait),
	}, nil
}

// storeRecovery stores a wait, after the owner was told: one whom nobody was told of never begins.
func (a *Accounts) storeRecovery(ctx context.Context, doc recovery) (recovery, error) {
	held, err := a.recoveries.Get(ctx, doc.ID)
	there := err == nil
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return recovery{}, fmt.Errorf("account: recovery: %w", err)
	}
	if there {
		if held.Turn == doc.Turn {
			return held, nil
		}
		if err := a.mayFollow(held); err != nil {
			return recovery{}, err
		}
	}
	if err := a.tellRecovery(ctx, doc, startedNotices); err != nil {
		return recovery{}, err
	}
	if err := a.tellPhones(ctx, doc); err != nil {
		return recovery{}, err
	}
	if err := a.note(ctx, doc.Account, doc.Turn, LinkEvent{Kind: RecoveryAsked, Flow: ByWaiting, Network: doc.Network}); err != nil {
		return recovery{}, err
	}
	if there {
		doc, err = a.recoveries.Update(ctx, doc.ID, func(r *recovery) error {
			if r.Turn != held.Turn || r.State != held.State {
				return fault.New(fault.Conflict, "account.recovery_waits")
			}
			*r = doc
			return nil
		})
		return doc, err
	}
	err = a.recoveries.Insert(ctx, doc)
	if fault.CodeOf(err) == fault.Conflict {
		if held, err = a.recoveries.Get(ctx, doc.ID); err == nil && held.Turn != doc.Turn {
			err = fault.New(fault.Conflict, "account.recovery_waits")
		}
		return held, err
	}
	if err != nil {
		return recovery{}, fmt.Errorf("account: recovery: %w", err)
	}
	return doc, nil
}

// mayFollow tells whether a new wait may begin after one that is stored.
func (a *Accounts) mayFollow(r recovery) error {
	now := a.now()
	if r.open(now) {
		return fault.New(fault.Conflict, "account.recovery_waits")
	}
	if r.State == cancelled && now.Before(r.EndedAt.Add(a.link.RecoveryWait)) {
		return a.later(*r.EndedAt)
	}
	return nil
}

// later refuses a wait because something was changed then.
func (a *Accounts) later(since time.Time) error {
	left := since.Add(a.link.RecoveryWait).Sub(a.now())
	return fault.New(fault.RateLimited, "account.recovery_later").With("hours", hours(left)).After(left)
}

// tellPhones writes to every phone that leads to the account: that is where its owner is when the chat is a stranger's.
func (a *Accounts) tellPhones(ctx context.Context, r recovery) error {
	key := map[RecoveryKind]string{ReplacePhone: "account.sms_replace", ReleasePhone: "account.sms_release"}[r.Kind]
	return a.textPhones(ctx, "recovery-"+r.Turn, r.Account, r.ReadyAt, func(lang message.Lang) string {
		params := map[string]any{"network": NetworkName(a.deps.Texts, lang, r.Network), "hours": hours(a.link.RecoveryWait)}
		return a.deps.Texts.Text(lang, key, params)
	})
}

// What the owner is told at each step of a wait.
var (
	startedNotices   = map[RecoveryKind]Notice{ReplacePhone: NoticeRecoveryStarted, ReleasePhone: NoticeReleaseStarted}
	cancelledNotices = map[RecoveryKind]Notice{ReplacePhone: NoticeRecoveryCancelled, ReleasePhone: NoticeRecoveryCancelled}
	doneNotices      = map[RecoveryKind]Notice{ReplacePhone: NoticeRecoveryDone, ReleasePhone: NoticeReleaseDone}
)

// tellRecovery tells the account's owner in every chat and on every device. At the end of a wait, nobody need be told any more that it began.
func (a *Accounts) tellRecovery(ctx context.Context, r recovery, by map[RecoveryKind]Notice) error {
	alert := func(n Notice) string { return string(n) + "-" + r.Turn }
	n, started := by[r.Kind], startedNotices[r.Kind]
	told := Alert{ID: alert(n), Account: r.Account, Notice: n, Network: r.Network, Until: r.ReadyAt}
	if n != started {
		told.Ends = alert(started)
	}
	return a.tell(ctx, told)
}

func recoverySeal(id string) string { return "account recovery/" + id }
