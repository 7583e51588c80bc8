package account

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/outbox"
)

// Tell takes a notice to every way in which the owner of an account can be reached, once for each id however often it comes. When it returns without an
// error, the notice is stored.
type Tell func(ctx context.Context, n Alert) error

// Alert is something that an account's owner must learn, also when somebody else did it.
type Alert struct {
	ID      string // the same for a repeat
	Account string
	Notice  Notice
	Network string    // of the chat that it is about: "zalo"; "phone" for another account
	Until   time.Time // with recoveries: when it takes effect; zero otherwise
	Ends    string    // ID of an earlier alert that is of no use any more, wherever it still waits; "" for none
	At      time.Time
}

// Notice names the text of an alert, as the mini-app me declares it.
type Notice string

// The notices. Their parameters are network, in words, and for recoveries until.
const (
	NoticeLinked            Notice = "linked"
	NoticeUnlinked          Notice = "unlinked"
	NoticeRecoveryStarted   Notice = "recovery_started" // another phone is to take the place of the account's
	NoticeReleaseStarted    Notice = "release_started"  // who holds the phone now asks for it
	NoticeRecoveryCancelled Notice = "recovery_cancelled"
	NoticeRecoveryDone      Notice = "recovery_done"
	NoticeReleaseDone       Notice = "release_done"
)

func (a *Accounts) tell(ctx context.Context, n Alert) error {
	if a.deps.Tell == nil {
		return nil
	}
	n.At = a.now()
	if err := a.deps.Tell(ctx, n); err != nil {
		return fmt.Errorf("account: tell the owner: %w", err)
	}
	return nil
}

// textPhones writes to every phone that leads to an account, once for each id. No chat, and no device that a chat registered, can keep its owner from that.
func (a *Accounts) textPhones(ctx context.Context, id, account string, until time.Time, text func(message.Lang) string) error {
	own, err := a.accounts.Get(ctx, account)
	if err != nil {
		return fmt.Errorf("account: tell the phones: %w", err)
	}
	all, err := a.accounts.GetMany(ctx, own.joined())
	if err != nil {
		return fmt.Errorf("account: tell the phones: %w", err)
	}
	for _, x := range append(slices.Collect(maps.Values(all)), own) {
		phone, err := a.open(x.Phone, phoneSeal(x.ID))
		if err != nil {
			return err
		}
		if phone == "" {
			continue
		}
		if err := a.putSMS(ctx, outbox.Urgent, id+"-"+x.ID, SMS{To: phone, Text: text(own.Lang.Or()), ExpiresAt: until}); err != nil {
			return err
		}
	}
	return nil
}

// textJoined writes to the phones of a joined side: of the account that went into another, also when it had others in it, or of the one that a chat joined
// without the phone's own proof. They must hear of it though every chat and device were a stranger's.
func (a *Accounts) textJoined(ctx context.Context, m merge) error {
	end := m.At.Add(a.link.UndoFor)
	if m.Other != "" {
		r, err := a.accounts.Get(ctx, m.Account)
		if err != nil {
			return fmt.Errorf("account: join: %w", err)
		}
		into, err := a.offered(r)
		if err != nil {
			return err
		}
		return a.textPhones(ctx, "joined-"+m.ID, m.Other, end, func(lang message.Lang) string {
			return a.deps.Texts.Text(lang, "account.sms_joined", map[string]any{"phone": into.Phone, "days": int(a.link.UndoFor / day)})
		})
	}
	if m.Flow != ByTypedCode && m.Flow != ByLink {
		return nil
	}
	return a.textPhones(ctx, "linked-"+m.ID, m.Account, end, func(lang message.Lang) string {
		return a.deps.Texts.Text(lang, "account.sms_linked", map[string]any{"network": NetworkName(a.deps.Texts, lang, m.Network)})
	})
}
