package device

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
)

func TestRemoveKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	one := w.register(t, lan, "token-1#keys")
	two := w.register(t, lan, "token-2")
	remove := func(known string) fault.Code {
		return fault.CodeOf(w.RemoveKnown(t.Context(), lan, one.Kind, known))
	}
	require.Equal(t, fault.NotFound, fault.CodeOf(w.RemoveKnown(t.Context(), viewer("mai"), one.Kind, "token-1")), "another's")
	require.Equal(t, fault.NotFound, remove("token-3"))
	require.Equal(t, fault.NotFound, remove(""))
	require.Empty(t, remove("token-1"))
	require.Equal(t, fault.NotFound, remove("token-1"), "a repeat")
	left, err := w.List(t.Context(), lan)
	require.NoError(t, err)
	require.Equal(t, []Device{two}, left)
}
