package main_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/citytest"
)

// post sends JSON to a stand-in.
func post(ctx context.Context, t *testing.T, address string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || json.Unmarshal(raw, out) != nil {
		t.Fatalf("%s: status %d: %s %v", address, res.StatusCode, raw, err)
	}
}

// granted is the answer of a sign-in.
type granted struct {
	Grant   struct{ AccessToken string }
	Account struct{ MaskedPhone, Assurance string }
}

const grantedFields = "grant { accessToken } account { maskedPhone assurance }"

// firebaseToken signs a phone in with the stand-in for Firebase, as the app's library does.
func firebaseToken(ctx context.Context, t *testing.T, city *citytest.Process, phone string) string {
	t.Helper()
	const toolkit = "/fcm/identitytoolkit.googleapis.com/v1/accounts:"
	var sent struct{ SessionInfo string }
	post(ctx, t, city.Fakecity+toolkit+"sendVerificationCode", map[string]string{"phoneNumber": phone, "recaptchaToken": "x"}, &sent)
	res, err := http.Get(city.Fakecity + "/fcm/emulator/v1/projects/motcua-dev/verificationCodes")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var list struct {
		VerificationCodes []struct{ SessionInfo, Code string }
	}
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	for _, c := range list.VerificationCodes {
		if c.SessionInfo == sent.SessionInfo {
			var done struct{ IDToken string }
			post(ctx, t, city.Fakecity+toolkit+"signInWithPhoneNumber", map[string]string{"sessionInfo": c.SessionInfo, "code": c.Code}, &done)
			return done.IDToken
		}
	}
	t.Fatal("the stand-in for Firebase has no code")
	return ""
}

// testFirebase signs in with a token of Firebase: the account is that of the phone, and a token that was tampered with is none.
func testFirebase(ctx context.Context, t *testing.T, city *citytest.Process) {
	const phone = "0911000021"
	chat := onMessenger(ctx, t, city, "Bằng Firebase")
	m := chat.report("của người dùng Firebase")
	chat.signIn(city, phone, "Đăng nhập xong")
	guest := citytest.Client{URL: city.HTTP + "/graphql"}
	token := firebaseToken(ctx, t, city, "+84911000021")
	got := must[granted](ctx, t, guest, "verifyFirebaseToken", "VerifyFirebaseTokenInput!", grantedFields, map[string]any{"idToken": token, "deviceId": "firebase"})
	if got.Account.Assurance != "PHONE" || !strings.HasSuffix(got.Account.MaskedPhone, "021") {
		t.Errorf("got %+v", got.Account)
	}
	app := citytest.Client{URL: guest.URL, Token: got.Grant.AccessToken}
	wantOwned(ctx, t, app, m)
	for what, bad := range map[string]string{"empty": "", "no token": "x.y.z", "another project": otherProject(t, token)} {
		if _, code, _ := change[granted](ctx, t, guest, "verifyFirebaseToken", "VerifyFirebaseTokenInput!", grantedFields, map[string]any{"idToken": bad, "deviceId": "firebase"}); code == "" {
			t.Errorf("%s: signed in", what)
		}
	}
}

// otherProject gives the token as another project's.
func otherProject(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(bytes.ReplaceAll(claims, []byte("motcua-dev"), []byte("other-city")))
	return strings.Join(parts, ".")
}

// session is what somebody's Mini App has in hand.
type session struct {
	Access string `json:"access_token"`
	Phone  string `json:"phone_token"`
	OAUser string `json:"id_by_oa"`
}

