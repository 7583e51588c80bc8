package miniapps_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	secret := "mongodb://10.0.0.1 refused"
	tests := []struct {
		name   string
		err    error
		code   fault.Code
		public string // text of the app that comes through
	}{
		{"fault", &fault.Error{Code: fault.Invalid, Public: "Địa chỉ chưa rõ", Fields: []fault.Field{{Path: []string{"text"}}}}, fault.Invalid, "Địa chỉ chưa rõ"},
		{"wrapped fault", fmt.Errorf("notes: %w", &fault.Error{Code: fault.Conflict, Public: "đã đóng"}), fault.Conflict, "đã đóng"},
		{"no code", errors.New(secret), fault.Internal, ""},
		{"its own mistake with a text", &fault.Error{Code: fault.Internal, Public: secret, Key: "notes.x"}, fault.Internal, ""},
		{"unknown code", &fault.Error{Code: "TEAPOT", Public: secret}, fault.Internal, ""},
		{"a deadline of its own", context.DeadlineExceeded, fault.Unavailable, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, limits(), nil, answers(t, miniapps.Result{Data: secret, Case: miniapps.CaseRef{ID: "1"}}, tt.err))
			res, err := g.Run(t.Context(), write("k"))
			f := fault.Of(err)
			if f.Code != tt.code || f.Public != tt.public || f.Code == fault.Internal && f.Key != "" {
				t.Errorf("got %+v, want %s with text %q", f, tt.code, tt.public)
			}
			if !errors.Is(err, tt.err) {
				t.Error("the cause is lost for the log")
			}
			if res.Data != nil || res.Case.ID != "" {
				t.Errorf("got a result beside the error: %+v", res)
			}
		})
	}
}

func TestCaseBelongsToTheApp(t *testing.T) {
	t.Parallel()
	var told []miniapps.CaseRef
	tell := func(_ context.Context, ref miniapps.CaseRef) { told = append(told, ref) }
	g := newRig(t, limits(), func(d *miniapps.Deps) { d.OnChange = tell }, answers(t, miniapps.Result{Case: miniapps.CaseRef{App: "signs", ID: "1"}}, nil))
	res, err := g.Run(t.Context(), write("k"))
	if want := (miniapps.CaseRef{App: "notes", ID: "1"}); err != nil || res.Case != want || len(told) != 1 || told[0] != want {
		t.Errorf("got %+v, told %+v, %v; want %+v", res.Case, told, err, want)
	}
	if _, err := g.Run(t.Context(), miniapps.Request{App: "notes", Action: "kinds"}); err != nil || len(told) != 1 {
		t.Errorf("a read-only action told of a change: %v, %v", told, err)
	}
}

