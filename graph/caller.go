package graph

import (
	"context"
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
	address string              // of the client, past trusted proxies; "" when not known
	reads   []language.Tag      // what a guest's browser says that they read, best first
	read    *account.Recognised // as the operation began; nil when the sign-in is older than the operation
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

// readsOf gives the languages that the caller reads, best first: what the account chose, or all that a guest's browser names.
func readsOf(ctx context.Context) []language.Tag {
	if c := callerOf(ctx); len(c.reads) > 0 {
		return c.reads
	}
	return []language.Tag{language.Make(string(langOf(ctx)))}
}

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
	who, err := d.accounts.Recognise(bounded, creds.Authorization)
	if err != nil {
		return ctx, transport.Admission{}, err
	}
	c := caller{viewer: who.Viewer, address: creds.Address}
	switch {
	case !c.viewer.SignedIn():
		c.reads = accepted(creds.Languages)
		c.viewer.Lang = answered(c.reads)
	case !creds.Lasting:
		c.read = &who
	}
	return context.WithValue(ctx, callerKey{}, c), transport.Admission{Identity: identity(c.viewer), Expires: who.Until}, nil
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
	parts := append([]string{v.Account, v.Session, v.Unit, string(v.Assurance)}, v.Subjects...)
	for _, r := range v.Roles {
		parts = append(parts, string(r))
	}
	return strings.Join(parts, " ")
}

// Bounds on an Accept-Language header: bytes, and languages that are looked at.
const (
	maxAccept    = 256
	maxLanguages = 10
)

// accepted gives the languages of an Accept-Language header that are wanted, best first.
func accepted(header string) []language.Tag {
	tags, weights, err := language.ParseAcceptLanguage(header[:min(len(header), maxAccept)])
	if err != nil {
		return nil
	}
	out := make([]language.Tag, 0, len(tags))
	for i, t := range tags {
		if weights[i] > 0 {
			out = append(out, t)
		}
	}
	return out[:min(len(out), maxLanguages)]
}

// acceptedLanguage gives the first of an Accept-Language header's languages that the city answers in.
func acceptedLanguage(header string) message.Lang { return answered(accepted(header)) }

// answered gives the first of the languages that the city answers in.
func answered(tags []language.Tag) message.Lang {
	for _, t := range tags {
		base, _ := t.Base()
		if l := message.Lang(base.String()); l.Or() == l {
			return l
		}
	}
	return message.Vietnamese
}