// openMiniApp has a person with that phone open the Mini App.
func openMiniApp(ctx context.Context, t *testing.T, city *citytest.Process, user, phone string) session {
	t.Helper()
	z := zaloOf(city)
	if _, err := z.Do(ctx, user, "line", map[string]string{"phone": phone}); err != nil {
		t.Fatal(err)
	}
	var s session
	if err := z.Control(ctx, "users/"+user+"/miniapp", map[string]any{}, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s session) input(key string) map[string]any {
	return map[string]any{"accessToken": s.Access, "phoneToken": s.Phone, "oaUserId": s.OAUser, "deviceId": "mini-app", "idempotencyKey": key}
}

// testMiniApp signs in from the Mini App: the chat with the official account is joined in the same step.
func testMiniApp(ctx context.Context, t *testing.T, city *citytest.Process) {
	chat, victim := onZalo(ctx, t, city, "Ngoc"), onZalo(ctx, t, city, "Binh")
	z, v := chat.report("của Ngọc"), victim.report("của Bình")
	guest := citytest.Client{URL: city.HTTP + "/graphql"}
	s := openMiniApp(ctx, t, city, "Ngoc", "84911000022")
	got := must[granted](ctx, t, guest, "signInZaloMiniApp", "SignInZaloMiniAppInput!", grantedFields, s.input("1"))
	if got.Account.Assurance != "PHONE" || !strings.HasSuffix(got.Account.MaskedPhone, "022") {
		t.Errorf("got %+v", got.Account)
	}
	app := citytest.Client{URL: guest.URL, Token: got.Grant.AccessToken}
	wantOwned(ctx, t, app, z)
	chat.owns([]string{z, v}, z)
	wantHappened(ctx, t, app, "JOINED zalo")

	if _, code, _ := change[granted](ctx, t, guest, "signInZaloMiniApp", "SignInZaloMiniAppInput!", grantedFields, s.input("2")); code == "" {
		t.Error("a phone token was taken twice")
	}
	victim.owns([]string{z, v}, v)
}

// testMiniAppAlone signs in from a Mini App that does not know the person's id towards the official account, or names somebody else's: nobody's chat is
// joined, and the phone counts all the same.
func testMiniAppAlone(ctx context.Context, t *testing.T, city *citytest.Process) {
	victim := onZalo(ctx, t, city, "Nan")
	v := victim.report("của nạn nhân")
	of := openMiniApp(ctx, t, city, "Nan", "84911000024").OAUser
	for key, id := range map[string]any{"none": nil, "of somebody else": of} {
		in := openMiniApp(ctx, t, city, "Trom", "84911000023").input(key)
		in["oaUserId"] = id
		got := must[granted](ctx, t, citytest.Client{URL: city.HTTP + "/graphql"}, "signInZaloMiniApp", "SignInZaloMiniAppInput!", grantedFields, in)
		app := citytest.Client{URL: city.HTTP + "/graphql", Token: got.Grant.AccessToken}
		wantOwned(ctx, t, app)
		if linked := networks(ctx, t, app); linked != "" {
			t.Errorf("id %s: linked: %s", key, linked)
		}
	}
	victim.owns([]string{v}, v)
}

var formLink = regexp.MustCompile(`/chat/form/([0-9A-Za-z_-]{43})`)

// testForm begins a report where it is not finished, and finishes it in the app under the link. No service of the city has a field that a chat must not ask
// for, so the step is asked for as the dialogue does it.
func testForm(ctx context.Context, t *testing.T, city *citytest.Process) {
	const phone = "0911000025"
	mine, theirs := inApp(ctx, t, city, phone), inApp(ctx, t, city, "0911000026")
	var begun struct {
		InvokeMiniApp struct {
			Result struct{ Blocks json.RawMessage }
			Errors []struct{ Code string }
		}
	}
	err := mine.Do(ctx, `mutation($i: JSON) { invokeMiniApp(appId: "me", action: "continue", input: $i, idempotencyKey: "form") { result { blocks } errors { code } } }`, map[string]any{
		"i": map[string]any{"app": "feedback", "action": "submit", "input": map[string]any{"description": "Đèn đường hỏng trước ngõ nhà tôi"}},
	}, &begun)
	m := formLink.FindSubmatch(begun.InvokeMiniApp.Result.Blocks)
	if err != nil || m == nil {
		t.Fatalf("%v %+v", err, begun)
	}
	token := map[string]any{"t": string(m[1])}
	type draft struct {
		AppID, ActionID, Title string
		Schema                 struct{ Required []string }
		Input                  map[string]any
	}
	const query = `query($t: String!) { draft(token: $t) { appId actionId title schema input } }`
	got := read[draft](ctx, t, mine, "draft", query, token)
	if got.AppID != "feedback" || got.ActionID != "submit" || got.Input["description"] != "Đèn đường hỏng trước ngõ nhà tôi" || !slices.Contains(got.Schema.Required, "place") {
		t.Errorf("the form is %+v", got)
	}
	for who, c := range map[string]citytest.Client{"another account": theirs, "a guest": {URL: mine.URL}} {
		if a, err := c.Ask(ctx, query, token); err != nil || len(a.Errors) == 0 || strings.Contains(string(a.Data), "Đèn") {
			t.Errorf("%s opens the form: %s %v", who, a.Data, err)
		}
	}
	got.Input["place"] = at()
	for range 2 {
		must[struct {
			Result struct{ Data json.RawMessage }
		}](ctx, t, mine, "submitDraft", "SubmitDraftInput!", "result { data }", map[string]any{
			"token": token["t"], "input": got.Input, "idempotencyKey": "send",
		})
	}
	if n := len(owned(ctx, t, mine)); n != 1 {
		t.Errorf("the form made %d reports", n)
	}
}