func TestPanicStaysInside(t *testing.T) {
	t.Parallel()
	secret := "0912345678"
	var noMap map[string]int
	tests := []struct {
		name string
		do   func()
		log  string
	}{
		{"text", func() { panic(secret) }, `"panic":"string"`},
		{"error", func() { panic(errors.New(secret)) }, `"panic":"*errors.errorString"`},
		{"runtime", func() { noMap["x"] = 1 }, "nil map"},
		{"goroutine ends", runtime.Goexit, "goroutine ended"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app := newStub(t, "notes", func(context.Context, miniapps.Call) (miniapps.Result, error) { tt.do(); return miniapps.Result{}, nil })
			g := newRig(t, limits(), nil, app)
			res, err := g.Run(t.Context(), write("k"))
			if f := fault.Of(err); f == nil || f.Code != fault.Internal || f.Public+f.Key != "" || res.Data != nil {
				t.Errorf("got %+v %v, want INTERNAL", res, err)
			}
			if log := g.log.String(); !strings.Contains(log, tt.log) || strings.Contains(log+err.Error(), secret) {
				t.Errorf("got log %s", log)
			}
			if n := g.value(t, "motcua_runner_panics_total", map[string]string{"app": "notes"}); n != 1 {
				t.Errorf("counted %v panics", n)
			}
			if err := g.Drain(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPanicOfOnChangeDoesNotUndoTheCall(t *testing.T) {
	t.Parallel()
	g := newRig(t, limits(), func(d *miniapps.Deps) { d.OnChange = func(context.Context, miniapps.CaseRef) { panic("hub") } },
		answers(t, miniapps.Result{Case: miniapps.CaseRef{ID: "1"}}, nil))
	if res, err := g.Run(t.Context(), write("k")); err != nil || res.Case.ID != "1" {
		t.Errorf("got %+v %v", res, err)
	}
}

// stuck gives an app that ignores its context until release is closed, then ends as end does.
func stuck(t *testing.T, release <-chan struct{}, end func() (miniapps.Result, error)) *stub {
	return newStub(t, "notes", func(context.Context, miniapps.Call) (miniapps.Result, error) {
		<-release
		return end()
	})
}

func TestDeadlineIgnored(t *testing.T) {
	fine := func() (miniapps.Result, error) { return miniapps.Result{Case: miniapps.CaseRef{ID: "1"}}, nil }
	tests := []struct {
		name string
		end  func() (miniapps.Result, error)
		told int
	}{
		{"then success", fine, 1},
		{"then error", func() (miniapps.Result, error) { return miniapps.Result{}, errors.New("late") }, 0},
		{"then panic", func() (miniapps.Result, error) { panic("late") }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release, told := make(chan struct{}), 0
				l := limits()
				l.Concurrent = 1
				g := newRig(t, l, func(d *miniapps.Deps) { d.OnChange = func(context.Context, miniapps.CaseRef) { told++ } },
					stuck(t, release, tt.end), newStub(t, "signs", func(context.Context, miniapps.Call) (miniapps.Result, error) { return fine() }))

				start := time.Now()
				_, err := g.Run(t.Context(), write("k"))
				if f := fault.Of(err); f == nil || f.Code != fault.Unavailable || f.Key != "runner.timeout" {
					t.Errorf("got %v, want UNAVAILABLE runner.timeout", err)
				}
				if took := time.Since(start); took < l.Timeout || took > l.Timeout+time.Second {
					t.Errorf("answered after %s", took)
				}

				start = time.Now()
				_, err = g.Run(t.Context(), write("l"))
				if f := fault.Of(err); f == nil || f.Key != "runner.busy" || f.RetryAfter == 0 {
					t.Errorf("got %v, want busy: the place is still taken", err)
				}
				if took := time.Since(start); took != l.Wait {
					t.Errorf("waited %s for a place", took)
				}
				other := write("m")
				other.App = "signs"
				if _, err := g.Run(t.Context(), other); err != nil {
					t.Errorf("another app suffers: %v", err)
				}
				if n := g.value(t, "motcua_runner_calls_running", map[string]string{"app": "notes"}); n != 1 {
					t.Errorf("%v calls run, want 1", n)
				}
				short, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				told = 0

				close(release)
				synctest.Wait()
				if told != tt.told {
					t.Errorf("told %d times of a change, want %d", told, tt.told)
				}
				if n := g.value(t, "motcua_runner_calls_running", map[string]string{"app": "notes"}); n != 0 {
					t.Errorf("%v calls run, want 0", n)
				}
				if _, err := g.Run(t.Context(), write("n")); fault.Of(err) != nil && fault.Of(err).Key == "runner.busy" {
					t.Errorf("the place was not given back: %v", err)
				}
				if err := g.Drain(short); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestDrainWaitsForCallsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		g := newRig(t, limits(), nil, stuck(t, release, func() (miniapps.Result, error) { return miniapps.Result{}, nil }))
		if _, err := g.Run(t.Context(), write("k")); fault.CodeOf(err) != fault.Unavailable {
			t.Fatalf("got %v, want UNAVAILABLE", err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.Drain(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
		close(release)
	})
}

func TestCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		g := newRig(t, limits(), nil, stuck(t, release, func() (miniapps.Result, error) { return miniapps.Result{}, nil }))
		for i := range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if i%2 == 0 {
				ctx, cancel = context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
			}
			start := time.Now()
			if _, err := g.Run(ctx, write("k")); fault.CodeOf(err) != fault.Unavailable || time.Since(start) > 2*time.Second {
				t.Errorf("got %v after %s, want UNAVAILABLE at once", err, time.Since(start))
			}
			cancel()
		}
		if !g.Catalogue().Available("notes") {
			t.Error("callers who left made the app rest")
		}
		close(release)
	})
}

func TestBreaker(t *testing.T) {
	down, wrong := fault.New(fault.Unavailable, "notes.down"), fault.New(fault.Conflict, "notes.wrong")
	synctest.Test(t, func(t *testing.T) {
		var next error
		called := 0
		g := newRig(t, limits(), nil, newStub(t, "notes", func(context.Context, miniapps.Call) (miniapps.Result, error) {
			called++
			return miniapps.Result{}, next
		}))
		run := func(answer error) error {
			next = answer
			_, err := g.Run(t.Context(), write("k"))
			return err
		}
		for _, err := range []error{down, down, down, down, wrong, down, down, errors.New("x"), down} {
			if got := fault.Of(run(err)); got.Key == "runner.resting" {
				t.Fatal("rests before five failures in a row")
			}
		}
		run(down)
		called = 0
		f := fault.Of(run(nil))
		if f == nil || f.Code != fault.Unavailable || f.Key != "runner.resting" || f.RetryAfter != 30*time.Second || called != 0 {
			t.Errorf("got %+v after %d calls, want it to rest for 30s", f, called)
		}
		if g.Catalogue().Available("notes") || g.value(t, "motcua_runner_breaker_state", map[string]string{"app": "notes"}) != 2 {
			t.Error("it is said to be available")
		}

		time.Sleep(20 * time.Second)
		if f := fault.Of(run(nil)); f == nil || f.RetryAfter != 10*time.Second {
			t.Errorf("got %+v, want 10s left", f)
		}
		time.Sleep(10*time.Second + time.Millisecond)
		if f := fault.Of(run(down)); f.Key != "notes.down" {
			t.Errorf("got %+v, want a probe", f)
		}
		if f := fault.Of(run(nil)); f == nil || f.Key != "runner.resting" {
			t.Errorf("got %+v: a failed probe did not end in rest", f)
		}
		time.Sleep(30*time.Second + time.Millisecond)
		if err := run(wrong); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("got %v, want the probe's own answer", err)
		}
		if err := run(nil); err != nil || !g.Catalogue().Available("notes") {
			t.Errorf("got %v: a probe that worked did not end the rest", err)
		}
	})
}

// TestRefusedProbesKeepNoPlace refuses more calls beside a probe than there are places, and then makes as many at once as there are.
func TestRefusedProbesKeepNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits()
		l.Concurrent, l.Failures = 3, 1
		var wait chan struct{}
		next := error(fault.New(fault.Unavailable, ""))
		g := newRig(t, l, nil, newStub(t, "notes", func(context.Context, miniapps.Call) (miniapps.Result, error) {
			if wait != nil {
				<-wait
			}
			return miniapps.Result{}, next
		}))
		if _, err := g.Run(t.Context(), write("k")); err == nil {
			t.Fatal("it does not fail")
		}
		time.Sleep(l.Rest + time.Millisecond)
		var ended sync.WaitGroup
		call := func() {
			ended.Go(func() {
				if _, err := g.Run(t.Context(), write("k")); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		wait, next = make(chan struct{}), nil
		call() // the probe
		for range 2 * l.Concurrent {
			if _, err := g.Run(t.Context(), write("k")); fault.Of(err).Key != "runner.resting" {
				t.Errorf("got %v beside the probe", err)
			}
		}
		close(wait)
		ended.Wait()
		wait = make(chan struct{})
		for range l.Concurrent {
			call()
		}
		close(wait)
		ended.Wait()
	})
}

func TestBreakerCountsTimeoutsAndPanicsAndProbesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		n := 0
		g := newRig(t, limits(), nil, newStub(t, "notes", func(ctx context.Context, _ miniapps.Call) (miniapps.Result, error) {
			n++
			if n == 1 {
				panic("x")
			}
			if n <= 5 {
				<-ctx.Done() // obeys its deadline
				return miniapps.Result{}, ctx.Err()
			}
			<-release
			return miniapps.Result{}, nil
		}))
		for range 5 {
			_, err := g.Run(t.Context(), write("k"))
			if f := fault.Of(err); f.Key == "runner.resting" {
				t.Fatal("rests too early")
			}
		}
		if g.Catalogue().Available("notes") {
			t.Fatal("a panic and four time-outs do not make it rest")
		}
		time.Sleep(31 * time.Second)
		probed := make(chan error)
		go func() {
			_, err := g.Run(t.Context(), write("k"))
			probed <- err
		}()
		synctest.Wait()
		if _, err := g.Run(t.Context(), write("k")); fault.Of(err) == nil || fault.Of(err).Key != "runner.resting" || n != 6 {
			t.Errorf("got %v after %d calls: a second probe beside the first", err, n)
		}
		close(release)
		if err := <-probed; err != nil {
			t.Error(err)
		}
	})
}

