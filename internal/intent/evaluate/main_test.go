package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	manifests = "../../../miniapps/*/manifest.json"
	sentences = "../testdata/phrasings.yaml"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(&out, manifests, sentences, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Development half", "Held-out half", "overall", "feedback.submit"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the answer lacks %q", want)
		}
	}
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	hard := filepath.Join(t.TempDir(), "hard.yaml")
	if err := os.WriteFile(hard, []byte("- {text: qwertz, intent: menu, lang: vi}\n- {text: asdf, intent: menu, lang: vi}\n- {text: yxcv, intent: menu, lang: vi}\n- {text: hjkl, intent: menu, lang: vi}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string][2]string{"low": {manifests, hard}, "no manifests": {"none/*.json", sentences}, "no list": {manifests, "none.yaml"}} {
		if err := run(&bytes.Buffer{}, tt[0], tt[1], false); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
