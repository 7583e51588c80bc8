package miniapptest_test

import (
	"os"
	"testing"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestNotes(t *testing.T) {
	t.Parallel()
	miniapptest.Run(t, func(t *testing.T) miniapptest.Fixture {
		n, err := miniapptest.NewNotes()
		if err != nil {
			t.Fatal(err)
		}
		return miniapptest.Fixture{App: broken(n, os.Getenv(breakVar)), Samples: samples(), Fingerprint: n.Fingerprint, Count: n.Count}
	})
}

func samples() []miniapptest.Sample {
	return []miniapptest.Sample{
		{Action: "write", Input: `{"text": "mua vé xe buýt"}`, Other: `{"text": "mua hai vé xe buýt"}`, Opens: true},
		{Name: "write with a place", Action: "write", Input: `{"text": "mua vé xe buýt", "place": {"lat": 20.85, "lon": 106.68}}`, Opens: true},
		{Action: "amend", Prepare: written, Input: `{"text": "mua vé tàu hỏa"}`, Other: `{"text": "mua vé máy bay"}`, Private: true},
		{Action: "mine", Prepare: written},
		{Action: "kinds"},
		{Action: "look", Input: `{"answers": {"text": "mua"}}`},
		{Action: "close", Prepare: written},
		{Action: "expire", Prepare: written},
	}
}

// written makes a note of the citizen's for the sample to be about.
func written(_ testing.TB, do miniapptest.Do, s *miniapptest.Sample) {
	res := do(miniapps.Request{Action: "write", Viewer: miniapptest.Citizen(), Key: "written", Input: []byte(`{"text": "mua vé xe buýt"}`)})
	if s.Action != "mine" {
		s.Case = res.Case
	}
}