func TestMetricsHaveBoundedLabels(t *testing.T) {
	t.Parallel()
	g := newRig(t, limits(), nil, answers(t, miniapps.Result{}, &fault.Error{Code: "ODD"}))
	for _, req := range []miniapps.Request{{App: "a1", Action: "x"}, {App: "a2", Action: "y"}, {App: "notes", Action: "a3"}, write("k")} {
		if _, err := g.Run(t.Context(), req); err == nil {
			t.Error("got no error")
		}
	}
	for _, tt := range []struct {
		labels map[string]string
		want   float64
	}{
		{map[string]string{"app": "unknown", "action": "unknown", "code": "NOT_FOUND"}, 2},
		{map[string]string{"app": "notes", "action": "unknown", "code": "NOT_FOUND"}, 1},
		{map[string]string{"app": "notes", "action": "write", "code": "INTERNAL"}, 1},
	} {
		if got := g.value(t, "motcua_runner_calls_total", tt.labels); got != tt.want {
			t.Errorf("%v: got %v, want %v", tt.labels, got, tt.want)
		}
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	g := newRig(t, limits(), func(d *miniapps.Deps) { d.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)) },
		answers(t, miniapps.Result{}, fault.New(fault.Unavailable, "")))
	if _, err := g.Run(t.Context(), write("k")); err == nil {
		t.Fatal("got no error")
	}
	if _, err := g.Run(t.Context(), miniapps.Request{App: "0912345678", Action: "x"}); err == nil {
		t.Fatal("got no error")
	}
	ended := spans.Ended()
	if len(ended) != 2 || ended[0].Name() != "miniapp notes.write" || ended[1].Name() != "miniapp unknown.unknown" {
		t.Fatalf("got %d spans", len(ended))
	}
	if text := fmt.Sprint(ended[0].Attributes()); strings.Contains(text, citizen().Subject) || !strings.Contains(text, "UNAVAILABLE") {
		t.Errorf("got %s", text)
	}
}

