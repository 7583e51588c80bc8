package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/graph"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

const signFields = `id number codeState codeRevokedAt url place { lat lon address side } ward { code name } unit { code } street installedOn condition
	story { id kind title namedAfter dates text language state sample } actions { appId actionId label input }`

// in asks in the language of a browser.
func (p person) in(languages, query string, vars map[string]any) answer {
	p.w.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	require.NoError(p.w.t, err)
	return p.post(body, map[string]string{"Accept-Language": languages})
}

const byCode = `query($c: String!) { sign(code: $c) { ` + signFields + ` } }`

func TestSignByItsCode(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	code := w.signs.code(t, 9001)
	number := w.signs.codes.Numbers().Format(9001)
	want := map[string]any{
		"id": graph.IDOf("Sign", "009001"), "number": number, "codeState": "CURRENT", "codeRevokedAt": nil, "url": "https://city.example/s/" + code,
		"place": map[string]any{"lat": towerLat, "lon": towerLon, "address": "Chân đèn", "side": "WALL"},
		"ward":  map[string]any{"code": "11948", "name": "Bạch Long Vĩ"}, "unit": map[string]any{"code": "ward-11948"},
		"street": "Đường Hải Đăng", "installedOn": "2026-03-02", "condition": "WORN",
		"story": map[string]any{
			"id": graph.IDOf("StreetStory", "hai-dang"), "kind": "WORK", "title": "Hải đăng", "namedAfter": "Đảo", "dates": "1892", "text": "Ngọn đèn.\n\nCòn sáng.",
			"language": "vi", "state": "REVIEWED", "sample": false,
		},
		"actions": []any{map[string]any{
			"appId": "feedback", "actionId": "submit", "label": "Phản ánh ở đây",
			"input": map[string]any{"place": map[string]any{"lat": towerLat, "lon": towerLon, "address": "Đường Hải Đăng"}},
		}},
	}
	for _, text := range []string{code, strings.ToLower(code[:6] + "-" + code[6:]), "HTTPS://CITY.EXAMPLE/S/" + code, "https://city.example/s/" + strings.ToLower(code) + "?lang=en"} {
		require.Equal(t, want, w.guest().ok(byCode, map[string]any{"c": text}).at("sign"), text)
	}
	want["codeState"], want["url"] = nil, nil
	for _, text := range []string{number, strings.ToLower(strings.ReplaceAll(number, "-", " "))} {
		a := w.guest().ok(byCode, map[string]any{"c": text})
		require.Equal(t, want, a.at("sign"), text)
		require.NotContains(t, a.Raw, code, "a number is public, so it must not lead to the code")
	}
}

func TestRevokedCodeSaysSoAndLeadsToNoOther(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	old := w.signs.code(t, 9001)
	_, err := w.signs.plates.Reissue(t.Context(), "009001", "HP-2026-02", "tấm biển bị bẻ", registry.Act{By: "officer"})
	require.NoError(t, err)
	fresh := w.signs.code(t, 9001)
	a := w.guest().ok(byCode, map[string]any{"c": old})
	require.Equal(t, "REVOKED", a.text("sign", "codeState"))
	require.NotEmpty(t, a.text("sign", "codeRevokedAt"))
	require.Nil(t, a.at("sign", "url"))
	require.Equal(t, "Hải đăng", a.text("sign", "story", "title"))
	require.NotContains(t, a.Raw, fresh)
	require.NotContains(t, a.Raw, "bị bẻ", "why is the officers' own note")
	require.Equal(t, "CURRENT", w.guest().ok(byCode, map[string]any{"c": fresh}).text("sign", "codeState"))
}

// TestNoListGivesCodesAway reads whatever can be read without a code.
func TestNoListGivesCodesAway(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	var codes []string
	for n := 9001; n <= 9005; n++ {
		codes = append(codes, w.signs.code(t, n))
	}
	id, story := graph.IDOf("Sign", "009001"), graph.IDOf("StreetStory", "hai-dang")
	for _, q := range []string{
		`{ signs(near: {lat: 20.1328, lon: 107.7276}) { edges { cursor node { ` + signFields + ` } } } }`,
		`{ signs(text: "hai dang", first: 5) { edges { cursor node { ` + signFields + ` } } } }`,
		`{ streetStory(id: "` + story + `") { signs { edges { cursor node { ` + signFields + ` } } } } }`,
		`{ node(id: "` + id + `") { ... on Sign { ` + signFields + ` } } }`,
		`{ _entities(representations: [{__typename: "Sign", id: "` + id + `"}]) { ... on Sign { ` + signFields + ` } } }`,
	} {
		a := w.guest().ok(q, nil)
		require.Contains(t, a.Raw, "Hải đăng", q)
		require.Contains(t, a.Raw, `"codeState":null`, q)
		require.Contains(t, a.Raw, `"url":null`, q)
		for _, c := range codes {
			require.NotContains(t, a.Raw, c, q)
		}
	}
}

