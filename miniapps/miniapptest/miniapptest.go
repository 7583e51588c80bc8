// Package miniapptest holds what every mini-app must pass, and a small app that shows how to.
//
// It knows no single app: an app's test opens a fixture over an empty store and says with which calls it is tried.
package miniapptest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/miniapps"
)

// Fixture is an app over a store of its own, with nothing in it.
type Fixture struct {
	App     miniapps.App
	Samples []Sample // at least one for each action of the manifest
	// Fingerprint describes all that the app keeps, in any form: the same text before and after means that nothing changed.
	Fingerprint func(ctx context.Context) (string, error)
	// Count tells how many things the app keeps: cases, and what else calls add, such as comments.
	Count func(ctx context.Context) (int, error)
	// Now is the clock; nil means one that stands still.
	Now func() time.Time
}

// Sample is one call with which an app is tried.
type Sample struct {
	Name   string // of the test; "" means the action's id
	Action string
	Viewer account.Viewer // who calls; the zero value means Citizen() or, for an action of staff, Dispatcher()
	System string         // for an action of the system; "" means "test"
	Case   miniapps.CaseRef
	Input  string // JSON; "" means {}
	Other  string // another valid input, which under the same key is a CONFLICT; "" when there is none
	// Opens says that the call opens a case.
	Opens bool
	// Private says that the call is about something of the viewer's, so that any other citizen is refused.
	Private bool
	// Prepare, if there, makes what the call is about and completes the sample, for example its Case.
	Prepare func(t testing.TB, do Do, s *Sample)
}

// Do makes a call through the runner and ends the test when it fails.
type Do func(miniapps.Request) miniapps.Result

// Citizen is a citizen who proved a phone number.
func Citizen() account.Viewer { return citizen("0197c5f0-0000-7000-8000-00000000c171") }

// Stranger is another citizen.
func Stranger() account.Viewer { return citizen("0197c5f0-0000-7000-8000-0000000057a6") }

// Dispatcher is a member of staff who sees the cases of all units.
func Dispatcher() account.Viewer {
	v := citizen("0197c5f0-0000-7000-8000-0000000d15a7")
	v.Roles = []account.Role{account.Dispatcher}
	return v
}

func citizen(id string) account.Viewer {
	return account.Viewer{Account: id, Subject: id, Subjects: []string{id}, Session: "s", Assurance: account.EID}
}

// RunnerConfig gives limits for tests: wide enough for a slow machine.
func RunnerConfig() miniapps.RunnerConfig {
	return miniapps.RunnerConfig{Limits: miniapps.Limits{Timeout: 20 * time.Second, Concurrent: 64, Wait: 10 * time.Second, Failures: 1000, Rest: time.Second}}
}

// NewRunner gives a runner over apps that knows no mercy with consents: every one is granted and every claim known.
func NewRunner(t testing.TB, now func() time.Time, apps ...miniapps.App) *miniapps.Runner {
	t.Helper()
	if now == nil {
		now = func() time.Time { return time.Date(2026, 8, 3, 2, 0, 0, 0, time.UTC) }
	}
	r, err := miniapps.NewRunner(RunnerConfig(), miniapps.Deps{
		Apps: apps, Consents: agreed{}, Claims: agreed{}, Trail: agreed{},
		Now: now, Log: slog.New(slog.DiscardHandler), Reg: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// agreed grants everything.
type agreed struct{}

func (agreed) Granted(context.Context, string, string, string, string) (bool, error) {
	return true, nil
}
func (agreed) Look(context.Context, miniapps.Look) error { return nil }

func (agreed) Claims(_ context.Context, _ account.Viewer, names []string) (map[string]string, error) {
	out := map[string]string{}
	for _, n := range names {
		out[n] = "sample " + n
	}
	return out, nil
}
