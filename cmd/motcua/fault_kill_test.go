package main_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
	"github.com/motcua/motcua/internal/store"
)

// TestUploadsSurviveKills ends the program again and again while photos are being sent: each that was acknowledged can be attached and read.
func TestUploadsSurviveKills(t *testing.T) {
	t.Parallel()
	const photos, least, most = 10, 2, 3 // photos at the least, kills
	ctx := within(t, 3*time.Minute)
	p := newPlace(t)
	city := p.start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	p.env = append(p.env, "MOTCUA_HTTP_ADDR="+strings.TrimPrefix(city.HTTP, "http://"))
	picture, _ := photoWithPlace(t)
	uploaded := make(chan []string, 1)
	var killed atomic.Int64
	tries := 0
	go func() {
		var ids []string
		for i := 0; ctx.Err() == nil && (i < photos || len(ids)%5 > 0 || killed.Load() < least); i++ {
			photo := append(bytes.Clone(picture), fmt.Sprintf("photo %d", i)...) // behind its end: another file, the same picture
			_ = citytest.Poll(ctx, func() (bool, error) {
				tries++
				id, err := citizen.Upload(ctx, "image/jpeg", photo)
				if err == nil {
					ids = append(ids, id)
				}
				return err == nil, nil
			}) // its end is counted below
		}
		uploaded <- ids
	}()
	var ids []string
	for ids == nil {
		select {
		case ids = <-uploaded:
			t.Logf("%d photos acknowledged over %d kills, %d tries", len(ids), killed.Load(), tries)
		case <-time.After(time.Duration(50+rand.IntN(250)) * time.Millisecond):
			if killed.Load() < most {
				city.Kill()
				city = p.start(t)
				killed.Add(1)
			}
		}
	}
	if len(ids) < photos || ctx.Err() != nil {
		t.Fatalf("only %d photos were acknowledged", len(ids))
	}
	for i := 0; i < len(ids); i += 5 {
		in := reportOf(fmt.Sprint("photos-", i), fmt.Sprintf("Tường rào đổ, xem ảnh kèm theo, số %d", i))
		in["photos"] = ids[i : i+5]
		var sent struct {
			SubmitFeedback struct {
				Feedback *report
				Errors   []struct{ Code, Message string }
			}
		}
		err := citizen.Do(ctx, `mutation($i: SubmitFeedbackInput!) { submitFeedback(input: $i) { feedback { `+reportFields+` } errors { code message } } }`, map[string]any{"i": in}, &sent)
		if err != nil || sent.SubmitFeedback.Feedback == nil || len(sent.SubmitFeedback.Feedback.Photos) != 5 {
			t.Fatalf("%v %+v", err, sent)
		}
		for _, photo := range sent.SubmitFeedback.Feedback.Photos {
			checkPhoto(t, photo.URL, "photo ")
		}
	}
}

// killWhen starts a command and ends it with SIGKILL as soon as the condition holds. It tells whether the command had ended by itself before.
func (p place) killWhen(ctx context.Context, t *testing.T, when func() bool, args ...string) (ended bool) {
	t.Helper()
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, p.env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = cmd.Wait() }() // killed: always an error
	err := citytest.Poll(ctx, func() (bool, error) {
		select {
		case <-done:
			ended = true
			return true, nil
		default:
			return when(), nil
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill() // it may have ended already
	<-done
	return ended
}

// larger tells whether a file has more than that many bytes.
func larger(name string, size int64) func() bool {
	return func() bool {
		info, err := os.Stat(name)
		return err == nil && info.Size() > size
	}
}

// documents counts what a backup holds.
func documents(t *testing.T, backup string) int {
	t.Helper()
	z, err := zip.OpenReader(backup)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dump, err := z.Open("store.dump")
	if err != nil {
		t.Fatal(err)
	}
	defer dump.Close()
	held, err := store.CheckDump(dump)
	if err != nil {
		t.Fatal(err)
	}
	return held.Documents()
}

// TestKilledCommands ends seed, backup and restore with SIGKILL half-way: said again, each does its work as if nothing had been.
func TestKilledCommands(t *testing.T) {
	t.Parallel()
	ctx := within(t, 5*time.Minute)
	seed := []string{"seed", "--reports", "700", "--citizens", "20"}
	whole, dir := newPlace(t), t.TempDir()
	whole.must(ctx, t, seed...)
	whole.must(ctx, t, "backup", filepath.Join(dir, "whole.zip"))

	p := newPlace(t)
	if p.killWhen(ctx, t, larger(filepath.Join(p.data, "motcua.db-wal"), 600<<10), seed...) {
		t.Error("seed ended before it could be killed")
	}
	p.must(ctx, t, seed...)

	// A backup that is killed leaves no file of that name; neither does one whose city is killed.
	backup := filepath.Join(dir, "again.zip")
	if p.killWhen(ctx, t, larger(backup+".part", 0), "backup", backup) {
		t.Error("backup ended before it could be killed")
	}
	if _, err := os.Stat(backup); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a backup that was killed left a file: %v", err)
	}
	p.must(ctx, t, "backup", backup)
	if got, want := documents(t, backup), documents(t, filepath.Join(dir, "whole.zip")); got != want {
		t.Errorf("a seed that was killed and repeated made %d documents, one at a go %d", got, want)
	}
	backupOfAKilledCity(ctx, t, p)

	// A restore that is killed leaves a folder in which no city starts, and can be said again.
	other := newPlace(t, "MOTCUA_SECRETS__KEYSET_FILE="+filepath.Join(p.data, "dev-keyset.json"))
	if other.killWhen(ctx, t, larger(filepath.Join(other.data, "motcua.db-wal"), 100<<10), "restore", backup) {
		t.Error("restore ended before it could be killed")
	}
	if code, _, stderr := other.run(ctx, t, "dev"); code != 1 || !strings.Contains(stderr, "restore") {
		t.Errorf("half a city starts: exit code %d, %s", code, stderr)
	}
	other.must(ctx, t, "restore", backup)
	other.must(ctx, t, "backup", filepath.Join(dir, "restored.zip"))
	if got, want := documents(t, filepath.Join(dir, "restored.zip")), documents(t, backup); got != want {
		t.Errorf("%d documents were restored, want %d", got, want)
	}
}

// backupOfAKilledCity ends the city while it sends a backup: the command fails and leaves no file that looks like one.
func backupOfAKilledCity(ctx context.Context, t *testing.T, p place) {
	t.Helper()
	city := p.start(t)
	name := filepath.Join(t.TempDir(), "city.zip")
	result := make(chan int, 1)
	go func() {
		code, _, _ := p.run(ctx, t, "backup", name)
		result <- code
	}()
	if err := citytest.Poll(ctx, func() (bool, error) { return larger(name+".part", 0)(), nil }); err != nil {
		t.Fatal(err)
	}
	city.Kill()
	code := <-result
	if _, err := os.Stat(name); code != 1 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("backup of a city that was killed: exit code %d, file: %v", code, err)
	}
}
