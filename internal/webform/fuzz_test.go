package webform

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// FuzzPosted reads whatever may be posted as a form, and makes the input of it: always JSON that the action's schema knows all names of, in which what is
// known beforehand stands as it is.
func FuzzPosted(f *testing.F) {
	w := newWorld(f, Config{MaxValues: 16 << 10})
	w.Input = map[string]any{"place": map[string]any{"address": "Đường Lạch Tray"}, "source": "sign"}
	for _, s := range []sheet{
		w.good(),
		w.good().with("f/place", "Hà Nội").with("f/source", "x").with("f/times", "1.000.000,5").with("f/wards", "g1").with("f/wards", "g1"),
		w.good().with("keep/photos", "../../x").with("page/group", "-1").with("find/group", "\x00\xff").file("f/photos", "a", []byte("GIF89a")),
	} {
		r := s.request(f)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.Header.Get("Content-Type"), body)
	}
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"f/story\"; filename*=utf-8''x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41\r\n--x--"))
	fm, known, err := w.forms.find(w.Preset)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		b, ok := boundary(kind)
		if !ok {
			return
		}
		tk, err := w.forms.newTicket(fm, w.Preset, known)
		if err != nil {
			t.Fatal(err)
		}
		s := &filling{Forms: w.forms, ctx: context.Background(), fm: fm, preset: w.Preset, lang: message.Vietnamese, known: known, ticket: tk, values: map[string][]string{}}
		total := 0
		r := partReader{values: 16 << 10, file: func(_, _ string, body io.Reader) error { _, err := io.Copy(io.Discard, body); return err }}
		r.value = func(name, text string) {
			total += len(text)
			s.values[name] = append(s.values[name], text)
		}
		err = r.read(&bounded{from: bytes.NewReader(body), left: 1 << 20}, b)
		if code := fault.CodeOf(err); err != nil && code != fault.Invalid && code != fault.Internal || total > 16<<10 {
			t.Fatalf("%d bytes, %v", total, err)
		}
		in := s.input()
		raw, err := json.Marshal(in)
		if err != nil || !utf8.Valid(raw) {
			t.Fatalf("%q: %v", raw, err)
		}
		for name := range in {
			if fm.root.at([]string{name}) == nil {
				t.Fatalf("the input has %q", name)
			}
		}
		if place, _ := in["place"].(map[string]any); place["address"] != "Đường Lạch Tray" || in["source"] != "sign" || in["form"] != "paper" {
			t.Fatalf("what is known became %s", raw)
		}
		if _, err := w.forms.deps.Catalogue.Check("desk", "everything", raw, message.Vietnamese); err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatal(err)
		}
	})
}

// FuzzTyped reads whatever may be typed into a field. What is understood as a number is one.
func FuzzTyped(f *testing.F) {
	for _, s := range []string{"1.000,5", "1,000.5", "-3", "+0012", "1e9", "٣", "1.2.3", "25/12/2026", "31/2/2026", "2026-12-25T14:30", "14h30", "true", strings.Repeat("9", 40)} {
		f.Add(s)
	}
	w := newWorld(f, Config{})
	fm := w.forms.forms[ref{"desk", "everything"}]
	f.Fuzz(func(t *testing.T, text string) {
		fm.root.each(nil, func(n *node) {
			for _, lang := range []message.Lang{message.Vietnamese, message.English} {
				v := n.leaf().read(text, lang, w.forms.deps.Zone)
				raw, err := json.Marshal(v)
				if err != nil || !json.Valid(raw) {
					t.Errorf("%s: %q became %v: %v", n.path, text, v, err)
				}
				_ = n.valid(v)
			}
		})
	})
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text     string
		vi, en   string // "" when it is no number
		viI, enI string // where whole numbers are wanted
	}{
		{"3", "3", "3", "3", "3"},
		{"1.000", "1000", "1.000", "1000", "1000"},
		{"1,000", "1.000", "1000", "1000", "1000"},
		{"1.000,5", "1000.5", "1000.5", "1000.5", "1000.5"},
		{"1,000.5", "1000.5", "1000.5", "1000.5", "1000.5"},
		{"2,5", "2.5", "2.5", "2.5", "2.5"},
		{"1.000.000", "1000000", "1000000", "1000000", "1000000"},
		{"1 000", "1000", "1000", "1000", "1000"},
		{"-007", "-7", "-7", "-7", "-7"},
		{"20.865", "20865", "20.865", "20865", "20865"},
		{"1e5", "", "", "", ""},
		{"1.", "", "", "", ""},
		{"--1", "", "", "", ""},
		{"ba", "", "", "", ""},
		{"1.00.0", "", "", "", ""},
		{strings.Repeat("9", 31), "", "", "", ""},
	}
	for _, tt := range tests {
		for i, want := range []string{tt.vi, tt.en, tt.viI, tt.enI} {
			lang := []message.Lang{message.Vietnamese, message.English}[i%2]
			got := number(tt.text, lang, i > 1)
			if n, ok := got.(json.Number); ok != (want != "") || ok && n.String() != want {
				t.Errorf("%q in %s: got %v, want %q", tt.text, lang, got, want)
			}
		}
	}
}
