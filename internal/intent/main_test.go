package intent_test

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/miniapps"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// shipped gives the phrases of the core and of all mini-apps, as the program puts them together.
var shipped = sync.OnceValues(func() ([]intent.Phrase, error) {
	core, err := intent.Load(os.DirFS("../../configs/phrasings"))
	if err != nil {
		return nil, err
	}
	names, err := filepath.Glob("../../miniapps/*/manifest.json")
	if err != nil {
		return nil, err
	}
	var apps []miniapps.Manifest
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		m, err := miniapps.ParseManifest(data)
		if err != nil {
			return nil, err
		}
		apps = append(apps, m)
	}
	return append(core, intent.Of(apps)...), nil
})

var shippedRecogniser = sync.OnceValues(func() (*intent.Recogniser, error) {
	p, err := shipped()
	if err != nil {
		return nil, err
	}
	return intent.New(p), nil
})

func phrases(t testing.TB) []intent.Phrase {
	t.Helper()
	p, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(p)
}

func recogniser(t testing.TB) *intent.Recogniser {
	t.Helper()
	r, err := shippedRecogniser()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sentences(t testing.TB) []intent.Labelled {
	t.Helper()
	data, err := os.ReadFile("testdata/phrasings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all, err := intent.ReadLabelled(data)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
