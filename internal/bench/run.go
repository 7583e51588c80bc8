package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/motcua/motcua/internal/citytest"
)

// homeQuery is the home screen of the mobile app.
const homeQuery = `query Home { me { id displayName } miniApps { appId name shortName description icon category } feedbackCategories { code name group } myFeedback(first: 10) { edges { node { id code status createdAt } } } notifications(first: 10) { edges { node { id title createdAt read } } } }`

// submitQuery sends one report.
const submitQuery = `mutation Submit($i: SubmitFeedbackInput!) { submitFeedback(input: $i) { feedback { id code } errors { code message } } }`

// yard is a city with load in it, and what the runs share.
type yard struct {
	options
	dir     string
	bin     string
	city    *citytest.Process
	citizen citytest.Client
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "motcua-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	y := &yard{options: o, dir: dir}
	if y.bin, err = citytest.Build(ctx, o.root, "motcua", dir, false); err != nil {
		return err
	}
	var r report
	steps := []func(context.Context, *report) error{y.startUp, y.fill, y.gateway, y.stopped, y.signs, y.chat, y.alerts}
	switch o.only {
	case "alerts":
		steps = []func(context.Context, *report) error{y.alerts}
	case "signs":
		steps = []func(context.Context, *report) error{y.signs}
	}
	for _, step := range steps {
		if err := step(ctx, &r); err != nil {
			return errors.Join(err, y.stop())
		}
	}
	if err := y.stop(); err != nil {
		return err
	}
	r.machine(ctx, o)
	return r.write(o)
}

// stopped ends the city of the gateway's runs, so that the next one has the machine to itself.
func (y *yard) stopped(context.Context, *report) error { return y.stop() }

func (y *yard) stop() error {
	if y.city == nil {
		return nil
	}
	if code := y.city.Stop(20 * time.Second); code != 0 {
		return fmt.Errorf("the city ended with exit code %d:\n%s", code, tail(y.city.Logs()))
	}
	y.city = nil
	return nil
}

func tail(s string) string { return s[max(0, len(s)-2000):] }

func (y *yard) env(data string) []string {
	return []string{"MOTCUA_DATA_DIR=" + data, "MOTCUA_HTTP_ADDR=127.0.0.1:0", "MOTCUA_ADMIN_ADDR=127.0.0.1:0", "MOTCUA_FAKECITY_ADDR=127.0.0.1:0", "MOTCUA_TELEMETRY__LOG_LEVEL=info"}
}

func (y *yard) start(ctx context.Context, data string) (*citytest.Process, error) {
	return citytest.Start(ctx, citytest.Options{Bin: y.bin, Args: []string{"dev"}, Env: y.env(data), Dir: y.dir})
}

// startUp measures the time from starting the process to its first answer, on a city that exists already, and memory at rest.
func (y *yard) startUp(ctx context.Context, r *report) error {
	data := filepath.Join(y.dir, "start")
	var times []time.Duration
	for i := range 6 {
		begin := time.Now()
		p, err := y.start(ctx, data)
		if err != nil {
			return err
		}
		c := citytest.Client{URL: p.HTTP + "/graphql"}
		err = citytest.Poll(ctx, func() (bool, error) { return c.Do(ctx, "{ me { id } }", nil, nil) == nil, nil })
		took := time.Since(begin)
		if i > 0 { // the first start makes the city
			times = append(times, took)
		}
		if i == 5 && err == nil {
			time.Sleep(5 * time.Second) // at rest
			r.idle, err = resident(p.PID())
		}
		if err != nil {
			p.Kill()
			return err
		}
		if code := p.Stop(20 * time.Second); code != 0 {
			return fmt.Errorf("stopped with exit code %d:\n%s", code, tail(p.Logs()))
		}
	}
	slices.Sort(times)
	r.startUp = times[len(times)/2]
	return nil
}

// fill seeds a city, starts it and signs a citizen in who has ten reports.
func (y *yard) fill(ctx context.Context, _ *report) error {
	data := filepath.Join(y.dir, "city")
	seed := exec.CommandContext(ctx, y.bin, "seed", "--reports", strconv.Itoa(y.reports), "--citizens", strconv.Itoa(max(1, y.reports/4)))
	seed.Env, seed.Dir, seed.Stderr = append(os.Environ(), y.env(data)...), y.dir, os.Stderr
	if err := seed.Run(); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	var err error
	if y.city, err = y.start(ctx, data); err != nil {
		return err
	}
	if y.citizen, err = y.city.SignIn(ctx, "0912345678"); err != nil {
		return err
	}
	for i := range 10 {
		if err := y.citizen.Do(ctx, submitQuery, map[string]any{"i": submission(fmt.Sprint("fill-", i))}, nil); err != nil {
			return err
		}
	}
	return nil
}

