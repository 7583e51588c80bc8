package intake

import (
	"fmt"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/store/memory"
)

// TestStoriesThatAreNotWritten: plates hang before all stories are written, and the report counts those that are missing.
func TestStoriesThatAreNotWritten(t *testing.T) {
	t.Parallel()
	rows, files := list(t, 6, 6)
	for i := range 3 { // names alone
		files[i].Data = fmt.Appendf(nil, "id: duong-%d\nkind: street\nname: {vi: \"Đường số %d\"}\nstate: {vi: reviewed}\n", i, i)
	}
	files[3].Data = []byte(strings.Replace(string(files[3].Data), "kind: street", "kind: road", 1)) // faulty ones are not counted
	names := files[:3]
	d := openDesk(t, memory.New())
	rep, got := d.check(append(files, File{"plates.csv", written(',', rows)})...)
	if rep.Unwritten != 3 || rep.Stories.New != 5 || rep.Plates.New != 5 || rep.Faulty() != 2 {
		t.Fatalf("got %+v", rep)
	}
	if done, err := d.Apply(t.Context(), got, Options{By: "importer", SkipFaulty: true}); err != nil || done.Unwritten != 3 {
		t.Errorf("got %+v, %v", done, err)
	}
	_, whole := list(t, 1, 6)
	d.bring(whole[0])
	if rep := d.bring(names...); rep.Unwritten != 2 || rep.Stories.Same+rep.Stories.Changed != 3 {
		t.Errorf("once one is written: %+v", rep)
	}
	if s, err := d.registry.Story(t.Context(), "duong-0"); err != nil || !s.Written() {
		t.Errorf("a list that names a story took its text: %+v, %v", s, err)
	}
}
