// Package leaktest finds goroutines that outlive the tests which started them.
package leaktest

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long what is ending may take on a busy machine. What never ends is found all the same.
const patience = 15 * time.Second

// Main runs a package's tests, and fails them when something goes on after all of them. It is what a TestMain ends with, and does not return. m is a
// *testing.M, or does something more than that.
func Main(m interface{ Run() int }) {
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if code == 0 {
		if err := find(patience); err != nil {
			fmt.Fprintln(os.Stderr, "leaktest: what the tests have started goes on:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// Check fails a test when something that was started after this call goes on after the test's clean-up. Tests beside it would be taken for its own: it is for
// tests that do not run in parallel.
func Check(t testing.TB) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := find(patience, before); err != nil {
			t.Error("what the test has started goes on:", err)
		}
	})
}

func find(patience time.Duration, known ...goleak.Option) error {
	known = append(known,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),        // one for the life of the process
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),     // sleeps its last ten seconds after the server is gone
		goleak.IgnoreAnyFunction("github.com/gofiber/fiber/v2/internal/memory.(*Storage).gc"), // one for each limiter, for the life of the process
	)
	for end := time.Now().Add(patience); ; {
		err := goleak.Find(known...) // waits up to half a second by itself
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}
