package zalo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/motcua/motcua/channels/zaloapi"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netcall"
)

// MiniApp checks who somebody is who opened the city's Mini App inside Zalo. It keeps nothing. It is safe for concurrent use.
type MiniApp struct {
	cfg    Config
	api    zaloapi.Client
	client *http.Client // of the social API, which takes the person's tokens
}

// NewMiniApp makes it; it needs the same settings and tokens as the channel. The client's redirect policy is replaced, as with New.
func NewMiniApp(cfg Config, tokens Tokens, client *http.Client) (*MiniApp, error) {
	cfg, err := usable(cfg)
	if err != nil {
		return nil, err
	}
	return &MiniApp{cfg: cfg, api: apiOf(cfg, tokens, client), client: netcall.Direct(client)}, nil
}

// MiniAppUser is somebody in the Mini App. All that is set is proved by the network, except Name, which people choose for themselves.
type MiniAppUser struct {
	ID     string // towards the application
	IDByOA string // towards the official account: the address of the chat. "" when it was not given or is not proved
	Name   string // as shown in Zalo; "" when the person keeps it back
	Phone  string // E.164
}

// Verify asks the network whose tokens these are: accessToken of getAccessToken, phoneToken of getPhoneNumber, and idByOA of getUserInfo or "".
//
// What is proved: the id towards the application and the phone number. Both answers are given for the same access token, and the network refuses a phone token of
// another person or application. The phone token is good once, for two minutes; it is spent when this succeeds.
//
// What is not proved by these: idByOA, which the client says of itself. It is taken only when the official account's own view of that person
// (/v3.0/oa/user/detail) names the same id towards the application. Otherwise IDByOA stays empty: the person is signed in by phone, and no chat is linked. That
// is so too while the OA API is down, and for people whom the account may not look up because they never wrote to it.
//
// INVALID when the network refuses a token, so that the Mini App has to get new ones. UNAVAILABLE when it does not answer, answers what makes no sense, or
// refuses us: our secret, or our address, which it wants to be in Vietnam (-501).
func (m *MiniApp) Verify(ctx context.Context, accessToken, phoneToken, idByOA string) (MiniAppUser, error) {
	if !isToken(accessToken) || !isToken(phoneToken) {
		return MiniAppUser{}, fault.Wrap(fault.Invalid, errors.New("zalo: mini app: a token that is none"))
	}
	me, err := m.me(ctx, accessToken)
	if err != nil {
		return MiniAppUser{}, err
	}
	phone, err := m.phone(ctx, accessToken, phoneToken)
	if err != nil {
		return MiniAppUser{}, err
	}
	u := MiniAppUser{ID: string(me.ID), Name: string(me.Name), Phone: phone}
	if m.paired(ctx, idByOA, u.ID) {
		u.IDByOA = idByOA
	}
	return u, nil
}

const maxToken = 4096 // bytes; real ones have a few hundred

// headerRE is what can be sent in a header.
var headerRE = regexp.MustCompile(`^[!-~]+$`)

func isToken(s string) bool { return len(s) <= maxToken && headerRE.MatchString(s) }

// me asks who has the access token, https://developers.zalo.me/docs/social-api/tai-lieu/thong-tin-nguoi-dung. The proof is obligatory since 2024.
func (m *MiniApp) me(ctx context.Context, accessToken string) (socialReply, error) {
	r, err := m.ask(ctx, "/v2.0/me?fields=id,name,picture", map[string]string{
		"access_token": accessToken, "appsecret_proof": netcall.Proof(m.cfg.AppSecret, accessToken),
	})
	if err == nil && !idRE.MatchString(string(r.ID)) {
		err = unclear("no id")
	}
	return r, err
}

// phone trades a phone token for the number, "Lấy số điện thoại" at https://mini.zalo.me/documents/api/getPhoneNumber/.
func (m *MiniApp) phone(ctx context.Context, accessToken, phoneToken string) (string, error) {
	r, err := m.ask(ctx, "/v2.0/me/info", map[string]string{"access_token": accessToken, "code": phoneToken, "secret_key": m.cfg.AppSecret})
	if err != nil {
		return "", err
	}
	if !phoneRE.MatchString(string(r.Data.Number)) {
		return "", unclear("no phone number")
	}
	return "+" + string(r.Data.Number), nil
}

// paired tells whether the official account knows the person with idByOA under this id towards the application.
func (m *MiniApp) paired(ctx context.Context, idByOA, id string) bool {
	if !idRE.MatchString(idByOA) {
		return false
	}
	a := m.api.Call(ctx, zaloapi.Request{Path: "/v3.0/oa/user/detail?data=" + url.QueryEscape(`{"user_id":"`+idByOA+`"}`)})
	var d answered
	a.Data(&d)
	return a.OK() && string(d.UserID) == idByOA && string(d.UserIDByApp) == id
}

// ask makes one call of the social API.
func (m *MiniApp) ask(ctx context.Context, path string, header map[string]string) (socialReply, error) {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.cfg.GraphBase+path, nil)
	if err != nil {
		return socialReply{}, fmt.Errorf("zalo: mini app: %w", netcall.Bare(err))
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := m.client.Do(req)
	if err != nil {
		return socialReply{}, fault.Wrap(fault.Unavailable, fmt.Errorf("zalo: mini app: %w", netcall.Bare(err)))
	}
	body, err := netcall.Body(res, zaloapi.MaxAnswer)
	if err != nil {
		return socialReply{}, fault.Wrap(fault.Unavailable, fmt.Errorf("zalo: mini app: %w", err))
	}
	return readSocial(res.StatusCode, body)
}

// readSocial reads an answer of the social API, whatever its status: a refusal has status 200 too.
func readSocial(status int, body []byte) (socialReply, error) {
	var r socialReply
	err := json.Unmarshal(body, &r)
	var other *json.UnmarshalTypeError // data is sometimes an empty list
	if err != nil && !errors.As(err, &other) || r.Error == "" {
		return socialReply{}, unclear(fmt.Sprintf("HTTP status %d without an answer of the API", status))
	}
	if r.Error == "0" {
		return r, nil
	}
	return socialReply{}, socialFault(string(r.Error))
}

// socialFault says what a refusal means. The numbers of the social API are positive and about the tokens it was given (452 the session is over, 112 and 210
// likewise); of the negative ones, those of the OA API for an access token are too. Everything else is between the network and us: -501 for an address outside
// Vietnam, a wrong secret or proof, a limit.
func socialFault(number string) error {
	cause := fmt.Errorf("zalo: mini app: the network answered error %.20s", number)
	n, err := strconv.Atoi(number)
	if err == nil && (n > 0 || n == -216 || n == -220 || n == -124) {
		return fault.Wrap(fault.Invalid, cause)
	}
	return fault.Wrap(fault.Unavailable, cause)
}

func unclear(what string) error {
	return fault.Wrap(fault.Unavailable, errors.New("zalo: mini app: the network answered what makes no sense: "+what))
}