func TestWhatIsNoSign(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	code := w.signs.code(t, 9001)
	minted, err := w.signs.codes.Mint() // with a right check, and nobody's
	require.NoError(t, err)
	other := map[byte]string{'0': "1"}[code[0]]
	if other == "" {
		other = "0"
	}
	for name, tt := range map[string]struct {
		text string
		read bool
	}{
		"invented": {"0000000000000", false}, "one sign wrong": {other + code[1:], false}, "somebody else's address": {"https://evil.example/s/" + code, false},
		"words": {"Ngã Sáu", false}, "nothing": {"", false}, "never issued": {string(minted), true}, "number of no plate": {w.signs.codes.Numbers().Format(777), true},
	} {
		t.Run(name, func(t *testing.T) {
			var a answer
			reads := w.signs.reads.ReadsDuring(func() { a = w.guest().ask(byCode, map[string]any{"c": tt.text}) })
			require.Equal(t, "NOT_FOUND", a.code(), a.Raw)
			require.Equal(t, http.StatusOK, a.Status)
			require.Contains(t, a.Raw, `"data":{"sign":null}`)
			require.Equal(t, tt.read, len(reads) > 0, "%v", reads)
		})
	}
}

// TestActionsThatOpenSignsCountToo: codes can be tried by a mutation as well, and both count together.
func TestActionsThatOpenSignsCountToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.guest()
	for i := range 60 {
		action := []string{"show", "damaged"}[i%2]
		a := g.ok(`mutation($a: String!) { invokeMiniApp(appId: "signs", action: $a, input: {sign: "0000000000000"}) { errors { code } } }`, map[string]any{"a": action})
		require.Contains(t, a.Raw, "NOT_FOUND")
	}
	a := g.ok(`mutation { invokeMiniApp(appId: "signs", action: "show", input: {sign: "0000000000000"}) { errors { code retryAfter } } }`, nil)
	require.Contains(t, a.Raw, "RATE_LIMITED")
	require.Equal(t, "RATE_LIMITED", g.ask(`{ sign(code: "HP-09001-8") { number } }`, nil).code())
	a = g.ok(`mutation { invokeMiniApp(appId: "flaky", action: "say", input: {}) { errors { code } } }`, nil)
	require.NotContains(t, a.Raw, "RATE_LIMITED")
}

// TestSuggestionsNameTheirApp: what is offered next may belong to another service.
func TestSuggestionsNameTheirApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.guest().ok(`mutation { invokeMiniApp(appId: "flaky", action: "say", input: {}) { result { next { appId actionId input } } } }`, nil)
	require.Equal(t, []any{
		map[string]any{"appId": "flaky", "actionId": "say", "input": nil},
		map[string]any{"appId": "feedback", "actionId": "submit", "input": map[string]any{"description": "Ổ gà"}},
	}, a.at("invokeMiniApp", "result", "next"))
}

func TestLookIsToldWhoAndWhere(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	vars := map[string]any{"c": w.signs.code(t, 9001), "at": map[string]any{"lat": 20.1, "lon": 107.7}}
	const q = `query($c: String!, $at: GeoPointInput) { sign(code: $c, at: $at) { number } }`
	w.guest().ok(q, vars)
	require.Equal(t, graph.Visit{Client: "127.0.0.1", Where: &graph.Point{Lat: 20.1, Lon: 107.7}}, w.signs.lastVisit())
	delete(vars, "at")
	w.citizen("0912345678").ok(q, vars)
	v := w.signs.lastVisit()
	require.NotEqual(t, "127.0.0.1", v.Client)
	require.NotEmpty(t, v.Client)
	require.Nil(t, v.Where)
	vars["at"] = map[string]any{"lat": 200, "lon": 107.7}
	require.Equal(t, "INVALID", w.guest().ask(q, vars).code())
}

