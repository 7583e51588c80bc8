package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// private is the sealed part.
type private struct {
	Person channels.Address   `json:"person"`
	State  conversation.State `json:"state"`
	Queue  []outgoing         `json:"queue,omitempty"` // the oldest first
	Early  []early            `json:"early,omitempty"`
	Lines  []line             `json:"lines,omitempty"` // the last that was said, for an officer: the oldest first
}

// outgoing is one message to be sent: fitted already.
type outgoing struct {
	ID       string             `json:"id"` // <event or notice>/<number>
	Kind     channels.Kind      `json:"kind"`
	From     string             `json:"from,omitempty"` // name of the member of staff who speaks
	Blocks   message.Blocks     `json:"blocks"`
	At       time.Time          `json:"at"`
	Ground   string             `json:"ground,omitempty"` // of a notice: the right by which it may leave; "" goes by Config.PaidWindows
	Template *channels.Template `json:"template,omitempty"`
	Attempts int                `json:"attempts,omitempty"`
	Until    time.Time          `json:"until,omitzero"`   // not to be tried before; zero means now
	Held     bool               `json:"held,omitempty"`   // the network, our own limit or the wait for an echo named Until: nobody tries before
	Change   string             `json:"change,omitempty"` // app: this may tell of the change that the dialogue is making with it, whose answer tells the same
	Unsure   time.Time          `json:"unsure,omitzero"`  // begin of an attempt that got no answer: the network may have taken it
}

// early is a receipt or an echo of a message whose sending is not recorded yet.
type early struct {
	Network string    `json:"network"`
	State   string    `json:"state"`
	Words   string    `json:"words,omitempty"` // of an echo: hash of what it says
	Ref     string    `json:"ref,omitempty"`   // of an echo: our id of the message, where the network repeats it
	At      time.Time `json:"at"`              // when it came
}

// chat is a conversation in work.
type chat struct {
	record
	private
}

func seal(id string) string { return "chat/" + id }

func (c *Chats) open(r record) (chat, error) {
	x := chat{record: r}
	plain, err := c.deps.Box.Unseal(r.Sealed, seal(r.ID))
	if err == nil {
		err = json.Unmarshal(plain, &x.private)
	}
	if err != nil {
		return chat{}, fault.Wrap(fault.Internal, fmt.Errorf("chat: open %s: %w: %w", r.ID, errUnreadable, err))
	}
	return x, nil
}

// errUnreadable says that what is stored of a conversation cannot be read: sealed under another keyset, or damaged.
var errUnreadable = errors.New("unreadable")

// dropUnreadable removes a conversation that cannot be read, so that the person's next message begins another: its messages could never be sent either.
func (c *Chats) dropUnreadable(ctx context.Context, id string, err error) error {
	if !errors.Is(err, errUnreadable) {
		return err
	}
	c.deps.Log.ErrorContext(ctx, "an unreadable conversation was removed", "conversation", id, "err", err)
	if err := c.docs.Delete(ctx, id); err != nil && fault.CodeOf(err) != fault.NotFound {
		return err
	}
	return nil
}

// close gives the document of a conversation.
func (c *Chats) close(x *chat) (record, error) {
	plain, err := json.Marshal(x.private)
	if err != nil {
		return record{}, fault.Wrap(fault.Internal, fmt.Errorf("chat: %w", err))
	}
	if x.Sealed, err = c.deps.Box.Seal(plain, seal(x.ID)); err != nil {
		return record{}, fault.Wrap(fault.Internal, fmt.Errorf("chat: %w", err))
	}
	return x.record, nil
}
