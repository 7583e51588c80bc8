package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
	"github.com/motcua/motcua/miniapps/me"
)

// counted is a Runner that counts.
type counted struct {
	runs int
	kept []string
}

// Keep notes whom it was told to keep.
func (c *counted) Keep(_ context.Context, v account.Viewer) error {
	c.kept = append(c.kept, v.Subject)
	return nil
}

func (c *counted) Run(context.Context, miniapps.Request) (miniapps.Result, error) {
	c.runs++
	return miniapps.Result{}, nil
}

func TestCodesAreNotGuessedInAChat(t *testing.T) {
	t.Parallel()
	runner := &counted{}
	r := tries{runner, runner, limit.New(nil, time.Now, slog.New(slog.DiscardHandler))}
	run := func(subject, action string) error {
		_, err := r.Run(t.Context(), miniapps.Request{App: feedback.ID, Action: action, Viewer: account.Viewer{Subject: subject}})
		return err
	}
	for range codeTries().Max {
		if err := run("a", feedback.ActionTrack); err != nil {
			t.Fatal(err)
		}
	}
	if err := run("a", feedback.ActionTrack); fault.CodeOf(err) != fault.RateLimited || runner.runs != codeTries().Max {
		t.Errorf("one too many: %v after %d", err, runner.runs)
	}
	if err := run("b", feedback.ActionTrack); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	visitors := 0
	for ; visitors <= 2*codeTries().Max; visitors++ { // each with nothing but a new session
		v := account.Viewer{Subject: fmt.Sprint("visitor ", visitors), Origin: "one address"}
		if _, err := r.Run(t.Context(), miniapps.Request{App: feedback.ID, Action: feedback.ActionTrack, Viewer: v}); err != nil {
			break
		}
	}
	if visitors != codeTries().Max {
		t.Errorf("visitors of one address tried %d codes", visitors)
	}
	member := account.Viewer{Account: "c", Subject: "c", Assurance: account.Phone, Origin: "one address"}
	if _, err := r.Run(t.Context(), miniapps.Request{App: feedback.ID, Action: feedback.ActionTrack, Viewer: member}); err != nil {
		t.Errorf("who is signed in there: %v", err)
	}
	for app, key := range map[string]string{feedback.ID: "a change", me.ID: "about who they are", "alerts": ""} {
		if _, err := r.Run(t.Context(), miniapps.Request{App: app, Action: "x", Key: key, Viewer: account.Viewer{Subject: "by " + app}}); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(runner.kept, []string{"by " + feedback.ID}) {
		t.Errorf("kept are %v", runner.kept)
	}
	if err := run("a", "submit"); err != nil {
		t.Errorf("something else: %v", err)
	}
}
