package main_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// checkNobody looks for the addresses of those who scanned in all that the city keeps: in its files as they are, in a backup, and in what it has logged.
func (p place) checkNobody(t *testing.T, backup, logs string) {
	t.Helper()
	var traces [][]byte
	for _, address := range append([]string{"192.0.2.1"}, scanners...) {
		a := netip.MustParseAddr(address)
		if traces = append(traces, []byte(address)); a.Is6() {
			traces = append(traces, a.AsSlice(), a.AsSlice()[:8], []byte(a.StringExpanded()))
		}
	}
	held := 0
	look := func(where string, data []byte) {
		held += len(data)
		for _, trace := range traces {
			if i := bytes.Index(data, trace); i >= 0 {
				t.Errorf("%s holds %q: %q", where, trace, data[max(0, i-80):min(len(data), i+80)])
			}
		}
	}
	look("the log", []byte(logs))
	err := fs.WalkDir(os.DirFS(p.data), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(p.data, path))
		look(path, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(backup)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		look("the backup's "+f.Name, data)
	}
	if held < 1<<20 {
		t.Errorf("only %d bytes were looked at", held)
	}
}

// checkSilent lists the plates that nobody scanned for long. A plate cannot have been silent before the city knew it, so three are made out to have been known longer.
func (p place) checkSilent(ctx context.Context, t *testing.T, backup string) {
	t.Helper()
	p.knownFor(ctx, t, backup, 70*24*time.Hour, "000001", "000002", "000004")
	var got admin.Page[admin.SilentPlate]
	if err := json.Unmarshal([]byte(p.must(ctx, t, "signs", "silent", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	var silent []string
	for _, s := range got.Items {
		if silent = append(silent, s.Number[:8]); s.Days != 70 || !s.Last.IsZero() {
			t.Errorf("%+v", s)
		}
	}
	if !slices.Equal(silent, []string{"HP-00001", "HP-00004"}) { // 2 was scanned
		t.Errorf("silent are %v", silent)
	}
}

// knownFor moves the moment at which a stopped city learnt of some plates.
func (p place) knownFor(ctx context.Context, t *testing.T, backup string, d time.Duration, ids ...string) {
	t.Helper()
	e, err := sqlite.Open(ctx, sqlite.Config{Dir: p.data, Synchronous: "normal"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, k := range kindsIn(t, backup) {
		if k.Name != "sign_plates" {
			continue
		}
		if err := e.Define(ctx, k); err != nil {
			t.Fatal(err)
		}
		rows, err := e.Get(ctx, k.Name, ids...)
		if err != nil || len(rows) != len(ids) {
			t.Fatalf("%d plates, %v", len(rows), err)
		}
		for _, row := range rows {
			var doc bson.M
			if err := bson.Unmarshal(row.Doc, &doc); err != nil {
				t.Fatal(err)
			}
			doc["createdAt"] = time.Now().Add(-d)
			raw, err := bson.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if ok, err := e.Replace(ctx, k.Name, row.ID, row.Version, raw); err != nil || !ok {
				t.Fatal(ok, err)
			}
		}
	}
}
