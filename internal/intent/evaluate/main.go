// Command evaluate measures how well the shipped phrases are understood, on the list of sentences beside the package. Run it at the root of the project:
//
//	go run ./internal/intent/evaluate [-wrong]
//
// It ends with status 1 when less than 95 % of the held-out half is right.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/miniapps"
)

const least = 0.95

func main() {
	apps := flag.String("apps", "miniapps/*/manifest.json", "pattern of the manifests' files")
	list := flag.String("list", "internal/intent/testdata/phrasings.yaml", "file of labelled sentences")
	wrong := flag.Bool("wrong", false, "show the development sentences that are not understood")
	flag.Parse()
	if err := run(os.Stdout, *apps, *list, *wrong); err != nil {
		fmt.Fprintln(os.Stderr, "evaluate:", err)
		os.Exit(1)
	}
}

var errLow = fmt.Errorf("less than %.0f %% of the held-out sentences are understood", 100*least)

func run(w io.Writer, apps, list string, wrong bool) error {
	phrases, err := shipped(apps)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	all, err := intent.ReadLabelled(data)
	if err != nil {
		return err
	}
	development, heldOut := intent.Split(all)
	r := intent.New(phrases)
	tuned, measured := intent.Evaluate(r, development), intent.Evaluate(r, heldOut)
	if err := show(w, tuned, measured, wrong); err != nil {
		return err
	}
	if measured.Overall.Part() < least {
		return errLow
	}
	return nil
}

// shipped gives the phrases of the core and of all mini-apps.
func shipped(pattern string) ([]intent.Phrase, error) {
	files, err := fs.Sub(configs.Files, "phrasings")
	if err != nil {
		return nil, err
	}
	core, err := intent.Load(files)
	if err != nil {
		return nil, err
	}
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no manifest fits %s", pattern)
	}
	var apps []miniapps.Manifest
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		m, err := miniapps.ParseManifest(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		apps = append(apps, m)
	}
	return append(core, intent.Of(apps)...), nil
}

func show(w io.Writer, tuned, measured intent.Report, wrong bool) error {
	_, err := fmt.Fprintln(w, "Development half")
	err = errors.Join(err, tuned.Print(w))
	if wrong {
		for _, x := range tuned.Wrong {
			_, e := fmt.Fprintf(w, "%s, got %q (%.2f): %s\n", x.Intent, x.Got, x.Score, x.Text)
			err = errors.Join(err, e)
		}
	}
	_, e := fmt.Fprintln(w, "\nHeld-out half")
	return errors.Join(err, e, measured.Print(w))
}
