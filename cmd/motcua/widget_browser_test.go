package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestWidgetOnAnotherSite has a page of another site open the chat with one script tag, in a real browser, and a site that is not listed fail to.
func TestWidgetOnAnotherSite(t *testing.T) {
	ctx := within(t, 2*time.Minute)
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

	cmd := exec.CommandContext(ctx, "node", "widget.mjs", listed+"/", site.URL+"/", "30000")
	cmd.Dir = "testdata/browser"
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v (make test installs node and chromium): %s", err, errs.String())
	}
	var seen struct {
		Failure, Refused string
		Errors           []string
		Lines, Again     int
	}
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if seen.Failure != "" || len(seen.Errors) > 0 {
		t.Fatalf("%s %q", seen.Failure, seen.Errors)
	}
	if seen.Lines != 2 || seen.Again != 2 {
		t.Errorf("%d lines, %d when it was opened again, want a message and its answer", seen.Lines, seen.Again)
	}
	if !strings.Contains(seen.Refused, "frame-ancestors") {
		t.Errorf("a site that is not listed was told %q", seen.Refused)
	}
}
