package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
)

func TestOfficerAnswersAConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says("1", "e1", "cho tôi gặp cán bộ")
	o := w.staff("0987654321", account.Officer, deskUnit)
	a := o.ok(`{ conversations(state: WAITING, first: 5) { edges { cursor node { id network state since lastAt mine unit { code } writableUntil feedback { id } } } pageInfo { hasNextPage } } }`, nil)
	edges := a.at("conversations", "edges").([]any)
	require.Len(t, edges, 1, a.Raw)
	node := edges[0].(map[string]any)["node"].(map[string]any)
	require.Equal(t, "WAITING", node["state"])
	vars := map[string]any{"id": node["id"]}
	a = o.ok(`mutation($id: ID!) { takeConversation(input: {id: $id, idempotencyKey: "t"}) { conversation { state mine } errors { code } } }`, vars)
	require.Contains(t, a.Raw, `"state":"TAKEN","mine":true`)
	w.says("1", "e2", "đường nhà tôi ngập")
	a = o.ok(`mutation($id: ID!) { sendStaffMessage(input: {id: $id, text: "Chào bà con", idempotencyKey: "s"}) { line { at from name text state attachments { id url } lost point { lat } } errors { code } } }`, vars)
	require.Equal(t, "STAFF", a.text("sendStaffMessage", "line", "from"), a.Raw)
	a = o.ok(`query($id: ID!) { conversation(id: $id) { id lines { from text } } }`, vars)
	require.Contains(t, a.Raw, "đường nhà tôi ngập")
	require.Contains(t, a.Raw, `{"from":"STAFF","text":"Chào bà con"}`)
	require.Contains(t, o.ok(`mutation($id: ID!) { sendStaffMessage(input: {id: $id, text: " "}) { line { at } errors { code path } } }`, vars).Raw, "INVALID")
	require.Equal(t, "FORBIDDEN", w.staff("0987654322", account.Officer, "construction").ask(`query($id: ID!) { conversation(id: $id) { id } }`, vars).code())
	require.Equal(t, "FORBIDDEN", w.citizen("0912345678").ask(`{ conversations { edges { cursor } } }`, nil).code())
	a = o.ok(`mutation($id: ID!) { releaseConversation(input: {id: $id, idempotencyKey: "r"}) { id errors { code } } }`, vars)
	require.Equal(t, node["id"], a.text("releaseConversation", "id"), a.Raw)
	require.Equal(t, "NOT_FOUND", o.ask(`query($id: ID!) { conversation(id: $id) { id } }`, vars).code())
}
