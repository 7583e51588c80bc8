package webform

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/limit"
)

// sent gives the address that a form leads to when it took effect.
func (w *world) sent(s sheet) string {
	w.t.Helper()
	p := w.do(s.request(w.t)).wants(w.t, http.StatusSeeOther)
	if got := p.header.Get("Cache-Control"); got != "no-store" {
		w.t.Errorf("Cache-Control of the way to the receipt is %q", got)
	}
	return p.header.Get("Location")
}

// TestReceipt: a form that took effect leads to a page that can be loaded again and shows no more than what the code alone does.
func TestReceipt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.Origin = "abroad"
	s := w.good()
	to := w.sent(s)
	code := goodCode(w.desk.calls[0].Key)
	if at, err := url.Parse(to); err != nil || at.Path != "/form" || len(to) > 400 || strings.Contains(to, string(code)) || strings.Contains(to, code.Grouped()) {
		t.Errorf("it leads to %s, %v", to, err)
	}
	if w.origin != "abroad" || len(w.guests) != 1 {
		t.Errorf("%d guests, the last of %q", len(w.guests), w.origin)
	}
	first := w.at(to).wants(t, 200)
	first.has(t, "Đã gửi xong", `<p class="sign">`+code.Grouped()+`</p>`, "/chat?lang=vi&amp;ref=desk.find%3A"+string(code), "Đang làm", `href="/s/TEST"`, "Đường Lạch Tray", `<a class="second" href="/form">`)
	for _, secret := range []string{"Xin làm lại giấy", "Nguyễn Thị Mơ", "0912", "0123", `name="t"`} {
		if strings.Contains(first.body, secret) {
			t.Errorf("whoever has the address reads %q", secret)
		}
	}
	if again := w.at(to); again.body != first.body || w.desk.count() != 1 || len(w.guests) != 1 {
		t.Errorf("loaded again: status %d, %d calls, %d guests", again.status, w.desk.count(), len(w.guests))
	}
	if again := w.at(w.sent(s)); again.body != first.body || w.desk.count() != 1 {
		t.Errorf("sent again, it leads to a page with status %d; carried out %d times", again.status, w.desk.count())
	}
	w.desk.lost = true
	w.at(to).wants(t, 200).has(t, code.Grouped())
}

func TestReceiptsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	s := w.good()
	to := w.sent(s)
	code := goodCode(w.desk.calls[0].Key).Grouped()
	token := strings.TrimPrefix(to, "/form?sent=")
	flipped := []byte(token)
	flipped[len(flipped)/2] ^= 1
	for name, address := range map[string]string{
		"none": "/form?sent=", "not ours": "/form?sent=" + code, "changed": "/form?sent=" + string(flipped), "cut": to[:len(to)-4], "very long": to + strings.Repeat("A", 2000),
		"a ticket": "/form?sent=" + s.ticket, "in another language": "/form?lang=en&sent=" + token, "step": "/form?step=send",
	} {
		if p := w.at(address).wants(t, 200); strings.Contains(p.body, code) || !strings.Contains(p.body, `name="t"`) {
			t.Errorf("%s: %s", name, p.body)
		}
	}
	w.Self = "/s/ELSEWHERE/form"
	if p := w.at(to).wants(t, 200); strings.Contains(p.body, code) {
		t.Error("it is shown at another place")
	}
	w.Self, w.Action = "/form", "buy"
	if p := w.at(to).wants(t, 200); strings.Contains(p.body, code) {
		t.Error("it is shown for another action")
	}
	w.Action = "everything"
	w.pass(time.Hour - time.Second)
	w.at(to).wants(t, 200).has(t, code)
	w.pass(time.Second)
	p := w.at(to).wants(t, 410)
	p.has(t, "Đã gửi rồi", "trong một giờ")
	if strings.Contains(p.body, code) || strings.Contains(p.body, `name="t"`) {
		t.Errorf("an old receipt shows %s", p.body)
	}
}

// TestWithoutACode: what nobody can look up is shown at once, and in no address.
func TestWithoutACode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.desk.uncoded = true
	p := w.do(w.good().request(t)).wants(t, 200)
	p.has(t, "Đã gửi xong", "Số thứ tự của bà con là 12.")
	if got := p.header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("Cache-Control is %q", got)
	}
}

// TestFormsAreSentElsewhere: browsers forget the page at an address that something is sent to, and with it the way back.
func TestFormsAreSentElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.show().has(t, `action="/form?step=send"`)
	w.at("/form?lang=en").has(t, `action="/form?lang=en&amp;step=send"`)
}

// TestDroppedFilesUseTheAddressUp: only what went with the form is given back, not what was uploaded and dropped before.
func TestDroppedFilesUseTheAddressUp(t *testing.T) {
	t.Parallel()
	first, second := photo(t, 1), photo(t, 2)
	w := newWorld(t, Config{UploadBytes: limit.Rule{Max: 2*len(first) + len(second) - 1, Per: time.Hour}})
	for i, want := range []int{200, 400} { // one file is dropped for each report
		s := w.good()
		s.ticket = w.send(s.asking("keep").file("f/photos", "a", first)).wants(t, 200).ticket(t)
		if p := w.send(s.file("f/photos", "b", second)); p.status != want {
			t.Errorf("report %d: status %d, want %d", i+1, p.status, want)
		}
	}
	if n := len(w.desk.input(t)["photos"].([]any)); n != 1 {
		t.Errorf("%d photos went with the report, want the one that was not dropped", n)
	}
}
