package fcmfake

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// users are the accounts of Firebase Auth that signed in by phone, and the codes on their way.
type users struct {
	cfg Config

	mu       sync.Mutex
	byPhone  map[string]*user
	byUID    map[string]*user
	sessions []session // oldest first
}

type user struct {
	uid, phone string
	since      time.Time
	disabled   bool
}

// session is one code, as the emulator shows it.
type session struct {
	Phone string `json:"phoneNumber"`
	Info  string `json:"sessionInfo"`
	Code  string `json:"code"`
}

const maxSessions = 500

func newUsers(cfg Config) *users {
	return &users{cfg: cfg, byPhone: map[string]*user{}, byUID: map[string]*user{}}
}

// authRoutes serves the calls of Google's Auth emulator that a phone sign-in takes.
func (n *Network) authRoutes() {
	const toolkit = "/identitytoolkit.googleapis.com/v1"
	n.mux.HandleFunc("POST "+toolkit+"/accounts:sendVerificationCode", n.users.sendCode)
	n.mux.HandleFunc("POST "+toolkit+"/accounts:signInWithPhoneNumber", n.users.signIn)
	n.mux.HandleFunc("POST "+toolkit+"/projects/{project}/accounts:lookup", n.users.lookup)
	n.mux.HandleFunc("GET /emulator/v1/projects/{project}/verificationCodes", n.users.codes)
	n.mux.HandleFunc("DELETE /emulator/v1/projects/{project}/accounts", n.users.clear)
}

var e164RE = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

// authFault is an error as Firebase Auth writes it.
func authFault(w http.ResponseWriter, message string) {
	channelfake.Write(w, http.StatusBadRequest, map[string]any{"error": map[string]any{
		"code": http.StatusBadRequest, "message": message,
		"errors": []map[string]string{{"message": message, "reason": "invalid", "domain": "global"}},
	}})
}

func (u *users) sendCode(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Phone     string `json:"phoneNumber"`
		Recaptcha string `json:"recaptchaToken"`
	}
	if !channelfake.Read(w, r, &in) {
		return
	}
	if !e164RE.MatchString(in.Phone) {
		authFault(w, "INVALID_PHONE_NUMBER : Invalid format.")
		return
	}
	channelfake.Write(w, http.StatusOK, map[string]string{"sessionInfo": u.begin(in.Phone).Info})
}

func (u *users) begin(phone string) session {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := session{Phone: phone, Info: rand.Text(), Code: digits()}
	u.sessions = append(u.sessions, s)
	u.sessions = u.sessions[max(0, len(u.sessions)-maxSessions):]
	return s
}

// digits makes a code.
func digits() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic("fcmfake: " + err.Error()) // no random numbers: nothing works
	}
	return fmt.Sprintf("%06d", n)
}

func (u *users) codes(w http.ResponseWriter, _ *http.Request) {
	u.mu.Lock()
	out := append([]session{}, u.sessions...)
	u.mu.Unlock()
	channelfake.Write(w, http.StatusOK, map[string]any{"verificationCodes": out})
}

func (u *users) signIn(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Info string `json:"sessionInfo"`
		Code string `json:"code"`
	}
	if !channelfake.Read(w, r, &in) {
		return
	}
	who, fresh, fault := u.finish(in.Info, in.Code)
	if fault != "" {
		authFault(w, fault)
		return
	}
	channelfake.Write(w, http.StatusOK, map[string]any{
		"isNewUser": fresh, "localId": who.uid, "idToken": u.token(who, u.cfg.Now()), "refreshToken": rand.Text(), "expiresIn": "3600", "phoneNumber": who.phone,
	})
}

// finish spends a code.
func (u *users) finish(info, code string) (who user, fresh bool, fault string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, s := range u.sessions {
		if s.Info != info {
			continue
		}
		if s.Code != code {
			return user{}, false, "INVALID_CODE"
		}
		u.sessions = append(u.sessions[:i:i], u.sessions[i+1:]...)
		who, fresh := u.enrol(s.Phone)
		if who.disabled {
			return user{}, false, "USER_DISABLED"
		}
		return *who, fresh, ""
	}
	return user{}, false, "INVALID_SESSION_INFO"
}

// enrol gives the account of a phone. It is called with mu held.
func (u *users) enrol(phone string) (who *user, fresh bool) {
	if who := u.byPhone[phone]; who != nil {
		return who, false
	}
	if len(u.byPhone) >= maxDevices {
		u.byPhone, u.byUID = map[string]*user{}, map[string]*user{} // a stand-in that was left running for long begins anew
	}
	who = &user{uid: rand.Text() + "aa", phone: phone, since: u.cfg.Now().UTC()}
	u.byPhone[phone], u.byUID[who.uid] = who, who
	return who, true
}

// SignIn gives an ID token of a phone that signed in at some time, and makes its account.
func (n *Network) SignIn(phone string, at time.Time) string {
	n.users.mu.Lock()
	who, _ := n.users.enrol(phone)
	x := *who
	n.users.mu.Unlock()
	return n.users.token(x, at)
}

// token makes an ID token that nobody signed: https://firebase.google.com/docs/auth/admin/verify-id-tokens
func (u *users) token(who user, at time.Time) string {
	now := u.cfg.Now()
	return unsigned(map[string]any{
		"iss": "https://securetoken.google.com/" + u.cfg.ProjectID, "aud": u.cfg.ProjectID, "sub": who.uid, "user_id": who.uid,
		"auth_time": at.Unix(), "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "phone_number": who.phone,
		"firebase": map[string]any{"identities": map[string]any{"phone": []string{who.phone}}, "sign_in_provider": "phone"},
	})
}

func unsigned(claims any) string {
	part := func(v any) string {
		b, _ := json.Marshal(v) // texts and numbers
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return part(map[string]string{"alg": "none", "typ": "JWT"}) + "." + part(claims) + "."
}

// lookup tells who has an account, as accounts:lookup does.
func (u *users) lookup(w http.ResponseWriter, r *http.Request) {
	var in struct {
		IDs []string `json:"localId"`
	}
	if !channelfake.Read(w, r, &in) {
		return
	}
	if r.Header.Get("Authorization") != "Bearer owner" || r.PathValue("project") != u.cfg.ProjectID {
		authFault(w, "PROJECT_NOT_FOUND")
		return
	}
	out := []map[string]any{}
	u.mu.Lock()
	for _, id := range in.IDs {
		if who := u.byUID[id]; who != nil {
			out = append(out, who.public())
		}
	}
	u.mu.Unlock()
	body := map[string]any{"kind": "identitytoolkit#GetAccountInfoResponse"}
	if len(out) > 0 {
		body["users"] = out
	}
	channelfake.Write(w, http.StatusOK, body)
}

func (x user) public() map[string]any {
	seconds, millis := strconv.FormatInt(x.since.Unix(), 10), strconv.FormatInt(x.since.UnixMilli(), 10)
	return map[string]any{
		"localId": x.uid, "phoneNumber": x.phone, "validSince": seconds, "disabled": x.disabled, "createdAt": millis, "lastLoginAt": millis,
		"providerUserInfo": []map[string]string{{"providerId": "phone", "rawId": x.phone, "phoneNumber": x.phone}},
	}
}

func (u *users) disable(phone string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if who := u.byPhone[phone]; who != nil {
		who.disabled = true
	}
}

func (u *users) clear(w http.ResponseWriter, _ *http.Request) {
	u.mu.Lock()
	u.byPhone, u.byUID, u.sessions = map[string]*user{}, map[string]*user{}, nil
	u.mu.Unlock()
	channelfake.Write(w, http.StatusOK, struct{}{})
}
