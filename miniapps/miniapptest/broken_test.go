package miniapptest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

// breakVar names the promise that TestNotes breaks, when a test below runs it in a process of its own.
const breakVar = "MOTCUA_TEST_BREAK"

// A suite that lets a broken app pass is worth nothing: each broken promise must be noticed, and by the test that is there for it.
func TestBrokenAppsAreNoticed(t *testing.T) {
	t.Parallel()
	if os.Getenv(breakVar) != "" {
		return // this is the inner process
	}
	tests := []struct{ how, noticed string }{
		{"forgets keys", "write/same_key"},
		{"forgets keys", "write/same_key,_all_at_once"},
		{"forgets inputs", "write/same_key,_other_input"},
		{"ignores the context", "write/cancelled"},
		{"shows everything", "mine/stranger"},
		{"lets strangers in", "amend/stranger"},
		{"writes while reading", "kinds/changes_nothing"},
		{"accepts any action", "unknown_action"},
		{"gives another result", "mine/call"},
		{"changes its manifest", "manifest"},
		{"opens nothing", "write/call"},
		{"says keys", "write/call"},
		{"says keys", "kinds/call"},
		{"leaves gaps", "write/call"},
		{"leaves gaps in English", "write/in_English"},
	}
	for _, tt := range tests {
		t.Run(tt.how+" "+tt.noticed, func(t *testing.T) {
			t.Parallel()
			c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNotes$/^"+strings.ReplaceAll(tt.noticed, "/", "$/^")+"$")
			c.Env = append(os.Environ(), breakVar+"="+tt.how)
			out, err := c.CombinedOutput()
			var failed *exec.ExitError
			if !errors.As(err, &failed) || !strings.Contains(string(out), "--- FAIL: TestNotes/"+tt.noticed) {
				t.Errorf("not noticed (%v):\n%s", err, out)
			}
		})
	}
}

// brokenApp breaks one promise of the contract.
type brokenApp struct {
	*miniapptest.Notes
	how   string
	asked *atomic.Int32
}

func broken(n *miniapptest.Notes, how string) miniapps.App {
	if how == "" {
		return n
	}
	return brokenApp{n, how, new(atomic.Int32)}
}

func (b brokenApp) Manifest() miniapps.Manifest {
	m := b.Notes.Manifest()
	if b.how == "changes its manifest" {
		m.VersionCode += int(b.asked.Add(1))
	}
	return m
}

func (b brokenApp) Do(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	switch {
	case b.how == "forgets keys":
		c.Key = uuid.NewString()
	case b.how == "forgets inputs":
		c.InputHash = ""
	case b.how == "ignores the context":
		ctx = context.WithoutCancel(ctx)
	case b.how == "shows everything" && c.Action == "mine", b.how == "lets strangers in" && c.Action == "amend":
		c.Citizen.Subjects = miniapptest.Citizen().Subjects
	case b.how == "accepts any action" && c.Action == "no_such_action", b.how == "opens nothing" && c.Action == "write":
		return miniapps.Result{}, nil
	case b.how == "gives another result" && c.Action == "mine":
		return miniapps.Result{Data: 5}, nil
	case b.how == "writes while reading" && c.Action == "kinds":
		c.Action, c.Key, c.Input = "write", uuid.NewString(), []byte(`{"text": "x"}`)
	}
	res, err := b.Notes.Do(ctx, c)
	return b.misspeak(c, res), err
}

// misspeak says what a catalogue gives for a key that it does not know, and for a parameter that a text lacks.
func (b brokenApp) misspeak(c miniapps.Call, res miniapps.Result) miniapps.Result {
	switch {
	case b.how == "says keys" && c.Action == "kinds":
		res.Data = miniapps.Options{Choices: []miniapps.Option{{Value: "a", Label: "notes.kind_a"}}}
	case b.how == "says keys":
		res.Blocks = append(res.Blocks, message.Card{Title: "Ghi chú", Facts: []message.Fact{{Label: "Loại", Value: "notes.kind_a"}}})
	case b.how == "leaves gaps", b.how == "leaves gaps in English" && c.Lang == message.English:
		res.Next = append(res.Next, miniapps.Suggestion{Action: "mine", Label: message.Text{"vi": "<no value> ghi chú", "en": "<no value> notes"}})
	}
	return res
}
