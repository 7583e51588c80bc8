package main_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// run carries out one command to its end and gives its exit code and output.
func (p place) run(ctx context.Context, t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, p.env...)
	cmd.WaitDelay = 5 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", args, err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// must carries out a command that must not fail, and gives what it printed.
func (p place) must(ctx context.Context, t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := p.run(ctx, t, args...)
	if code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, errs)
	}
	return out
}

// TestClearRefusals shows what a person reads when the program cannot start: the cause, in one line or one list, and exit code 1.
func TestClearRefusals(t *testing.T) {
	t.Parallel()
	ctx := within(t, 3*time.Minute)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	devKeys := newPlace(t)
	devKeys.must(ctx, t, "seed", "--reports", "0", "--citizens", "1")
	tests := []struct {
		name  string
		args  []string
		env   []string
		lines int
		wants []string
	}{
		{"port taken", []string{"dev"}, []string{"MOTCUA_HTTP_ADDR=" + taken.Addr().String()}, 1, []string{"http_addr", "address already in use"}},
		{"data folder is a file", []string{"dev"}, []string{"MOTCUA_DATA_DIR=" + file}, 1, []string{"not a directory"}},
		{"unknown setting", []string{"dev"}, []string{"MOTCUA_HTTP__PUBLICURL=x"}, 1, []string{"MOTCUA_HTTP__PUBLICURL: unknown key http.publicurl"}},
		{"a setting that cannot be read", []string{"dev"}, []string{"MOTCUA_HTTP__HEADER_TIMEOUT=soon"}, 1, []string{`http.header_timeout: "soon" is no duration`, "30s"}},
		{"bad values", []string{"dev"}, []string{"MOTCUA_HTTP__MAX_BODY=1", "MOTCUA_ACCOUNT__ACCESS_TTL=25h"}, 4, []string{"http.max_body", "account.access_ttl"}},
		{"missing file", []string{"dev", "--config", "/no/such.yaml"}, nil, 1, []string{"/no/such.yaml"}},
		{"serve with nothing set", []string{"serve"}, nil, 0, []string{"secrets.keyset_file", "http.public_url", "channels.sms.api_base", "channels.sms.token"}},
		{"serve with unsafe settings", []string{"serve"}, []string{"MOTCUA_GRAPH__EXPLORER=true", "MOTCUA_GRAPH__INTROSPECTION=on", "MOTCUA_ADMIN_ADDR=0.0.0.0:0",
			"MOTCUA_MONGODB__URI=mongodb://db"}, 0, []string{"graph.explorer", "graph.introspection", "admin_addr", "redis.uri", "media.bucket"}},
		{"serve with development secrets", []string{"serve"}, []string{"MOTCUA_SECRETS__KEYSET_FILE=" + filepath.Join(devKeys.data, "dev-keyset.json")}, 0, []string{"development secrets", "http.public_url"}},
		{"unknown city", []string{"check", "--dev"}, []string{"MOTCUA_CITY=atlantis"}, 1, []string{"atlantis"}},
		{"unknown command", []string{"fly"}, nil, 1, []string{"unknown command"}},
		{"restore of rubbish", []string{"restore", file}, nil, 1, []string{file}},
		{"staff without unit", []string{"staff", "add", "--phone", "0912345678", "--role", "officer"}, []string{"MOTCUA_DATA_DIR=" + devKeys.data}, 1, []string{"officer", "--unit", "check --units"}},
		{"staff of an unknown unit", []string{"staff", "add", "--phone", "0912345678", "--role", "officer", "--unit", "moon"}, []string{"MOTCUA_DATA_DIR=" + devKeys.data}, 1, []string{"moon", "check --units"}},
		{"a folder without a city", []string{"signs", "list"}, nil, 1, []string{"there is no city in"}},
		{"nothing to print", []string{"signs", "print", "--unordered", "--out", filepath.Join(t.TempDir(), "x.pdf")}, nil, 1, []string{"there is no city in"}},
		{"a backup without a name", []string{"backup"}, nil, 1, []string{"FILE missing: motcua backup FILE"}},
		{"a backup that exists", []string{"backup", file}, []string{"MOTCUA_DATA_DIR=" + devKeys.data}, 1, []string{file + " exists: --force replaces it"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, _, stderr := newPlace(t, tt.env...).run(ctx, t, tt.args...)
			if code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			for _, want := range tt.wants {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q is not in %q", want, stderr)
				}
			}
			if n := strings.Count(strings.TrimSpace(stderr), "\n") + 1; tt.lines > 0 && n > tt.lines {
				t.Errorf("%d lines, want at most %d: %s", n, tt.lines, stderr)
			}
			if strings.Contains(stderr, "goroutine") {
				t.Errorf("a stack is shown: %s", stderr)
			}
		})
	}
}

