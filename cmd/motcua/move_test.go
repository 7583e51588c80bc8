package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
	"github.com/motcua/motcua/internal/store/mongo/mongotest"
)

// lived makes a stopped city in which a citizen has sent reports, one of them with a photo that an officer has worked on.
func lived(ctx context.Context, t *testing.T) place {
	t.Helper()
	p := newPlace(t)
	p.must(ctx, t, "seed", "--reports", "40", "--citizens", "8")
	city := p.start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	photo, _ := photoWithPlace(t)
	id, err := citizen.Upload(ctx, "image/jpeg", photo)
	if err != nil {
		t.Fatal(err)
	}
	h := &hammer{clients: 2, each: 3, url: func() string { return city.HTTP }, tokens: []string{citizen.Token}}
	verify(ctx, t, citizen, h.run(ctx, t))
	in := map[string]any{"description": "Cây đổ chắn ngang đường sau cơn bão", "idempotencyKey": "tree", "photos": []string{id},
		"place": map[string]any{"address": "số 5 phố Hoàng Văn Thụ, phường Hồng Bàng"}}
	var sent struct {
		SubmitFeedback struct{ Feedback *struct{ ID string } }
	}
	if err := citizen.Do(ctx, submit, map[string]any{"i": in}, &sent); err != nil || sent.SubmitFeedback.Feedback == nil {
		t.Fatalf("%v %+v", err, sent)
	}
	dispatcher, err := city.SignIn(ctx, "0901000002")
	if err != nil {
		t.Fatal(err)
	}
	move(ctx, t, dispatcher, "assignFeedback", "AssignFeedbackInput", map[string]any{"id": sent.SubmitFeedback.Feedback.ID, "unit": "ward-11311"})
	// One receipt for each of the seven reports, and the news that one was assigned.
	err = citytest.Poll(ctx, func() (bool, error) {
		notices, err := pages[struct{ ID string }](ctx, citizen, "notifications", "id")
		return len(notices) == 8, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if code := city.Stop(20 * time.Second); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	return p
}

// answers asks a city the same questions, as a citizen and as an officer, and gives what must not differ between two copies of it.
func answers(ctx context.Context, t *testing.T, city *citytest.Process) string {
	t.Helper()
	var all bytes.Buffer
	for _, q := range [][2]string{
		{"0912345678", `{ me { id displayName } myFeedback(first: 15) { edges { node { id code status description createdAt dueAt ward { code } unit { code }
			timeline { at status } photos { id } } } } notifications(first: 20) { edges { node { id title text createdAt read } } } }`},
		{"0901000001", `{ me { id roles } feedbackQueue(status: ASSIGNED, first: 50) { edges { node { id code status } } } }`},
	} {
		c, err := city.SignIn(ctx, q[0])
		if err != nil {
			t.Fatal(err)
		}
		a, err := c.Ask(ctx, q[1], nil)
		if err != nil || len(a.Errors) > 0 {
			t.Fatalf("%v %+v", err, a.Errors)
		}
		if err := json.Indent(&all, a.Data, q[0], " "); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(all.String(), "\n")
	return strings.Join(sorted(lines), "\n")
}

// TestBackupIsRestored takes a backup of a running city and restores it into an empty folder.
func TestBackupIsRestored(t *testing.T) {
	t.Parallel()
	ctx := within(t, 3*time.Minute)
	p := lived(ctx, t)
	city := p.start(t)
	want := answers(ctx, t, city)
	file := filepath.Join(t.TempDir(), "city.zip")
	p.must(ctx, t, "backup", file)
	if code := city.Stop(20 * time.Second); code != 0 {
		t.Fatalf("exit code %d", code)
	}

	other := newPlace(t)
	if code, _, stderr := other.run(ctx, t, "restore", file); code != 1 || !strings.Contains(stderr, "keyset") {
		t.Errorf("restored without its keyset: %d %s", code, stderr)
	}
	other = newPlace(t, "MOTCUA_SECRETS__KEYSET_FILE="+filepath.Join(p.data, "dev-keyset.json"))
	other.must(ctx, t, "restore", file)
	if code, _, stderr := other.run(ctx, t, "restore", file); code != 1 || !strings.Contains(stderr, "already") {
		t.Errorf("restored over a city: %d %s", code, stderr)
	}
	if got := answers(ctx, t, other.start(t)); got != want {
		t.Errorf("the restored city answers otherwise: %s", difference(got, want))
	}
	if names, err := filepath.Glob(filepath.Join(other.data, "media", "*", "*", "*")); err != nil || len(names) == 0 {
		t.Errorf("no media restored: %v", err)
	}

	cut := filepath.Join(t.TempDir(), "cut.zip")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := newPlace(t, "MOTCUA_SECRETS__KEYSET_FILE="+filepath.Join(p.data, "dev-keyset.json")).run(ctx, t, "restore", cut); code != 1 {
		t.Errorf("restored half a backup: %s", stderr)
	}
}

// TestCityMovesToMongoDB copies a city from the embedded store to the MongoDB engine, which then answers the same.
func TestCityMovesToMongoDB(t *testing.T) {
	t.Parallel()
	ctx := within(t, 5*time.Minute)
	p := lived(ctx, t)
	city := p.start(t)
	want := answers(ctx, t, city)
	if code := city.Stop(20 * time.Second); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	uri := mongotest.Serve(t)
	p.env = append(p.env, "MOTCUA_MONGODB__MAX_POOL=1", "MOTCUA_MONGODB__TIMEOUT=30s", "MOTCUA_MONGODB__SELECTION_TIMEOUT=10s", "MOTCUA_GRAPH__TRANSPORT__TIMEOUT=30s",
		"MOTCUA_RUNNER__TIMEOUT=25s")
	if out := p.must(ctx, t, "store", "copy", "--to", uri); !strings.Contains(out, "counts and hashes agree") {
		t.Errorf("copy: %s", out)
	}
	p.env = append(p.env, "MOTCUA_MONGODB__URI="+uri)
	if got := answers(ctx, t, p.start(t)); got != want {
		t.Errorf("the city on MongoDB answers otherwise: %s", difference(got, want))
	}
}

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}

// difference gives the lines that only one of two answers has.
func difference(got, want string) string {
	var out strings.Builder
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, side := range []struct {
		mark       string
		has, lacks []string
	}{{"+", g, w}, {"-", w, g}} {
		for _, l := range side.has {
			if !slices.Contains(side.lacks, l) {
				out.WriteString("\n" + side.mark + l)
			}
		}
	}
	return out.String()
}