const listed = `query($near: NearInput, $ward: String, $text: String, $first: Int, $after: String) {
	signs(near: $near, ward: $ward, text: $text, first: $first, after: $after) { edges { cursor distanceMetres node { number ward { code } street } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`

func TestSigns(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	number := w.signs.codes.Numbers().Format
	near := func(radius any) map[string]any {
		at := map[string]any{"lat": towerLat, "lon": towerLon}
		if radius != nil {
			at["radiusMetres"] = radius
		}
		return at
	}
	for name, tt := range map[string]struct {
		vars map[string]any
		want []int
	}{
		"near":                {map[string]any{"near": near(nil)}, []int{9001, 9002, 9003, 9004, 9005}},
		"nearer":              {map[string]any{"near": near(45)}, []int{9001, 9002, 9003}},
		"near, with text":     {map[string]any{"near": near(nil), "text": "9002"}, []int{9002}},
		"near, another ward":  {map[string]any{"near": near(nil), "ward": "11311"}, []int{}},
		"without diacritics":  {map[string]any{"text": "HAI DANG", "ward": "11948"}, []int{9001, 9002, 9003, 9004, 9005}},
		"former name":         {map[string]any{"text": "đèn tây"}, []int{9001, 9002, 9003, 9004, 9005}},
		"printed number":      {map[string]any{"text": number(9003)}, []int{9003}},
		"ward":                {map[string]any{"ward": "11948", "first": 2}, []int{9001, 9002}},
		"nothing is narrowed": {map[string]any{"first": 3}, []int{1, 2, 3}},
		"blank text":          {map[string]any{"first": 1, "text": " ", "ward": ""}, []int{1}},
		"nothing found":       {map[string]any{"text": "không có tên này"}, []int{}},
	} {
		t.Run(name, func(t *testing.T) {
			want := []any{}
			for _, n := range tt.want {
				want = append(want, number(n))
			}
			require.Equal(t, want, w.guest().ok(listed, tt.vars).column("number", "signs"))
		})
	}
	for name, tt := range map[string]struct {
		vars map[string]any
		says string
	}{
		"too far":        {map[string]any{"near": near(5001)}, "5000"},
		"no radius":      {map[string]any{"near": near(0)}, "5000"},
		"behind":         {map[string]any{"near": near(-1)}, "5000"},
		"not on Earth":   {map[string]any{"near": map[string]any{"lat": 91, "lon": 0}}, ""},
		"no such ward":   {map[string]any{"ward": "99999"}, ""},
		"long text":      {map[string]any{"text": strings.Repeat("ă", 201)}, "200"},
		"no words":       {map[string]any{"text": "!?"}, "200"},
		"cursor":         {map[string]any{"after": "nonsense"}, ""},
		"cursor of near": {map[string]any{"near": near(nil), "after": "nonsense"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.guest().ask(listed, tt.vars)
			require.Equal(t, "INVALID", a.code(), a.Raw)
			require.Contains(t, a.Errors[0].Message, tt.says)
			require.NotContains(t, a.Raw, "<no value>")
			require.Contains(t, a.Raw, `"data":{"signs":null}`)
		})
	}
}

func TestPagesOfSigns(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	for name, vars := range map[string]map[string]any{
		"near":  {"near": map[string]any{"lat": towerLat, "lon": towerLon}},
		"words": {"text": "den tay hai dang"},
		"ward":  {"ward": "11948"},
	} {
		t.Run(name, func(t *testing.T) {
			vars["first"] = 2
			var all []any
			for range 3 {
				a := w.guest().ok(listed, vars)
				page := a.column("number", "signs")
				all = append(all, page...)
				require.Equal(t, len(all) < 5, a.at("signs", "pageInfo", "hasNextPage"))
				require.Equal(t, len(all) > 2, a.at("signs", "pageInfo", "hasPreviousPage"))
				vars["after"] = a.text("signs", "pageInfo", "endCursor")
			}
			require.Len(t, slices.Compact(all), 5)
		})
	}
	a := w.guest().ok(listed, map[string]any{"near": map[string]any{"lat": towerLat, "lon": towerLon}})
	edges, _ := a.at("signs", "edges").([]any)
	for i, e := range edges {
		require.InDelta(t, 20*i, e.(map[string]any)["distanceMetres"], 1)
	}
	a = w.guest().ok(listed, map[string]any{"text": "hai dang"})
	require.Contains(t, a.Raw, `"distanceMetres":null`)
}

