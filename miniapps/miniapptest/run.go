package miniapptest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
)

// Run tries an app: that its manifest holds, that each promise of the App contract is kept, that no text has a gap in either language, and that a citizen sees
// nothing of another's. Gaps are seen where the app's catalogue lets them show, as locale.Load gives it.
// open gives a fresh fixture each time it is called.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Run("manifest", func(t *testing.T) { checkManifest(t, open(t)) })
	t.Run("unknown action", func(t *testing.T) { checkUnknown(t, open(t)) })
	first := open(t)
	m := first.App.Manifest()
	for i, s := range first.Samples {
		readOnly := slices.ContainsFunc(m.Actions, func(a miniapps.Action) bool { return a.ID == s.Action && a.ReadOnly })
		t.Run(s.name(), func(t *testing.T) {
			trySample(t, readOnly, func(t *testing.T) *bench { return newBench(t, open(t), i) })
		})
	}
}

func trySample(t *testing.T, readOnly bool, open func(t *testing.T) *bench) {
	t.Run("call", func(t *testing.T) { open(t).call(t) })
	t.Run("in English", func(t *testing.T) { open(t).english(t) })
	t.Run("cancelled", func(t *testing.T) { open(t).cancelled(t) })
	t.Run("stranger", func(t *testing.T) { open(t).stranger(t) })
	if readOnly {
		t.Run("changes nothing", func(t *testing.T) { open(t).changesNothing(t) })
		return
	}
	t.Run("same key", func(t *testing.T) { open(t).sameKey(t) })
	t.Run("same key, other input", func(t *testing.T) { open(t).otherInput(t) })
	t.Run("same key, all at once", func(t *testing.T) { atOnce(t, open(t), open(t)) })
}

func (s Sample) name() string {
	if s.Name != "" {
		return s.Name
	}
	return s.Action
}

func checkManifest(t *testing.T, f Fixture) {
	m := f.App.Manifest()
	if !reflect.DeepEqual(m, f.App.Manifest()) {
		t.Error("Manifest is not constant")
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := miniapps.ParseManifest(data); err != nil {
		t.Error(err)
	}
	tried := map[string]bool{}
	for _, s := range f.Samples {
		tried[s.Action] = true
	}
	for _, a := range m.Actions {
		if !tried[a.ID] {
			t.Errorf("action %s has no sample", a.ID)
		}
	}
}

func checkUnknown(t *testing.T, f Fixture) {
	c := miniapps.Call{Action: "no_such_action", Input: json.RawMessage("{}"), Key: strings.Repeat("0", 64), InputHash: strings.Repeat("0", 64)}
	if _, err := f.App.Do(t.Context(), c); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v, want NOT_FOUND", err)
	}
}

// bench is a fixture on which one sample is tried.
type bench struct {
	Fixture
	sample  Sample
	action  miniapps.Action
	runner  *miniapps.Runner
	made    []string // ids of the cases that Prepare made
	cancels *cancelling
}

func newBench(t *testing.T, f Fixture, i int) *bench {
	t.Helper()
	c := &cancelling{App: f.App}
	b := &bench{Fixture: f, sample: f.Samples[i], runner: NewRunner(t, f.Now, c), cancels: c}
	var ok bool
	if b.action, ok = b.runner.Catalogue().Action(f.App.Manifest().AppID, b.sample.Action); !ok {
		t.Fatalf("the manifest declares no action %s", b.sample.Action)
	}
	if b.sample.Prepare != nil {
		b.sample.Prepare(t, func(req miniapps.Request) miniapps.Result {
			t.Helper()
			res := b.must(t, req)
			b.made = append(b.made, res.Case.ID)
			return res
		}, &b.sample)
	}
	return b
}

// request is the sample's call under a key.
func (b *bench) request(key string) miniapps.Request {
	s := b.sample
	req := miniapps.Request{App: b.App.Manifest().AppID, Action: s.Action, Input: json.RawMessage(s.Input), Viewer: s.Viewer, Case: s.Case, Key: key}
	switch {
	case b.action.Audience == miniapps.BySystem && s.System == "":
		req.System = "test"
	case b.action.Audience == miniapps.BySystem:
		req.System = s.System
	case s.Viewer.Subject != "":
	case b.action.Audience == miniapps.ByStaff:
		req.Viewer = Dispatcher()
	default:
		req.Viewer = Citizen()
	}
	return req
}

func (b *bench) must(t testing.TB, req miniapps.Request) miniapps.Result {
	t.Helper()
	if req.App == "" {
		req.App = b.App.Manifest().AppID
	}
	res, err := b.runner.Run(t.Context(), req)
	if err != nil {
		t.Fatalf("%s: %v", req.Action, err)
	}
	return res
}

