package account

import (
	"context"
	"fmt"
	"time"
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
