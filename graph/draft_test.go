package graph_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
)

func TestFormBegunInAChatIsFinishedHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, _, err := w.accounts.SaveDraft(t.Context(), w.chatter("1"), account.Draft{App: "feedback", Action: "submit", Input: json.RawMessage(`{"description": "Đèn đường hỏng cả tuần"}`)}, "k")
	require.NoError(t, err)
	c := w.citizen("0912345678")
	vars := map[string]any{"t": token, "input": map[string]any{"description": "Đèn đường hỏng cả tuần"}}
	a := c.ok(`query($t: String!) { draft(token: $t) { appId actionId title schema input caseId } }`, vars)
	require.Equal(t, "submit", a.text("draft", "actionId"), a.Raw)
	require.Equal(t, "Đèn đường hỏng cả tuần", a.text("draft", "input", "description"))
	require.NotEmpty(t, a.at("draft", "schema"))
	const send = `mutation($t: String!, $input: JSON!, $k: String) { submitDraft(input: {token: $t, input: $input, idempotencyKey: $k}) { result { blocks case { caseId } } errors { code path message } } }`
	a = c.ok(send, vars)
	require.Contains(t, a.Raw, `"path":["place"]`, "what is missing is named")
	vars["input"] = map[string]any{"description": "Đèn đường hỏng cả tuần", "place": map[string]any{"lat": 20.8578, "lon": 106.6810}}
	a = c.ok(send, vars)
	require.NotEmpty(t, a.text("submitDraft", "result", "case", "caseId"), a.Raw)
	require.Equal(t, a.Raw, c.ok(send, vars).Raw, "a repeat changes nothing, whatever its key")
	vars["input"] = map[string]any{"description": "Đèn đường hỏng cả tháng", "place": map[string]any{"lat": 20.8578, "lon": 106.6810}}
	again := c.ok(send, vars)
	require.Contains(t, again.Raw, "CONFLICT", "other answers are not a second report")
	require.Contains(t, again.Raw, "đã được gửi rồi")
	require.Equal(t, "CONFLICT", c.ask(`query($t: String!) { draft(token: $t) { appId } }`, vars).code(), "what was sent is not offered again")
	require.Nil(t, w.citizen("0987654321").ask(`query($t: String!) { draft(token: $t) { appId } }`, vars).at("draft"), "the first account is the only one")
}

func TestFormOptions(t *testing.T) {
	t.Parallel()
	g := newWorld(t).guest()
	const q = `query($f: String!, $a: String!) { formOptions(appId: "feedback", actionId: $a, field: $f, answers: {description: "đèn đường hỏng"}) { choices { value label hint } after } }`
	a := g.ok(q, map[string]any{"f": "/category", "a": "submit"})
	require.Contains(t, a.Raw, "street-light-out")
	require.NotEmpty(t, a.text("formOptions", "after"))
	for _, vars := range []map[string]any{{"f": "/description", "a": "submit"}, {"f": "/nothing", "a": "submit"}, {"f": "/category", "a": "assign"}, {"f": "", "a": "submit"}} {
		require.Equal(t, "INVALID", g.ask(q, vars).code(), vars)
	}
}
