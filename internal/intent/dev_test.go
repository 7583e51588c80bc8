package intent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/miniapps"
)

func TestDev(t *testing.T) {
	files, _ := filepath.Glob("../../miniapps/*/manifest.json")
	var apps []miniapps.Manifest
	for _, f := range files {
		data, _ := os.ReadFile(f)
		m, err := miniapps.ParseManifest(data)
		if err != nil {
			t.Fatal(err)
		}
		apps = append(apps, m)
	}
	core, err := intent.Load(os.DirFS("../../configs/phrasings"))
	if err != nil {
		t.Fatal(err)
	}
	r := intent.New(append(core, intent.Of(apps)...))
	data, _ := os.ReadFile("testdata/phrasings.yaml")
	all, err := intent.ReadLabelled(data)
	if err != nil {
		t.Fatal(err)
	}
	var dev, held []intent.Labelled
	for _, l := range all {
		if l.HeldOut() {
			held = append(held, l)
		} else {
			dev = append(dev, l)
		}
	}
	rep := intent.Evaluate(r, dev)
	rep.Print(os.Stdout)
	for _, w := range rep.Wrong {
		fmt.Printf("%-18s got %-18s %.2f  %s\n", w.Intent, w.Got, w.Score, w.Text)
	}
	fmt.Println("HELD", intent.Evaluate(r, held).Overall)
	if os.Getenv("HELD") != "" {
		intent.Evaluate(r, held).Print(os.Stdout)
	}
}
