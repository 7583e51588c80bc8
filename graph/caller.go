package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"
	"golang.org/x/text/language"

	"github.com/motcua/motcua/graph/transport"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
)

// caller is who stands behind an operation.
type caller struct {
	viewer  account.Viewer
	address string // of the client, past trusted proxies; "" when not known
}

type callerKey struct{}

// callerOf gives who calls. A context that carries nobody is a guest's.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

func viewerOf(ctx context.Context) account.Viewer { return callerOf(ctx).viewer }

// langOf gives the language to answer in.
func langOf(ctx context.Context) message.Lang { return callerOf(ctx).viewer.Lang.Or() }

// doorman signs callers in for the transports.
type doorman struct {
	accounts *account.Accounts
	errors   presenter
	timeout  time.Duration
}

var _ transport.Doorman = doorman{}

// Admit reads the account and its session anew, so that rights that were taken away are gone with the next request.
func (d doorman) Admit(ctx context.Context, creds transport.Credentials) (context.Context, transport.Admission, error) {
	bounded, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	v, err := d.accounts.Authenticate(bounded, creds.Authorization)
	if err != nil {
		return ctx, transport.Admission{}, err
	}
	if !v.SignedIn() {
		v.Lang = acceptedLanguage(creds.Languages)
	}
	a := transport.Admission{Identity: identity(v)}
	if v.SignedIn() {
		a.Expires = expiry(creds.Authorization)
	}
	return context.WithValue(ctx, callerKey{}, caller{viewer: v, address: creds.Address}), a, nil
}

// Words puts an error into words for a caller who was not let in, whose language only the request can tell.
func (d doorman) Words(ctx context.Context, languages string, err error) *gqlerror.Error {
	if _, known := ctx.Value(callerKey{}).(caller); !known {
		ctx = context.WithValue(ctx, callerKey{}, caller{viewer: account.Viewer{Lang: acceptedLanguage(languages)}})
	}
	return d.errors.present(ctx, err)
}

// identity changes when the account, the session or the rights do.
func identity(v account.Viewer) string {
	return fmt.Sprintf("%s %s %s %v %v %s", v.Account, v.Session, v.Unit, v.Roles, v.Subjects, v.Assurance)
}

// expiry reads when an access token ends (RFC 7519 §4.1.4). The token was verified before: nothing here is believed that was not.
func expiry(authorization string) time.Time {
	parts := strings.Split(authorization, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Exp int64 `json:"exp"`
	}
	if json.Unmarshal(raw, &claims) != nil || claims.Exp == 0 {
		return time.Time{}
	}
	return time.Unix(claims.Exp, 0)
}

// acceptedLanguage gives the first of an Accept-Language header's languages that the city answers in.
func acceptedLanguage(header string) message.Lang {
	tags, weights, err := language.ParseAcceptLanguage(header[:min(len(header), 256)])
	if err != nil {
		return message.Vietnamese
	}
	for i, t := range tags {
		base, _ := t.Base()
		l := message.Lang(base.String())
		if weights[i] > 0 && l.Or() == l {
			return l
		}
	}
	return message.Vietnamese
}
