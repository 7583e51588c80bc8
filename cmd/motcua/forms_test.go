package main_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// surfer is a browser that knows nothing but HTTP and forms.
type surfer struct {
	t    *testing.T
	city string
}

// webPage is a page that it came to.
type webPage struct {
	surfer
	page
	at *url.URL
}

// request makes a request as a browser whose owner reads Vietnamese, and follows no redirect.
func (s surfer) request(ctx context.Context, method, address, kind string, body io.Reader) webPage {
	s.t.Helper()
	at, err := url.Parse(s.city)
	if err == nil {
		at, err = at.Parse(html.UnescapeString(address))
	}
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "vi-VN,vi;q=0.9,en;q=0.5")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return webPage{s, page{res.StatusCode, res.Header, string(got)}, at}
}

func (s surfer) get(ctx context.Context, address string, status int) webPage {
	s.t.Helper()
	p := s.request(ctx, http.MethodGet, address, "", nil)
	if p.status != status || !strings.HasPrefix(p.header.Get("Content-Type"), "text/html") || strings.Contains(p.body, "<script") {
		s.t.Fatalf("%s: status %d, want %d, %s:\n%s", address, p.status, status, p.header.Get("Content-Type"), p.body)
	}
	return p
}

// says wants words on a page.
func (p webPage) says(words ...string) webPage {
	p.t.Helper()
	for _, w := range words {
		if !strings.Contains(html.UnescapeString(p.body), w) {
			p.t.Errorf("%s: %q is not on it:\n%s", p.at, w, p.body)
		}
	}
	return p
}

// follow opens the link of those words.
func (p webPage) follow(ctx context.Context, words string) webPage {
	p.t.Helper()
	m := regexp.MustCompile(`<a [^>]*href="([^"]*)"[^>]*>` + regexp.QuoteMeta(words) + `</a>`).FindStringSubmatch(p.body)
	if m == nil {
		p.t.Fatalf("%s: there is no link %q:\n%s", p.at, words, p.body)
	}
	return p.get(ctx, m[1], http.StatusOK)
}

var (
	actionRE = regexp.MustCompile(`<form [^>]*action="([^"]*)"`)
	hiddenRE = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	keepRE   = regexp.MustCompile(`<input type="checkbox" name="(keep/[^"]*)" value="([^"]*)" checked`)
)

