package redisx

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
)

// ErrAway is the cause of a command that was not sent because Redis did not answer a moment ago.
var ErrAway = errors.New("redis: away")

// strikes is how many calls in a row must go unanswered before further ones are not sent.
const strikes = 3

// failFast is a hook that stops asking a Redis that does not answer, so that a black hole costs a few calls their time-out and not each one.
type failFast struct {
	breaker *gobreaker.CircuitBreaker[struct{}]
}

func newFailFast(pause time.Duration) *failFast {
	return &failFast{breaker: gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         "redis",
		MaxRequests:  1,
		Timeout:      pause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= strikes },
		IsSuccessful: answered,
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) }, // the caller left; it says nothing about Redis
	})}
}

// answered tells whether Redis spoke, be it to refuse.
func answered(err error) bool {
	var refused redis.Error
	return err == nil || errors.As(err, &refused)
}

// greets tells whether a command belongs to the making of a connection, which happens inside the call that needs it and must not be guarded twice:
// while one call may try again, its own greeting would be a second one.
func greets(c redis.Cmder) bool {
	switch c.Name() {
	case "hello", "auth", "select", "client", "readonly", "cluster", "command":
		return true
	}
	return false
}

func (f *failFast) through(call func() error) error {
	_, err := f.breaker.Execute(func() (struct{}, error) { return struct{}{}, call() })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return ErrAway
	}
	return err
}

// DialHook leaves connecting as it is: the call that needed the connection counts.
func (f *failFast) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook guards one command.
func (f *failFast) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if greets(cmd) {
			return next(ctx, cmd)
		}
		err := f.through(func() error { return next(ctx, cmd) })
		if errors.Is(err, ErrAway) {
			cmd.SetErr(err)
		}
		return err
	}
}

// ProcessPipelineHook guards a pipeline or a transaction as one call.
func (f *failFast) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if !slices.ContainsFunc(cmds, func(c redis.Cmder) bool { return !greets(c) }) {
			return next(ctx, cmds)
		}
		err := f.through(func() error { return next(ctx, cmds) })
		if errors.Is(err, ErrAway) {
			for _, c := range cmds {
				c.SetErr(err)
			}
		}
		return err
	}
}
