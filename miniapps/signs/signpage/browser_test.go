package signpage

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// What the port asks for must be what the pages are.
var _ httpapi.SignPages = (*Pages)(nil)

// port serves the pages as the program does, until the test ends.
func port(t testing.TB, d *desk, limits httpapi.SignLimits, parts ...httpapi.Mounter) string {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	var (
		s   *httpapi.Server
		err error
	)
	signs := httpapi.MountFunc(func(r fiber.Router) {
		face, err := httpapi.NewSigns(httpapi.SignDeps{Pages: d.Pages, Limiter: limit.New(nil, time.Now, quiet), Limits: limits, ClientIP: func(c *fiber.Ctx) string { return s.ClientIP(c) }, Log: quiet})
		if err != nil {
			t.Error(err)
		}
		face.Mount(r)
	})
	cfg := httpapi.Config{HeaderTimeout: 5 * time.Second, UploadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, IdleTimeout: 5 * time.Second,
		MaxBody: 64 << 10, MaxInFlight: 512, MaxUploads: 2, DrainTimeout: 5 * time.Second}
	s, err = httpapi.New(cfg, httpapi.Deps{City: message.Text{"vi": "Hải Phòng"}, Texts: configstest.Texts(t), Ready: func(context.Context) error { return nil },
		Parts: append([]httpapi.Mounter{signs}, parts...), Log: quiet, Reg: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider()})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		<-done
	})
	return "http://" + ln.Addr().String()
}

// TestPagesInChromium looks at the pages in a real browser that runs no scripts. With SIGNPAGE_SHOTS it leaves pictures of them in that folder.
func TestPagesInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	if _, err := os.Stat("/usr/bin/chromium"); err != nil {
		t.Skip("there is no Chromium: make test installs it")
	}
	if _, err := os.Stat("../../../channels/web/ui/node_modules/playwright-core"); err != nil {
		t.Skip("npm ci was not run in channels/web/ui: make test does")
	}
	d := open(t)
	d.book.change(func() {
		d.book.story.Translations["ar"] = registry.Translation{State: registry.Draft, Words: registry.Words{Title: "دار أوبرا هاي فونغ", Dates: "1904 – 1912",
			Text: "بُنيت دار الأوبرا بين عامي 1904 و1912.\n\nتزهر أشجار اللهب كل عام في شهر مايو."}}
	})
	long, far := made(t, "NEW000"), plate()
	far.ID, far.Number, far.Story = registry.PlateID(573), 573, "" // a plate that hangs before its story is written
	far.Street = "Đường nối Nguyễn Văn Trỗi – Hoàng Hoa Thám kéo dài về phía cầu vượt biển Tân Vũ – Lạch Huyện"
	far.Place.Address = "Gần cột điện số HP-LH-0042/17B, đối diện cổng phụ Trường Trung học phổ thông chuyên Trần Phú (https://bando.haiphong.example/truong-chuyen-tran-phu/cong-phu)"
	d.book.change(func() { d.book.coded[long] = registry.Coded{State: registry.Current, Code: long, Plate: far} })
	drawing, err := os.ReadFile("testdata/picture.svg")
	if err != nil {
		t.Fatal(err)
	}
	icon, err := os.ReadFile("../../feedback/icon.svg")
	if err != nil {
		t.Fatal(err)
	}
	files := httpapi.MountFunc(func(r fiber.Router) {
		httpapi.MountIcons(r, map[string]string{"feedback": string(icon)})
		r.Get("/media/:id", func(c *fiber.Ctx) error {
			c.Set(fiber.HeaderContentType, "image/svg+xml")
			return c.Send(drawing)
		})
	})
	base := port(t, d, httpapi.SignLimits{}, files)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	shots := os.Getenv("SIGNPAGE_SHOTS")
	if shots != "" {
		if shots, err = filepath.Abs(shots); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(ctx, "node", "testdata/look.mjs", base, d.code, d.old, long, shots)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	var problems []string
	if err := json.Unmarshal(out.Bytes(), &problems); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	for _, p := range problems {
		t.Error(p)
	}
	if got := d.noted(); len(got) != 1 || got[0] != "000572 elsewhere" {
		t.Errorf("tapped was %q", got)
	}
}
