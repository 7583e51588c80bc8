package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// interop is where the npm clients of the GraphQL protocols are; make test installs them.
const interop = "../../graph/testdata/interop"

// TestGraphQLOverHTTPAudits runs every audit of npm graphql-http against the running program.
func TestGraphQLOverHTTPAudits(t *testing.T) {
	t.Parallel()
	ctx := within(t, 3*time.Minute)
	city := newPlace(t).start(t)
	cmd := exec.CommandContext(ctx, "node", "audit.mjs", city.HTTP+"/graphql")
	cmd.Dir = interop
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v (make test installs what is needed): %s%s", err, out, errs.String())
	}
	var got struct{ OK, Total int }
	if err := json.Unmarshal(out, &got); err != nil || got.OK != 61 || got.Total != 61 {
		t.Errorf("%d of %d audits are ok, want 61 of 61: %s %v", got.OK, got.Total, out, err)
	}
}

// TestSubscriptionClients follows a report with the npm clients graphql-ws and graphql-sse while an officer moves it.
func TestSubscriptionClients(t *testing.T) {
	t.Parallel()
	ctx := within(t, 5*time.Minute)
	city := newPlace(t).start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	officer, err := city.SignIn(ctx, "0901000001")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, script, url string }{
		{"graphql-ws", "sockets.mjs", "ws" + strings.TrimPrefix(city.HTTP, "http") + "/graphql"},
		{"graphql-sse", "events.mjs", city.HTTP + "/graphql"},
	} {
		t.Run(tt.name, func(t *testing.T) { follow(ctx, t, tt.script, tt.url, citizen, officer) })
	}
}

func follow(ctx context.Context, t *testing.T, script, url string, citizen, officer citytest.Client) {
	h := &hammer{url: func() string { return strings.TrimSuffix(citizen.URL, "/graphql") }, tokens: []string{citizen.Token}}
	r, err := h.one(ctx, 0, len(script))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "node", script, url, citizen.Token, r.id, "3")
	cmd.Dir = interop
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (make test installs node)", err)
	}
	lines := bufio.NewScanner(out)
	await := func(text string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Fatalf("the client ended before %s: %s", text, errs.String())
	}
	await("RECEIVED")
	move(ctx, t, officer, "assignFeedback", "AssignFeedbackInput", map[string]any{"id": r.id, "unit": "ward-11311"})
	await("ASSIGNED")
	move(ctx, t, officer, "transitionFeedback", "TransitionFeedbackInput", map[string]any{"id": r.id, "status": "IN_PROGRESS"})
	await("IN_PROGRESS")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, errs.String())
	}
}