func TestStreetStory(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	const q = `query($id: ID!) { streetStory(id: $id) { id kind title language state languages { language state } formerNames sources sample
		pictures { url credit alt } thumbs: pictures { url(size: THUMB) } audio { language url credit }
		zh: translation(language: "zh_hans") { language title state namedAfter dates text } none: translation(language: "de") { title }
		signs(first: 2) { edges { node { number story { title signs { edges { cursor } } } } } pageInfo { hasNextPage } } } }`
	id := graph.IDOf("StreetStory", "hai-dang")
	a := w.guest().in("en", q, map[string]any{"id": id})
	story, _ := a.at("streetStory").(map[string]any)
	require.Equal(t, "Lighthouse", story["title"])
	require.Equal(t, []any{
		map[string]any{"language": "vi", "state": "REVIEWED"}, map[string]any{"language": "en", "state": "DRAFT"},
		map[string]any{"language": "fr", "state": "DRAFT"}, map[string]any{"language": "zh-Hans", "state": "DRAFT"},
	}, story["languages"])
	require.Equal(t, []any{"Đèn Tây"}, story["formerNames"])
	require.Equal(t, []any{"Sử đảo"}, story["sources"])
	require.Equal(t, map[string]any{"language": "zh-Hans", "title": "灯塔", "state": "DRAFT", "namedAfter": nil, "dates": nil, "text": "灯。"}, story["zh"])
	require.Nil(t, story["none"])
	pictures, _ := story["pictures"].([]any)
	require.Equal(t, map[string]any{"url": "https://anh.example/den.jpg", "credit": "Bảo tàng", "alt": "The light"}, pictures[0])
	require.Contains(t, a.Raw, "http://media.test/media/m1?")
	require.Contains(t, a.Raw, "r=thumb")
	require.Contains(t, a.Raw, "http://media.test/media/m2?")
	require.Equal(t, []any{w.signs.codes.Numbers().Format(9001), w.signs.codes.Numbers().Format(9002)}, a.column("number", "streetStory", "signs"))
	require.Equal(t, true, a.at("streetStory", "signs", "pageInfo", "hasNextPage"))
	require.Equal(t, "INVALID", a.code(), "the story's own signs do not lead to its signs again")
	for _, wrong := range []string{graph.IDOf("StreetStory", "khong-co"), graph.IDOf("Sign", "009001"), "hai-dang", ""} {
		a := w.guest().ask(`query($id: ID!) { streetStory(id: $id) { title } }`, map[string]any{"id": wrong})
		require.Equal(t, "NOT_FOUND", a.code(), wrong)
	}
}

func TestLanguagesOfAStory(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	const q = `query($id: ID!) { streetStory(id: $id) { title language state } }`
	vars := map[string]any{"id": graph.IDOf("StreetStory", "hai-dang")}
	for header, want := range map[string]string{
		"": "vi", "vi": "vi", "en-GB,en;q=0.9": "en", "fr-CA, en;q=0.5": "fr", "zh-CN,zh;q=0.9,en;q=0.8": "zh-Hans", "de, fr;q=0.5": "fr", "ja": "vi", "fr;q=0": "vi",
		"fr, vi;q=0.9": "fr", "*": "vi", strings.Repeat("x", 400): "vi",
	} {
		a := w.guest().in(header, q, vars)
		require.Equal(t, want, a.text("streetStory", "language"), "%q: %s", header, a.Raw)
	}
	c := w.citizen("0912345678")
	require.Equal(t, "vi", c.in("fr", q, vars).text("streetStory", "language"), "what the account chose wins over the browser")
	c.ok(`mutation { updateMe(input: {language: EN}) { errors { code } } }`, nil)
	require.Equal(t, "en", c.in("fr", q, vars).text("streetStory", "language"))
}

