package media

import (
	"bytes"
	"testing"

	"github.com/motcua/motcua/internal/fault"
)

func TestForgetRemovesWhatIsLoose(t *testing.T) {
	t.Parallel()
	d := open(t)
	loose, err := d.take("loose", phoneJPEG(t, quarters(40, 30), 1))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := d.take("kept", phoneJPEG(t, quarters(30, 40), 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Attach(d.ctx, []string{"zalo-1"}, []string{kept.ID}, Ref{"feedback", "r1"}); err != nil {
		t.Fatal(err)
	}
	other, err := d.Take(d.ctx, guest("zalo-2"), "k", "", bytes.NewReader(phoneJPEG(t, quarters(20, 20), 1)))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a repeat changes nothing more
		if err := d.Forget(d.ctx, "zalo-1"); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := d.Items(d.ctx, []string{loose.ID}); fault.CodeOf(err) != "" || len(found) != 0 {
		t.Errorf("what was loose is still there: %v, %v", found, err)
	}
	for _, id := range []string{kept.ID, other.ID} {
		if found, err := d.Items(d.ctx, []string{id}); err != nil || len(found) != 1 {
			t.Errorf("%s is gone: %v, %v", id, found, err)
		}
	}
	if left, err := d.docs.Collect(d.ctx, d.docs.ByID()); err != nil || len(left) != 2 {
		t.Errorf("%d documents are left, %v", len(left), err)
	}
}
