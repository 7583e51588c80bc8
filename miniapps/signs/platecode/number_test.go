package platecode

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

func hp(t testing.TB) Numbers {
	t.Helper()
	n, err := NewNumbers("hp")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFormat(t *testing.T) {
	t.Parallel()
	n := hp(t)
	for number, want := range map[int]string{57: "HP-00057-", 572: "HP-00572-4", 1: "HP-00001-3", 999_999: "HP-999999-", 0: "", -1: "", 1_000_000: ""} { // 572-4 is the published example of the check
		if got := n.Format(number); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%d: got %q, want %q", number, got, want)
		}
	}
}

func TestNewNumbers(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "HPHPH", "H1", "H-P", "Đà"} {
		if _, err := NewNumbers(bad); err == nil {
			t.Errorf("prefix %q is taken", bad)
		}
		if _, err := New(fixed{"a key"}, bad); err == nil {
			t.Errorf("codes with prefix %q", bad)
		}
	}
}

func TestParseNumber(t *testing.T) {
	t.Parallel()
	n := hp(t)
	tests := map[string]int{
		"HP-00572-4": 572, "hp00572-4": 572, "HP 572 4": 572, "hp005724": 572, "Hp 5724": 572, "H P-00572-4": 0, "HP.00572.4": 572, "  HP – 00572 – 4 ": 572,
		width.Widen.String("HP-00572-4"): 572, norm.NFD.String("hp−00572−4"): 572, "\u200bHP\u00ad-00572-4": 572,
		"00572-4": 572, "00572–4": 572, "005724": 0, "572-4": 0, "00572 4": 0, "00572-": 0, "123456-": 0, "-4": 0,
		"HP-00572-5": 0, "HP-00527-4": 0, "HP": 0, "HP-": 0, "HP-4": 0, "HP-00000-0": 0, "HP-0": 0, "HP-00572-4x": 0, "HPX-00572-4": 0, "HN-00572-4": 0, "": 0, "HP-00000572-4": 0,
		strings.Repeat(" ", 100) + "HP-00572-4": 0, "HP-００５７２-４": 572, "HP-٠٠٥٧٢-٤": 0,
	}
	for in, want := range tests {
		if got, ok := n.Parse(in); got != want || ok != (want != 0) {
			t.Errorf("%q: got %d, %v, want %d", in, got, ok, want)
		}
	}
}

func TestResembles(t *testing.T) {
	t.Parallel()
	n := hp(t)
	for in, want := range map[string]bool{
		"HP-00572-4": true, "HP-00572-5": true, "hp005725": true, " hp – 00572 – 9 ": true, width.Widen.String("HP-00572-5"): true, "HP.00572.5": true, "HP-5": true, "HP-00000-0": true,
		"00572-5": false, "HN-00572-5": false, "HP": false, "HP-": false, "": false, "HP-00572-x": false, "HPX-00572-5": false, "HP-00000572-5": false, "HP12345678901": false,
		strings.Repeat(" ", 100) + "HP-00572-5": false, "HP-٠٠٥٧٢-٤": false,
	} {
		if got := n.Resembles(in); got != want {
			t.Errorf("%q: got %v, want %v", in, got, want)
		}
	}
}

// TestSlipsAreCaught makes every single wrong digit and every swap of neighbours in every number of the first 3,000.
func TestSlipsAreCaught(t *testing.T) {
	t.Parallel()
	n := hp(t)
	for number := 1; number <= 3000; number++ {
		right := strings.ReplaceAll(strings.TrimPrefix(n.Format(number), "HP-"), "-", "")
		for i := range len(right) {
			for d := byte('0'); d <= '9'; d++ {
				if wrong := right[:i] + string(d) + right[i+1:]; d != right[i] {
					mustFail(t, n, wrong)
				}
			}
			if i > 0 && right[i] != right[i-1] {
				mustFail(t, n, right[:i-1]+right[i:i+1]+right[i-1:i]+right[i+1:])
			}
		}
		if got, ok := n.Parse("HP" + right); !ok || got != number {
			t.Fatalf("%s: got %d, %v", right, got, ok)
		}
	}
}

func mustFail(t *testing.T, n Numbers, digits string) {
	t.Helper()
	if got, ok := n.Parse("HP" + digits); ok {
		t.Fatalf("%s is read as %d", digits, got)
	}
}

func FuzzParseNumber(f *testing.F) {
	n := hp(f)
	for _, s := range []string{"HP-00572-4", "hp 572 4", "ＨＰ－００５７２－４", "00572-4", "", "HP", "\xffHP5724"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		number, ok := n.Parse(s)
		if !ok {
			return
		}
		if _, prefixed := n.cut(s); prefixed && !n.Resembles(s) {
			t.Errorf("%q is a number and does not resemble one", s)
		}
		if got, ok := n.Parse(n.Format(number)); !ok || got != number {
			t.Errorf("%q gives %d, and its form %q gives %d, %v", s, number, n.Format(number), got, ok)
		}
	})
}

func ExampleNumbers_Format() {
	n, _ := NewNumbers("HP")
	fmt.Println(n.Format(572))
	// Output: HP-00572-4
}
