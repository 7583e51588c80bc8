package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/sqlite"
)

func when(hour int) time.Time { return time.Unix(1_800_000_000+int64(hour)*3600, 0).UTC() }

// childEnv makes the test binary the process that TestSurvivesKill kills: it writes to the folder that it names and prints every id once its write was answered.
const childEnv = "MOTCUA_TEST_SQLITE_CHILD"

func child(dir string) {
	ctx := context.Background()
	e, err := sqlite.Open(ctx, sqlite.Config{Dir: dir})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	c, err := store.Define[note](ctx, e, notes())
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var mu sync.Mutex
	say := func(id string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println("stored", id)
	}
	for worker := range 4 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, i)
				if err := c.Insert(ctx, note{ID: id, Text: strings.Repeat("x", 500), Tags: []string{"t"}}); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				say(id)
				if _, err := c.Update(ctx, id, func(n *note) error { n.N = 7; n.Tags = []string{"u"}; return nil }); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				say("changed " + id)
			}
		}()
	}
	select {}
}

// TestSurvivesKill kills a writing process ten times. What it said was stored is there each time, whole and indexed.
func TestSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	stored := map[string]bool{} // id → whether its change was answered too
	for round := range 10 {
		kill(t, dir, 60+round*10, stored)
	}
	_, c := open(t, dir)
	for id, changed := range stored {
		n, err := c.Get(t.Context(), id)
		require.NoError(t, err)
		require.Len(t, n.Text, 500)
		if changed {
			require.Equal(t, 7, n.N)
		}
	}
	all, err := c.Count(t.Context(), c.ByID(), 1_000_000)
	require.NoError(t, err)
	require.GreaterOrEqual(t, all, len(stored))
	tagged := 0
	for _, tag := range []string{"t", "u"} {
		q, err := c.Query("tags")
		require.NoError(t, err)
		n, err := c.Count(t.Context(), q.Where(tag), 1_000_000)
		require.NoError(t, err)
		tagged += n
	}
	require.Equal(t, all, tagged, "the index holds each document once")
}

// kill starts a child, lets it answer so many writes, and kills it.
func kill(t *testing.T, dir string, answers int, stored map[string]bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		line := lines.Text()
		require.True(t, strings.HasPrefix(line, "stored "), line)
		id, changed := strings.CutPrefix(strings.TrimPrefix(line, "stored "), "changed ")
		stored[id] = stored[id] || changed
		if n == answers {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait() // it was killed
	require.NotEmpty(t, stored)
}
