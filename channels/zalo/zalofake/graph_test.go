package zalofake_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/channels/zalo/zalofake"
)

// social is one request of a Mini App's server; the answer has HTTP status 200 always.
func social(t *testing.T, n *zalofake.Network, path string, header map[string]string) (code int, body string) {
	t.Helper()
	w := do(t, n, http.MethodGet, "/graph/v2.0/"+path, header, nil)
	var a struct{ Error int }
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != 200 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	return a.Error, w.Body.String()
}

func TestMiniApp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _ := newNetwork(t, zalofake.Config{})
		_, minted := control(t, n, http.MethodPost, "users/Lan/miniapp", "")
		var s zalofake.Session
		if err := json.Unmarshal([]byte(minted), &s); err != nil || s.IDByOA != n.UserID("Lan") || s.Phone != n.Phone("Lan") {
			t.Fatalf("got %s", minted)
		}
		me := func(token, proof string) int {
			code, body := social(t, n, "me?fields=id,name,picture", map[string]string{"access_token": token, "appsecret_proof": proof})
			if code == 0 && !strings.Contains(body, `"id":"`+s.ID+`","name":"Lan"`) {
				t.Errorf("got %s", body)
			}
			return code
		}
		info := func(token, phone, key string) int {
			code, body := social(t, n, "me/info", map[string]string{"access_token": token, "code": phone, "secret_key": key})
			if code == 0 && !strings.Contains(body, `{"number":"`+s.Phone+`"}`) {
				t.Errorf("got %s", body)
			}
			return code
		}
		other := n.OpenMiniApp("Hùng")
		for i, tt := range []struct{ got, want int }{
			{me(s.AccessToken, zalofake.Proof("fakecity", s.AccessToken)), 0},
			{me(s.AccessToken, zalofake.Proof("another", s.AccessToken)), -242},
			{me(s.AccessToken, ""), -242},
			{me("x", zalofake.Proof("fakecity", "x")), 452},
			{me(s.PhoneToken, zalofake.Proof("fakecity", s.PhoneToken)), 452},
			{info(s.AccessToken, s.PhoneToken, "another"), -14004},
			{info("x", s.PhoneToken, "fakecity"), 452},
			{info(s.AccessToken, "x", "fakecity"), 112},
			{info(s.AccessToken, other.PhoneToken, "fakecity"), 210},
			{info(s.AccessToken, s.PhoneToken, "fakecity"), 0},
			{info(s.AccessToken, s.PhoneToken, "fakecity"), 112}, // once
		} {
			if tt.got != tt.want {
				t.Errorf("%d: got %d, want %d", i, tt.got, tt.want)
			}
		}
		detail := do(t, n, http.MethodGet, "/openapi/v3.0/oa/user/detail?data="+url.QueryEscape(`{"user_id":"`+s.IDByOA+`"}`), map[string]string{"access_token": n.Grant().Access}, nil)
		if !strings.Contains(detail.Body.String(), `"user_id_by_app":"`+s.ID+`"`) {
			t.Errorf("got %s", detail.Body)
		}
		fresh := n.OpenMiniApp("Lan")
		n.Break(func(f *zalofake.Faults) { f.Abroad = true })
		if got := info(fresh.AccessToken, fresh.PhoneToken, "fakecity"); got != -501 {
			t.Errorf("from abroad: got %d", got)
		}
		n.Break(func(f *zalofake.Faults) { f.Abroad = false })
		time.Sleep(2*time.Minute + time.Second)
		if got := info(fresh.AccessToken, fresh.PhoneToken, "fakecity"); got != 112 {
			t.Errorf("after two minutes: got %d", got)
		}
		time.Sleep(time.Hour)
		if got := me(fresh.AccessToken, zalofake.Proof("fakecity", fresh.AccessToken)); got != 452 {
			t.Errorf("after an hour: got %d", got)
		}
		n.Close()
	})
}

// TestOutagesOfOneHost: each host fails alone, and for as long as asked.
func TestOutagesOfOneHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _ := newNetwork(t, zalofake.Config{})
		down := func() (out []string) {
			for _, path := range []string{"/openapi/v2.0/oa/getoa", "/business/message/quota", "/graph/v2.0/me", "/oauth/v4/oa/permission"} {
				if w := do(t, n, http.MethodGet, path, nil, nil); w.Code == http.StatusServiceUnavailable {
					out = append(out, strings.Split(path, "/")[1])
				}
			}
			return out
		}
		for body, want := range map[string]string{
			`{"outage_openapi":"refuse"}`: "openapi", `{"outage_business":"refuse"}`: "business", `{"outage_graph":"refuse"}`: "graph", `{"outage_oauth":"refuse"}`: "oauth",
			`{"outage":"refuse"}`: "openapi business graph oauth", `{}`: "",
		} {
			if status, got := control(t, n, http.MethodPost, "faults", body); status != 200 || strings.Join(down(), " ") != want {
				t.Errorf("%s: got %d %s, %v", body, status, got, down())
			}
			control(t, n, http.MethodDelete, "faults", "")
		}
		if status, _ := control(t, n, http.MethodPost, "faults", `{"outage_graph":"x"}`); status != 400 {
			t.Errorf("got %d", status)
		}
		control(t, n, http.MethodPost, "faults", `{"outage_business":"refuse","outage_s":600}`)
		time.Sleep(9 * time.Minute)
		if got := down(); len(got) != 1 {
			t.Errorf("after nine minutes: got %v", got)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := down(); len(got) != 0 || n.Faults().OutageS != 0 {
			t.Errorf("after eleven: got %v", got)
		}
		control(t, n, http.MethodPost, "faults", `{"outage":"refuse","outage_s":60}`)
		control(t, n, http.MethodPost, "faults", `{"outage_s":0}`) // until it is set back
		time.Sleep(2 * time.Minute)
		if got := down(); len(got) != 4 {
			t.Errorf("got %v", got)
		}
		n.Close()
	})
}
