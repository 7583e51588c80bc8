package once_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
)

func TestScopeTellsItsPartsApart(t *testing.T) {
	t.Parallel()
	base := once.Scope("s", "app", "do", "k")
	for _, other := range []string{once.Scope("t", "app", "do", "k"), once.Scope("s", "ap", "pdo", "k"), once.Scope("s", "app", "dok", ""), once.Scope("sapp", "", "do", "k")} {
		if other == base {
			t.Error("two scopes are one")
		}
	}
	if base != once.Scope("s", "app", "do", "k") {
		t.Error("a scope changes")
	}
}

func TestIDIsStableAndAUUID(t *testing.T) {
	t.Parallel()
	id := once.ID(once.Scope("s", "app", "do", "k"))
	u, err := uuid.Parse(id)
	if err != nil || u.Version() != 8 || u.Variant() != uuid.RFC4122 {
		t.Errorf("%s: version %d, %v", id, u.Version(), err)
	}
	if id != once.ID(once.Scope("s", "app", "do", "k")) || id == once.ID(once.Scope("s", "app", "do", "l")) {
		t.Error("ids do not follow scopes")
	}
}

func TestHashInput(t *testing.T) {
	t.Parallel()
	hash := func(s string) string {
		h, err := once.HashInput(json.RawMessage(s))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if hash(`{"a":1,"b":{"c":"x","d":[1,2]}}`) != hash(` {"b" : {"d":[1,2],"c":"x"},"a":1} `) {
		t.Error("order and blanks matter")
	}
	seen := map[string]string{}
	for _, s := range []string{`{}`, `{"a":1}`, `{"a":"1"}`, `{"a":1.0}`, `{"a":[2,1]}`, `{"a":[1,2]}`, `{"a":9007199254740993}`, `{"a":9007199254740992}`, `null`} {
		h := hash(s)
		if other, ok := seen[h]; ok {
			t.Errorf("%s and %s hash alike", s, other)
		}
		seen[h] = s
	}
	if _, err := once.HashInput(json.RawMessage(`{`)); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("got %v, want INVALID", err)
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	var m once.Marks
	for i := range 40 {
		m.Add(fmt.Sprint("k", i), "h")
	}
	if len(m) != 32 || m[0].Key != "k8" {
		t.Fatalf("keeps %d from %s, want 32 from k8", len(m), m[0].Key)
	}
	tests := []struct {
		key, hash string
		seen      bool
		code      fault.Code
	}{{"k39", "h", true, ""}, {"k8", "h", true, ""}, {"k7", "h", false, ""}, {"new", "h", false, ""}, {"k20", "other", false, fault.Conflict}}
	for _, tt := range tests {
		seen, err := m.Seen(tt.key, tt.hash)
		if seen != tt.seen || fault.CodeOf(err) != tt.code {
			t.Errorf("%s: got %v, %v", tt.key, seen, err)
		}
	}
}
