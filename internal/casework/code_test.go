package casework

import (
	"fmt"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/fault"
)

func TestParseCode(t *testing.T) {
	code := candidate("scope", 0)
	lower := strings.ToLower(string(code))
	tests := []struct {
		name, text string
		want       Code // "" when it is refused
	}{
		{"as stored", string(code), code},
		{"as shown", code.Grouped(), code},
		{"as typed on a phone", " " + lower[:4] + " " + lower[4:] + "\u00a0", code},
		{"with dots", lower[:3] + "." + lower[3:6] + "." + lower[6:], code},
		{"empty", "", ""},
		{"only hyphens", "---", ""},
		{"too short", string(code[:8]), ""},
		{"too long", string(code) + "0", ""},
		{"twice", string(code) + string(code), ""},
		{"letter that is not used", "U" + string(code[1:]), ""},
		{"other script", "７" + string(code[1:]), ""},
		{"control character", string(code) + "\x00", ""},
		{"very long", strings.Repeat("-", 1000) + string(code), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseCode(tt.text)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.want == "" && fault.CodeOf(err) != fault.Invalid {
				t.Errorf("got %v, want INVALID", err)
			}
		})
	}
}

func TestParseCodeReadsWhatSoundsOrLooksAlike(t *testing.T) {
	digits := []byte{0, 1, 0, 1, 0, 1, 0, 1}
	code := spell(append(digits, check(digits)))
	misread := "OI" + "oL" + "0l" + "Oi" + string(code[8:])
	if got, err := ParseCode(misread); err != nil || got != code {
		t.Errorf("%q: got %q %v, want %q", misread, got, err, code)
	}
}

// TestCheckCharacter tries every wrong character and every exchange of two characters on many codes.
func TestCheckCharacter(t *testing.T) {
	for n := range 50 {
		code := string(candidate("check", n))
		for i := range code {
			for _, r := range alphabet {
				if byte(r) != code[i] {
					refused(t, code[:i]+string(r)+code[i+1:])
				}
			}
			for j := i + 1; j < len(code); j++ {
				if code[i] != code[j] {
					refused(t, code[:i]+code[j:j+1]+code[i+1:j]+code[i:i+1]+code[j+1:])
				}
			}
		}
	}
}

func refused(t *testing.T, text string) {
	t.Helper()
	if got, err := ParseCode(text); err == nil {
		t.Fatalf("%s was taken for %s", text, got)
	}
}

func TestCandidatesAreStableAndDiffer(t *testing.T) {
	if a, b := candidate("scope", 0), candidate("scope", 0); a != b {
		t.Errorf("the same scope gave %s and %s", a, b)
	}
	seen := map[Code]string{}
	for i := range 2000 {
		for n := range 2 {
			name := fmt.Sprintf("%d/%d", i, n)
			c := candidate(fmt.Sprint(i), n)
			if other, ok := seen[c]; ok {
				t.Fatalf("%s and %s both gave %s", name, other, c)
			}
			seen[c] = name
		}
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"", "7K3-9QM-X2A", "000000000", "ooo iii lll", "a–b–c", "\xff\xfe", strings.Repeat("0", 100)} {
		f.Add(s)
	}
	f.Add(string(candidate("seed", 0)))
	f.Fuzz(func(t *testing.T, text string) {
		code, err := ParseCode(text)
		if err != nil {
			if code != "" || fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("refused with %q and %v", code, err)
			}
			return
		}
		for _, again := range []string{string(code), code.Grouped(), strings.ToLower(code.Grouped())} {
			if got, err := ParseCode(again); err != nil || got != code {
				t.Fatalf("%q gave %q, which reads as %q, %v", text, code, got, err)
			}
		}
	})
}
