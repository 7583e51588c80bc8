package zalo

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/channels/zaloapi"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netcall"
)

// Pair is what the network gives for a consent or a refresh. The refresh token works once.
type Pair struct {
	Access, Refresh string
	ExpiresAt       time.Time // of the access token: 25 hours; the refresh token has three months
}

// OAuth asks the administrator of the official account for consent and gets its tokens,
// https://developers.zalo.me/docs/official-account/bat-dau/xac-thuc-va-uy-quyen-cho-ung-dung-new. It keeps none. It is safe for concurrent use.
type OAuth struct {
	cfg    Config
	api    zaloapi.Client // under the tokens it is called with
	client *http.Client
	now    func() time.Time
}

// NewOAuth makes it. The client's redirect policy is replaced, as with New.
func NewOAuth(cfg Config, client *http.Client, now func() time.Time) (*OAuth, error) {
	cfg, err := usable(cfg)
	if err != nil {
		return nil, err
	}
	return &OAuth{cfg: cfg, api: apiOf(cfg, nil, client), client: netcall.Direct(client), now: now}, nil
}

// Challenge gives what the developer console and the consent link hold of a code verifier: base64url(SHA-256(verifier)) without padding, PKCEUtil of
// zalo-java-sdk 4.0.
func Challenge(verifier string) string {
	h := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// ConsentURL gives the page where the administrator consents. redirect must be the one that the console has; it comes back with code, oa_id and state.
func (o *OAuth) ConsentURL(redirect, state string) string {
	return o.cfg.OAuthBase + "/v4/oa/permission?" + url.Values{
		"app_id": {o.cfg.AppID}, "redirect_uri": {redirect}, "code_challenge": {Challenge(o.cfg.CodeVerifier)}, "state": {state},
	}.Encode()
}

// ErrOtherAccount says that somebody consented for another official account than the configured one: the application may be linked to several, and what the
// consent's address says of it (oa_id) is signed by nobody.
var ErrOtherAccount = errors.New("zalo: tokens: for another official account than the configured one")

// Exchange gives the first pair for the code that came back from the consent. The code works once, for ten minutes. UNAUTHORIZED when the network refuses it,
// by whatever number of its own; FORBIDDEN when it refuses the application, and as ErrOtherAccount; UNAVAILABLE when there is no answer that can be read.
func (o *OAuth) Exchange(ctx context.Context, code string) (Pair, error) {
	p, err := o.post(ctx, url.Values{
		"grant_type": {"authorization_code"}, "app_id": {o.cfg.AppID}, "code": {code}, "code_verifier": {o.cfg.CodeVerifier},
	})
	if err != nil {
		return Pair{}, codeFault(err)
	}
	if whose := o.account(ctx, p.Access); whose != "" && whose != o.cfg.OAID {
		return Pair{}, fault.Wrap(fault.Forbidden, ErrOtherAccount)
	}
	return p, nil
}

// account gives the official account that a token is for, "Lấy thông tin Official Account" at https://developers.zalo.me/docs/official-account/. "" when the
// network does not say: the code is spent by then, so an answer that is missing must not cost the consent.
func (o *OAuth) account(ctx context.Context, access string) string {
	a := o.api.Once(ctx, zaloapi.Request{Path: "/v2.0/oa/getoa"}, access)
	var d answered
	a.Data(&d)
	return string(d.OAID)
}

// Refresh gives the next pair; refresh is spent then, also when the answer gets lost. UNAUTHORIZED when the network says that the token or code is no good,
// so that only a new consent helps; FORBIDDEN when it refuses the application; UNAVAILABLE for everything else.
func (o *OAuth) Refresh(ctx context.Context, refresh string) (Pair, error) {
	return o.post(ctx, url.Values{"grant_type": {"refresh_token"}, "app_id": {o.cfg.AppID}, "refresh_token": {refresh}})
}

// codeFault makes a refusal that Refresh would be patient with final: no repeat redeems a code that was refused once.
func codeFault(err error) error {
	if r := (*refusal)(nil); errors.As(err, &r) && fault.CodeOf(err) == fault.Unavailable && r.final() {
		return fault.Wrap(fault.Unauthorized, r)
	}
	return err
}

func (o *OAuth) post(ctx context.Context, form url.Values) (Pair, error) {
	ctx, cancel := context.WithTimeout(ctx, o.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.cfg.OAuthBase+"/v4/oa/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		return Pair{}, fmt.Errorf("zalo: tokens: %w", netcall.Bare(err))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("secret_key", o.cfg.AppSecret)
	asked := o.now()
	res, err := o.client.Do(req)
	if err != nil {
		return Pair{}, fault.Wrap(fault.Unavailable, fmt.Errorf("zalo: tokens: %w", netcall.Bare(err)))
	}
	body, err := netcall.Body(res, zaloapi.MaxAnswer)
	if err != nil {
		return Pair{}, fault.Wrap(fault.Unavailable, fmt.Errorf("zalo: tokens: %w", err))
	}
	return readPair(res.StatusCode, body, asked)
}

// Lives of an access token, when the network does not say or says nonsense.
const (
	shortLife = time.Hour // that of the social tokens, the shortest there is
	longLife  = 90 * 24 * time.Hour
)

// readPair reads the answer, whatever its status: a failure has status 200 too, and whatever has no access token is one.
func readPair(status int, body []byte, asked time.Time) (Pair, error) {
	var r tokenReply
	err := json.Unmarshal(body, &r)
	var other *json.UnmarshalTypeError
	if err != nil && !errors.As(err, &other) {
		return Pair{}, fault.Wrap(fault.Unavailable, fmt.Errorf("zalo: tokens: HTTP status %d and no JSON", status))
	}
	if r.AccessToken == "" || r.RefreshToken == "" {
		return Pair{}, tokenFault(status, r)
	}
	life := shortLife
	if n, err := strconv.ParseInt(string(r.ExpiresIn), 10, 64); err == nil && n > 0 && n <= int64(longLife/time.Second) {
		life = time.Duration(n) * time.Second
	}
	return Pair{Access: string(r.AccessToken), Refresh: string(r.RefreshToken), ExpiresAt: asked.Add(life)}, nil
}

// refusal is an answer without tokens. The network's texts stay out: they may quote what was sent.
type refusal struct {
	status int // of HTTP
	number int // of the network; 0 when there is none
}

func (r *refusal) Error() string {
	return fmt.Sprintf("zalo: tokens: HTTP status %d, error %d, no access token", r.status, r.number)
}

// final tells whether the network has judged what it was given: by a number of its consents, -14xxx, "Mã lỗi" at
// https://developers.zalo.me/docs/official-account/, and not because it is busy or broken.
func (r *refusal) final() bool { return r.number/1000 == -14 }

// tokenFault says what a refusal means.
func tokenFault(status int, r tokenReply) error {
	n, _ := strconv.Atoi(string(r.Error)) // 0 when there is none
	cause := &refusal{status: status, number: n}
	switch n {
	case -14014: // the refresh token or code is wrong, spent or too old
		return fault.Wrap(fault.Unauthorized, cause)
	case -14002, -14003: // application unknown or inactive; redirect address not registered
		return fault.Wrap(fault.Forbidden, cause)
	}
	return fault.Wrap(fault.Unavailable, cause)
}
