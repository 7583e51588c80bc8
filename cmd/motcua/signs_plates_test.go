package main

import (
	"context"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

func TestSignsShow(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.must("import", signSample)
	var first, got admin.PlateDetail
	b.mustJSON(&first, "show", "1")
	if first.Street != "Đường Điện Biên Phủ" || first.Installed != "2022-11-15" || len(first.Codes) != 1 || len(first.History) != 1 || first.History[0].By != "operator" {
		t.Fatalf("got %+v", first)
	}
	for _, name := range []string{first.Number, "hp 1" + first.Number[len(first.Number)-1:], "000001", first.Codes[0].Code, strings.ToLower(first.Codes[0].Code), first.Codes[0].Link, strings.ToUpper(first.Codes[0].Link)} {
		if b.mustJSON(&got, "show", name); got.Number != first.Number {
			t.Errorf("%s: got %+v", name, got.PlateLine)
		}
	}
	stray, err := b.codes.Mint()
	if err != nil {
		t.Fatal(err)
	}
	b.refused("no plate has it", "show", string(stray))
	b.refused("a fake", "show", "938NM5X4140SW")
	b.refused("a fake", "show", strings.Replace(first.Codes[0].Link, "motcua", "metcua", 1))
	b.refused("could not be found", "show", "999999")
	if out := b.must("show", "1"); !strings.Contains(out, "https://motcua.haiphong.gov.vn/s/") || !strings.Contains(out, "never") {
		t.Errorf("got %s", out)
	}
}

// TestSignsChanges gives a plate a new code, ends it, and notes its state.
func TestSignsChanges(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.must("import", signSample)
	var before, after admin.PlateDetail
	b.mustJSON(&before, "show", "7")
	b.refused("required", "reissue", "7")
	b.refused("reason", "revoke", "7", "--reason", " ")
	if out := b.must("reissue", "7", "--reason", "gãy cột", "--batch", "HP-2026-09"); !strings.Contains(out, before.Number) || strings.Contains(out, "no code") {
		t.Errorf("got %s", out)
	}
	if b.mustJSON(&after, "show", before.Codes[0].Code); after.Asked != "revoked" || len(after.Codes) != 2 || after.Codes[0].Reason != "gãy cột" || after.Batch != "HP-2026-09" {
		t.Errorf("got %+v", after)
	}
	if out := b.must("show", before.Codes[0].Code); !strings.Contains(out, "The code that was asked for is revoked") {
		t.Errorf("got %s", out)
	}
	if out := b.must("batches", "--first", "0"); !strings.Contains(out, "HP-2026-09  1 ") {
		t.Errorf("got %s", out)
	}
	if out := b.must("revoke", after.Codes[1].Code, "--reason", "giả mạo"); !strings.Contains(out, "no code") {
		t.Errorf("got %s", out)
	}
	b.refused("CONFLICT: This plate has no code that is in use", "revoke", "7", "--reason", "lần nữa")
	b.refused("good, worn, damaged, missing", "condition", "7", "lost")
	b.must("condition", "7", "missing")
	if b.mustJSON(&after, "show", "7"); !after.Seen.Equal(before.Seen) || after.Condition != "missing" {
		t.Errorf("nobody saw it: got %+v", after)
	}
	b.must("condition", "7", "damaged", "--reason", "bị sơn")
	b.mustJSON(&after, "show", "7")
	if last := after.History[len(after.History)-1]; !after.Seen.Equal(bureauNow) || last.By != "operator" || last.Reason != "bị sơn" || last.Fields[0] != "condition: missing → damaged" {
		t.Errorf("got %+v", after)
	}
}

// TestSignsReview keeps those who bring words from approving them.
func TestSignsReview(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.must("import", signSample, "--by", "Nguyễn Văn A")
	if out := b.must("stories", "--text", "le chan"); !strings.Contains(out, "vi draft, revision 1") {
		t.Errorf("got %s", out)
	}
	if out := b.must("stories", "--kind", "work", "--first", "0"); strings.Count(out, "\n") != 20 {
		t.Errorf("got %d lines", strings.Count(out, "\n"))
	}
	b.refused("no kind", "stories", "--kind", "lake")
	if out := b.must("stories", "dien-bien-phu"); !strings.Contains(out, "en: draft, revision 1") || !strings.Contains(out, "created by operator/Nguyễn Văn A") {
		t.Errorf("got %s", out)
	}
	b.refused("required", "review", "dien-bien-phu", "en", "1")
	b.refused("FORBIDDEN: Nobody reviews their own words", "review", "dien-bien-phu", "en", "1", "--by", "Nguyễn Văn A")
	b.refused("CONFLICT", "review", "dien-bien-phu", "en", "2", "--by", "Trần Thị B")
	b.refused("no version in this language", "review", "dien-bien-phu", "fr", "1", "--by", "Trần Thị B")
	b.refused("is no revision", "review", "dien-bien-phu", "en", "one", "--by", "Trần Thị B")
	if out := b.must("review", "dien-bien-phu", "en", "1", "--by", "Trần Thị B"); !strings.Contains(out, "en reviewed, revision 1") {
		t.Errorf("got %s", out)
	}
	if out := b.must("stories", "dien-bien-phu"); !strings.Contains(out, "en: reviewed, revision 1, reviewed by operator/Trần Thị B") {
		t.Errorf("got %s", out)
	}
}

// TestSignsHealth scans plates and looks at what operators see of it.
func TestSignsHealth(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.clock = bureauNow.AddDate(0, 0, -10)
	b.must("import", signSample)
	b.clock = bureauNow
	plate, err := b.registry.PlateByNumber(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	code, _ := plate.Current()
	b.must("reissue", "1", "--reason", "gãy")
	b.scan(scans.Scan{Code: code.Code, Plate: plate.ID, Ward: plate.Ward, State: registry.Ended},
		scans.Scan{Code: code.Code, Plate: plate.ID, Ward: plate.Ward, State: registry.Current, Client: "10.0.0.1"})
	if out := b.must("show", "1"); !strings.Contains(out, "1 in 24 hours; 1 by 1 visitors in 30 days, 1 of old codes") {
		t.Errorf("got %s", out)
	}
	var events admin.Page[admin.SignEvent]
	b.mustJSON(&events, "events")
	if len(events.Items) != 1 || events.Items[0].Kind != "revoked_code" || events.Items[0].About == "" || strings.HasPrefix(events.Items[0].About, "signscans.") {
		t.Fatalf("got %+v", events)
	}
	id := events.Items[0].ID
	b.refused("required", "settle", id)
	b.must("settle", id, "--note", "đã gỡ biển cũ")
	b.refused("CONFLICT", "settle", id, "--note", "lần nữa")
	if b.mustJSON(&events, "events"); len(events.Items) != 0 {
		t.Errorf("got %+v", events)
	}
	b.mustJSON(&events, "events", "--all")
	if len(events.Items) != 1 || events.Items[0].Open || events.Items[0].Note != "đã gỡ biển cũ" || events.Items[0].By != "operator" {
		t.Errorf("got %+v", events)
	}
	if out := b.must("heat"); !strings.Contains(out, plate.Ward+"  1      1 ") || strings.Count(out, "\n") != 3 {
		t.Errorf("got %s", out)
	}
	if out := b.must("heat", "--ward", plate.Ward, "--days", "3"); !strings.Contains(out, "2026-11-16  1 ") || strings.Count(out, "\n") != 4 {
		t.Errorf("got %s", out)
	}
	b.refused("no ward", "heat", "--ward", "1")
	b.refused("1 to 92", "heat", "--days", "93")
	var silent admin.Page[admin.SilentPlate]
	b.mustJSON(&silent, "silent", "--days", "9", "--first", "0")
	if len(silent.Items) < 100 || silent.Items[0].Number == b.number(1) || silent.Items[0].Days != 10 {
		t.Errorf("got %d: %.300v", len(silent.Items), silent.Items)
	}
}

// scan has scans counted and written.
func (b *signBureau) scan(list ...scans.Scan) {
	b.t.Helper()
	ctx, stop := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	go func() { done <- b.scans.Run(ctx) }()
	for _, x := range list {
		b.scans.Seen(x)
	}
	stop()
	if err := <-done; err != nil {
		b.t.Fatal(err)
	}
}
