package graph_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/graph/guard"
	"github.com/motcua/motcua/internal/account"
)

func hashOf(query string) string { return guard.HashOf(query) }

func writeRegistered(t *testing.T, path string, queries ...string) {
	t.Helper()
	m := map[string]string{}
	for _, q := range queries {
		m[guard.HashOf(q)] = q
	}
	raw, err := json.Marshal(m)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, raw, 0o600))
}

const homeQuery = `query Home { me { id displayName } miniApps { appId name shortName description icon category } feedbackCategories { code name group } myFeedback(first: 10) { edges { node { id code status createdAt } } } notifications(first: 10) { edges { node { id title createdAt read } } } }`

// TestReportFromSubmissionToResolution is the main job, in GraphQL alone.
func TestReportFromSubmissionToResolution(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	id, code, unit := c.submit("k1")
	again, sameCode, _ := c.submit("k1")
	require.Equal(t, []string{id, code}, []string{again, sameCode}, "the same key names the same report")

	o := w.staff("0987654321", account.Officer, unit)
	queue := o.ok(`{ feedbackQueue(status: RECEIVED) { edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`, nil)
	require.Contains(t, queue.Raw, id)
	vars := map[string]any{"id": id, "unit": unit}
	a := o.ok(`mutation($id: ID!, $unit: String!) { assignFeedback(input: {id: $id, unit: $unit, idempotencyKey: "a"}) { feedback { status } errors { code } } }`, vars)
	require.Equal(t, "ASSIGNED", a.text("assignFeedback", "feedback", "status"), a.Raw)
	for _, status := range []string{"IN_PROGRESS", "RESOLVED", "CLOSED"} {
		a = o.ok(`mutation($id: ID!, $s: FeedbackStatus!) { transitionFeedback(input: {id: $id, status: $s, reason: "Đã xử lý", idempotencyKey: "t"}) { feedback { status } errors { code message path } } }`,
			map[string]any{"id": id, "s": status})
		if status == "IN_PROGRESS" {
			require.Equal(t, status, a.text("transitionFeedback", "feedback", "status"), a.Raw)
			continue
		}
		require.Contains(t, a.Raw, "CONFLICT", "the same key with another input")
	}
	a = o.ok(`mutation($id: ID!) { transitionFeedback(input: {id: $id, status: RESOLVED, idempotencyKey: "t2"}) { feedback { status } next { appId actionId input } errors { code } } }`, vars)
	require.Contains(t, a.Raw, `"next":[{"appId":"feedback","actionId":"transition","input":{`, a.Raw)
	require.Equal(t, "RESOLVED", a.text("transitionFeedback", "feedback", "status"))
	a = c.ok(`mutation($id: ID!) { addFeedbackComment(input: {id: $id, text: "Cảm ơn", idempotencyKey: "c"}) { feedback { comments { edges { node { text author createdAt } } pageInfo { hasNextPage } } } errors { code } } }`, vars)
	require.Contains(t, a.Raw, `"text":"Cảm ơn","author":"CITIZEN"`)

	w.carry()
	a = c.ok(`query($id: ID!) { feedback(id: $id) { code status description address point { lat lon } ward { name fullName center { lat } } unit { code name } category { code } photos { id url(size: THUMB) } video { url } hideName dueAt timeline { at status reason unit { code } } } }`, vars)
	require.Equal(t, code, a.text("feedback", "code"))
	timeline, _ := a.at("feedback", "timeline").([]any)
	require.Len(t, timeline, 4)
	a = c.ok(homeQuery, nil)
	notices, _ := a.at("notifications", "edges").([]any)
	require.NotEmpty(t, notices)

	first := c.ok(`{ notifications(first: 1) { edges { node { id read feedback { id } } } } }`, nil)
	edges, _ := first.at("notifications", "edges").([]any)
	node, _ := edges[0].(map[string]any)["node"].(map[string]any)
	require.Equal(t, false, node["read"])
	require.Equal(t, map[string]any{"id": id}, node["feedback"])
	a = c.ok(`mutation($id: ID!) { markNotificationRead(input: {id: $id}) { notification { read } errors { code } } }`, map[string]any{"id": node["id"]})
	require.Equal(t, true, a.at("markNotificationRead", "notification", "read"))
}

