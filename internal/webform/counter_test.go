package webform

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/scanpage"
	"github.com/motcua/motcua/miniapps"
)

// counter gives the pages around the forms of a world, with ways to every network.
func (w *world) counter() *Counter {
	w.t.Helper()
	k, err := NewCounter(w.forms, CounterDeps{
		Path: "/f", Base: "https://city.example", Ways: Ways{MessengerPage: "city.page", ZaloOA: "42", App: func(app, action string) string { return "/open/" + app }},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// html gives a page as other pages of tests are.
func html(p *scanpage.Page) page { return page{p.Status, http.Header{}, string(p.Body)} }

func TestListLooksAsItDid(t *testing.T) {
	t.Parallel()
	k := newWorld(t, Config{}).counter()
	for _, lang := range []string{"vi", "en"} {
		golden(t, "list."+lang, html(k.List(scanpage.Ask{Lang: lang})).wants(t, 200))
	}
	_, instead := k.Form(scanpage.Ask{Lang: "vi"}, "desk", "kept")
	golden(t, "personal", html(instead).wants(t, 403))
}

// TestList: it holds what everybody can do, and nothing else; everybody gets the same.
func TestList(t *testing.T) {
	t.Parallel()
	k := newWorld(t, Config{}).counter()
	p := k.List(scanpage.Ask{Lang: "en"})
	var hrefs []string
	for _, m := range regexp.MustCompile(`href="(/f/[^"]*)"`).FindAllStringSubmatch(string(p.Body), -1) {
		hrefs = append(hrefs, m[1])
	}
	if got, want := strings.Join(hrefs, " "), "/f/desk/everything?lang=en /f/desk/buy?lang=en /f/desk/find?lang=en /f/desk/near?lang=en"; got != want {
		t.Errorf("it leads to %s, want %s", got, want)
	}
	if p.Cache != "public, max-age=60" || !strings.HasPrefix(p.ETag, `W/"`) || len(p.Zipped) == 0 || len(p.Zipped) >= len(p.Body) || strings.Contains(string(p.Body), "noindex") || strings.Contains(string(p.Body), "<script") {
		t.Errorf("%q %q, %d of %d bytes packed:\n%s", p.Cache, p.ETag, len(p.Zipped), len(p.Body), p.Body)
	}
	if vi := k.List(scanpage.Ask{Lang: "vi"}); vi.ETag == p.ETag || vi.Lang != "vi" || p.Lang != "en" {
		t.Errorf("the languages are %s %s, %s %s", vi.Lang, vi.ETag, p.Lang, p.ETag)
	}
	html(p).has(t, `rel="canonical" href="https://city.example/f?lang=en"`, `hreflang="vi" href="https://city.example/f?lang=vi"`)
}

func TestListOfNothing(t *testing.T) {
	t.Parallel()
	m, err := miniapps.ParseManifest([]byte(`{"app_id": "inside", "name": {"vi": "A", "en": "A"}, "icons": [{"src": "/icons/a.svg"}], "version_name": "1", "version_code": 1, "owner": "u", "category": "c", "actions": [
		{"id": "b", "title": {"vi": "B", "en": "B"}, "audience": "staff", "assurance": "phone", "input": {"type": "object", "additionalProperties": false}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	p := html(newWorld(t, Config{}, stub{m}).counter().List(scanpage.Ask{})).wants(t, 200)
	p.has(t, "Hiện chưa có dịch vụ nào", "/chat?lang=vi")
	if strings.Contains(p.body, "<ul class=\"acts\"") || strings.Contains(p.body, "href=\"/f/") {
		t.Errorf("it lists something:\n%s", p.body)
	}
}

// TestListStaysSmall: a city with very many services says less of each.
func TestListStaysSmall(t *testing.T) {
	t.Parallel()
	var apps []miniapps.App
	for i := range 30 {
		acts := make([]string, 8)
		for j := range acts {
			acts[j] = fmt.Sprintf(`{"id": "act%d", "title": {"vi": "Việc thứ %d", "en": "Thing %d"}, "description": {"vi": %q, "en": "x"}, "audience": "citizen", "assurance": "guest", "input": {"type": "object", "additionalProperties": false}}`,
				j, j, j, strings.Repeat("nói thêm về việc này ", 12))
		}
		m, err := miniapps.ParseManifest(fmt.Appendf(nil, `{"app_id": "app-%d", "name": {"vi": "Dịch vụ %d", "en": "Service %d"}, "icons": [{"src": "/icons/x.svg"}], "version_name": "1", "version_code": 1, "owner": "u", "category": "c", "actions": [%s]}`,
			i, i, i, strings.Join(acts, ",")))
		if err != nil {
			t.Fatal(err)
		}
		apps = append(apps, stub{m})
	}
	p := html(newWorld(t, Config{}, apps...).counter().List(scanpage.Ask{}))
	if len(p.body) >= maxList {
		t.Errorf("it has %d bytes", len(p.body))
	}
	p.has(t, "/f/app-29/act7?lang=vi", "Dịch vụ 29", "Việc thứ 7")
}

func TestWhatHasNoForm(t *testing.T) {
	t.Parallel()
	k := newWorld(t, Config{}).counter()
	for _, tt := range []struct {
		app, action, lang string
		status            int
		says              []string
	}{
		{"desk", "own", "vi", 403, []string{"<h1>Của tôi</h1>", "cần đăng nhập", "/chat?lang=vi&amp;ref=desk.own", "https://m.me/city.page?ref=desk.own.vi", "https://zalo.me/42", `"/open/desk"`, "/f/desk/own?lang=en"}},
		{"desk", "own", "en", 403, []string{"You need to sign in", "/chat?lang=en&amp;ref=desk.own", "ref=desk.own.en"}},
		{"desk", "kept", "vi", 403, []string{"gắn với tài khoản", "rồi nhắn: <b>hồ sơ của tôi</b>"}},
		{"desk", "stamp", "vi", 404, []string{"Không có trang này", `href="/f?lang=vi"`, "/chat?lang=vi"}},
		{"desk", "groups", "vi", 404, nil}, // gives options
		{"desk", "look", "vi", 404, nil},   // looks at answers
		{"desk", "price", "vi", 404, nil},
		{"desk", "after", "vi", 404, nil}, // a step of something else
		{"desk", "point", "vi", 404, nil}, // asks for what a form cannot ask for
		{"desk", "nothing", "en", 404, []string{"There is no such page"}},
		{"nobody", "buy", "vi", 404, nil},
		{"desk", `"><script>`, "vi", 404, nil},
	} {
		_, instead := k.Form(scanpage.Ask{Lang: tt.lang}, tt.app, tt.action)
		if instead == nil {
			t.Errorf("%s.%s has a form", tt.app, tt.action)
			continue
		}
		p := html(instead).wants(t, tt.status)
		p.has(t, append(tt.says, `<meta name="robots" content="noindex">`)...)
		if strings.Contains(p.body, "<form") || strings.Contains(p.body, "<script") || strings.Contains(p.body, "webform.") || instead.Cache != "no-store" || instead.Lang != tt.lang {
			t.Errorf("%s.%s: %s %s\n%s", tt.app, tt.action, instead.Cache, instead.Lang, p.body)
		}
	}
	html(k.Notice(scanpage.Ask{Lang: "en"}, scanpage.Refused)).wants(t, 403).has(t, "The form was not taken")
}

// TestWhoNeedsAnAccount: what wants to see personal data needs somebody who can allow it, unless it changes nothing.
func TestWhoNeedsAnAccount(t *testing.T) {
	t.Parallel()
	phone := []miniapps.Scope{{Claim: "phone"}}
	for _, tt := range []struct {
		does miniapps.Action
		want bool
	}{
		{miniapps.Action{Assurance: account.Guest}, false}, {miniapps.Action{Assurance: account.Phone}, true}, {miniapps.Action{Assurance: account.Guest, Personal: true}, true},
		{miniapps.Action{Assurance: account.Guest, Scopes: phone}, true}, {miniapps.Action{Assurance: account.Guest, Scopes: phone, ReadOnly: true}, false},
	} {
		if got := (&form{does: tt.does}).needsAccount(); got != tt.want {
			t.Errorf("%+v: %v", tt.does, got)
		}
	}
}

// TestFormOfItsOwn shows a form at its own address: it leads back to the list, and to itself in another language until something was filled in.
func TestFormOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	f, instead := w.counter().Form(scanpage.Ask{Accept: "en-GB,en;q=0.9"}, "desk", "everything")
	if instead != nil || f.Self != "/f/desk/everything?lang=en" || f.Lang != message.English || f.Heading != "Desk" || f.Back != "/f?lang=en" || len(f.Input) != 0 {
		t.Fatalf("%+v", f)
	}
	w.Preset = Preset{App: f.App, Action: f.Action, Heading: f.Heading, Back: f.Back, Lang: f.Lang, Self: f.Self, InLangs: f.InLangs}
	p := w.show().wants(t, 200)
	p.has(t, `href="/f/desk/everything?lang=vi" lang="vi"`, `lang="en" hreflang="en" aria-current="true"`, `action="/f/desk/everything?lang=en&amp;step=send"`)
	if got := p.header.Get("X-Robots-Tag"); got != "noindex" {
		t.Errorf("X-Robots-Tag is %q", got)
	}
	wrong := w.send(sheet{ticket: p.ticket(t), do: "send"}).wants(t, 400)
	if strings.Contains(wrong.body, "hreflang") {
		t.Error("what was filled in would be lost in another language")
	}
}

func TestLanguageOfPages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ chosen, accept, want string }{
		{"", "", "vi"}, {"", "*", "vi"}, {"", "en", "en"}, {"", "vi-VN,vi;q=0.9,en;q=0.8", "vi"}, {"", "fr,en;q=0.5", "en"}, {"", "fr,vi;q=0.5", "vi"}, {"", "fr", "en"},
		{"", "vi;q=0,en", "en"}, {"", "en;q=0", "vi"}, {"en", "vi", "en"}, {"EN-us", "vi", "en"}, {"vi", "en", "vi"}, {"fr", "vi", "vi"}, {"\xff", "\xff\xfe", "vi"},
		{strings.Repeat("en-", 40), "vi", "vi"}, {"", strings.Repeat("x", 5000), "vi"}, {"", "vi," + strings.Repeat("en,", 100), "vi"},
	} {
		if got := langOf(scanpage.Ask{Lang: tt.chosen, Accept: tt.accept}); string(got) != tt.want {
			t.Errorf("%q, %q: %s, want %s", tt.chosen, tt.accept, got, tt.want)
		}
	}
}

func FuzzLanguageOfPages(f *testing.F) {
	f.Add("en", "vi-VN,vi;q=0.9")
	f.Fuzz(func(t *testing.T, chosen, accept string) {
		if l := langOf(scanpage.Ask{Lang: chosen, Accept: accept}); l != message.Vietnamese && l != message.English {
			t.Errorf("%q, %q: %q", chosen, accept, l)
		}
	})
}

// TestIconsAreOurs: the page may load no others.
func TestIconsAreOurs(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{"/icons/a.svg": "/icons/a.svg", "//elsewhere.example/a.svg": "", "https://elsewhere.example/a.svg": "", "data:,": ""} {
		if got := icon(miniapps.Manifest{Icons: []miniapps.Icon{{Src: src}}}); got != want {
			t.Errorf("%s: %q", src, got)
		}
	}
}