// send fills in the form of a page: what it holds already, and in this order the names and values that somebody types or taps. A file is a value that begins
// with file:.
func (p webPage) send(ctx context.Context, values ...string) webPage {
	p.t.Helper()
	action := actionRE.FindStringSubmatch(p.body)
	if action == nil {
		p.t.Fatalf("%s has no form:\n%s", p.at, p.body)
	}
	var all []string
	for _, re := range []*regexp.Regexp{hiddenRE, keepRE} {
		for _, m := range re.FindAllStringSubmatch(p.body, -1) {
			all = append(all, html.UnescapeString(m[1]), html.UnescapeString(m[2]))
		}
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for pair := range slices.Chunk(append(all, values...), 2) {
		var part io.Writer
		var err error
		data, isFile := strings.CutPrefix(pair[1], "file:")
		if isFile {
			part, err = w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename="a.jpg"`, pair[0])}, "Content-Type": {"image/jpeg"}})
		} else {
			part, err = w.CreateFormField(pair[0])
		}
		if err == nil {
			_, err = io.WriteString(part, data)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		p.t.Fatal(err)
	}
	return p.request(ctx, http.MethodPost, action[1], w.FormDataContentType(), &body)
}

// filed gives the codes of all reports that nobody has begun with.
func filed(ctx context.Context, t *testing.T, o *office) []string {
	t.Helper()
	all := reportsAt(ctx, t, o.dispatcher, "RECEIVED")
	maps.Copy(all, reportsAt(ctx, t, o.dispatcher, "ASSIGNED"))
	return slices.Sorted(maps.Keys(all))
}

// TestServiceByItsOwnAddress goes the way of a citizen who opens the list of services, chooses one, and sends a report with a photo, by plain HTTP.
func TestServiceByItsOwnAddress(t *testing.T) {
	t.Parallel()
	ctx := within(t, 4*time.Minute)
	city := newPlace(t, "MOTCUA_SIGNS__APP_LINK=motcua://s/{sign}").start(t)
	o := newOffice(ctx, t, city)
	s := surfer{t, city.HTTP}
	photo, marker := photoWithPlace(t)

	s.get(ctx, "/", http.StatusOK).says("/f")
	list := s.get(ctx, "/f", http.StatusOK).says("Phản ánh hiện trường", "Gửi phản ánh", "Tra cứu theo mã", "Cảnh báo đang có", "English")
	if strings.Contains(list.body, "/f/me/") || strings.Contains(list.body, "noindex") || len(list.body) >= maxSignPage {
		t.Errorf("%d bytes:\n%s", len(list.body), list.body)
	}
	s.keeps(ctx, list)
	s.get(ctx, "/f?lang=en", http.StatusOK).says("Send a report", "/f/feedback/submit?lang=en")
	form := list.follow(ctx, "Gửi phản ánh").says("Nội dung", "Địa điểm", "Ảnh", "Phản ánh hiện trường", "/f?lang=vi")
	if got := form.header.Get("X-Robots-Tag"); got != "noindex" {
		t.Errorf("X-Robots-Tag of the form is %q", got)
	}
	s.get(ctx, "/f/feedback/submit", http.StatusOK).says("Nội dung")

	for lang, words := range map[string][]string{"vi": {"Nội dung", "ký tự"}, "en": {"Description", "character"}} {
		wrong := s.get(ctx, "/f/feedback/submit?lang="+lang, http.StatusOK).send(ctx, "f/description", "ngắn", "f/place", "12 Lạch Tray, Phường Gia Viên", "do", "send")
		if wrong.status != http.StatusBadRequest {
			t.Fatalf("status %d:\n%s", wrong.status, wrong.body)
		}
		summary, _, _ := strings.Cut(wrong.body[strings.Index(wrong.body, `role="alert"`):], "</div>")
		for _, w := range words {
			if !strings.Contains(summary, w) {
				t.Errorf("%s: %q is not in %s", lang, w, summary)
			}
		}
	}
	if got := filed(ctx, t, o); len(got) != 0 {
		t.Errorf("stored is %v before anything was right", got)
	}

	const text = "Đèn đường trước nhà văn hóa không sáng, tối om"
	filling := []string{"f/description", text, "f/place", "12 Lạch Tray, Phường Gia Viên", "f/category", "street-light-out", "f/photos", "file:" + string(photo), "do", "send"}
	question := form.send(ctx, filling...).says("Gửi phản ánh này chứ", text, "1 ảnh")
	sent := question.send(ctx, "do", "agree")
	if sent.status != http.StatusSeeOther {
		t.Fatalf("status %d:\n%s", sent.status, sent.body)
	}
	receipt := s.get(ctx, sent.header.Get("Location"), http.StatusOK).says("Đã gửi xong")
	code := codeInText.FindString(receipt.body)
	if again := s.get(ctx, receipt.at.String(), http.StatusOK); code == "" || codeInText.FindString(again.body) != code {
		t.Errorf("the receipt shows %q, loaded again %q", code, codeInText.FindString(again.body))
	}
	for name, back := range map[string]webPage{"the question": question.send(ctx, "do", "agree"), "the form": form.send(ctx, filling...).send(ctx, "do", "agree")} {
		if got := codeInText.FindString(s.get(ctx, back.header.Get("Location"), http.StatusOK).body); got != code {
			t.Errorf("sent once more from %s, it is %q, want %q", name, got, code)
		}
	}
	if got := filed(ctx, t, o); !slices.Equal(got, []string{code}) {
		t.Fatalf("stored are %v, want %s alone", got, code)
	}
	checkOwnAddress(ctx, t, city, o, code, text, marker)
	s.get(ctx, "/f/feedback/track", http.StatusOK).send(ctx, "f/code", code, "do", "send").says("Đèn đường")
}

// keeps looks that the list may be kept for a minute, and is not sent again to who has it.
func (s surfer) keeps(ctx context.Context, list webPage) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, list.at.String(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("If-None-Match", list.header.Get("ETag"))
	req.Header.Set("Accept-Language", "vi")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNotModified || list.header.Get("Cache-Control") != "public, max-age=60" || !strings.Contains(list.header.Get("Vary"), "Accept-Language") {
		s.t.Errorf("status %d, Cache-Control %q, Vary %q", res.StatusCode, list.header.Get("Cache-Control"), list.header.Get("Vary"))
	}
}

// checkOwnAddress finds a report by its code, as everybody and as the staff.
func checkOwnAddress(ctx context.Context, t *testing.T, city *citytest.Process, o *office, code, text, marker string) {
	t.Helper()
	var public struct {
		FeedbackByCode *struct {
			Description string
			Category    struct{ Code string }
			Ward        struct{ FullName string }
		}
	}
	guest := citytest.Client{URL: city.HTTP + "/graphql"}
	if err := guest.Do(ctx, `query($c: String!) { feedbackByCode(code: $c) { description category { code } ward { fullName } } }`, map[string]any{"c": code}, &public); err != nil {
		t.Fatal(err)
	}
	if r := public.FeedbackByCode; r == nil || r.Description != text || r.Category.Code != "street-light-out" || r.Ward.FullName != "Phường Gia Viên" {
		t.Errorf("everybody finds %+v", r)
	}
	all := reportsAt(ctx, t, o.dispatcher, "RECEIVED")
	maps.Copy(all, reportsAt(ctx, t, o.dispatcher, "ASSIGNED"))
	if len(all[code].Photos) != 1 {
		t.Fatalf("the staff sees %+v", all[code])
	}
	checkPhoto(t, all[code].Photos[0].URL, marker)
}

// TestWhatIsNoService: what has no form says so, as a page, and what needs an account leads to where that is.
func TestWhatIsNoService(t *testing.T) {
	t.Parallel()
	ctx := within(t, 4*time.Minute)
	s := surfer{t, newPlace(t, "MOTCUA_SIGNS__APP_LINK=motcua://s/{sign}").start(t).HTTP}
	for _, path := range []string{
		"/f/nobody/submit", "/f/feedback/nothing", "/f/feedback/assign", "/f/feedback/raise", "/f/feedback/categories", "/f/feedback/check", "/f/me/check_join", "/f/me/code", "/f/feedback", "/f/a/b/c", "/f/%3Cscript%3E/x",
	} {
		s.get(ctx, path, http.StatusNotFound).says("Không có trang này", "/f?lang=vi")
		s.get(ctx, path+"?lang=en", http.StatusNotFound).says("There is no such page")
	}
	for _, path := range []string{"/f/me/accounts", "/f/me/show_code"} {
		p := s.get(ctx, path, http.StatusForbidden).says("cần đăng nhập", "/chat?", "https://m.me/100000000000001?ref=me.", "https://zalo.me/2000000000000000002", "/open/me")
		if s.get(ctx, path+"?lang=en", http.StatusForbidden).says("You need to sign in", ".en"); strings.Contains(p.body, "<form") {
			t.Errorf("%s shows a form", path)
		}
	}
	s.get(ctx, "/f/feedback/mine", http.StatusForbidden).says("gắn với tài khoản")
	s.get(ctx, "/f/alerts/current", http.StatusOK).says("Cảnh báo đang có")
	if p := s.request(ctx, http.MethodDelete, "/f", "", nil); p.status != http.StatusMethodNotAllowed || p.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("DELETE: %d, Allow %q", p.status, p.header.Get("Allow"))
	}
}

// servicesSeen is what testdata/browser/pages.mjs prints of a visit to the services.
type servicesSeen struct {
	Failure                            string
	Errors, Violations                 []string
	List, English, Form, Wrong, Needed string // words on the pages
	Code, Back                         string // of the report; and what stood in the form on the way back from there
}

// TestServicesInChromium goes the same way in a browser on a small phone.
func TestServicesInChromium(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	city := newPlace(t).start(t)
	photo, _ := photoWithPlace(t)
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, photo, 0o600); err != nil {
		t.Fatal(err)
	}
	var seen servicesSeen
	browse(ctx, t, &seen, "pages.mjs", "services", city.HTTP, file, "60000")
	if seen.Failure != "" {
		t.Fatal(seen.Failure, seen.Errors)
	}
	for _, wrong := range append(seen.Errors, seen.Violations...) {
		t.Error(wrong)
	}
	for _, tt := range []struct{ name, got, want string }{
		{"the list", seen.List, "Gửi phản ánh"}, {"the list in English", seen.English, "Send a report"}, {"the form", seen.Form, "Nội dung"}, {"a wrong form", seen.Wrong, "Nội dung"}, {"what needs an account", seen.Needed, "cần đăng nhập"},
	} {
		if !strings.Contains(tt.got, tt.want) {
			t.Errorf("%s does not say %q: %s", tt.name, tt.want, tt.got)
		}
	}
	if got := filed(ctx, t, newOffice(ctx, t, city)); seen.Code == "" || !slices.Equal(got, []string{seen.Code}) || !strings.Contains(seen.Back, "tối om") {
		t.Errorf("stored are %v, want %q alone; on the way back there is %q", got, seen.Code, seen.Back)
	}
}
