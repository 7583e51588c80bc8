package page_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/channelfake/page"
)

// TestRoutes asks for the page and for all that it and its scripts ask for.
func TestRoutes(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	page.Routes(mux, fstest.MapFS{"network.js": {Data: []byte("export default {};")}, "network.css": {Data: []byte(":root {}")}}, nil)
	get := func(path string) string {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		require.Equal(t, http.StatusOK, w.Code, path)
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "frame-ancestors 'self'")
		return w.Body.String()
	}
	html := get("/")
	asked := regexp.MustCompile(`(?:href|src|from) ?=? ?"(?:\./)?([a-z]+\.(?:js|css))"`)
	done, todo := map[string]bool{}, asked.FindAllStringSubmatch(html, -1)
	for len(todo) > 0 {
		name := todo[0][1]
		todo = todo[1:]
		if !done[name] {
			done[name] = true
			todo = append(todo, asked.FindAllStringSubmatch(get("/"+name), -1)...)
		}
	}
	require.Len(t, done, 9, "each file is asked for by another")
	require.JSONEq(t, `{"wards":[]}`, get("/outlines.json"))
	// Scripts find what they ask for by its id.
	for _, m := range regexp.MustCompile(`byId\("([a-z-]+)"\)`).FindAllStringSubmatch(get("/chat.js")+get("/switches.js")+get("/dom.js"), -1) {
		require.True(t, strings.Contains(html, `id="`+m[1]+`"`), m[1])
	}
}
