package fcm

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	firebase "firebase.google.com/go/v4"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/internal/fault"
)

const phone = "+84900000001"

// emulate gives a verifier that asks a stand-in.
func emulate(t *testing.T, projectID string, h http.Handler, now func() time.Time) (*Verifier, *httptest.Server) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	cfg := Config{ProjectID: projectID, APIBase: srv.URL, AuthStandIn: srv.URL}
	v, err := NewVerifier(t.Context(), cfg, srv.Client(), now)
	require.NoError(t, err)
	return v, srv
}

// token joins a header and claims as a token that nobody signed.
func token(t *testing.T, change func(claims map[string]any)) string {
	t.Helper()
	var header, claims map[string]any
	require.NoError(t, json.Unmarshal(sample(t, "auth_id_token_header"), &header))
	require.NoError(t, json.Unmarshal(sample(t, "auth_id_token_claims"), &claims))
	if change != nil {
		change(claims)
	}
	part := func(v any) string {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return part(header) + "." + part(claims) + "."
}

// TestAuthSamples goes through the samples: what is asked, what is answered, what it proves.
func TestAuthSamples(t *testing.T) {
	t.Parallel()
	asked := 0
	v, _ := emulate(t, "demo-test", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		require.Equal(t, "/identitytoolkit.googleapis.com/v1/projects/demo-test/accounts:lookup", r.URL.Path)
		require.Equal(t, "Bearer owner", r.Header.Get("Authorization"))
		var got, want any
		require.NoError(t, json.NewDecoder(r.Body).Decode(&got))
		require.NoError(t, json.Unmarshal(sample(t, "auth_lookup_request"), &want))
		require.Equal(t, want, got)
		_, _ = w.Write(sample(t, "auth_lookup_response"))
	}), clock)
	got, err := v.Verify(t.Context(), token(t, nil))
	require.NoError(t, err)
	require.Equal(t, Proved{UID: "FakeUid000000000000000000001", Phone: phone, SignedInAt: moment}, got)
	require.Equal(t, 1, asked)

	for name, bad := range map[string]string{
		"empty":                 "",
		"no token":              "x",
		"signed":                token(t, nil) + "x",
		"long":                  strings.Repeat("a", maxIDToken+1),
		"odd base64":            "a.!.",
		"another algorithm":     base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + strings.TrimLeft(token(t, nil), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
		"another project":       token(t, func(c map[string]any) { c["aud"] = "demo-other" }),
		"another issuer":        token(t, func(c map[string]any) { c["iss"] = "https://securetoken.google.com/demo-other" }),
		"nobody":                token(t, func(c map[string]any) { c["sub"] = "" }),
		"long name":             token(t, func(c map[string]any) { c["sub"] = strings.Repeat("x", 129) }),
		"issued later":          token(t, func(c map[string]any) { c["iat"] = moment.Add(time.Hour).Unix() }),
		"expired":               token(t, func(c map[string]any) { c["exp"] = moment.Add(-time.Hour).Unix() }),
		"signed in long ago":    token(t, func(c map[string]any) { c["auth_time"] = moment.Add(-5*time.Minute - time.Second).Unix() }),
		"signed in later":       token(t, func(c map[string]any) { c["auth_time"] = moment.Add(2 * time.Minute).Unix() }),
		"signed in by password": token(t, func(c map[string]any) { c["firebase"] = map[string]any{"sign_in_provider": "password"} }),
		"without a phone":       token(t, func(c map[string]any) { delete(c, "phone_number") }),
		"with half a phone":     token(t, func(c map[string]any) { c["phone_number"] = "0900000001" }),
	} {
		_, err := v.Verify(t.Context(), bad)
		require.Equal(t, fault.Unauthorized, fault.CodeOf(err), name)
		require.NotContains(t, err.Error(), phone)
	}
	_, err = v.Verify(t.Context(), token(t, func(c map[string]any) { c["auth_time"] = moment.Add(-5 * time.Minute).Unix() }))
	require.NoError(t, err, "five minutes are fresh enough")
}

func TestStandInFaults(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]fault.Code{
		`{}`: fault.Unauthorized, `{"users":[{"disabled":true}]}`: fault.Unauthorized, `{"users":[{},{}]}`: fault.Unauthorized, `[`: fault.Unavailable,
	} {
		v, _ := emulate(t, "demo-test", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }), clock)
		_, err := v.Verify(t.Context(), token(t, nil))
		require.Equal(t, want, fault.CodeOf(err), body)
	}
	v, srv := emulate(t, "demo-test", http.NotFoundHandler(), clock)
	_, err := v.Verify(t.Context(), token(t, nil))
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	srv.Close()
	_, err = v.Verify(t.Context(), token(t, nil))
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))
}

