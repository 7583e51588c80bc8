package webform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps"
)

func TestMain(m *testing.M) {
	leaktest.Main(m)
}

// What the program hands over must fit.
var (
	_ Media   = (*media.Media)(nil)
	_ Box     = (*secret.Box)(nil)
	_ Limiter = (*limit.Limiter)(nil)
	_ Runner  = (*miniapps.Runner)(nil)
)

var texts = sync.OnceValues(func() (*locale.Catalogue, error) { return locale.Load(os.DirFS("../../configs/locales")) })

var keys = sync.OnceValues(func() ([]byte, error) { return secret.Generate(true) })

// desk is an app that keeps what it is given, once for each key.
type desk struct {
	manifest miniapps.Manifest

	mu      sync.Mutex
	calls   []miniapps.Call          // of changes, as they took effect
	done    map[string]miniapps.Call // by key
	fail    error                    // of the next change
	suggest *miniapps.Instead        // what a check suggests
	lost    bool                     // no code can be looked up
	uncoded bool                     // what is made has no code
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	raw, err := os.ReadFile("testdata/desk.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := miniapps.ParseManifest(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{manifest: m, done: map[string]miniapps.Call{}}
}

func (d *desk) Manifest() miniapps.Manifest { return d.manifest }

func (d *desk) Do(_ context.Context, c miniapps.Call) (miniapps.Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch c.Action {
	case "groups":
		return miniapps.Result{Data: groups(c.Input)}, nil
	case "look":
		return miniapps.Result{Data: d.look(c)}, nil
	case "price":
		return miniapps.Result{Data: map[string]any{"derived": map[string]any{"price": 15000}}, Blocks: message.Blocks{message.Words{Text: "Mỗi vé 15.000 đồng."}}}, nil
	case "find":
		if d.lost {
			return miniapps.Result{}, fault.New(fault.Unavailable, "")
		}
		return miniapps.Result{Blocks: message.Blocks{message.Words{Text: "Người gửi viết: Xin làm lại giấy"}, message.Card{Title: "Hồ sơ", Facts: []message.Fact{{Label: "Tình trạng", Value: "Đang làm"}}}}}, nil
	}
	if err := d.fail; err != nil {
		d.fail = nil
		return miniapps.Result{}, err
	}
	if c.Action == "near" {
		return around(c.Input), nil
	}
	if known, ok := d.done[c.Key]; ok {
		if known.InputHash != c.InputHash {
			return miniapps.Result{}, once.Clash()
		}
	} else {
		d.done[c.Key] = c
		d.calls = append(d.calls, c)
	}
	code := goodCode(c.Key)
	if d.uncoded {
		return miniapps.Result{Data: map[string]any{}, Blocks: message.Blocks{message.Words{Text: "Số thứ tự của bà con là 12."}}}, nil
	}
	return miniapps.Result{
		Data:   map[string]any{"code": string(code)},
		Blocks: message.Blocks{message.Words{Text: "Cảm ơn bà con. Mã " + code.Grouped()}, message.Card{Title: "Hồ sơ " + code.Grouped(), Subtitle: "Đã nhận"}},
	}, nil
}

// around gives two records at a place, and what goes on from them.
func around(input json.RawMessage) miniapps.Result {
	var in struct{ Place struct{ Address string } }
	_ = json.Unmarshal(input, &in)
	return miniapps.Result{
		Blocks: message.Blocks{message.Words{Text: "Gần " + in.Place.Address}, message.Card{Title: "Hồ sơ một"}, message.Card{Title: "Hồ sơ hai"}},
		Next: []miniapps.Suggestion{
			{Action: "find", Input: map[string]any{"code": "7K3-9QM-X2B"}, Label: message.Text{message.Vietnamese: "Xem hồ sơ <một>"}},
			{Action: "everything", Input: map[string]any{}, Label: message.Text{message.Vietnamese: "Gửi thêm"}}, // which has no page
			{App: "desk", Action: "find", Input: map[string]any{"code": "8K3-9QM-X2B"}},
		},
	}
}

func (d *desk) look(c miniapps.Call) miniapps.Checked {
	var in struct {
		Answers struct {
			Story string
			Place struct{ Address string }
		}
	}
	_ = json.Unmarshal(c.Input, &in)
	var out miniapps.Checked
	if strings.Contains(in.Answers.Place.Address, "Hà Nội") {
		out.Errors = append(out.Errors, miniapps.WrongAnswer{Path: []string{"answers", "place"}, Text: "Chỗ này ở ngoài thành phố."})
	}
	if in.Answers.Story == "tranh chấp" {
		out.Suggest = d.suggest
	}
	return out
}

// groups are twenty-five options, ten a page.
func groups(input json.RawMessage) miniapps.Options {
	var in struct {
		Text, After string
		First       int
	}
	_ = json.Unmarshal(input, &in)
	out := miniapps.Options{Choices: []miniapps.Option{}}
	from, _ := strconv.Atoi(in.After)
	for i := from + 1; i <= 25; i++ {
		label := fmt.Sprintf("Nhóm %d", i)
		if in.Text != "" && !strings.Contains(fold.Text(label), fold.Text(in.Text)) {
			continue
		}
		if len(out.Choices) == in.First {
			out.After = strconv.Itoa(i - 1)
			break
		}
		out.Choices = append(out.Choices, miniapps.Option{Value: fmt.Sprintf("g%d", i), Label: label})
	}
	return out
}

// goodCode makes a tracking code of a key.
func goodCode(key string) casework.Code {
	for _, r := range "0123456789ABCDEFGHJKMNPQRSTVWXYZ" {
		if c, err := casework.ParseCode(strings.ToUpper(strings.NewReplacer("l", "1", "o", "0", "i", "1", "u", "v").Replace(key[:8])) + string(r)); err == nil {
			return c
		}
	}
	return ""
}

// world is forms over an app, on a port of their own.
type world struct {
	t      testing.TB
	forms  *Forms
	app    *fiber.App
	desk   *desk
	media  *media.Media
	Preset // what the page knows beforehand

	mu     sync.Mutex
	clock  time.Time
	guests map[string]int // times that each was asked for
	origin string         // of the last
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// guest makes a guest of an id, the same one each time.
func (w *world) guest(_ context.Context, v Visitor) (account.Viewer, error) {
	id := v.ID
	w.mu.Lock()
	defer w.mu.Unlock()
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`).MatchString(id) {
		return account.Viewer{}, errors.New("a guest of a strange id")
	}
	w.guests[id]++
	w.origin = v.Origin
	return account.Viewer{Subject: "guest-" + id, Subjects: []string{"guest-" + id}, Assurance: account.Guest, Lang: v.Lang, Origin: v.Origin}, nil
}

func newWorld(t testing.TB, cfg Config, apps ...miniapps.App) *world {
	t.Helper()
	w := &world{t: t, clock: time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC), guests: map[string]int{}}
	if len(apps) == 0 {
		w.desk = newDesk(t)
		apps = append(apps, w.desk)
	}
	words, err := texts()
	if err != nil {
		t.Fatal(err)
	}
	file, err := keys()
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	w.media = openMedia(t, box, w.now)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	limits := miniapps.Limits{Timeout: 4 * time.Second, Concurrent: 64, Wait: time.Second, Failures: 50, Rest: time.Second}
	runner, err := miniapps.NewRunner(miniapps.RunnerConfig{Limits: limits}, miniapps.Deps{
		Apps: apps, Now: w.now, Log: log, Reg: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.forms, err = New(cfg, Deps{
		Catalogue: runner.Catalogue(), Runner: runner, Guest: w.guest, Media: w.media, Box: box, Limiter: limit.New(nil, w.now, log), Texts: words,
		ClientIP: func(c *fiber.Ctx) string { return c.Get("X-Test-Address", "203.0.113.7") },
		MaxPhoto: 1 << 20, MaxVideo: 2 << 20, SpoolDir: t.TempDir(), Chat: "/chat", City: message.Text{message.Vietnamese: "Thành phố Hải Phòng", message.English: "Hải Phòng City"},
		Now: w.now, Log: log, Reg: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Preset = Preset{App: "desk", Action: "everything", Heading: "Đường Lạch Tray", Back: "/s/TEST", Lang: message.Vietnamese, Self: "/form"}
	w.app = fiber.New(fiber.Config{DisableStartupMessage: true, StreamRequestBody: true, DisablePreParseMultipartForm: true, BodyLimit: 1 << 20})
	w.app.Get("/form", func(c *fiber.Ctx) error { return w.forms.Show(c, w.preset(c)) })
	w.app.Post("/form", func(c *fiber.Ctx) error {
		c.Context().SetConnectionClose() // what is not read of a body is no request
		return w.forms.Send(c, w.preset(c))
	})
	w.app.Get("/media/:id", func(c *fiber.Ctx) error { return w.picture(c) })
	return w
}

// preset is what the page knows, in the language of the address.
func (w *world) preset(c *fiber.Ctx) Preset {
	p := w.Preset
	if c.Query("lang") == "en" {
		p.Lang, p.Self = message.English, p.Self+"?lang=en"
	}
	return p
}

func openMedia(t testing.TB, box *secret.Box, now func() time.Time) *media.Media {
	t.Helper()
	bucket, err := media.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bucket.Close() })
	m, err := media.New(t.Context(), memory.New(), bucket, box, media.Config{
		UploadTTL: time.Hour, LinkTTL: time.Hour, MaxPhoto: 1 << 20, MaxVideo: 2 << 20, MaxPixels: 40_000_000, DecodeMemory: 384 << 20, MaxDecodes: 2,
		DecodeWait: 20 * time.Second, BlobTimeout: time.Minute, MaxLoose: 30, OrphanAfter: 24 * time.Hour, Retention: 1000 * time.Hour, SpoolDir: t.TempDir(),
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// picture gives a rendition, as the public port does.
func (w *world) picture(c *fiber.Ctx) error {
	q := map[string][]string{}
	for k, v := range c.Context().QueryArgs().All() {
		q[string(k)] = append(q[string(k)], string(v))
	}
	file, err := w.media.Open(c.UserContext(), strings.Clone(c.Params("id")), q)
	if err != nil {
		return fiber.ErrNotFound
	}
	body, err := file.Range(c.UserContext(), 0, file.Size)
	if err != nil {
		return fiber.ErrNotFound
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "image/jpeg")
	return c.Send(data)
}

// page is an answer.
type page struct {
	status int
	header http.Header
	body   string
}

func (w *world) do(r *http.Request) page {
	w.t.Helper()
	res, err := w.app.Test(r, 30_000)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return page{res.StatusCode, res.Header, string(body)}
}

func (w *world) show() page {
	w.t.Helper()
	return w.at("/form")
}

// at opens an address.
func (w *world) at(address string) page {
	w.t.Helper()
	return w.do(httptest.NewRequest(http.MethodGet, address, nil))
}

// upload is a file that is chosen.
type upload struct {
	field, name, kind string
	data              []byte
}

// sheet is a filled-in form, in the order of a page: the ticket first.
type sheet struct {
	ticket string
	do     string
	values [][2]string
	files  []upload
}

func (s sheet) with(name, value string) sheet {
	s.values = append(slices.Clone(s.values), [2]string{name, value})
	return s
}

func (s sheet) set(name, value string) sheet {
	s.values = slices.DeleteFunc(slices.Clone(s.values), func(v [2]string) bool { return v[0] == name })
	return s.with(name, value)
}

func (s sheet) file(field, name string, data []byte) sheet {
	s.files = append(slices.Clone(s.files), upload{field, name, "image/jpeg", data})
	return s
}

func (s sheet) asking(do string) sheet { s.do = do; return s }

func (s sheet) request(t testing.TB) *http.Request {
	t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	add := func(name, value string) {
		if err := m.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	add("t", s.ticket)
	for _, v := range s.values {
		add(v[0], v[1])
	}
	for _, f := range s.files {
		part, err := m.CreatePart(map[string][]string{
			"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, f.field, f.name)}, "Content-Type": {f.kind},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	add("do", s.do)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/form", &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return r
}

// send sends a form, and goes where that leads.
func (w *world) send(s sheet) page {
	w.t.Helper()
	p := w.do(s.request(w.t))
	if p.status == http.StatusSeeOther {
		return w.at(p.header.Get("Location"))
	}
	return p
}

var ticketRE = regexp.MustCompile(`name="t" value="([^"]+)"`)

// ticket gives the ticket that a page carries.
func (p page) ticket(t testing.TB) string {
	t.Helper()
	m := ticketRE.FindStringSubmatch(p.body)
	if m == nil {
		t.Fatalf("no ticket on a page with status %d:\n%s", p.status, p.body)
	}
	return m[1]
}

var keptRE = regexp.MustCompile(`name="(keep/[^"]+)" value="([^"]+)"`)

// kept gives the names and ids of the files that a page says have come.
func (p page) kept() [][2]string {
	var out [][2]string
	for _, m := range keptRE.FindAllStringSubmatch(p.body, -1) {
		out = append(out, [2]string{m[1], m[2]})
	}
	return out
}

// good is a form with all that is needed.
func (w *world) good() sheet {
	w.t.Helper()
	return sheet{ticket: w.show().ticket(w.t), do: "send", values: [][2]string{
		{"f/story", "Xin làm lại giấy"}, {"f/name", "Nguyễn Thị Mơ"}, {"f/kind", "again"}, {"f/group", "g3"}, {"f/who/phone", "0912 345 678"}, {"f/pin", "0123"},
	}}
}

// input gives what the app was given last.
func (d *desk) input(t testing.TB) map[string]any {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.calls) == 0 {
		t.Fatal("nothing was carried out")
	}
	in, err := object(d.calls[len(d.calls)-1].Input)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func (d *desk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.calls)
}

func (d *desk) failWith(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = err
}

// photo makes a picture; another shade makes another.
func photo(t testing.TB, shade uint8) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			img.SetRGBA(x, y, color.RGBA{shade, uint8(x), uint8(y), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// has wants all of the words on a page.
func (p page) has(t testing.TB, words ...string) {
	t.Helper()
	for _, s := range words {
		if !strings.Contains(p.body, s) {
			t.Errorf("status %d: the page does not say %q:\n%s", p.status, s, p.body)
		}
	}
}

func (p page) wants(t testing.TB, status int) page {
	t.Helper()
	if p.status != status {
		t.Fatalf("status %d, want %d:\n%s", p.status, status, p.body)
	}
	return p
}
