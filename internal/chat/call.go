package chat

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
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
		pause := jitter(max(wait, fault.Of(err).RetryAfter))
		if c.deps.Now().Add(pause).After(end) || !sleep(ctx, pause) {
			return res, err
		}
	}
}

// safely keeps a panic of the dialogue from ending the program.
func safely(step func() (conversation.State, []conversation.Effect)) (s conversation.State, effects []conversation.Effect, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fault.Internal, panicked(p))
		}
	}()
	s, effects = step()
	return s, effects, nil
}

// panicked describes a panic for the log. Its text may repeat what a person said, so only that of the runtime itself is kept.
func panicked(p any) error {
	what := fmt.Sprintf("%T", p)
	if e, ok := p.(runtime.Error); ok {
		what = e.Error()
	}
	return fmt.Errorf("chat: panic: %s\n%s", what, debug.Stack())
}
