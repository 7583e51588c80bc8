package platecode

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

const (
	city    = "https://motcua.haiphong.example"
	oldCity = "http://localhost:8080"
)

func bases(t testing.TB) []Base {
	t.Helper()
	var out []Base
	for _, s := range []string{city, oldCity + "/"} {
		b, err := NewBase(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func TestURL(t *testing.T) {
	t.Parallel()
	b := bases(t)[0]
	if got, want := b.URL(printedCode), "HTTPS://MOTCUA.HAIPHONG.EXAMPLE/S/"+printedCode; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Trim(b.URL(printedCode), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:") != "" {
		t.Error("not fit for alphanumeric mode")
	}
	if got, want := b.Link(printedCode), city+"/s/"+printedCode; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, bad := range []string{"", "haiphong.example", "ftp://a.example", "https://a.example/app", "https://a.example?x", "https://u@a.example", "https://thành.example", "https://a_b.example", "https://%zz"} {
		if _, err := NewBase(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestFromText(t *testing.T) {
	t.Parallel()
	c, all := codes(t, fixed{"a key"}), bases(t)
	code, number := Found{Code: printedCode}, Found{Number: 572}
	lower := strings.ToLower(printedCode)
	tests := map[string]Found{
		all[0].URL(printedCode):                           code,
		all[0].Link(printedCode):                          code,
		city + "/s/" + lower + "?utm_source=zalo#top":     code,
		city + "/S/" + printedCode + "/":                  code,
		"motcua.haiphong.example/s/" + lower:              code,
		"http://MotCua.HaiPhong.example/s/" + lower:       code,
		oldCity + "/s/" + printedCode:                     code,
		"xem giúp (" + city + "/s/" + printedCode + ").":  code,
		"\u200b" + city + "/s/" + printedCode:             code,
		city + "/s/938NM5-X4140SV":                        code,
		printedCode:                                       code,
		"938nm5 x4140sv":                                  code,
		"Mã “" + lower + "”, bị mờ":                       code,
		"HP-00572-4":                                      number,
		"hp 572 4":                                        number,
		"00572-4":                                         number,
		norm.NFD.String("Biển số HP-00572-4 bị gãy"):      number,
		"Biển hp005724, cột nghiêng":                      number,
		"ＨＰ－００５７２－４":                                      number,
		"HP-00572-4 2 bóng đèn":                           number,
		"HP 5724 và nhà 15":                               number,
		"HP 00572-4b":                                     {},
		"HPX-00572-4":                                     {},
		"CHP-00572-4":                                     {},
		"Biển 00572-4 bị gãy":                             {},
		"HP-00572-5":                                      {},
		"938NM6X4140SV":                                   {},
		city + "/s/938NM6X4140SV":                         {},
		city + "/" + printedCode:                          {},
		city + "/s/":                                      {},
		"https://evil.example/s/" + printedCode:           {},
		"https://motcua.haiphong.example.evil/s/" + lower: {},
		"https://motcua.haiphong.example@evil/s/" + lower: {},
		"https://evil.example/?u=" + city + "/s/" + lower: {},
		"evil-motcua.haiphong.example/s/" + printedCode:   {},
		"ftp://motcua.haiphong.example/s/" + printedCode:  {},
		"https://evil.example/s/" + lower + " HP-00572-4": number,
		"":         {},
		"\xff\xfe": {},
		strings.Repeat("a ", maxText/2) + " " + printedCode: {},
		"nhà 5724": {}, "Sửa HP 000005724": {}, "Sửa HP 00000572 4": {}, "HP": {}, "hp 5": {}, "Sửa HP 99999999": {},
	}
	for in, want := range tests {
		got, ok := c.FromText(in, all...)
		if got != want || ok != (want != Found{}) {
			t.Errorf("%q: got %+v, %v, want %+v", in, got, ok, want)
		}
	}
	if got, ok := c.FromText(city + "/s/" + printedCode); ok {
		t.Errorf("without an address of the city: %+v", got)
	}
	if got, ok := c.FromText("https:///s/"+printedCode, Base{}); ok {
		t.Errorf("with an address that is none: %+v", got)
	}
}

// TestTwoReadingsAreNone: a right number followed by 0 is a right number again, because the check digit of a checked number is 0.
func TestTwoReadingsAreNone(t *testing.T) {
	t.Parallel()
	if got, ok := hp(t).find("HP 5724 0 bóng"); ok {
		t.Errorf("got %d", got)
	}
	if got, ok := hp(t).find("HP 005724 0 bóng"); !ok || got != 572 {
		t.Errorf("as printed: got %d, %v", got, ok)
	}
}

func FuzzFromText(f *testing.F) {
	c, all := codes(f, fixed{"a key"}), bases(f)
	for _, s := range []string{all[0].URL(printedCode), "Biển hp005724, cột", "938nm5 x4140sv", "https://x/s/" + printedCode, "\xffHP", "hp", "/", "HP 5724 0 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		found, ok := c.FromText(s, all...)
		switch {
		case !ok && found != (Found{}), ok && (found.Code == "") == (found.Number == 0):
			t.Fatalf("%q: %+v, %v", s, found, ok)
		case found.Code != "":
			if again, ok := c.FromText(all[0].URL(found.Code), all...); !ok || again != found {
				t.Errorf("%q: %+v, whose address gives %+v", s, found, again)
			}
		case ok:
			if again, ok := c.FromText(c.Numbers().Format(found.Number), all...); !ok || again != found {
				t.Errorf("%q: %+v, whose form gives %+v", s, found, again)
			}
		}
	})
}
