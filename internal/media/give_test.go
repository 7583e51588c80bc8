package media

import "testing"

func TestGive(t *testing.T) {
	t.Parallel()
	d := open(t)
	item := func(key string) string {
		it, err := d.take(key, phoneJPEG(t, quarters(40, 30), 1))
		if err != nil {
			t.Fatal(err)
		}
		return it.ID
	}
	given, taken, other := item("given"), item("taken"), item("other")
	report := Ref{"feedback", "r1"}
	if _, err := d.Attach(d.ctx, []string{"zalo-1"}, []string{taken}, report); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Give(d.ctx, []string{given, taken, "nothing"}, "zalo-1", "mai"); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []string{"", "zalo-2", "mai"} {
		if err := d.Give(d.ctx, []string{other}, from, "mai"); err != nil {
			t.Fatal(err)
		}
	}
	for id, mine := range map[string]bool{given: true, taken: false, other: false} {
		if _, err := d.Attach(d.ctx, []string{"mai"}, []string{id}, Ref{"feedback", "r2"}); (err == nil) != mine {
			t.Errorf("%s: attached by the new owner: %v, want %v", id, err, mine)
		}
	}
	if _, err := d.Attach(d.ctx, []string{"zalo-1"}, []string{taken}, report); err != nil {
		t.Errorf("what was attached has changed hands: %v", err)
	}
}
