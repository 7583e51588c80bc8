package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// formSeen is what testdata/browser/form.mjs prints.
type formSeen struct {
	Failure               string
	Errors, Violations    []string
	Link                  string
	Form, Again           formFilled // as it was opened, and when the page was loaded again
	Refused               []string   // what those were told who came too late, or were not meant
	Code, Second, Changed string     // of the report: as it was sent, from another device, and of the other form
	Mine, MineChanged     []string   // codes of all reports of the two who sent a form
}

// formFilled is what a form shows before anybody wrote into it.
type formFilled struct {
	Description, Category, Place string
	Photos                       int
}

// TestFormBegunInChatIsFinishedOnThePage has a citizen begin a report in the chat and finish it in a browser behind the link that the chat gave, as somebody
// whom the chat does not know.
func TestFormBegunInChatIsFinishedOnThePage(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	city := newPlace(t, quick...).start(t)
	photo, marker := photoWithPlace(t)
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, photo, 0o600); err != nil {
		t.Fatal(err)
	}
	var seen formSeen
	browse(ctx, t, &seen, "form.mjs", city.HTTP, city.Fakecity, file, "60000")
	if seen.Failure != "" {
		t.Fatal(seen.Failure, seen.Errors)
	}
	for _, wrong := range append(seen.Errors, seen.Violations...) {
		t.Error(wrong)
	}
	checkForm(t, city, seen)
	reports := newOffice(ctx, t, city).stored(ctx, t)
	for code, mine := range map[string][]string{seen.Code: seen.Mine, seen.Changed: seen.MineChanged} {
		checkReport(ctx, t, city, wantReport{"form", code, fmt.Sprintf(lampAt, 12), "street-light-out", 1}, reports[code], marker)
		if !slices.Equal(mine, []string{code}) {
			t.Errorf("report %s: its account has %q, want it alone", code, mine)
		}
	}
	if len(reports) != 2 || seen.Second != seen.Code {
		t.Errorf("two forms led to %d reports; the one with the code %s was sent again as %s", len(reports), seen.Code, seen.Second)
	}
}

func checkForm(t *testing.T, city *citytest.Process, seen formSeen) {
	t.Helper()
	if !strings.HasPrefix(seen.Link, city.HTTP+"/chat/form/") {
		t.Errorf("the link is %q", seen.Link)
	}
	want := formFilled{fmt.Sprintf(lampAt, 12), "Đèn đường không sáng (Chiếu sáng và điện lực)", "", 1}
	for _, got := range []formFilled{seen.Form, seen.Again} {
		if !strings.Contains(got.Place, "Phường Hồng Bàng") {
			t.Errorf("the place is %q", got.Place)
		}
		if got.Place = ""; got != want {
			t.Errorf("filled in is %+v, want %+v", got, want)
		}
	}
	if len(seen.Refused) != 3 {
		t.Errorf("refused were %q, want somebody else, and two who came again", seen.Refused)
	}
}

// browse runs a script in testdata/browser and decodes what it prints.
func browse(ctx context.Context, t *testing.T, seen any, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = "testdata/browser"
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v (make test installs node and chromium): %s", err, errs.String())
	}
	if err := json.Unmarshal(out, seen); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
