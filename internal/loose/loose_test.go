package loose

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestString(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]String{
		`"a"`: "a", `12345678901234567890`: "12345678901234567890", `-1.5`: "-1.5", ` 7 `: "7", `null`: "", `true`: "", `{}`: "", `["x"]`: "", `"ổ gà"`: "ổ gà",
	} {
		got := String("before")
		if err := json.Unmarshal([]byte(raw), &got); err != nil || got != want && raw != "null" {
			t.Errorf("%s: got %q, %v", raw, got, err)
		}
	}
	if got := Scalar(nil); got != "" {
		t.Errorf("got %q", got)
	}
	if got := First("", "b", "c"); got != "b" || First() != "" {
		t.Errorf("got %q", got)
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for s, want := range map[String]bool{"20.86": true, " -90 ": true, "90.1": false, "NaN": false, "Inf": false, "": false, "x": false} {
		if _, ok := s.Number(90); ok != want {
			t.Errorf("%q: got %v", s, ok)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	type thing struct {
		ID    String
		Inner struct{ URL String }
	}
	for raw, want := range map[string][]String{
		`[{"ID":1},{"ID":"b"}]`: {"1", "b"}, `{"ID":"only"}`: {"only"}, `null`: nil, `[]`: nil, `"x"`: nil, `[1,{"ID":"b"},null,[]]`: {"b"},
		`[{"ID":"a","Inner":"of another kind"}]`: {"a"},
	} {
		l := List[thing]{{ID: "before"}}
		if err := json.Unmarshal([]byte(raw), &l); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		var got []String
		for _, x := range l {
			got = append(got, x.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q", raw, got)
		}
	}
}

func FuzzList(f *testing.F) {
	for _, s := range []string{`[1]`, `{"a":[1]}`, `[`, `"`, ``, `[[],{}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var l List[struct{ A List[String] }]
		if err := l.UnmarshalJSON(raw); err != nil {
			t.Error(err)
		}
		var s String
		if err := s.UnmarshalJSON(raw); err != nil {
			t.Error(err)
		}
		if !json.Valid(raw) && Object(raw, &l) {
			t.Errorf("%q is taken", raw)
		}
	})
}
