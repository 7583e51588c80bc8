package intent

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/motcua/motcua/miniapps"
)

func TestCV(t *testing.T) {
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
	core, err := Load(os.DirFS("../../configs/phrasings"))
	if err != nil {
		t.Fatal(err)
	}
	ps := append(core, Of(apps)...)
	data, _ := os.ReadFile("testdata/phrasings.yaml")
	all, _ := ReadLabelled(data)
	var dev []Labelled
	for _, l := range all {
		if !l.HeldOut() {
			dev = append(dev, l)
		}
	}
	run := func() {
		const folds = 8
		right, n, oosWrong, oos := 0, 0, 0, 0
		for k := range folds {
			var train []Phrase
			var test []Phrase
			for i, p := range ps {
				if i%folds == k && (isAction(p.Intent) || p.Intent == SmallTalk) {
					test = append(test, p)
				} else {
					train = append(train, p)
				}
			}
			r := New(train)
			for _, p := range test {
				got := ""
				sc := 0.0
				if m := r.Recognise(p.Text); len(m) > 0 {
					got = m[0].Intent
					sc = m[0].Score
				}
				if p.Intent == SmallTalk {
					oos++
					if got != "" && sc >= Sure {
						oosWrong++
					}
					continue
				}
				n++
				if got == p.Intent {
					right++
				}
			}
		}
		d := Evaluate(New(ps), dev)
		sure := 0
		r := New(ps)
		cnt := 0
		for _, l := range dev {
			if l.Intent == "" {
				continue
			}
			cnt++
			if m := r.Recognise(l.Text); len(m) > 0 && m[0].Intent == l.Intent && m[0].Score >= Sure {
				sure++
			}
		}
		fmt.Printf("cap %.1f %.1f sm %.3f T %.2f unk %.2f bias %.2f bonus %.2f mend %.2f: cv %d/%d oosWrong %d/%d dev %d/%d sure %d/%d\n", concBase, capHalf, smoothing, temperature, unknown, noneBias, phraseBonus, mendedPart, right, n, oosWrong, oos, d.Overall.Right, d.Overall.All, sure, cnt)
	}
	run()
	if os.Getenv("SCAN") == "" {
		return
	}
	for _, concBase = range []float64{0, 0.15, 0.3, 0.5} {
		for _, capHalf = range []float64{0, 0.2, 0.5, 1} {
			for _, temperature = range []float64{1.5, 2, 2.5} {
				run()
			}
		}
	}
}
