package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// cutSeen is what testdata/browser/webcut.mjs prints last.
type cutSeen struct {
	Failure                 string
	Errors                  []string
	Posted                  []string // ids of messages, one for each attempt
	Shown, Stored, Reloaded []cutLine
}

// cutLine is one line of a conversation, as shown or as stored.
type cutLine struct {
	ID, From, State, Text string
	Seq                   int64
}

// TestWebChatOverCuts takes the network from a visitor twice, and kills the city once, each time while a message is on its way.
func TestWebChatOverCuts(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	p := newPlace(t, quick...)
	city := p.start(t)
	p.env = append(p.env, "MOTCUA_HTTP_ADDR="+strings.TrimPrefix(city.HTTP, "http://")) // the same after the restart
	photo, _ := photoWithPlace(t)
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, photo, 0o600); err != nil {
		t.Fatal(err)
	}
	seen := cutTalk(ctx, t, func(said io.Writer) {
		city.Kill()
		fmt.Fprintln(said, "killed")
		city = p.start(t)
		fmt.Fprintln(said, "back")
	}, city.HTTP, file, "60000")
	if seen.Failure != "" {
		t.Fatalf("%s\n%s", seen.Failure, cutText(seen.Shown))
	}
	if len(seen.Errors) > 0 {
		t.Error(seen.Errors)
	}
	slices.Sort(seen.Posted)
	if sent := len(seen.Posted); sent-len(slices.Compact(seen.Posted)) < 2 {
		t.Errorf("of %d attempts fewer than two were repeats: the cuts tested nothing", sent)
	}
	checkCutLines(t, seen)
	checkCutReport(ctx, t, city)
}

// cutTalk runs the visitor. restart is called when the city is to be killed, with what the visitor listens to.
func cutTalk(ctx context.Context, t *testing.T, restart func(said io.Writer), args ...string) (seen cutSeen) {
	t.Helper()
	cmd := exec.CommandContext(ctx, "node", append([]string{"webcut.mjs"}, args...)...)
	cmd.Dir = "testdata/browser"
	var errs bytes.Buffer
	cmd.Stderr = &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (make test installs node and chromium)", err)
	}
	last := ""
	lines := bufio.NewScanner(out)
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		if last = lines.Text(); last == "kill" {
			restart(in)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v (make test installs node and chromium): %s", err, errs.String())
	}
	if err := json.Unmarshal([]byte(last), &seen); err != nil {
		t.Fatalf("%v: %s", err, last)
	}
	return seen
}

// checkCutLines wants every line once and in its order: on the page, in the store, and on the page when it is opened again.
func checkCutLines(t *testing.T, seen cutSeen) {
	t.Helper()
	said := []string{"xin chào", "trợ giúp", "đèn đường hỏng trước số 12 Lạch Tray", "", "Đèn đường không sáng", "Gửi", "phản ánh của tôi"} // a place has no words
	var mine []string
	ids := map[string]bool{}
	for i, l := range seen.Shown {
		if l.From == "you" {
			mine = append(mine, l.Text)
		}
		if ids[l.ID] || l.State != "sent" || i > 0 && l.Seq <= seen.Shown[i-1].Seq {
			t.Errorf("line %d, %+v, is there twice, out of order or not sent", i, l)
		}
		ids[l.ID] = true
	}
	if !slices.Equal(mine, said) {
		t.Errorf("the visitor said %q, the page shows %q", said, mine)
	}
	if receipts := strings.Count(cutText(seen.Shown), "Mã phản ánh là"); receipts != 1 {
		t.Errorf("%d receipts", receipts)
	}
	if !reflect.DeepEqual(seen.Shown, seen.Reloaded) {
		t.Errorf("opened again the page shows\n%s\nbefore it was\n%s", cutText(seen.Reloaded), cutText(seen.Shown))
	}
	same := func(a, b cutLine) bool { return a.ID == b.ID && a.Seq == b.Seq && a.From == b.From }
	if !slices.EqualFunc(seen.Shown, seen.Stored, same) {
		t.Errorf("stored is\n%s\nshown is\n%s", cutText(seen.Stored), cutText(seen.Shown))
	}
	for i, l := range seen.Shown {
		if i > 0 && l.From == "bot" && l.Text == seen.Shown[i-1].Text {
			t.Errorf("the city says %q twice in a row", l.Text)
		}
	}
}

// checkCutReport wants one report with its photo, whatever was sent twice.
func checkCutReport(ctx context.Context, t *testing.T, city *citytest.Process) {
	t.Helper()
	list := newOffice(ctx, t, city).queue(ctx, t, "RECEIVED")
	if len(list) != 1 || list[0].Description != fmt.Sprintf(lampAt, 12) || len(list[0].Photos) != 1 {
		t.Errorf("stored are %+v", list)
	}
}

// cutText writes lines down for a reader.
func cutText(lines []cutLine) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%d %s (%s): %s\n", l.Seq, l.From, l.State, l.Text)
	}
	return b.String()
}
