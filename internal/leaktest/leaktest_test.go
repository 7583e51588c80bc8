package leaktest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { Main(m) }

func TestFind(t *testing.T) {
	end := make(chan struct{})
	go func() { <-end }()
	require.ErrorContains(t, find(time.Millisecond), "leaktest.TestFind", "what goes on is named")
	time.AfterFunc(700*time.Millisecond, func() { close(end) })
	require.NoError(t, find(10*time.Second), "what is ending is waited for")
}

func TestCheck(t *testing.T) {
	end, begun := make(chan struct{}), make(chan struct{})
	defer close(end)
	go func() { close(begun); <-end }()
	<-begun
	t.Run("what ran before is not the test's own", func(t *testing.T) { Check(t) })
}
