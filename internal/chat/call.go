package chat

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/miniapps"
)

// call asks the Runner. A change that cannot be made just now is tried again, with the same key, for a while; a read is not.
func (c *Chats) call(ctx context.Context, v account.Viewer, call conversation.Call) (miniapps.Result, error) {
	req := miniapps.Request{App: call.App, Action: call.Action, Input: call.Input, Viewer: v, Case: call.Case, Key: call.Key}
	end := c.deps.Now().Add(c.cfg.CallRetry)
	for wait := c.cfg.CallRetry / 32; ; wait *= 2 {
		res, err := c.deps.Runner.Run(ctx, req)
		if call.Key == "" || fault.CodeOf(err) != fault.Unavailable || ctx.Err() != nil {
			return res, err
		}
		pause := retry.Jitter(max(wait, fault.Of(err).RetryAfter))
		if c.deps.Now().Add(pause).After(end) || !retry.Sleep(ctx, pause) {
			return res, err
		}
	}
}

// safely keeps a panic of the dialogue from ending the program.
func safely(step func() (conversation.State, []conversation.Effect)) (s conversation.State, effects []conversation.Effect, err error) {
	err = retry.Safely(func() error {
		s, effects = step()
		return nil
	})
	if err != nil {
		return conversation.State{}, nil, fault.Wrap(fault.Internal, fmt.Errorf("chat: step: %w", err))
	}
	return s, effects, nil
}