func TestUserErrorsNameTheField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	tests := []struct {
		name   string
		change func(in map[string]any)
		path   []any
	}{
		{"short description", func(in map[string]any) { in["description"] = "ngắn" }, []any{"description"}},
		{"long description", func(in map[string]any) { in["description"] = strings.Repeat("ă", 4001) }, []any{"description"}},
		{"latitude", func(in map[string]any) { in["place"] = map[string]any{"lat": 200, "lon": 106.6} }, []any{"place"}},
		{"six photos", func(in map[string]any) { in["photos"] = []string{"1", "2", "3", "4", "5", "6"} }, []any{"photos"}},
		{"empty key", func(in map[string]any) { in["idempotencyKey"] = "" }, []any{"idempotencyKey"}},
		{"long key", func(in map[string]any) { in["idempotencyKey"] = strings.Repeat("k", 129) }, []any{"idempotencyKey"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			vars := submission("k")
			in, _ := vars["in"].(map[string]any)
			tt.change(in)
			a := c.ok(submitMutation, vars)
			require.Nil(t, a.at("submitFeedback", "feedback"))
			errs, _ := a.at("submitFeedback", "errors").([]any)
			require.NotEmpty(t, errs, a.Raw)
			e, _ := errs[0].(map[string]any)
			require.Equal(t, "INVALID", e["code"])
			require.Equal(t, tt.path, e["path"])
			require.NotEmpty(t, e["message"])
		})
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := []byte(`{"query":"{ miniApp(appId: \"feedback\") { name } ward(lat: 20.8578, lon: 106.6810) { fullName } notifications { edges { cursor } } }"}`)
	for header, want := range map[string][]string{
		"":                       {"Phản ánh hiện trường", "Phường Hồng Bàng", "Bà con cần đăng nhập"},
		"en-US,en;q=0.9":         {"City reports", "Please sign in"},
		"fr,vi;q=0.8,en;q=0.5":   {"Phản ánh hiện trường"},
		"en;q=0, vi":             {"Phản ánh hiện trường"},
		strings.Repeat("x", 400): {"Phản ánh hiện trường"},
	} {
		a := w.guest().post(body, map[string]string{"Accept-Language": header})
		for _, text := range want {
			require.Contains(t, a.Raw, text, header)
		}
	}
	c := w.citizen("0912345678")
	c.ok(`mutation { updateMe(input: {language: EN, displayName: "An"}) { account { language displayName } errors { code } } }`, nil)
	a := c.post([]byte(`{"query":"{ me { displayName language maskedPhone assurance roles unit { id } } miniApp(appId: \"feedback\") { name actions { actionId } } }"}`), map[string]string{"Accept-Language": "vi"})
	require.Equal(t, "City reports", a.text("miniApp", "name"), "what the account chose wins over the browser")
	require.Equal(t, "An", a.text("me", "displayName"))
	require.NotContains(t, a.Raw, "912345678")
	require.NotContains(t, a.Raw, "transition", "actions of staff are shown to staff")
}

func TestSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.guest()
	a := g.ok(`mutation { requestOtp(input: {phone: "0912345678", deviceId: "device-1"}) { challenge { id expiresAt resendAfter } errors { code } } }`, nil)
	id := a.text("requestOtp", "challenge", "id")
	verify := `mutation($id: ID!, $code: String!) { verifyOtp(input: {challengeId: $id, code: $code, deviceId: "device-1", deviceName: "Máy của An"}) { grant { accessToken refreshToken expiresAt } account { id maskedPhone } errors { code path message } } }`
	wrong := g.ok(verify, map[string]any{"id": id, "code": "000000"})
	require.Contains(t, wrong.Raw, `"INVALID"`)
	a = g.ok(verify, map[string]any{"id": id, "code": w.sms.code(t, "0912345678")})
	c := person{w: w, token: a.text("verifyOtp", "grant", "accessToken")}
	require.NotEmpty(t, c.token, a.Raw)
	sessions := c.ok(`{ sessions { id deviceName current createdAt lastSeenAt } }`, nil)
	require.Contains(t, sessions.Raw, "Máy của An")

	refresh := map[string]any{"t": a.text("verifyOtp", "grant", "refreshToken")}
	const renew = `mutation($t: String!) { refreshSession(input: {refreshToken: $t, deviceId: "device-1"}) { grant { accessToken refreshToken } errors { code } } }`
	b := g.ok(renew, refresh)
	c.token = b.text("refreshSession", "grant", "accessToken")
	require.NotEmpty(t, c.token, b.Raw)

	other := w.citizen("0912345678")
	list, _ := other.ok(`{ sessions { id current } }`, nil).at("sessions").([]any)
	require.Len(t, list, 2)
	for _, s := range list {
		m, _ := s.(map[string]any)
		if m["current"] == false {
			r := other.ok(`mutation($id: ID!) { revokeSession(input: {id: $id}) { id errors { code } } }`, map[string]any{"id": m["id"]})
			require.Equal(t, m["id"], r.at("revokeSession", "id"))
		}
	}
	gone := c.ask(`{ me { id } }`, nil)
	require.Equal(t, 401, gone.Status)
	require.Equal(t, "UNAUTHORIZED", gone.code())
	require.NotEmpty(t, gone.Header.Get("WWW-Authenticate"))
	require.Equal(t, true, other.ok(`mutation { signOut { signedOut errors { code } } }`, nil).at("signOut", "signedOut"))
	require.Equal(t, 401, other.ask(`{ me { id } }`, nil).Status)
}

