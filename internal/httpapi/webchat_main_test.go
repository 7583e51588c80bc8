package httpapi_test

import (
	"testing"

	"github.com/motcua/motcua/internal/leaktest"
)

// TestMain looks for what goes on when all ports are closed.
func TestMain(m *testing.M) {
	leaktest.Main(m)
}
