package webform

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps/feedback"
)

// seen is what testdata/browser.mjs prints.
type seen struct {
	Failure                  string
	Errors, Wide, Violations []string
	Wrong                    []string // what a form is said to lack that was sent empty
	Focused                  string   // what had the focus then
	Pictures                 int      // of photos that had come
	Asked, Words             string   // of the page that asks, and of the last
	Code                     string   // of the report, as it was sent
	Again                    []string // when its page was loaded again, it was sent again from the question and from the form, and its page was opened anew
	Back                     []string // the question, and what stood in the form, on the ways back
	Straight                 []string // the codes of another report, as it was sent and sent once more, and after each what stood in the form on the way back
	Changed                  string   // the page when it was sent with other answers
}

// typed is what testdata/browser.mjs writes into the form.
const typed = "Biển tên đường bị cong, đèn đường phía trên không sáng"

// TestReportWithoutScripts has somebody report what is wrong at a place that is known, with two photos, from a browser that runs no scripts.
func TestReportWithoutScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	for _, need := range []string{"/usr/bin/chromium", "../../channels/web/ui/node_modules/playwright-core"} {
		if _, err := os.Stat(need); err != nil {
			t.Skip("there is no " + need + ": make test installs it")
		}
	}
	w, reports := newReports(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- w.app.Listener(ln) }()
	t.Cleanup(func() {
		_ = w.app.Shutdown()
		<-served
	})
	folder := os.Getenv("WEBFORM_PICTURES") // to look at what people see
	if folder == "" {
		folder = t.TempDir()
	}
	photos := [2]string{filepath.Join(t.TempDir(), "a.jpg"), filepath.Join(t.TempDir(), "b.jpg")}
	for i, name := range photos {
		if err := os.WriteFile(name, photo(t, uint8(60+120*i)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "testdata/browser.mjs", "http://"+ln.Addr().String()+"/form", photos[0], photos[1], folder)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	var got seen
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if got.Failure != "" {
		t.Fatal(got.Failure, got.Errors)
	}
	for _, wrong := range slices.Concat(got.Errors, got.Wide, got.Violations) {
		t.Error(wrong)
	}
	if !slices.Equal(got.Wrong, []string{"Bà con điền giúp mục “Nội dung”."}) || got.Focused != "trouble" || got.Pictures != 1 {
		t.Errorf("an empty form is said to lack %q, the focus is at %q; %d pictures are shown", got.Wrong, got.Focused, got.Pictures)
	}
	if !slices.Equal(got.Again, slices.Repeat([]string{got.Code}, 4)) || len(got.Back) != 3 || got.Back[0] != got.Asked || got.Back[1] != typed || got.Back[2] != "street-light-out" {
		t.Errorf("the code is %q, and on the ways back and forth %q; the pages were %q", got.Code, got.Again, got.Back)
	}
	if s := got.Straight; len(s) != 4 || s[0] == "" || s[0] == got.Code || s[2] != s[0] || s[1] != "Nắp cống trước số nhà 20 bị mất" || s[3] != s[1] {
		t.Errorf("the other report led to %q", s)
	}
	if got.Code == "" || !strings.Contains(got.Changed, "Đã gửi rồi") || strings.Contains(got.Changed, got.Code) || !strings.Contains(got.Words, "Phường Hồng Bàng") {
		t.Errorf("the code is %q; with other answers %q; the page says %s", got.Code, got.Changed, got.Words)
	}
	if !strings.Contains(got.Asked, "Đường Đinh Tiên Hoàng") || !strings.Contains(got.Asked, "2 ảnh") || !strings.Contains(got.Asked, "Đèn đường không sáng") {
		t.Errorf("asked is %s", got.Asked)
	}
	code, err := casework.ParseCode(got.Code)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := reports.codes.Case(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	checkReport(ctx, t, w, reports.app, ref.ID)
}

// checkReport looks at the report that was made as its guest sees it.
func checkReport(ctx context.Context, t *testing.T, w *world, app *feedback.App, id string) {
	t.Helper()
	owner, _, _ := strings.Cut(id, "/")
	page, err := app.Mine(ctx, account.Viewer{Subject: owner, Subjects: []string{owner}}, 5, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 1 {
		t.Fatalf("its guest has %d reports", len(page.Items))
	}
	r := page.Items[0]
	lat, lon, ok := r.Place.Point()
	if !ok || lat != 20.8578 || lon != 106.681 || r.Place.Address != "Đường Đinh Tiên Hoàng, phường Hồng Bàng" || r.Ward != "11311" {
		t.Errorf("it is at %+v in ward %s", r.Place, r.Ward)
	}
	if len(r.Photos) != 2 || r.Category != "street-light-out" || !strings.HasPrefix(r.Description, "Biển tên đường bị cong") || !r.HideName {
		t.Errorf("the report is %+v", r)
	}
	items, err := w.media.Items(ctx, r.Photos)
	if err != nil || len(items) != 2 {
		t.Errorf("its photos are %v, %v", items, err)
	}
}

// reports is the service of reports itself.
type reports struct {
	app   *feedback.App
	codes *casework.Codes
}

// newReports puts forms before the city's own service.
func newReports(t testing.TB) (*world, reports) {
	t.Helper()
	words, err := texts()
	if err != nil {
		t.Fatal(err)
	}
	where, err := city.Load(os.DirFS("../../configs/cities/haiphong"))
	if err != nil {
		t.Fatal(err)
	}
	engine, now := memory.New(), time.Now
	codes, err := casework.NewCodes(t.Context(), engine, casework.Config{CodeReservation: 7 * 24 * time.Hour}, now)
	if err != nil {
		t.Fatal(err)
	}
	pictures := &later{}
	app, err := feedback.New(t.Context(), engine, feedback.Deps{
		City: where, Media: pictures, Codes: codes, Texts: words, Deliver: func(context.Context, casework.Notice) error { return nil },
	}, feedback.Config{Retention: 5 * 365 * 24 * time.Hour, UnsureHours: 40}, now)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, Config{}, app)
	pictures.Media = w.media
	w.pass(now().Sub(w.clock))
	w.App, w.Action, w.Heading, w.Self = feedback.ID, "submit", "Đường Đinh Tiên Hoàng", "/form"
	w.Input = map[string]any{"place": map[string]any{"lat": 20.8578, "lon": 106.681, "address": "Đường Đinh Tiên Hoàng, phường Hồng Bàng"}}
	return w, reports{app, codes}
}

// later is media that are made after the service that uses them.
type later struct{ feedback.Media }
