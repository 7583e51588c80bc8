package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/admin"
)

// TestSignsImportSample brings the shipped lists in: a trial first, then in earnest, then again.
func TestSignsImportSample(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	var r admin.SignReport
	want := func(what string, plates, stories admin.SignCounts, stored bool) {
		t.Helper()
		if r.Plates != plates || r.Stories != stories || r.Faulty() != 0 || len(r.Faults) != 0 || r.Stored != stored {
			t.Errorf("%s: got %+v", what, r)
		}
	}
	b.mustJSON(&r, "import", signSample, "--dry-run")
	want("a trial", admin.SignCounts{Rows: 177, New: 177}, admin.SignCounts{Rows: 75, New: 75}, false)
	if out := b.must("list"); strings.Count(out, "\n") != 1 {
		t.Errorf("a trial stored something: %s", out)
	}
	b.mustJSON(&r, "import", signSample)
	want("first", admin.SignCounts{Rows: 177, New: 177}, admin.SignCounts{Rows: 75, New: 75}, true)
	b.refused("because of 177 faulty rows", "import", filepath.Join(signSample, "plates.csv"), packed(t, signSample)) // each plate comes twice
	b.mustJSON(&r, "import", packed(t, signSample))
	want("again, from a zip", admin.SignCounts{Rows: 177, Same: 177}, admin.SignCounts{Rows: 75, Same: 75}, true)
	if out := b.must("import", signSample); !strings.Contains(out, "plates   177   0    0        177   0") || !strings.HasSuffix(out, "Stored\n") {
		t.Errorf("got %s", out)
	}
	var all admin.Page[admin.PlateLine]
	if b.mustJSON(&all, "list", "--first", "0"); len(all.Items) != 177 || all.Next != "" {
		t.Errorf("got %d plates, next %q", len(all.Items), all.Next)
	}
}

// packed gives a zip of a folder.
func packed(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lists.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	if err := z.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

const faultyList = `number,story,street,address,side,lat,lon,ward
1,le-chan,Phố Một,Đầu phố,left,20.86286,106.67587,
2,le-chan,Phố Một,Giữa phố,middle,99.1,106.67587,
3,le-chan,Phố Một,Cuối phố,right,20.86200,106.68060,
`

const leChan = `id: le-chan
kind: street
name: {vi: "Phố Lê Chân", en: "Le Chan Street"}
former: ["Phố Cũ"]
text: {vi: "Nữ tướng Lê Chân.", en: "General Le Chan."}
`

func TestSignsImportFaults(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	list, story := b.file("plates.csv", faultyList), b.file("le-chan.yaml", leChan)
	for _, args := range [][]string{{"--dry-run"}, {}, {"--dry-run", "--skip-faulty"}} {
		out, err := b.run(append([]string{"import", list, story}, args...)...)
		if err == nil || !strings.Contains(err.Error(), "nothing was stored, because of 1 faulty row") {
			t.Errorf("%v: got %v", args, err)
		}
		for _, want := range []string{
			list + ":3: side: The side must be one of: left (trái), right (phải), corner (góc), wall (tường). (\"middle\")\n", list + ":3: lat: There is no such place on Earth. (\"99.1\")\n",
			"plates   3     2    0        0     1\n",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%v: %q is not in\n%s", args, want, out)
			}
		}
	}
	if out := b.must("list"); strings.Count(out, "\n") != 1 {
		t.Errorf("something was stored: %s", out)
	}
	out := b.must("import", list, story, "--skip-faulty", "--by", "Trần Thị B")
	if !strings.Contains(out, ":3: side:") || !strings.Contains(out, "Stored, but for the faulty rows") {
		t.Errorf("got %s", out)
	}
	if out := b.must("list"); strings.Count(out, "\n") != 3 || !strings.Contains(out, "HP-00003-") {
		t.Errorf("got %s", out)
	}
	if out := b.must("show", "3"); !strings.Contains(out, "created by operator/Trần Thị B") {
		t.Errorf("got %s", out)
	}
}