func TestNodesAndEntities(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	id, _, _ := c.submit("k1")
	a := c.ok(`{ me { id } miniApps { id } feedbackCategories { id } ward(lat: 20.8578, lon: 106.6810) { id } myFeedback { edges { node { id unit { id } } } } }`, nil)
	var ids []string
	for _, path := range [][]string{{"me", "id"}, {"ward", "id"}} {
		ids = append(ids, a.text(path...))
	}
	ids = append(ids, id)
	reps := []any{map[string]any{"__typename": "Feedback", "id": "nonsense"}, map[string]any{"__typename": "Feedback", "id": id}, map[string]any{"__typename": "Ward", "id": ids[1]}, map[string]any{"__typename": "Account", "id": ids[0]}}
	for _, x := range ids {
		got := c.ok(`query($id: ID!) { node(id: $id) { id __typename } }`, map[string]any{"id": x})
		require.Equal(t, x, got.text("node", "id"))
	}
	for _, bad := range []string{"", "x", "RmVlZGJhY2s6", "Tm90aGluZzox", strings.Repeat("A", 2000)} {
		require.Nil(t, c.ok(`query($id: ID!) { node(id: $id) { id } }`, map[string]any{"id": bad}).at("node"))
	}
	const entities = `query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Feedback { id status } ... on Ward { name } ... on Account { id } } }`
	got, _ := c.ok(entities, map[string]any{"r": reps}).at("_entities").([]any)
	require.Len(t, got, 4)
	require.Nil(t, got[0])
	require.Equal(t, "Feedback", got[1].(map[string]any)["__typename"])
	require.Equal(t, "Hồng Bàng", got[2].(map[string]any)["name"])
	stranger, _ := w.citizen("0912345679").ok(entities, map[string]any{"r": reps}).at("_entities").([]any)
	require.Nil(t, stranger[1], "a report of somebody else")
	require.Nil(t, stranger[3], "an account of somebody else")
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	id, _, _ := c.submit("k1")
	w.carry()
	const q = `query($t: String!) { search(text: $t) { __typename ... on Feedback { id } ... on Ward { name } ... on FeedbackCategory { code } ... on MiniApp { appId } } }`
	require.Contains(t, c.ok(q, map[string]any{"t": "den duong hong"}).Raw, id)
	require.Contains(t, w.guest().ok(q, map[string]any{"t": "đèn đường không sáng"}).Raw, "street-light-out")
	require.NotContains(t, w.guest().ok(q, map[string]any{"t": "den duong hong"}).Raw, id)
	require.Contains(t, w.guest().ok(q, map[string]any{"t": "phường Hồng Bàng"}).Raw, "Hồng Bàng")
	require.Equal(t, "INVALID", w.guest().ask(q, map[string]any{"t": ""}).code())
	require.Equal(t, "INVALID", w.guest().ask(q, map[string]any{"t": strings.Repeat("a", 201)}).code())
}

func TestExplorer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.guest().send("GET", w.url, nil, map[string]string{"Accept": "text/html,*/*;q=0.8"})
	require.Equal(t, 200, a.Status)
	require.Contains(t, a.Header.Get("Content-Type"), "text/html")
	require.Contains(t, a.Header.Get("Content-Security-Policy"), "script-src 'nonce-")
	require.Contains(t, a.Raw, "Thử API GraphQL")
	for _, foreign := range []string{"http://", "https://", "//cdn", "innerHTML"} {
		require.NotContains(t, a.Raw, foreign, "the page stands alone")
	}
}

// TestOneReadForAList shows that lists cause no read for each element.
func TestOneReadForAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	for _, k := range []string{"a", "b", "c", "d"} {
		c.submit(k)
	}
	w.carry()
	reads := w.gets.ReadsDuring(func() {
		a := c.ok(`{ notifications { edges { node { id feedback { id ward { name } unit { name } photos { url } } } } } myFeedback { edges { node { id category { name } unit { name } } } } }`, nil)
		list, _ := a.at("notifications", "edges").([]any)
		require.Len(t, list, 4)
	})
	require.LessOrEqual(t, reads["feedback"]+reads["feedback_reports"], 1, "%v", reads)
	total := 0
	for _, n := range reads {
		total += n
	}
	require.LessOrEqual(t, total, 4, "session, account, followed areas, one batch: %v", reads)
	require.Equal(t, "INVALID", c.ask(`{ myFeedback { edges { node { comments(first: 1) { edges { node { id } } } } } } }`, nil).code())
}

// TestMeIsReadOnce: what the sign-in read of the account is not read again, and is never shown where it may be old.
func TestMeIsReadOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	rename := func(name string) {
		c.ok(`mutation($n: String!) { updateMe(input: {displayName: $n}) { account { displayName } errors { code } } }`, map[string]any{"n": name})
	}
	rename("Lan")
	var a answer
	reads := w.gets.ReadsDuring(func() { a = c.ok(`{ me { displayName maskedPhone } }`, nil) })
	require.Equal(t, "Lan", a.text("me", "displayName"))
	require.Equal(t, 1, reads["accounts"], "by the sign-in alone: %v", reads)

	conn := c.socket()
	conn.ask("1", `{ me { displayName } }`, `"Lan"`)
	rename("Mai")
	conn.ask("2", `{ me { displayName } }`, `"Mai"`)
}
