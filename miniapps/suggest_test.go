package miniapps_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/miniapps"
)

// TestSuggestionsLeadSomewhere: of other apps only what there is comes through, and a mistake is logged once.
func TestSuggestionsLeadSomewhere(t *testing.T) {
	t.Parallel()
	next := []miniapps.Suggestion{
		{Action: "amend"}, {App: "notes", Action: "amend"}, {Action: "close"}, {App: "other", Action: "write", Input: map[string]any{"text": "x"}},
		{App: "nowhere", Action: "write"}, {App: "other", Action: "nothing"}, {App: "other", Action: "close"}, {App: "other", Action: "expire"},
	}
	given := slices.Clone(next)
	other := newStub(t, "other", nil)
	g := newRig(t, limits(), nil, answers(t, miniapps.Result{Next: next}, nil), other)
	for range 3 {
		res, err := g.Run(t.Context(), miniapps.Request{App: "notes", Action: "mine", Viewer: citizen()})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range res.Next {
			got = append(got, s.App+"."+s.Action)
		}
		if want := []string{".amend", "notes.amend", ".close", "other.write"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	for i := range next {
		if next[i].App != given[i].App || next[i].Action != given[i].Action {
			t.Error("what the app gave was changed")
		}
	}
	if n := strings.Count(g.log.String(), "leads nowhere"); n != 4 {
		t.Errorf("logged %d times, want once for each of 4\n%s", n, g.log.String())
	}
}
