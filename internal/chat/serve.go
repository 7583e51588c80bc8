package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// service is something that a member of staff does in a conversation, once for each key.
type service struct {
	action string
	key    string // the caller's idempotency key, at most once.MaxKey bytes
	input  string
}

// keyField is how every face names the idempotency key.
const keyField = "idempotencyKey"

func (s service) scope(v account.Viewer) string {
	return once.Scope(v.Account, "chat", s.action, s.key)
}

func (s service) hash(id string) (string, error) {
	raw, err := json.Marshal([]string{id, s.input})
	if err != nil {
		return "", err
	}
	return once.HashInput(raw)
}

// serve does something in a conversation that the viewer may answer, tells those who watch, and wakes the relay. A repeat changes nothing.
func (c *Chats) serve(ctx context.Context, v account.Viewer, id string, s service, do func(x *chat, now time.Time) error) (chat, error) {
	if err := atDesk(v); err != nil {
		return chat{}, err
	}
	switch {
	case s.key == "":
		return chat{}, fault.InvalidField("runner.key_missing", keyField)
	case len(s.key) > once.MaxKey:
		return chat{}, &fault.Error{Code: fault.Invalid, Fields: []fault.Field{{Path: []string{keyField}, Key: "runner.key_too_long", Params: map[string]any{"max": once.MaxKey}}}}
	}
	hash, err := s.hash(id)
	if err != nil {
		return chat{}, fault.Wrap(fault.Internal, err)
	}
	scope := s.scope(v)
	var was chat
	x, err := c.update(ctx, id, func(x *chat) error {
		was = *x
		if seen, err := x.Marks.Seen(scope, hash); err != nil || seen {
			return orUnchanged(err)
		}
		if err := mayAnswer(x, v); err != nil {
			return err
		}
		if err := do(x, c.now()); err != nil {
			return err
		}
		x.Turns++ // a turn that read how it was before begins anew
		x.Marks.Add(scope, hash)
		return nil
	})
	if err != nil {
		return chat{}, err
	}
	c.signalDesk(&was)
	c.signalDesk(&x)
	c.nudge()
	return x, nil
}

func orUnchanged(err error) error {
	if err != nil {
		return err
	}
	return store.ErrUnchanged
}

// officer gives the name under which a member of staff speaks.
func (c *Chats) officer(ctx context.Context, v account.Viewer) (string, error) {
	if c.deps.Officer == nil || atDesk(v) != nil {
		return "", nil
	}
	name, err := c.deps.Officer(ctx, v)
	if err != nil {
		return "", fmt.Errorf("chat: name of an officer: %w", err)
	}
	return name, nil
}

// named gives the key and the parameters of a text that names a member of staff, if there is a name.
func named(key, name string) (string, map[string]any) {
	if name == "" {
		return key + "_unnamed", map[string]any{}
	}
	return key, map[string]any{"name": name}
}

func (c *Chats) utterNamed(x *chat, what, name string) {
	key, params := named(what, name)
	c.utter(x, key, params)
}

func wordsOnly(text string) message.Blocks { return message.Blocks{message.Words{Text: text}} }
