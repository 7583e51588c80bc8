package main_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// smallDisk mounts a file system of that size, until the test ends.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a full disk needs a file system of its own, which only root may mount")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return dir
}

// fill writes a file until the disk takes nothing more.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDisk fills the disk under a city: writes are refused in clear words, reads go on, and once there is space again nothing is lost or doubled.
func TestFullDisk(t *testing.T) {
	const most = 3000 // reports that the log may still take, because it is written over
	ctx := within(t, 5*time.Minute)
	disk := smallDisk(t, "16m")
	p := newPlace(t)
	p.data = filepath.Join(disk, "data")
	p.env = append(p.env, "MOTCUA_DATA_DIR="+p.data)
	city := p.start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	var receipts []receipt
	send := func(i int) (refused string) {
		t.Helper()
		r, refused, err := trySubmit(ctx, citizen, reportOf(fmt.Sprint("disk-", i), fmt.Sprintf("Ống nước vỡ, phản ánh số %d", i)))
		if err != nil {
			t.Fatal(err)
		}
		if refused == "" {
			receipts = append(receipts, r)
		}
		return refused
	}
	for i := range 10 {
		if refused := send(i); refused != "" {
			t.Fatalf("before the disk is full: %s", refused)
		}
	}
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	i, refused := 10, ""
	for ; i < most && refused == ""; i++ {
		refused = send(i)
	}
	for range 20 {
		if refused != "UNAVAILABLE" {
			t.Fatalf("report %d on a full disk: %q", i, refused)
		}
		refused = send(i)
		i++
	}
	t.Logf("%d reports taken before the full disk was felt", len(receipts))
	whileFull(t, city, citizen)

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	h := &hammer{clients: 1, each: 5, url: func() string { return city.HTTP }, tokens: []string{citizen.Token}}
	receipts = append(receipts, h.run(ctx, t)...)
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("writing again took %v", took)
	}
	// What was refused is repeated with its key.
	for n := i - 21; n < i; n++ {
		if refused := send(n); refused != "" {
			t.Errorf("report %d after the disk has space again: %s", n, refused)
		}
	}
	verify(ctx, t, citizen, receipts)
	city.Kill()
	p.must(ctx, t, "backup", filepath.Join(t.TempDir(), "city.zip")) // reads every document
	again := p.start(t)
	citizen.URL = again.HTTP + "/graphql"
	verify(ctx, t, citizen, receipts)
}

// whileFull checks what a city without space still does.
func whileFull(t *testing.T, city *citytest.Process, citizen citytest.Client) {
	t.Helper()
	ctx := within(t, 30*time.Second)
	for range 20 {
		if err := citizen.Do(ctx, `{ me { id displayName } myFeedback(first: 5) { edges { node { id code } } } notifications(first: 5) { edges { node { id } } } feedbackCategories { code } }`, nil, nil); err != nil {
			t.Fatalf("reading with a full disk: %v", err)
		}
	}
	if err := city.WaitReady(ctx); err != nil {
		t.Errorf("not ready with a full disk, though it can be read: %v", err)
	}
	_, err := city.SignIn(ctx, "0987654321")
	if err == nil || !strings.Contains(err.Error(), "UNAVAILABLE") {
		t.Errorf("signing in with a full disk: %v", err)
	}
	if _, err := citizen.Upload(ctx, "image/jpeg", make([]byte, 1000)); err == nil || !strings.Contains(err.Error(), "UNAVAILABLE") {
		t.Errorf("announcing an upload with a full disk: %v", err)
	}
}
