package graph_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"), // sleeps its last ten seconds after the server is gone
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),                      // of the tests' own client
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	)
}
