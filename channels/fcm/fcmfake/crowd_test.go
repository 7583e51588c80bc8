package fcmfake_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/fcm/fcmfake"
)

// TestCrowd shows that phones of a crowd need no installation and are counted apart.
func TestCrowd(t *testing.T) {
	t.Parallel()
	n := open(t)
	push := func(phone int, id, tag, title string) {
		t.Helper()
		status, body := call(t, n, http.MethodPost, sendPath, fmt.Sprintf(
			`{"message":{"token":%q,"data":{"id":%q},"notification":{"title":%q,"body":"x"},"android":{"notification":{"tag":%q}}}}`,
			fcmfake.CrowdToken("ward", phone), id, title, tag))
		require.Equal(t, 200, status, body)
	}
	push(0, "a0", "storm", "Bão")
	push(1, "a1", "storm", "Bão")
	push(1, "a1", "storm", "Bão")
	push(1, "b1", "storm", "Hết bão")
	push(2, "c2", "", "Khác")
	push(2, "d2", "", "Khác")
	got := n.Crowd()
	require.Equal(t, map[string]int{"Bão": 1, "Hết bão": 1, "Khác": 2}, got.Shown)
	require.Equal(t, [3]int{3, 6, 1}, [3]int{got.Phones, got.Taken, got.Repeats})
	require.False(t, got.Last.Before(got.First))
	require.Zero(t, n.Stats().Devices, "nobody installed anything")

	status, _ := call(t, n, http.MethodDelete, "/control/crowd", "")
	require.Equal(t, 200, status)
	require.Zero(t, n.Crowd().Taken)
	_, body := call(t, n, http.MethodGet, "/control/crowd", "")
	require.JSONEq(t, `{"phones":0,"taken":0,"repeats":0,"shown":{}}`, body)
}

// TestCrowdHearsTopics tells the phones of a crowd by topic, each once, also after what they got was forgotten.
func TestCrowdHearsTopics(t *testing.T) {
	t.Parallel()
	n := open(t)
	change := func(verb, topic string, phones ...int) {
		t.Helper()
		var tokens []string
		for _, p := range phones {
			tokens = append(tokens, strconv.Quote(fcmfake.CrowdToken("ward", p)))
		}
		r := httptest.NewRequest(http.MethodPost, "/iid/v1:"+verb, strings.NewReader(fmt.Sprintf(`{"to":"/topics/%s","registration_tokens":[%s]}`, topic, strings.Join(tokens, ","))))
		r.Header.Set("access_token_auth", "true")
		w := httptest.NewRecorder()
		n.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code, w.Body)
	}
	tell := func(target string) int {
		t.Helper()
		status, body := call(t, n, http.MethodPost, sendPath, fmt.Sprintf(`{"message":{%s,"notification":{"title":"Bão","body":"x"}}}`, target))
		require.Equal(t, 200, status, body)
		return n.Crowd().Taken
	}
	change("batchAdd", "ward-1", 0, 1)
	change("batchAdd", "ward-2", 1, 2)
	require.Equal(t, 2, tell(`"topic":"ward-1"`))
	require.Equal(t, 5, tell(`"condition":"'ward-1' in topics || 'ward-2' in topics"`))
	require.Equal(t, 5, tell(`"condition":"'ward-1' in topics && 'ward-2' in topics"`), "conditions of other forms reach nobody")
	change("batchRemove", "ward-1", 0)
	status, _ := call(t, n, http.MethodDelete, "/control/crowd", "")
	require.Equal(t, 200, status)
	require.Equal(t, 1, tell(`"topic":"ward-1"`))
}