// TestProductionServes starts serve with real secrets and the stand-ins as a process of their own, and signs in.
func TestProductionServes(t *testing.T) {
	ctx := within(t, 5*time.Minute)
	standIns := startFakecity(ctx, t)
	p := newPlace(t)
	keys := filepath.Join(t.TempDir(), "keyset.json")
	p.must(ctx, t, "secrets", "generate", keys)
	if code, _, _ := p.run(ctx, t, "secrets", "generate", keys); code != 1 {
		t.Error("an existing keyset was written over")
	}
	p.env = append(p.env, "MOTCUA_SECRETS__KEYSET_FILE="+keys, "MOTCUA_HTTP__PUBLIC_URL=https://motcua.example", "MOTCUA_CHANNELS__SMS__API_BASE="+standIns.Fakecity+"/sms",
		"MOTCUA_CHANNELS__SMS__TOKEN=fakecity")
	if out := p.must(ctx, t, "check"); !strings.Contains(out, "114 wards") || !strings.Contains(out, "one replica only") {
		t.Errorf("check: %s", out)
	}
	city := p.startAs(t, "serve")
	city.Fakecity = standIns.Fakecity
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	for name, query := range map[string]string{"introspection": "{ __schema { types { name } } }", "type": `{ __type(name: "Account") { name } }`} {
		if a, err := citizen.Ask(ctx, query, nil); err != nil || len(a.Errors) == 0 {
			t.Errorf("%s is answered: %s %v", name, a.Data, err)
		}
	}
	res, err := http.Get(city.HTTP + "/graphql?query=%7Bme%7Bid%7D%7D")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || bytes.Contains(body, []byte(`"data":{`)) {
		t.Errorf("an unregistered query by GET is answered: %s %v", body, err)
	}

	// Others may have read the file: with every key replaced the same phone still leads to the same account.
	city.Stop(15 * time.Second)
	replaced := filepath.Join(t.TempDir(), "keyset.json")
	p.must(ctx, t, "secrets", "rotate", "--leaked", keys, replaced)
	standIns = startFakecity(ctx, t) // one that has no code yet
	p.env = append(p.env, "MOTCUA_SECRETS__KEYSET_FILE="+replaced, "MOTCUA_CHANNELS__SMS__API_BASE="+standIns.Fakecity+"/sms")
	city = p.startAs(t, "serve")
	city.Fakecity = standIns.Fakecity
	var before, after struct{ Me struct{ ID string } }
	again, err := city.SignIn(ctx, "0912345678")
	if err == nil {
		err = again.Do(ctx, "{ me { id } }", nil, &after)
	}
	citizen.URL = again.URL
	if err := errors.Join(err, citizen.Do(ctx, "{ me { id } }", nil, &before)); err != nil || before != after {
		t.Errorf("after the keys were replaced: account %q instead of %q, %v", after.Me.ID, before.Me.ID, err)
	}
}

