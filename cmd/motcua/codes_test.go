package main

import (
	"bytes"
	"slices"
	"testing"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/qrcode"
	"github.com/motcua/motcua/internal/qrscan"
)

// TestCodesAreReadFromWhatIsKept: a photo as media has made it anew still shows its code.
func TestCodesAreReadFromWhatIsKept(t *testing.T) {
	t.Parallel()
	sys := wire(t)
	const text = "HTTPS://MOTCUA.EXAMPLE/S/938NM5X4140SV"
	data, err := qrcode.PNG(text)
	if err != nil {
		t.Fatal(err)
	}
	guest := account.Viewer{Subject: "guest", Subjects: []string{"guest"}, Assurance: account.Guest}
	item, err := sys.media.Take(t.Context(), guest, "e1#0", "image/png", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r, err := sys.photo(t.Context(), item.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if got, err := qrscan.Texts(t.Context(), r, 8_000_000); err != nil || !slices.Equal(got, []string{text}) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := sys.photo(t.Context(), "nothing"); err == nil {
		t.Error("a photo that is not there was opened")
	}
}
