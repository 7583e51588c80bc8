package fcm

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/fcm/fcmfake"
)

func TestMain(m *testing.M) {
	leaktest.Main(reading{m})
}

// reading fails tests that leave a file of testdata unread.
type reading struct{ *testing.M }

func (r reading) Run() int {
	code := r.M.Run()
	if unread := unread(); code == 0 && len(unread) > 0 {
		fmt.Fprintln(os.Stderr, "no test reads", unread)
		return 1
	}
	return code
}

// read remembers which files of testdata a test has read.
var read sync.Map

// unread gives the files that none has, when all tests have run.
func unread() (out []string) {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return nil
		}
	}
	for _, pattern := range []string{"testdata/*.json", "testdata/payloads/*.json"} {
		found, _ := filepath.Glob(pattern) // the pattern is a good one
		for _, name := range found {
			if _, ok := read.Load(name); !ok {
				out = append(out, name)
			}
		}
	}
	return out
}

var update = flag.Bool("update", false, "rewrite the golden files")

const project = "demo-city"

// moment is the clock of tests: the time of the samples.
var moment = time.Unix(1795255200, 0).UTC()

func clock() time.Time { return moment }

func testConfig(base string) Config {
	return Config{ProjectID: project, APIBase: base, Timeout: 5 * time.Second, LinkBase: "https://motcua.example"}
}

func newChannel(t testing.TB, cfg Config, client *http.Client) *Channel {
	t.Helper()
	c, err := New(t.Context(), cfg, client, clock)
	require.NoError(t, err)
	return c
}

// serve joins a channel to a network with one phone.
func serve(t testing.TB) (*Channel, *fcmfake.Network, channels.Address) {
	t.Helper()
	fake := fcmfake.New(fcmfake.Config{ProjectID: project, Now: clock})
	srv := httptest.NewServer(http.StripPrefix("/fcm", fake))
	t.Cleanup(srv.Close)
	t.Cleanup(fake.Close)
	return newChannel(t, testConfig(srv.URL+"/fcm"), srv.Client()), fake, channels.Address(fake.Install("Lan"))
}

// play joins a channel to a handler that plays the network.
func play(t testing.TB, h http.Handler) *Channel {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return newChannel(t, testConfig(srv.URL), srv.Client())
}

func push(id, text string) channels.Outbound {
	return channels.Outbound{ID: id, Kind: channels.Notice, Push: &channels.Push{Title: "Một cửa", Text: text}}
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	path := "testdata/payloads/" + name + ".json"
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	read.Store(path, true)
	return b
}

// golden compares JSON with a file, written so that a person can read it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, got, "", "  "))
	pretty.WriteByte('\n')
	if *update {
		require.NoError(t, os.WriteFile(name, pretty.Bytes(), 0o600))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	read.Store(name, true)
	require.Equal(t, string(want), pretty.String())
}
