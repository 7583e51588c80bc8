package main_test

import (
	"archive/zip"
	"bufio"
	"path/filepath"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
)

// kept says of each kind whose documents do not expire by themselves why they do not pile up, or why they may.
var kept = map[string]string{
	"accounts":         "one for each person, for as long as the person has it",
	"consents":         "the city must be able to prove them; only acts that change something are recorded",
	"feedback_stats":   "months × wards × categories × states",
	"grants":           "one for each account of the city on a network",
	"jobs":             "one for each recurring job of the program",
	"media":            "swept with their files by a job of their own",
	"migrations":       "one for each migration of the program",
	"migration_lease":  "one",
	"sign_batches":     "one for each order of plates",
	"sign_codes":       "one for each code that was ever printed: an old plate has to say that it is old",
	"sign_damage":      "one for each plate that was ever told to be broken, whose rounds go on counting",
	"sign_plates":      "one for each plate that hangs or hung",
	"sign_scan_plates": "one for each plate that was ever scanned: its last scan",
	"sign_stories":     "one for each street or work",
}

// TestNothingGrowsForEver: each kind of document expires, or is known not to.
func TestNothingGrowsForEver(t *testing.T) {
	t.Parallel()
	ctx := within(t, 3*time.Minute)
	p := newPlace(t)
	p.must(ctx, t, "seed", "--reports", "1", "--citizens", "1")
	file := filepath.Join(t.TempDir(), "city.zip")
	p.must(ctx, t, "backup", file)
	kinds := kindsIn(t, file)
	if len(kinds) < 15 {
		t.Fatalf("found %d kinds", len(kinds))
	}
	for _, k := range kinds {
		reason := kept[k.Name]
		if (k.ExpiresAt == "") != (reason != "") {
			t.Errorf("%s expires by %q and is kept because %q: give it a retention, or say why it needs none", k.Name, k.ExpiresAt, reason)
		}
	}
}

// kindsIn reads the kinds that a backup tells of.
func kindsIn(t *testing.T, file string) []store.Kind {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dump, err := z.Open("store.dump")
	if err != nil {
		t.Fatal(err)
	}
	defer dump.Close()
	in := bufio.NewReader(dump)
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	raw, err := bson.ReadDocument(in)
	if err != nil {
		t.Fatal(err)
	}
	var head struct {
		Kinds []store.Kind `bson:"kinds"`
	}
	if err := bson.Unmarshal(raw, &head); err != nil {
		t.Fatal(err)
	}
	return head.Kinds
}
