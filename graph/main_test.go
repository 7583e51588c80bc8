package graph_test

import (
	"testing"

	"github.com/motcua/motcua/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
