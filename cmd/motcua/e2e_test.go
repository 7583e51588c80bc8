package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// bin is the program under test, built once with the race detector on; fakecityBin is the stand-ins' own, which is not under test.
var bin, fakecityBin string

func TestMain(m *testing.M) {
	os.Exit(withProgram(m))
}

func withProgram(m *testing.M) int {
	dir, err := os.MkdirTemp("", "motcua-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if bin, err = citytest.Build(context.Background(), "../..", "motcua", dir, true); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if fakecityBin, err = citytest.Build(context.Background(), "../..", "fakecity", dir, false); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// place is where one test's city lives.
type place struct {
	data string
	env  []string
}

// newPlace gives a city an empty data folder and free ports.
func newPlace(t *testing.T, env ...string) place {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	return place{data: data, env: append([]string{
		"MOTCUA_DATA_DIR=" + data, "MOTCUA_HTTP_ADDR=127.0.0.1:0", "MOTCUA_ADMIN_ADDR=127.0.0.1:0", "MOTCUA_FAKECITY_ADDR=127.0.0.1:0",
		"MOTCUA_HTTP__DRAIN_DELAY=0s",
		"MOTCUA_SIGNS__SAMPLE=false", // but where signs are tried: they take their time
		"GORACE=atexit_sleep_ms=100", // the detector waits a second at each exit otherwise
	}, env...)}
}

// sampleSigns has a city begin with its sample signs.
const sampleSigns = "MOTCUA_SIGNS__SAMPLE=true"

// start runs `motcua dev` there until the test ends.
func (p place) start(t *testing.T) *citytest.Process {
	t.Helper()
	return p.startAs(t, "dev")
}

// startAs runs a command that serves. A data race or a bad exit fails the test.
func (p place) startAs(t *testing.T, command string) *citytest.Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	city, err := citytest.Start(ctx, citytest.Options{Bin: bin, Args: []string{command}, Env: p.env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		select {
		case <-city.Done(): // killed by the test
		default:
			if code := city.Stop(30 * time.Second); code != 0 {
				t.Errorf("exit code %d:\n%s", code, tail(city.Logs()))
			}
		}
	})
	return city
}

// soaking gives how much is tried: little where the tests run at each change, all where MOTCUA_SOAK is set, as `make soak` does.
func soaking(little, all int) int {
	if os.Getenv("MOTCUA_SOAK") == "" {
		return little
	}
	return all
}

func tail(s string) string { return s[max(0, len(s)-6000):] }

// within gives a test's context with a limit.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
