package fakecity_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/channels/zalo/zalofake"
	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fakecity"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestPages(t *testing.T) {
	t.Parallel()
	c := fakecity.New(fakecity.Config{
		SMSToken: "t", Now: time.Now, Zalo: zalofake.Config{People: fakecity.SamplePeople()}, Chat: "http://city.example/chat?a=b",
		Wards: []fakecity.Ward{{Code: "1", Name: "Phường Thử"}},
	})
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	t.Cleanup(c.Close)
	for _, tt := range []struct {
		path, accept, kind, holds string
		status                    int
	}{
		{"/", "text/html", "text/html", `href="sms"`, 200},
		{"/", "text/html", "text/html", `href="zalo/"`, 200},
		{"/sms", "text/html", "text/html", "<main", 200},
		{"/sms/", "text/html", "text/html", "<main", 200},
		{"/sms", "application/json", "application/json", "[]", 200},
		{"/sms/messages", "", "application/json", "[]", 200},
		{"/sms/messages?phone=%2B84912345678", "", "application/json", "[]", 200},
		{"/zalo", "text/html", "text/html", "<main", 200},
		{"/zalo/", "text/html", "text/html", "<main", 200},
		{"/zalo/chat.js", "", "text/javascript", "import", 200},
		{"/zalo/outlines.json", "", "application/json", `"Phường Thử"`, 200},
		{"/zalo/control/users", "", "application/json", `"name":"Hùng"`, 200},
		{"/zalo/oauth/v4/oa/permission", "", "application/json", "-14002", 200},
		{"/zalo/graph/v2.0/me", "", "application/json", "452", 200},
		{"/zalo/business/message/template", "", "application/json", "404", 404},
		{"/healthz", "", "", "", 204},
		{"/nowhere", "", "", "", 404},
		{"/sms/nowhere", "", "", "", 404},
		{"/zalo/nowhere", "", "", "", 404},
		{"/", "text/html", "text/html", `src="messenger/"`, 200},
		{"/", "text/html", "text/html", `src="http://city.example/chat?a=b&amp;embed=1"`, 200},
		{"/index.js", "", "text/javascript", "control/", 200},
		{"/index.css", "", "text/css", "iframe", 200},
		{"/messenger", "text/html", "text/html", "<main", 200},
		{"/messenger/network.js", "", "text/javascript", `name: "Messenger"`, 200},
		{"/messenger/outlines.json", "", "application/json", `"Phường Thử"`, 200},
		{"/messenger/control/users", "", "application/json", "[]", 200},
		{"/messenger/graph/v25.0/me", "", "application/json", "error", 401},
		{"/fcm/control/devices", "", "application/json", "[]", 200},
		{"/push/control/devices", "", "application/json", "[]", 200},
		{"/lock", "text/html", "text/html", "<main", 200},
		{"/lock/lock.js", "", "text/javascript", "import", 200},
		{"/lock/dom.js", "", "text/javascript", "element", 200},
		{"/lock/notes", "", "application/json", `"home":"http://city.example"`, 200},
		{"/control/state", "", "application/json", `{"clock_s":0,"outage_s":{}}`, 200},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", tt.accept)
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != tt.status || !strings.Contains(res.Header.Get("Content-Type"), tt.kind) || !strings.Contains(string(body), tt.holds) {
			t.Errorf("%s: got %d %s %.80q", tt.path, res.StatusCode, res.Header.Get("Content-Type"), body)
		}
	}
	if got := c.Zalo.Setup().Base; got != srv.URL+fakecity.ZaloPath {
		t.Errorf("files are said to be at %s", got)
	}
}

// TestOutlines checks that the file for the map is small and has every ward where it is.
func TestOutlines(t *testing.T) {
	t.Parallel()
	files, err := fs.Sub(configs.Files, "cities/haiphong")
	if err != nil {
		t.Fatal(err)
	}
	hp, err := city.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	c := fakecity.New(fakecity.Config{Now: time.Now, Wards: fakecity.WardsOf(hp)})
	t.Cleanup(c.Close)
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/zalo/outlines.json", nil))
	var file struct {
		Scale float64
		Wards []struct {
			Code, Name string
			Rings      [][]int64
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &file); err != nil || len(file.Wards) != len(hp.Wards()) || w.Body.Len() > 300_000 {
		t.Fatalf("%d wards in %d bytes, %v", len(file.Wards), w.Body.Len(), err)
	}
	for i, ward := range hp.Wards() {
		rings, _ := hp.Outline(ward.Code)
		got := file.Wards[i]
		if got.Code != ward.Code || got.Name != ward.FullName || len(got.Rings) != len(rings) {
			t.Fatalf("got %s %s with %d rings", got.Code, got.Name, len(got.Rings))
		}
		var x, y int64
		for k := 0; k < len(got.Rings[0]); k += 2 {
			x, y = x+got.Rings[0][k], y+got.Rings[0][k+1]
		}
		last := rings[0][len(rings[0])-1]
		if math.Abs(float64(x)/file.Scale-last[0]) > 1e-5 || math.Abs(float64(y)/file.Scale-last[1]) > 1e-5 {
			t.Errorf("%s ends at %d, %d, want %v", ward.FullName, x, y, last)
		}
	}
}
