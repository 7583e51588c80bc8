package scans

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// stored gives every document of an engine, as bytes, by kind and id.
func stored(t *testing.T, e *memory.Engine) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, k := range e.Kinds() {
		for row, err := range store.Rows(t.Context(), e, k.Name, "") {
			if err != nil {
				t.Fatal(err)
			}
			out[k.Name+" "+row.ID] = row.Doc
		}
	}
	return out
}

// everything has the desk see one of everything by some people, and write it.
func (d *desk) everything(people []string) {
	d.writer = 4711 // else it is random in each process
	for _, who := range people {
		d.see(scan(1, who))
		d.see(scan(1, who))
		d.see(scan(2, who), func(x *Scan) { x.Face, x.Where = App, north(1234) })
		d.see(scan(1, who), func(x *Scan) { x.State, x.Code = registry.Ended, oldCode })
		d.see(scan(1, who), func(x *Scan) { x.State, x.Code, x.Plate, x.Ward = registry.Unknown, oldCode, "", "" })
		d.see(scan(1, who), func(x *Scan) { x.State, x.Code, x.Plate, x.Ward = registry.Invented, "", "", "" })
		d.see(scan(3, who), func(x *Scan) { x.Said = SaidElsewhere })
		d.later(time.Second)
		d.see(scan(4, who), func(x *Scan) { x.Where = north(0) })
		d.see(scan(4, who), func(x *Scan) { x.Where = north(9876) })
	}
	d.drain()
	// One at a time: the order of writes is in their numbers.
	for d.waiting() > 0 {
		if err := d.flush(d.t.Context(), 1); err != nil {
			d.t.Fatal(err)
		}
	}
}

// TestStoredDocumentsDoNotDependOnWho has two crowds do the same: what is stored is the same to the byte. So no document holds an address, a hash of one under
// whatever salt, or anything else that tells one person from another.
func TestStoredDocumentsDoNotDependOnWho(t *testing.T) {
	crowds := [][]string{
		{"203.0.113.7", "2001:db8::17", "zalo:8412345678901", "web:c0ffee"},
		{"198.51.100.99", "10.0.0.1", "messenger:99", "someone"},
	}
	var all []map[string][]byte
	for _, people := range crowds {
		e := memory.New()
		open(t, e, Config{Burst: 2}).everything(people)
		all = append(all, stored(t, e))
	}
	if len(all[0]) < 15 {
		t.Fatalf("only %d documents were stored", len(all[0]))
	}
	if !slices.Equal(slices.Sorted(maps.Keys(all[0])), slices.Sorted(maps.Keys(all[1]))) {
		t.Fatalf("other documents: %v, %v", slices.Sorted(maps.Keys(all[0])), slices.Sorted(maps.Keys(all[1])))
	}
	for id, doc := range all[0] {
		if !bytes.Equal(doc, all[1][id]) {
			t.Errorf("%s differs:\n%s\n%s", id, bson.Raw(doc), bson.Raw(all[1][id]))
		}
	}
}

// TestStoredDocumentsHoldNoAddress looks for addresses, for common hashes of them, for the fingerprints that are in the memory, for the salt's, and for exact places.
func TestStoredDocumentsHoldNoAddress(t *testing.T) {
	e := memory.New()
	d := open(t, e, Config{Burst: 2})
	people := []string{"203.0.113.7", "2001:db8::17", "zalo:8412345678901"}
	d.everything(people)
	var secrets [][]byte
	for _, who := range people {
		a, b, c := md5.Sum([]byte(who)), sha1.Sum([]byte(who)), sha256.Sum256([]byte(who))
		for _, hash := range [][]byte{a[:], b[:], c[:]} {
			secrets = append(secrets, hash, []byte(hex.EncodeToString(hash)), []byte(base64.RawStdEncoding.EncodeToString(hash)))
		}
		secrets = append(secrets, []byte(who))
		for plate := range uint32(5) {
			for _, said := range []saying{nothing, elsewhere, fake, otherSaying} {
				f := fingerprint(*d.salt.Load(), who, plate, said)
				secrets = append(secrets, binary.LittleEndian.AppendUint64(nil, f), binary.BigEndian.AppendUint64(nil, f), binary.LittleEndian.AppendUint32(nil, uint32(f>>32)))
			}
		}
	}
	for _, p := range []*Point{north(1234), north(9876)} {
		at, err := bson.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, at[4:19])
	}
	for id, doc := range stored(t, e) {
		for _, s := range secrets {
			if bytes.Contains(doc, s) || bytes.Contains([]byte(id), s) {
				t.Errorf("%s holds %x", id, s)
			}
		}
	}
}

// TestStoredFields lists every field that is stored, so that a new one is a decision.
func TestStoredFields(t *testing.T) {
	e := memory.New()
	d := open(t, e, Config{Burst: 2})
	d.everything([]string{"203.0.113.7", "203.0.113.8"})
	if _, err := d.Settle(t.Context(), d.list(true)[0].ID, "seen to", registry.Act{By: "officer", Key: "k", Hash: "h"}); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for id, doc := range stored(t, e) {
		kind, _, _ := bytes.Cut([]byte(id), []byte(" "))
		elements, err := bson.Raw(doc).Elements()
		if err != nil {
			t.Fatal(err)
		}
		for _, el := range elements {
			got[string(kind)+"."+el.Key()] = true
		}
	}
	want := []string{
		"sign_events._id", "sign_events.code", "sign_events.count", "sign_events.day", "sign_events.expiresAt", "sign_events.first", "sign_events.keys",
		"sign_events.kind", "sign_events.last", "sign_events.marks", "sign_events.metres", "sign_events.near", "sign_events.open", "sign_events.opened",
		"sign_events.plate", "sign_events.settled", "sign_events.since", "sign_events.ward",
		"sign_scan_days._id", "sign_scan_days.expiresAt", "sign_scan_days.hours", "sign_scan_days.last", "sign_scan_days.marks", "sign_scan_days.revoked",
		"sign_scan_plates._id", "sign_scan_plates.at",
	}
	if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, want) {
		t.Errorf("got %v\nwant %v", have, want)
	}
}