// submission is the input of a report in the city's centre.
func submission(key string) map[string]any {
	return map[string]any{"description": "Đèn đường hỏng trước nhà hát thành phố, tối đi lại rất nguy hiểm", "idempotencyKey": key,
		"place": map[string]any{"lat": 20.8578, "lon": 106.6810}}
}

// gateway measures the operations beside the bare handler.
func (y *yard) gateway(ctx context.Context, r *report) error {
	for _, op := range []struct {
		name string
		body func(worker, i int) []byte
	}{
		{"`{ me { id } }`", constant(body("{ me { id } }", nil))},
		{"home screen", constant(body(homeQuery, nil))},
		{"`submitFeedback`", func(w, i int) []byte {
			return body(submitQuery, map[string]any{"i": submission(fmt.Sprintf("bench-%d-%d", w, i))})
		}},
	} {
		row, err := y.compare(ctx, op.name, op.body)
		if err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
		r.rows = append(r.rows, row)
	}
	var err error
	r.loaded, err = resident(y.city.PID())
	return err
}

// compare loads the city and the bare handler with one operation, one after the other, twice, and keeps the better run of each.
func (y *yard) compare(ctx context.Context, name string, body func(worker, i int) []byte) (row, error) {
	out := row{name: name}
	answer, err := y.sample(body(-1, 0))
	if err != nil {
		return out, err
	}
	self, err := os.Executable()
	if err != nil {
		return out, err
	}
	yardstick, err := startBare(ctx, self, answer)
	if err != nil {
		return out, err
	}
	defer yardstick.Kill()
	for round := range 2 {
		city := y.load(ctx, y.city.HTTP, func(w, i int) []byte { return body(w+round*1000, i) })
		plain := y.load(ctx, yardstick.HTTP, constant(body(-1, 0)))
		if err := errors.Join(city.Err, plain.Err); err != nil {
			return out, fmt.Errorf("%d of %d failed: %w", city.Failed, city.Count, err)
		}
		if city.Rate > out.city.Rate {
			out.city = city
		}
		if plain.Rate > out.bare.Rate {
			out.bare = plain
		}
	}
	return out, nil
}

func startBare(ctx context.Context, self string, answer []byte) (*citytest.Process, error) {
	return citytest.Start(ctx, citytest.Options{Bin: self, Args: []string{"bare"}, Stdin: bytes.NewReader(answer)})
}

func (y *yard) load(ctx context.Context, base string, body func(worker, i int) []byte) result {
	return load(ctx, y.connections, y.length, func(w, i int, r *fasthttp.Request) {
		r.SetRequestURI(base + "/graphql")
		r.Header.SetMethod(fasthttp.MethodPost)
		r.Header.SetContentType("application/json")
		r.Header.Set("Accept", "application/graphql-response+json")
		r.Header.Set("Authorization", "Bearer "+y.citizen.Token)
		r.SetBodyRaw(body(w, i))
	}, good)
}

// good tells whether an answer has status 200 and no errors.
func good(r *fasthttp.Response) error {
	if r.StatusCode() != http.StatusOK || bytes.Contains(r.Body(), []byte(`"errors":[{`)) {
		return fmt.Errorf("status %d: %.200s", r.StatusCode(), r.Body())
	}
	return nil
}

// sample gives the city's answer to one request, for the bare handler to return.
func (y *yard) sample(body []byte) ([]byte, error) {
	req, err := http.NewRequest(http.MethodPost, y.city.HTTP+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/graphql-response+json")
	req.Header.Set("Authorization", "Bearer "+y.citizen.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var out bytes.Buffer
	_, err = out.ReadFrom(res.Body)
	return out.Bytes(), err
}

func constant(b []byte) func(int, int) []byte { return func(int, int) []byte { return b } }

func body(query string, vars map[string]any) []byte {
	b, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		return nil
	}
	return b
}

// resident gives the memory that a process holds, in bytes.
func resident(pid int) (int, error) { return statusLine(pid, "VmRSS:") }

// statusLine gives a line of a process's status that is in kB, in bytes.
func statusLine(pid int, name string) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == name {
			kb, err := strconv.Atoi(f[1])
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no %s on %s", name, runtime.GOOS)
}
