package graph

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
)

func TestIdentityChangesWithRights(t *testing.T) {
	t.Parallel()
	v := account.Viewer{Account: "a", Session: "s", Subjects: []string{"a"}}
	more := v
	more.Roles = []account.Role{account.Officer}
	other := more
	other.Unit = "ward-1"
	require.NotEqual(t, identity(v), identity(more))
	require.NotEqual(t, identity(more), identity(other))
	require.Equal(t, identity(v), identity(account.Viewer{Account: "a", Session: "s", Subjects: []string{"a"}, Lang: message.English}))
}

func FuzzAcceptedLanguage(f *testing.F) {
	for _, s := range []string{"", "vi", "en-US,en;q=0.9", "*", "x;q=2", "en;q=0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if l := acceptedLanguage(header); l.Or() != l {
			t.Fatalf("%q is no language of ours", l)
		}
	})
}

func FuzzSpelled(f *testing.F) {
	for _, s := range []string{"", "vi", "EN", "zh_hans", "zh-Hant-TW", "x-private", "root", "mul"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, tag string) {
		if once := spelled(tag); spelled(once) != once {
			t.Fatalf("%q has two spellings: %q and %q", tag, once, spelled(once))
		}
	})
}