func TestSignsImportRefusals(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.refused("no such file", "import", "/no/such/list.csv")
	b.refused("there is no list", "import", t.TempDir())
	b.refused("because of 1 faulty row", "import", b.file("plates.xls", "x"))
	b.refused("too large: 20 MB", "import", b.file("plates.csv", strings.Repeat("x", 20<<20+1)))
	out, _ := b.run("import", b.file("sneaky\x1b[2J.csv", "a,b\n"))
	if strings.Contains(out, "\x1b") || !strings.Contains(out, "sneaky�[2J.csv: ") && !strings.Contains(out, "sneaky�[2J.csv:1: ") {
		t.Errorf("got %q", out)
	}
}

func TestSignsLists(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.must("import", signSample)
	b.must("reissue", "35", "--reason", "gãy cột")
	var all admin.Page[admin.PlateLine]
	b.mustJSON(&all, "list", "--first", "0")
	count := func(keep func(admin.PlateLine) bool) (n int) {
		for _, p := range all.Items {
			if keep(p) {
				n++
			}
		}
		return n
	}
	for _, tt := range []struct {
		args []string
		keep func(admin.PlateLine) bool
	}{
		{[]string{"--ward", "11311"}, func(p admin.PlateLine) bool { return p.Ward == "11311" }},
		{[]string{"--batch", "HP-2022-01"}, func(p admin.PlateLine) bool { return p.Batch == "HP-2022-01" }},
		{[]string{"--unordered"}, func(p admin.PlateLine) bool { return p.Batch == "" }},
		{[]string{"--unit", "ward-11311"}, func(p admin.PlateLine) bool { return p.Unit == "ward-11311" }},
		{[]string{"--condition", "worn"}, func(p admin.PlateLine) bool { return p.Condition == "worn" }},
		{[]string{"--unit", "ward-11311", "--condition", "worn"}, func(p admin.PlateLine) bool { return p.Unit == "ward-11311" && p.Condition == "worn" }},
		{[]string{"--batch", "HP-2022-01", "--ward", "11311"}, func(p admin.PlateLine) bool { return p.Batch == "HP-2022-01" && p.Ward == "11311" }},
		{[]string{"--text", "dien bien phu", "--condition", "good"}, func(p admin.PlateLine) bool {
			return strings.Contains(p.Street+p.Address, "Điện Biên Phủ") && p.Condition == "good"
		}},
	} {
		var got admin.Page[admin.PlateLine]
		b.mustJSON(&got, append([]string{"list", "--first", "0"}, tt.args...)...)
		if n := count(tt.keep); len(got.Items) != n || n == 0 || n == len(all.Items) {
			t.Errorf("%v: got %d plates, want %d", tt.args, len(got.Items), n)
		}
	}
	b.refused("no condition", "list", "--condition", "lost")
	b.refused(`no ward "1"`, "list", "--ward", "1")
	b.refused(`no ward "1"`, "list", "--ward", "1", "--text", "dien bien phu")
	b.refused(`no unit "x"`, "list", "--unit", "x")
}

// TestSignsPages goes through a filtered list page by page.
func TestSignsPages(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.must("import", signSample)
	var whole, got admin.Page[admin.PlateLine]
	filter := []string{"list", "--batch", "HP-2022-01", "--condition", "good"}
	b.mustJSON(&whole, append(filter, "--first", "0")...)
	pages := 0
	for after := ""; ; {
		var p admin.Page[admin.PlateLine]
		b.mustJSON(&p, append(filter, "--first", "7", "--after", after)...)
		got.Items = append(got.Items, p.Items...)
		if pages++; p.Next == "" || pages > 100 {
			break
		}
		after = p.Next
	}
	if len(whole.Items) < 15 || len(got.Items) != len(whole.Items) || pages != (len(whole.Items)+6)/7 {
		t.Fatalf("got %d of %d on %d pages", len(got.Items), len(whole.Items), pages)
	}
	for i := range got.Items {
		if got.Items[i] != whole.Items[i] {
			t.Errorf("%d: got %+v, want %+v", i, got.Items[i], whole.Items[i])
		}
	}
	if out := b.must("list", "--first", "7"); !strings.Contains(out, "more: --after ") {
		t.Errorf("got %s", out)
	}
}