// TestSignsReadStoriesOnce: a page of signs takes one read of plates and one of stories, however many there are.
func TestSignsReadStoriesOnce(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	total := func(reads map[string]int) (n int) {
		for _, x := range reads {
			n += x
		}
		return n
	}
	reads := w.signs.reads.ReadsDuring(func() {
		a := w.guest().ok(`{ signs(first: 50) { edges { node { number story { title pictures { url } } actions { label } ward { name } } } } }`, nil)
		require.Len(t, a.column("number", "signs"), 50)
	})
	require.Equal(t, 1, reads["sign_stories"], "%v", reads)
	require.Equal(t, 2, total(reads), "%v", reads)
	reads = w.signs.reads.ReadsDuring(func() {
		a := w.guest().ok(`query($id: ID!) { streetStory(id: $id) { signs { edges { node { story { title } } } } } }`, map[string]any{"id": graph.IDOf("StreetStory", "hai-dang")})
		require.Len(t, a.column("story", "streetStory", "signs"), 5)
	})
	require.Equal(t, 2, total(reads), "%v", reads)
	var reps []any
	for n := 9001; n <= 9005; n++ {
		reps = append(reps, map[string]any{"__typename": "Sign", "id": graph.IDOf("Sign", registry.PlateID(n))})
	}
	reps = append(reps, map[string]any{"__typename": "Sign", "id": "nonsense"}, map[string]any{"__typename": "StreetStory", "id": graph.IDOf("StreetStory", "hai-dang")})
	reads = w.signs.reads.ReadsDuring(func() {
		a := w.guest().ok(`query($r: [_Any!]!) { _entities(representations: $r) { ... on Sign { number story { title } } ... on StreetStory { title } } }`, map[string]any{"r": reps})
		got, _ := a.at("_entities").([]any)
		require.Len(t, got, 7)
		require.Nil(t, got[5])
		require.Equal(t, map[string]any{"title": "Hải đăng"}, got[6])
	})
	require.Equal(t, 3, total(reads), "plates, their story, and the story that was asked for: %v", reads)
}

// TestSignsInCircles: whoever asks for signs of stories of signs gets no more than one level.
func TestSignsInCircles(t *testing.T) {
	t.Parallel()
	w := signedWorld(t)
	circle := func(n int) string {
		return `{ signs(first: ` + fmt.Sprint(n) + `) { edges { node { story { signs(first: ` + fmt.Sprint(n) + `) { edges { node { story { title } } } } } } } } }`
	}
	a := w.guest().ask(circle(20), nil)
	require.Equal(t, http.StatusBadRequest, a.Status)
	require.Equal(t, "cost", a.Errors[0].Extensions["reason"], a.Raw)
	reads := w.signs.reads.ReadsDuring(func() { a = w.guest().ask(circle(3), nil) })
	require.Equal(t, "INVALID", a.code(), a.Raw)
	require.Equal(t, 1, reads["sign_plates"], "%v", reads)
	a = w.guest().ask(`{ streetStory(id: "x") { `+strings.Repeat("signs { edges { node { story { ", 4)+"title"+strings.Repeat(" } } } }", 4)+" } }", nil)
	require.Equal(t, "depth", a.Errors[0].Extensions["reason"], a.Raw)
	a = w.guest().ask(`{ signs(first: 100) { edges { node { story { a: text b: text c: text d: text e: text } } } } }`, nil)
	require.Equal(t, "cost", a.Errors[0].Extensions["reason"], a.Raw)
	one := w.guest().ok(`query($c: String!) { sign(code: $c) { story { signs { edges { node { number } } } } } }`, map[string]any{"c": w.signs.code(t, 9001)})
	require.Len(t, one.column("number", "sign", "story", "signs"), 5, "one sign may ask for the others of its story")
}

func TestCityWithoutSigns(t *testing.T) {
	t.Parallel()
	w := newWorldWithoutSigns(t)
	for _, q := range []string{
		`{ sign(code: "HP-00001-3") { number } }`, `{ signs { edges { cursor } } }`, `{ streetStory(id: "` + graph.IDOf("StreetStory", "x") + `") { title } }`,
	} {
		require.Equal(t, "NOT_FOUND", w.guest().ask(q, nil).code(), q)
	}
	a := w.guest().ok(`query($id: ID!, $r: [_Any!]!) { node(id: $id) { id } _entities(representations: $r) { ... on Sign { number } } }`,
		map[string]any{"id": graph.IDOf("Sign", "000001"), "r": []any{map[string]any{"__typename": "Sign", "id": graph.IDOf("Sign", "000001")}}})
	require.Nil(t, a.at("node"))
	require.Equal(t, []any{nil}, a.at("_entities"))
}