// TestPhoneSignIn goes the way of an app.
func TestPhoneSignIn(t *testing.T) {
	t.Parallel()
	fake := fcmfake.New(fcmfake.Config{ProjectID: "demo-test"})
	t.Cleanup(fake.Close)
	v, srv := emulate(t, "demo-test", fake, time.Now)
	read := func(res *http.Response, err error, status int) string {
		t.Helper()
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		require.Equal(t, status, res.StatusCode)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return string(body)
	}
	call := func(path, body string, status int) string {
		t.Helper()
		res, err := srv.Client().Post(srv.URL+"/identitytoolkit.googleapis.com/v1/accounts:"+path+"?key=fake", "application/json", strings.NewReader(body))
		return read(res, err, status)
	}
	sent := call("sendVerificationCode", string(sample(t, "auth_send_code_request")), 200)
	listed := func() string {
		res, err := srv.Client().Get(srv.URL + "/emulator/v1/projects/demo-test/verificationCodes")
		return read(res, err, 200)
	}()
	var codes struct {
		VerificationCodes []struct{ PhoneNumber, SessionInfo, Code string }
	}
	require.NoError(t, json.Unmarshal([]byte(listed), &codes))
	require.Len(t, codes.VerificationCodes, 1)
	code := codes.VerificationCodes[0]
	named := strings.NewReplacer(code.SessionInfo, "FAKE_SESSION_INFO", code.Code, "123456") // what is random as the samples name it
	require.JSONEq(t, string(sample(t, "auth_send_code_response")), named.Replace(sent))
	require.JSONEq(t, string(sample(t, "auth_emulator_codes_response")), named.Replace(listed))

	signIn := strings.NewReplacer("FAKE_SESSION_INFO", code.SessionInfo, "123456", code.Code).Replace(string(sample(t, "auth_sign_in_request")))
	call("signInWithPhoneNumber", strings.Replace(signIn, code.Code, "x", 1), 400)
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(call("signInWithPhoneNumber", signIn, 200)), &got))
	var want map[string]any
	require.NoError(t, json.Unmarshal(sample(t, "auth_sign_in_response"), &want))
	for name := range want {
		require.IsType(t, want[name], got[name], name)
	}
	require.JSONEq(t, string(sample(t, "auth_error_invalid_session")), call("signInWithPhoneNumber", signIn, 400))

	proved, err := v.Verify(t.Context(), got["idToken"].(string))
	require.NoError(t, err)
	require.Equal(t, phone, proved.Phone)
	require.Equal(t, got["localId"], proved.UID)
}

// TestLibraryTakesTheStandIn shows that the stand-in is an emulator to Google's library too, and what the verifier does where the environment names one.
func TestLibraryTakesTheStandIn(t *testing.T) {
	fake := fcmfake.New(fcmfake.Config{ProjectID: "demo-test"})
	t.Cleanup(fake.Close)
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	t.Setenv(emulatorVariable, strings.TrimPrefix(srv.URL, "http://"))
	app, err := firebase.NewApp(t.Context(), &firebase.Config{ProjectID: "demo-test"})
	require.NoError(t, err)
	client, err := app.Auth(t.Context())
	require.NoError(t, err)
	got, err := client.VerifyIDToken(t.Context(), fake.SignIn(phone, time.Now()))
	require.NoError(t, err)
	require.Equal(t, phone, got.Claims["phone_number"])
	require.Equal(t, "phone", got.Firebase.SignInProvider)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()

	_, err = NewVerifier(t.Context(), Config{ProjectID: "demo-test", CredentialsFile: "x"}, srv.Client(), time.Now)
	require.ErrorContains(t, err, emulatorVariable)
}

// TestLibrary shows that the verifier of citizens believes no token that nobody signed, without asking anybody.
func TestLibrary(t *testing.T) {
	t.Parallel()
	v, err := NewVerifier(t.Context(), Config{ProjectID: "demo-test", CredentialsFile: "x"}, nil, time.Now)
	require.NoError(t, err)
	now := time.Now().Unix()
	_, err = v.Verify(t.Context(), token(t, func(c map[string]any) { c["auth_time"], c["iat"], c["exp"] = now, now, now+3600 }))
	require.Equal(t, fault.Unauthorized, fault.CodeOf(err))
}

func FuzzDecodeToken(f *testing.F) {
	f.Add("e30.e30.")
	f.Add("eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.")
	f.Fuzz(func(t *testing.T, raw string) {
		if x, ok := decodeToken(raw); !ok && x != (idToken{}) && strings.Count(raw, ".") != 2 {
			t.Errorf("got %+v", x)
		}
	})
}
