package secret_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/secret"
)

func open(t testing.TB, file []byte) *secret.Box {
	t.Helper()
	b, err := secret.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func generate(t testing.TB, development bool) []byte {
	t.Helper()
	f, err := secret.Generate(development)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSealedOpensOnlyInItsContext(t *testing.T) {
	t.Parallel()
	b, other := open(t, generate(t, false)), open(t, generate(t, false))
	sealed, err := b.Seal([]byte("+84912345678"), "phone/1")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("912345678")) {
		t.Error("the plain text is in the sealed one")
	}
	if got, err := b.Unseal(sealed, "phone/1"); err != nil || string(got) != "+84912345678" {
		t.Errorf("got %q, %v", got, err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	tests := []struct {
		name    string
		box     *secret.Box
		sealed  []byte
		context string
	}{
		{"other context", b, sealed, "phone/2"},
		{"other keyset", other, sealed, "phone/1"},
		{"changed", b, changed, "phone/1"},
		{"cut", b, sealed[:4], "phone/1"},
		{"nothing", b, nil, "phone/1"},
	}
	for _, tt := range tests {
		if _, err := tt.box.Unseal(tt.sealed, tt.context); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("%s: got %v, want ErrSealed", tt.name, err)
		}
	}
	again, _ := b.Seal([]byte("+84912345678"), "phone/1")
	if bytes.Equal(again, sealed) {
		t.Error("sealing twice gave the same bytes: equal values can be told")
	}
}

func TestIndexIsKeyedAndFramed(t *testing.T) {
	t.Parallel()
	b, other := open(t, generate(t, false)), open(t, generate(t, false))
	x := b.Index("phone", "1")
	if len(x) != 64 || x != b.Index("phone", "1") {
		t.Errorf("index %q is not stable or not 64 digits", x)
	}
	for name, y := range map[string]string{
		"another value": b.Index("phone", "2"), "another context": b.Index("email", "1"), "another keyset": other.Index("phone", "1"),
		"parts shifted": b.Index("phon", "e1"),
	} {
		if x == y {
			t.Errorf("%s has the same index", name)
		}
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	b, other := open(t, generate(t, false)), open(t, generate(t, false))
	s := b.Sign("media", "id=1&exp=2")
	if !b.Verify("media", "id=1&exp=2", s) {
		t.Error("own signature refused")
	}
	for _, tt := range []struct {
		name, purpose, data, signature string
		box                            *secret.Box
	}{
		{"other data", "media", "id=2&exp=2", s, b},
		{"other purpose", "upload", "id=1&exp=2", s, b},
		{"other keyset", "media", "id=1&exp=2", s, other},
		{"empty", "media", "id=1&exp=2", "", b},
		{"not base64", "media", "id=1&exp=2", "!" + s, b},
		{"cut", "media", "id=1&exp=2", s[:10], b},
		{"longer", "media", "id=1&exp=2", s + "AA", b},
	} {
		if tt.box.Verify(tt.purpose, tt.data, tt.signature) {
			t.Errorf("%s: accepted", tt.name)
		}
	}
}

// TestRotateRollsOut proves that replicas with the file before and after a rotation read each other's data.
func TestRotateRollsOut(t *testing.T) {
	t.Parallel()
	files := [][]byte{generate(t, true)}
	for range 3 {
		next, err := secret.Rotate(files[len(files)-1])
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, next)
	}
	for i := range len(files) - 1 {
		before, after := open(t, files[i]), open(t, files[i+1])
		for _, way := range []struct{ from, to *secret.Box }{{before, after}, {after, before}} {
			sealed, _ := way.from.Seal([]byte("x"), "c")
			if _, err := way.to.Unseal(sealed, "c"); err != nil {
				t.Errorf("rotation %d: %v", i, err)
			}
			if !way.to.Verify("p", "d", way.from.Sign("p", "d")) {
				t.Errorf("rotation %d: signature refused", i)
			}
		}
		if before.Index("c", "v") != after.Index("c", "v") || before.Fingerprint() != after.Fingerprint() {
			t.Errorf("rotation %d changed an index", i)
		}
		if !after.Development() {
			t.Error("a rotation made a development keyset look like a real one")
		}
	}
	first, last := open(t, files[0]), open(t, files[3])
	sealed, _ := last.Seal([]byte("x"), "c")
	if _, err := first.Unseal(sealed, "c"); err == nil {
		t.Error("three rotations later the first file still reads: no key was changed")
	}
	sealed, _ = first.Seal([]byte("x"), "c")
	if _, err := last.Unseal(sealed, "c"); err != nil {
		t.Error("the last file does not read what the first one sealed")
	}
}

// TestReplace ends what whoever read the old file could do, the key that it announced included, and nothing else.
func TestReplace(t *testing.T) {
	t.Parallel()
	old := generate(t, true)
	changed, err := secret.Replace(old)
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := secret.Rotate(changed)
	if err != nil {
		t.Fatal(err)
	}
	before, after, later := open(t, old), open(t, changed), open(t, rotated)
	all := after.Indexes("phone", "1")
	if len(all) != 2 || all[0] != after.Index("phone", "1") || all[1] != before.Index("phone", "1") || all[0] == all[1] {
		t.Errorf("got %v", all)
	}
	if !after.Knows(before.Fingerprint()) || before.Knows(after.Fingerprint()) || after.Knows("") || !after.Development() {
		t.Error("a fingerprint is known where it should not be, or the reverse")
	}
	for name, b := range map[string]*secret.Box{"replaced": after, "and rotated": later} {
		if b.Verify("p", "d", before.Sign("p", "d")) || before.Verify("p", "d", b.Sign("p", "d")) {
			t.Errorf("%s: what was signed with the old file is good", name)
		}
		sealed, _ := b.Seal([]byte("x"), "c")
		if _, err := before.Unseal(sealed, "c"); err == nil {
			t.Errorf("%s: the old file reads what is new", name)
		}
		old, _ := before.Seal([]byte("x"), "c")
		if _, err := b.Unseal(old, "c"); err != nil {
			t.Errorf("%s: what was sealed before is lost", name)
		}
	}
	if !later.Verify("p", "d", after.Sign("p", "d")) {
		t.Error("a rotation after it ends what is signed")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	good := string(generate(t, false))
	for name, bad := range map[string]string{
		"nothing": "", "not JSON": "keys", "other format": strings.Replace(good, `"motcua_keyset": 1`, `"motcua_keyset": 9`, 1),
		"unknown field": strings.Replace(good, `"development"`, `"x":1,"development"`, 1), "tail": good + "{}",
		"no seal": strings.Replace(good, `"seal"`, `"SEALX"`, 1), "broken part": strings.Replace(good, "AesGcmKey", "NoSuchKey", -1),
		"empty": `{"motcua_keyset":1}`,
	} {
		_, err := secret.Open([]byte(bad))
		if err == nil {
			t.Errorf("%s: opened", name)
			continue
		}
		if strings.Contains(err.Error(), `"value"`) || len(err.Error()) > 200 {
			t.Errorf("%s: the error quotes the file: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(generate(f, true))
	f.Add([]byte(`{"motcua_keyset":1,"seal":{},"index":{},"sign":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := secret.Open(data)
		if err == nil && (b.Index("a", "b") == "" || b.Sign("a", "b") == "") {
			t.Error("opened a keyset that cannot work")
		}
	})
}

func FuzzVerify(f *testing.F) {
	b := open(f, generate(f, true))
	f.Add(b.Sign("p", "d"))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		if b.Verify("p", "other", s) {
			t.Error("a signature for nothing was accepted")
		}
	})
}
