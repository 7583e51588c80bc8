package intent

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/motcua/motcua/miniapps"
)

func TestDbg(t *testing.T) {
	files, _ := filepath.Glob("../../miniapps/*/manifest.json")
	var apps []miniapps.Manifest
	for _, f := range files {
		data, _ := os.ReadFile(f)
		m, _ := miniapps.ParseManifest(data)
		apps = append(apps, m)
	}
	core, _ := Load(os.DirFS("../../configs/phrasings"))
	r := New(append(core, Of(apps)...))
	for _, s := range []string{"giuc giup cai phan anh cua em", "Phản ánh của tôi xử lý ẩu quá, tôi muốn ý kiến lại", "den duong ngo 10 Cat Bi hong gan mot thang nay chua thay ai sua"} {
		list, mended := r.spell.right(words(s))
		fmt.Println(r.model.classes)
		for _, f := range features(list, mended) {
			w := r.model.weights[f.name]
			fmt.Printf("%-20s %.1f", f.name, f.weight)
			for _, x := range w {
				fmt.Printf(" %6.2f", float64(x)*f.weight/temperature)
			}
			fmt.Println()
		}
		fmt.Println(r.Recognise(s), r.model.scores(list, mended, r.contained.in(list)))
	}
}
