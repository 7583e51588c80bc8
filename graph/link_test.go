package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
)

// chatter gives the viewer of somebody on a network.
func (w *world) chatter(user string) account.Viewer {
	w.t.Helper()
	v, err := w.accounts.Guest(w.t.Context(), account.Identity{Network: "zalo", User: user}, message.Vietnamese)
	require.NoError(w.t, err)
	return v
}

func TestChatIsLinkedByTheCodeOfTheApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	a := c.ok(`mutation { offerLinkCode(input: {idempotencyKey: "k"}) { code { code expiresAt } errors { code } } }`, nil)
	code := a.text("offerLinkCode", "code", "code")
	require.NotEmpty(t, code, a.Raw)
	_, err := w.accounts.TakeCode(t.Context(), w.chatter("1"), code, "k1")
	require.NoError(t, err)
	a = c.ok(`{ identities { id network maskedPhone linkedAt lastSeenAt undoUntil } linkEvents(first: 5) { edges { cursor node { at kind reason network } } pageInfo { hasNextPage } } }`, nil)
	require.Contains(t, a.Raw, `"network":"zalo"`)
	require.Contains(t, a.Raw, `"kind":"JOINED"`)
	id := a.at("identities").([]any)[0].(map[string]any)["id"]
	a = c.ok(`mutation($id: ID!) { unlinkIdentity(input: {id: $id, idempotencyKey: "u"}) { id errors { code } } }`, map[string]any{"id": id})
	require.Equal(t, id, a.text("unlinkIdentity", "id"), a.Raw)
	require.Contains(t, c.ok(`{ identities { id } recoveries { id } }`, nil).Raw, `"identities":[]`)
}

func TestLinkOfAChatIsOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.chatter("1")
	offer, err := w.accounts.OfferLink(t.Context(), v, "k")
	require.NoError(t, err)
	c := w.citizen("0912345678")
	const open = `mutation($t: String!) { openLink(input: {token: $t, idempotencyKey: "k"}) { link { network name code expiresAt conflict } errors { code } } }`
	a := c.ok(open, map[string]any{"t": offer.Token})
	code := a.text("openLink", "link", "code")
	require.NotEmpty(t, code, a.Raw)
	require.Contains(t, w.citizen("0987654321").ok(open, map[string]any{"t": offer.Token}).Raw, `"link":null`, "the first account is the only one")
	_, err = w.accounts.TakeCode(t.Context(), v, code, "k1")
	require.NoError(t, err)
	require.Contains(t, c.ok(`{ identities { network } }`, nil).Raw, "zalo")
}

func TestSignInWithWhatOthersProved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const fire = `mutation($t: String!) { verifyFirebaseToken(input: {idToken: $t, deviceId: "d", idempotencyKey: "k"}) { grant { accessToken } account { maskedPhone } errors { code } } }`
	a := w.guest().ok(fire, map[string]any{"t": "+84912345678"})
	require.NotEmpty(t, a.text("verifyFirebaseToken", "grant", "accessToken"), a.Raw)
	require.Contains(t, w.guest().ok(fire, map[string]any{"t": "nonsense"}).Raw, "UNAUTHORIZED")
	const mini = `mutation($a: String!) { signInZaloMiniApp(input: {accessToken: $a, phoneToken: "84912345678", oaUserId: "7", deviceId: "d", idempotencyKey: "k"}) { grant { accessToken } errors { code } } }`
	a = w.guest().ok(mini, map[string]any{"a": "good"})
	token := a.text("signInZaloMiniApp", "grant", "accessToken")
	require.NotEmpty(t, token, a.Raw)
	require.Contains(t, person{w, token}.ok(`{ identities { network } }`, nil).Raw, "zalo", "the chat is joined in the same step")
	require.Contains(t, w.guest().ok(mini, map[string]any{"a": "bad"}).Raw, "INVALID")
}

// TestTokensAreCountedBeforeTheyAreLookedAt signs in with tokens of others more often than one device may: those who issued them are not asked any more.
func TestTokensAreCountedBeforeTheyAreLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range accountConfig().Limits.CheckDevice.Max - 2 {
		require.NoError(t, w.accounts.AdmitProof(t.Context(), "203.0.113.7", "d"))
	}
	const fire = `mutation($t: String!) { verifyFirebaseToken(input: {idToken: $t, deviceId: "d"}) { grant { accessToken } errors { code message } } }`
	const mini = `mutation($t: String!) { signInZaloMiniApp(input: {accessToken: $t, phoneToken: "84912345678", deviceId: "d"}) { grant { accessToken } errors { code message } } }`
	refused := w.guest().ok(fire, map[string]any{"t": "nonsense"}).Raw
	require.Contains(t, refused, "UNAUTHORIZED")
	require.Contains(t, refused, "Chưa xác nhận được số điện thoại", "who signs in is not told to sign in")
	require.Contains(t, w.guest().ok(mini, map[string]any{"t": "bad"}).Raw, "INVALID")
	for query, good := range map[string]string{fire: "+84912345678", mini: "good"} {
		for _, token := range []string{good, "bad"} {
			require.Contains(t, w.guest().ok(query, map[string]any{"t": token}).Raw, "RATE_LIMITED", token)
		}
	}
}

func TestGuestsHaveNoLinks(t *testing.T) {
	t.Parallel()
	g := newWorld(t).guest()
	for _, q := range []string{
		`{ identities { id } }`, `{ linkEvents { edges { cursor } } }`, `{ recoveries { id } }`, `{ devices { id } }`, `{ notificationPreferences { interests } }`,
		`{ conversations { edges { cursor } } }`, `{ draft(token: "x") { appId } }`,
	} {
		require.Equal(t, "UNAUTHORIZED", g.ask(q, nil).code(), q)
	}
}