func (b *bench) fingerprint(t testing.TB) string {
	t.Helper()
	s, err := b.Fingerprint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bench) count(t testing.TB) int {
	t.Helper()
	n, err := b.Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (b *bench) call(t *testing.T) {
	before := b.count(t)
	res := b.must(t, b.request("call"))
	if err := b.action.CheckResult(res.Data); err != nil {
		t.Errorf("the result does not match its schema: %v", err)
	}
	if _, err := json.Marshal(res.Blocks); err != nil {
		t.Errorf("blocks: %v", err)
	}
	checkTexts(t, res)
	for _, next := range res.Next {
		if next.App != "" && next.App != b.App.Manifest().AppID {
			continue // there are no others here
		}
		if _, ok := b.runner.Catalogue().Action(b.App.Manifest().AppID, next.Action); !ok {
			t.Errorf("suggests an action that is not there: %s", next.Action)
		}
	}
	if !b.sample.Opens {
		return
	}
	if res.Case.ID == "" || b.count(t) <= before {
		t.Errorf("got case %+v and %d things after %d, want a new case", res.Case, b.count(t), before)
	}
}

// cancelled gives the app a context that has ended: it must return soon and have changed nothing.
func (b *bench) cancelled(t *testing.T) {
	before := b.fingerprint(t)
	b.cancels.on(true)
	start := time.Now()
	_, err := b.runner.Run(t.Context(), b.request("cancelled"))
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("returned after %s", took)
	}
	b.cancels.on(false)
	if after := b.fingerprint(t); after != before {
		t.Errorf("changed something under a context that had ended (error %v)", err)
	}
	if code := fault.CodeOf(err); err != nil && code != fault.Unavailable {
		t.Errorf("got %v, want UNAVAILABLE or a result", err)
	}
}

// stranger makes the same call as somebody else: nothing of the first citizen may come out.
func (b *bench) stranger(t *testing.T) {
	if b.action.Audience != miniapps.ByCitizen {
		b.refused(t)
		return
	}
	own := b.must(t, b.request("own"))
	req := b.request("stranger")
	if owner := req.Viewer; owner.Subject == Stranger().Subject {
		t.Fatal("the sample's viewer is the stranger")
	}
	req.Viewer = Stranger()
	before := b.fingerprint(t)
	res, err := b.runner.Run(t.Context(), req)
	switch code := fault.CodeOf(err); {
	case code == fault.NotFound || code == fault.Forbidden:
		if after := b.fingerprint(t); after != before {
			t.Error("a refused call changed something")
		}
		return
	case err != nil:
		t.Fatalf("got %v, want a result, NOT_FOUND or FORBIDDEN", err)
	case b.sample.Private:
		t.Error("a stranger was let in")
	}
	out := fmt.Sprint(dump(t, res.Data), dump(t, res.Blocks), dump(t, res.Next), res.Case.ID)
	for _, secret := range append(b.made, b.request("").Viewer.Subject, own.Case.ID) {
		if secret != "" && strings.Contains(out, secret) {
			t.Errorf("a stranger sees %q in %s", secret, out)
		}
	}
}

// refused tries an action of staff or the system as a citizen.
func (b *bench) refused(t *testing.T) {
	req := b.request("refused")
	req.Viewer, req.System = Stranger(), ""
	if _, err := b.runner.Run(t.Context(), req); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("a citizen calls an action of %s: got %v, want FORBIDDEN", b.action.Audience, err)
	}
}

func dump(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (b *bench) changesNothing(t *testing.T) {
	before := b.fingerprint(t)
	b.must(t, b.request(""))
	if after := b.fingerprint(t); after != before {
		t.Errorf("a read-only action changed something:\nbefore %s\nafter  %s", before, after)
	}
}

func (b *bench) sameKey(t *testing.T) {
	first := b.must(t, b.request("same"))
	before := b.fingerprint(t)
	second := b.must(t, b.request("same"))
	if first.Case != second.Case {
		t.Errorf("got case %+v, then %+v", first.Case, second.Case)
	}
	if after := b.fingerprint(t); after != before {
		t.Errorf("a repeat changed something:\nbefore %s\nafter  %s", before, after)
	}
}

func (b *bench) otherInput(t *testing.T) {
	if b.sample.Other == "" {
		return
	}
	b.must(t, b.request("same"))
	before := b.fingerprint(t)
	req := b.request("same")
	req.Input = json.RawMessage(b.sample.Other)
	if _, err := b.runner.Run(t.Context(), req); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("got %v, want CONFLICT", err)
	}
	if after := b.fingerprint(t); after != before {
		t.Error("a refused call changed something")
	}
}

// copies is how many equal calls arrive at once.
const copies = 20

// atOnce makes equal calls at once on one fixture, and a single call on another: both must add the same.
func atOnce(t *testing.T, many, one *bench) {
	start := one.count(t)
	one.must(t, one.request("once"))
	want := one.count(t) - start

	start = many.count(t)
	cases, errs := make([]miniapps.CaseRef, copies), make([]error, copies)
	var wg sync.WaitGroup
	for i := range copies {
		wg.Go(func() {
			res, err := many.runner.Run(t.Context(), many.request("once"))
			cases[i], errs[i] = res.Case, err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if c != cases[0] {
			t.Errorf("got cases %+v and %+v", cases[0], c)
		}
	}
	if got := many.count(t) - start; got != want {
		t.Errorf("%d equal calls added %d things, one adds %d", copies, got, want)
	}
	before := many.fingerprint(t)
	many.must(t, many.request("once"))
	if after := many.fingerprint(t); after != before {
		t.Error("a repeat changed something")
	}
}

// cancelling is an app whose calls can be given a context that has ended.
type cancelling struct {
	miniapps.App
	mu  sync.Mutex
	now bool
}

func (c *cancelling) on(now bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Do passes the call on.
func (c *cancelling) Do(ctx context.Context, call miniapps.Call) (miniapps.Result, error) {
	c.mu.Lock()
	now := c.now
	c.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if now {
		cancel()
	}
	return c.App.Do(ctx, call)
}