func TestNewRunnerRefuses(t *testing.T) {
	t.Parallel()
	good := func() *stub { return answers(t, miniapps.Result{}, nil) }
	tests := []struct {
		name   string
		cfg    miniapps.RunnerConfig
		change func(*miniapps.Deps)
		want   []string
	}{
		{"no limits", miniapps.RunnerConfig{}, nil, []string{"timeout: must be positive", "concurrent:", "wait:", "failures:", "rest:"}},
		{"bad limits of one app", miniapps.RunnerConfig{Limits: limits(), Apps: map[string]miniapps.Limits{"notes": {Timeout: -1}}}, nil, []string{"apps.notes.timeout"}},
		{"limits of no app", miniapps.RunnerConfig{Limits: limits(), Apps: map[string]miniapps.Limits{"none": {}}}, nil, []string{`"none"`}},
		{"no clock", miniapps.RunnerConfig{Limits: limits()}, func(d *miniapps.Deps) { d.Now = nil }, []string{"Now"}},
		{"two of a name and a bad manifest", miniapps.RunnerConfig{Limits: limits()}, func(d *miniapps.Deps) {
			bad := good()
			bad.manifest.Owner = ""
			d.Apps = append(d.Apps, good(), bad)
		}, []string{"two apps", "owner"}},
		{"scopes without a ledger", miniapps.RunnerConfig{Limits: limits()}, func(d *miniapps.Deps) {
			app := good()
			app.manifest.Actions[0].Scopes = []miniapps.Scope{{Claim: "name", Purpose: message.Text{"vi": "a", "en": "b"}, Retention: "P1D"}}
			d.Apps = []miniapps.App{app}
		}, []string{"Consents"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			deps := depsOf(good())
			if tt.change != nil {
				tt.change(&deps)
			}
			_, err := miniapps.NewRunner(tt.cfg, deps)
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to speak of %q", err, want)
				}
			}
		})
	}
}

func TestLimitsOfOneApp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deps := depsOf(newStub(t, "notes", func(ctx context.Context, _ miniapps.Call) (miniapps.Result, error) {
			<-ctx.Done()
			return miniapps.Result{}, ctx.Err()
		}))
		r, err := miniapps.NewRunner(miniapps.RunnerConfig{Limits: limits(), Apps: map[string]miniapps.Limits{"notes": {Timeout: time.Minute}}}, deps)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := r.Run(t.Context(), write("k")); fault.CodeOf(err) != fault.Unavailable || time.Since(start) != time.Minute {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

func TestManyCallsAtOnce(t *testing.T) {
	t.Parallel()
	n, err := miniapptest.NewNotes()
	if err != nil {
		t.Fatal(err)
	}
	l := limits()
	l.Concurrent, l.Wait, l.Timeout = 4, 20*time.Second, 20*time.Second
	g := newRig(t, l, nil, n)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 25 {
				if _, err := g.Run(t.Context(), write(fmt.Sprint(i%4, j))); err != nil {
					t.Error(err)
				}
				g.Catalogue().Available("notes")
				g.Catalogue().Search("ghi")
			}
		})
	}
	wg.Wait()
	if got, _ := n.Count(t.Context()); got != 100 {
		t.Errorf("got %d notes of 100 keys", got)
	}
	if err := g.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRestingAppAnswersAtOnceThoughItsPlacesAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := limits()
		l.Concurrent = l.Failures
		g := newRig(t, l, nil, stuck(t, release, func() (miniapps.Result, error) { return miniapps.Result{}, nil }))
		var wg sync.WaitGroup
		for range l.Failures {
			wg.Go(func() {
				if _, err := g.Run(t.Context(), write("k")); fault.CodeOf(err) != fault.Unavailable {
					t.Errorf("got %v, want UNAVAILABLE", err)
				}
			})
		}
		wg.Wait()
		start := time.Now()
		if _, err := g.Run(t.Context(), write("k")); fault.Of(err) == nil || fault.Of(err).Key != "runner.resting" || time.Since(start) != 0 {
			t.Errorf("got %v after %s, want it to rest", err, time.Since(start))
		}
		close(release)
	})
}
