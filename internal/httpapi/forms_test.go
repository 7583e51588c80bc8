package httpapi_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/scanpage"
)

// TestFormsMayBringFiles posts forms of several sizes: one that is longer than other requests may be is read as it comes, and packed ones never.
func TestFormsMayBringFiles(t *testing.T) {
	t.Parallel()
	p := serve(t, config(), nil, part(func(r fiber.Router) {
		for _, path := range []string{"/s/:sign/do/:app/:action", "/f/:app/:action"} {
			r.Post(path, func(c *fiber.Ctx) error {
				n, err := io.Copy(io.Discard, httpapi.BodyOf(c))
				if err != nil {
					return err
				}
				return c.SendString(fmt.Sprint(n))
			})
		}
		r.Post("/s/:sign/damage", func(c *fiber.Ctx) error { return c.SendString("taken") })
	}))
	const form = "/s/938NM5X4140SV/do/feedback/submit"
	tests := []struct {
		name, path string
		size       int
		header     []string
		want       string
		status     int
	}{
		{"a short one", form, 500, nil, "500", 200},
		{"as long as others may be", form, 64 << 10, nil, "65536", 200},
		{"one with files", form, 3 << 20, nil, "3145728", 200},
		{"one with files at its own address", "/f/feedback/submit", 3 << 20, nil, "3145728", 200},
		{"the same in capitals", "/F/feedback/submit", 3 << 20, nil, "3145728", 200},
		{"packed", form, 3 << 20, []string{"Content-Encoding", "gzip"}, "", 415},
		{"no form", "/s/938NM5X4140SV/damage", 65 << 10, nil, "", 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res, body := do(t, "POST", p.url+tt.path, strings.NewReader(strings.Repeat("x", tt.size)), tt.header...)
			if res.StatusCode != tt.status || tt.want != "" && body != tt.want {
				t.Errorf("status %d, %s", res.StatusCode, body)
			}
		})
	}
	res, body := do(t, "POST", p.url+form, io.MultiReader(strings.NewReader(strings.Repeat("x", 100<<10)))) // its length is not told
	if res.StatusCode != 200 || body != "102400" {
		t.Errorf("status %d, %s", res.StatusCode, body)
	}
}

// formPages is a city with one service, and one that has to be signed in for.
type formPages struct{}

func (formPages) List(a scanpage.Ask) *scanpage.Page {
	return &scanpage.Page{Status: 200, Body: []byte("the list in " + a.Lang + ", for " + a.Accept), ETag: `W/"1"`, Cache: "public, max-age=60", Lang: "vi"}
}

func (p formPages) Form(a scanpage.Ask, app, action string) (scanpage.Form, *scanpage.Page) {
	switch app + "." + action {
	case "feedback.submit":
		return scanpage.Form{App: app, Action: action, Back: "/f?lang=" + a.Lang}, nil
	case "me.accounts":
		return scanpage.Form{}, &scanpage.Page{Status: 403, Body: []byte("sign in"), Cache: "no-store", Lang: "vi"}
	}
	return scanpage.Form{}, p.Notice(a, scanpage.NoPage)
}

func (formPages) Notice(_ scanpage.Ask, what scanpage.Notice) *scanpage.Page {
	return &scanpage.Page{Status: map[scanpage.Notice]int{scanpage.NoPage: 404, scanpage.Refused: 403}[what], Body: []byte(what), Cache: "no-store", Lang: "vi"}
}

// TestFormPages asks for the list of services, their forms, and what is none.
func TestFormPages(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MaxInFlight = 64
	p := serve(t, cfg, nil, part(func(r fiber.Router) {
		f, err := httpapi.NewForms(formPages{}, signForms{})
		if err != nil {
			t.Error(err)
		}
		f.Mount(r)
	}))
	long := strings.Repeat("x", 100<<10)
	for _, tt := range []struct {
		method, path, body string
		heads              []string
		status             int
		want               string
	}{
		{"GET", "/f", "", []string{"Accept-Language: fr"}, 200, "the list in , for fr"},
		{"GET", "/f/?lang=en", "", nil, 200, "the list in en, for "},
		{"GET", "/f", "", []string{`If-None-Match: "1"`}, 304, ""},
		{"HEAD", "/f", "", nil, 200, ""},
		{"POST", "/f", "a=b", nil, 405, "no_page"},
		{"DELETE", "/f", "", nil, 405, "no_page"},
		{"GET", "/f/feedback/submit?lang=en", "", nil, 200, "form of feedback.submit back to /f?lang=en"},
		{"POST", "/f/feedback/submit", "a=b", nil, 200, "sent to feedback.submit: a=b"},
		{"POST", "/f/feedback/submit", "a=b", []string{"Sec-Fetch-Site: same-origin"}, 200, "sent to feedback.submit: a=b"},
		{"POST", "/f/feedback/submit", "a=b", []string{"Sec-Fetch-Site: cross-site"}, 403, "refused"},
		{"POST", "/f/feedback/submit", "a=b", []string{"Sec-Fetch-Site: same-site"}, 403, "refused"},
		{"POST", "/f/feedback/submit", long, []string{"Content-Encoding: gzip"}, 415, ""},
		{"PATCH", "/f/feedback/submit", "", nil, 405, "no_page"},
		{"GET", "/f/me/accounts", "", nil, 403, "sign in"},
		{"POST", "/f/me/accounts", "a=b", nil, 403, "sign in"},
		{"GET", "/f/feedback", "", nil, 404, "no_page"},
		{"GET", "/f/feedback/assign", "", nil, 404, "no_page"},
		{"POST", "/f/feedback/assign", long, nil, 404, "no_page"},
		{"GET", "/f/feedback/submit/more", "", nil, 404, "no_page"},
		{"GET", "/f/%2e%2e/%3Cscript%3E", "", nil, 404, "no_page"},
		{"GET", "/feedback/submit", "", nil, 404, ""}, // none of these pages
	} {
		res, body := p.ask(t, tt.method, tt.path, tt.body, tt.heads...)
		if res.StatusCode != tt.status || tt.want != "" && body != tt.want {
			t.Errorf("%s %s %v: %d %q", tt.method, tt.path, tt.heads, res.StatusCode, body)
		}
		if allow := res.Header.Get("Allow"); tt.status == 405 && !strings.HasPrefix(allow, "GET, HEAD") {
			t.Errorf("%s %s: Allow is %q", tt.method, tt.path, allow)
		}
	}
}
