package miniapps

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// service is an app at work: what it declared, compiled, and the guard around it.
type service struct {
	app      App
	manifest Manifest
	actions  map[string]*action
	guard    *guard
	deps     Deps
	metrics  *metrics
	others   map[string]*service // all apps by id, this one too
	unknown  sync.Map            // suggestions that were dropped, by app.action: each is logged once
}

type action struct {
	Action
	form *form
}

// answer is how a Do ended.
type answer struct {
	result   Result
	err      error
	panicked bool
}

// grace is how long a Do whose context has ended may take to return. One that obeys its context needs less; after that it is given up.
const grace = 100 * time.Millisecond

var (
	errTimeout = errors.New("miniapps: time-out")
	errPanic   = errors.New("miniapps: panic")
)

// run makes one guarded call. The app runs on a goroutine of its own, so that one that ignores its deadline costs its own place and
// nothing else: the place stays taken until it really ends.
func (s *service) run(ctx context.Context, a *action, c Call) (Result, error) {
	leave, report, err := s.guard.enter(ctx)
	if err != nil {
		return Result{}, err
	}
	inner, cancel := context.WithTimeoutCause(ctx, s.guard.limits.Timeout, errTimeout)
	defer cancel()
	answers := make(chan answer, 1)
	s.metrics.running(s.manifest.AppID, 1)
	go func() {
		defer leave()
		defer s.metrics.running(s.manifest.AppID, -1)
		s.do(inner, a, c, answers)
	}()
	got, ok := s.wait(inner, answers)
	if !ok {
		s.metrics.givenUp(s.manifest.AppID)
		s.deps.Log.WarnContext(ctx, "mini-app ignored the end of its context", "app", s.manifest.AppID, "action", a.ID)
		got = answer{err: context.Cause(inner)}
	}
	report(verdict(inner, got))
	return s.present(inner, a, got)
}

// wait gives the answer, or false when the app does not return within the grace after its context ended.
func (s *service) wait(ctx context.Context, answers <-chan answer) (answer, bool) {
	select {
	case got := <-answers:
		return got, true
	case <-ctx.Done():
	}
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case got := <-answers:
		return got, true
	case <-t.C:
		return answer{}, false
	}
}

// do calls the app and always answers, whether it returns, panics or ends its goroutine.
func (s *service) do(ctx context.Context, a *action, c Call, answers chan<- answer) {
	got := answer{err: &fault.Error{Code: fault.Internal, Cause: errPanic}, panicked: true}
	defer func() {
		if got.panicked {
			s.logPanic(ctx, a, recover())
		}
		answers <- got
	}()
	res, err := s.app.Do(ctx, c)
	res.AsOf = c.Now
	if res.Case.ID != "" {
		res.Case.App = s.manifest.AppID // an app speaks of its own cases only
	}
	res.Next = s.offered(ctx, a, res.Next)
	got = answer{result: res, err: err}
	if err == nil && !a.ReadOnly {
		s.tell(ctx, res.Case)
	}
}

// tell passes on that a case changed, also when nobody waits for the call any more. Trouble there does not undo the change.
func (s *service) tell(ctx context.Context, ref CaseRef) {
	if s.deps.OnChange == nil || ref.ID == "" {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			s.deps.Log.ErrorContext(ctx, "panic while telling of a change", "app", s.manifest.AppID, "panic", harmless(p), "stack", string(debug.Stack()))
		}
	}()
	s.deps.OnChange(context.WithoutCancel(ctx), ref)
}

func (s *service) logPanic(ctx context.Context, a *action, p any) {
	s.metrics.panicked(s.manifest.AppID)
	s.deps.Log.ErrorContext(ctx, "mini-app panicked", "app", s.manifest.AppID, "action", a.ID, "panic", harmless(p), "stack", string(debug.Stack()))
}

// harmless describes a panic without its value, which may hold what a citizen wrote. The runtime's own are known to be free of it.
func harmless(p any) string {
	if p == nil {
		return "goroutine ended"
	}
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", p)
}

// verdict is what the breaker hears. When the caller left or its own deadline came first, only a success or a panic tells of the app.
func verdict(ctx context.Context, got answer) error {
	if got.err == nil || got.panicked || ctx.Err() == nil || errors.Is(context.Cause(ctx), errTimeout) {
		return got.err
	}
	return errLeft
}

// present turns the app's answer into the runner's. A fault of the app stays as it is; what has no code, and whatever the app says
// about its own mistakes, is hidden.
func (s *service) present(ctx context.Context, a *action, got answer) (Result, error) {
	if got.err == nil {
		return got.result, nil
	}
	where := fmt.Errorf("miniapps: %s.%s: %w", s.manifest.AppID, a.ID, got.err)
	var f *fault.Error
	if errors.As(got.err, &f) && known(f.Code) && f.Code != fault.Internal {
		return Result{}, where
	}
	if ctx.Err() != nil && !got.panicked {
		return Result{}, fault.New(fault.Unavailable, "runner.timeout").After(time.Second).Because(where)
	}
	if f == nil {
		return Result{}, &fault.Error{Code: fault.CodeOf(got.err), Cause: where}
	}
	return Result{}, &fault.Error{Code: fault.Internal, Cause: where}
}