func startFakecity(ctx context.Context, t *testing.T) *citytest.Process {
	t.Helper()
	fake, err := citytest.Build(ctx, "../..", "fakecity", t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	p, err := citytest.Start(ctx, citytest.Options{Bin: fake, Env: []string{"MOTCUA_FAKECITY_ADDR=127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop(10 * time.Second) })
	return p
}

// TestStoppingFailsNoRequest sends SIGTERM under load: every request that was begun is answered, and the program ends by itself.
func TestStoppingFailsNoRequest(t *testing.T) {
	ctx := within(t, 3*time.Minute)
	p := newPlace(t, "MOTCUA_HTTP__DRAIN_DELAY=500ms")
	city := p.start(t)
	var (
		wg            sync.WaitGroup
		mu            sync.Mutex
		served        int
		stopping      = make(chan struct{})
		transportless = &http.Transport{DisableKeepAlives: true}
	)
	for range 8 {
		wg.Go(func() {
			for {
				// A new connection each time: it is refused when the port is closed, and that is no failed request.
				c := citytest.Client{URL: city.HTTP + "/graphql", HTTP: &http.Client{Transport: transportless, Timeout: 10 * time.Second}}
				err := c.Do(ctx, "{ feedbackCategories { code } }", nil, nil)
				var op *net.OpError
				if errors.As(err, &op) && op.Op == "dial" {
					return
				}
				if err != nil {
					select {
					case <-stopping:
						t.Errorf("a request under way failed: %v", err)
					default:
						t.Errorf("before stopping: %v", err)
					}
					return
				}
				mu.Lock()
				served++
				mu.Unlock()
			}
		})
	}
	err := citytest.Poll(ctx, func() (bool, error) { mu.Lock(); defer mu.Unlock(); return served > 50, nil })
	if err != nil {
		t.Fatal(err)
	}
	close(stopping)
	if code := city.Stop(15 * time.Second); code != 0 {
		t.Errorf("exit code %d:\n%s", code, tail(city.Logs()))
	}
	wg.Wait()
}

// TestStaffWhileRunningAndStopped uses the same command on a running city, through its operators' port, and on a stopped one.
func TestStaffWhileRunningAndStopped(t *testing.T) {
	t.Parallel()
	ctx := within(t, 3*time.Minute)
	p := newPlace(t)
	city := p.start(t)
	before := p.must(ctx, t, "staff", "add", "--phone", "0909000001", "--role", "officer", "--unit", "ward-11311")
	if strings.Contains(before, "0909000001") {
		t.Errorf("the whole number is shown: %s", before)
	}
	officer, err := city.SignIn(ctx, "0909000001")
	if err != nil {
		t.Fatal(err)
	}
	var me struct {
		Me struct {
			Roles []string
			Unit  struct{ Code string }
		}
	}
	if err := officer.Do(ctx, "{ me { roles unit { code } } }", nil, &me); err != nil || len(me.Me.Roles) != 1 || me.Me.Unit.Code != "ward-11311" {
		t.Errorf("%+v %v", me, err)
	}
	if code := city.Stop(20 * time.Second); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	p.must(ctx, t, "staff", "add", "--phone", "0909000002", "--role", "dispatcher")
	list := p.must(ctx, t, "staff", "list")
	if n := strings.Count(list, "\n"); n != 6 { // a heading, three of the sample, two new ones
		t.Errorf("%d lines: %s", n, list)
	}
}

// TestDeadLettersAreReplayed has a code refused for good, finds it with the command, and sends it again.
func TestDeadLettersAreReplayed(t *testing.T) {
	t.Parallel()
	ctx := within(t, 3*time.Minute)
	p := newPlace(t)
	city := p.start(t)
	breakSMS(ctx, t, city, `{"status":400,"times":1}`)
	c := citytest.Client{URL: city.HTTP + "/graphql"}
	err := c.Do(ctx, `mutation { requestOtp(input: {phone: "0912345678", deviceId: "laptop-1"}) { challenge { id } } }`, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var id string
	err = citytest.Poll(ctx, func() (bool, error) {
		lines := strings.Split(p.must(ctx, t, "outbox", "list"), "\n")
		if len(lines) > 1 && lines[1] != "" {
			id = strings.Fields(lines[1])[0]
		}
		return id != "", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.must(ctx, t, "outbox", "retry", id)
	if _, err := city.Code(ctx, "0912345678"); err != nil {
		t.Error(err)
	}
	if code, _, stderr := p.run(ctx, t, "outbox", "retry", "nothing"); code != 1 || !strings.Contains(stderr, "NOT_FOUND") {
		t.Errorf("retry of nothing: %d %s", code, stderr)
	}
}

func breakSMS(ctx context.Context, t *testing.T, city *citytest.Process, fault string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, city.Fakecity+"/sms/faults", strings.NewReader(fault))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode/100 != 2 {
		t.Fatalf("faults: status %d", res.StatusCode)
	}
}
