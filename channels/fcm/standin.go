package fcm

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// standIn checks tokens of a stand-in of Firebase Auth as Google's library checks those of Google's own emulator: nobody signs them, their claims must be
// right, and the user must be known to the stand-in. The library takes the emulator's address from the environment of the whole process alone, which would
// also hold for a verifier that serves citizens; this one is made by a setting that is refused there.
type standIn struct {
	cfg    Config
	client *http.Client
	now    func() time.Time
}

// idToken is the payload of a token: https://firebase.google.com/docs/auth/admin/verify-id-tokens
type idToken struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	AuthTime int64  `json:"auth_time"`
	Phone    string `json:"phone_number"`
	Firebase struct {
		Provider string `json:"sign_in_provider"`
	} `json:"firebase"`
}

func (s standIn) check(ctx context.Context, raw string) (claims, error) {
	t, ok := decodeToken(raw)
	if !ok {
		return claims{}, errRefused("malformed")
	}
	now := s.now()
	const leeway = 5 * time.Minute // as the library has it
	switch {
	case t.Audience != s.cfg.ProjectID, t.Issuer != "https://securetoken.google.com/"+s.cfg.ProjectID, t.Subject == "", len(t.Subject) > 128,
		time.Unix(t.IssuedAt, 0).After(now.Add(leeway)), time.Unix(t.Expires, 0).Before(now.Add(-leeway)):
		return claims{}, errRefused("invalid")
	}
	if err := s.known(ctx, t.Subject); err != nil {
		return claims{}, err
	}
	return claims{uid: t.Subject, phone: t.Phone, provider: t.Firebase.Provider, signedIn: t.AuthTime}, nil
}

// decodeToken reads a token that nobody signed: its third part is empty.
func decodeToken(raw string) (t idToken, ok bool) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || parts[2] != "" {
		return idToken{}, false
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	for i, into := range []any{&header, &t} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(b, into) != nil {
			return idToken{}, false
		}
	}
	return t, header.Algorithm == "none"
}

// known asks the stand-in for the user (accounts:lookup).
func (s standIn) known(ctx context.Context, uid string) error {
	body, err := json.Marshal(map[string][]string{"localId": {uid}})
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	at := s.cfg.AuthStandIn + "/identitytoolkit.googleapis.com/v1/projects/" + s.cfg.ProjectID + "/accounts:lookup"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	req.Header.Set("Authorization", "Bearer owner") // what emulators take
	req.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		return fault.Wrap(fault.Unavailable, errors.New("fcm: auth: the stand-in does not answer"))
	}
	defer func() { _ = res.Body.Close() }() // nothing depends on how the connection ends
	var out struct {
		Users []struct {
			Disabled bool `json:"disabled"`
		} `json:"users"`
	}
	if res.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&out) != nil {
		return fault.Wrap(fault.Unavailable, fmt.Errorf("fcm: auth: the stand-in answered %d", res.StatusCode))
	}
	if len(out.Users) != 1 || out.Users[0].Disabled {
		return errRefused("of nobody")
	}
	return nil
}
