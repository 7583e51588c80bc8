package main_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestWidgetOnAnotherSite has a page of another site open the chat with one script tag, in a real browser, and a site that is not listed fail to, without
// holding the visitor.
func TestWidgetOnAnotherSite(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	script := make(chan string, 1) // the city's address, which is known last
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		src := <-script
		script <- src
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="vi"><title>Báo Hải Phòng</title><h1>Báo Hải Phòng</h1><script src="%s/chat/widget.js" async></script>`, src)
	}))
	t.Cleanup(site.Close)
	listed := strings.Replace(site.URL, "127.0.0.1", "localhost", 1) // another site to a browser, not just another port
	city := newPlace(t, "MOTCUA_WEBCHAT__EMBED_ORIGINS="+listed).start(t)
	script <- city.HTTP

	var seen struct {
		Failure, Refused            string
		Errors, Violations, Trapped []string
		Lines, Again                int
	}
	browse(ctx, t, &seen, "widget.mjs", listed+"/", site.URL+"/", "60000")
	if seen.Failure != "" || len(seen.Errors) > 0 {
		t.Fatalf("%s %q", seen.Failure, seen.Errors)
	}
	for _, v := range seen.Violations {
		t.Error(v)
	}
	if seen.Lines != 2 || seen.Again != 2 {
		t.Errorf("%d lines, %d when it was opened again, want a message and its answer", seen.Lines, seen.Again)
	}
	if !strings.Contains(seen.Refused, "frame-ancestors") {
		t.Errorf("a site that is not listed was told %q", seen.Refused)
	}
	for _, act := range seen.Trapped {
		t.Errorf("on a site that is not listed the box stays open: %s", act)
	}
}
