package fcm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/auth"
	"golang.org/x/oauth2"
	"google.golang.org/api/option"

	"github.com/motcua/motcua/internal/fault"
)

// Proved is a phone number that Firebase Authentication has seen proved by a code of its own.
type Proved struct {
	UID        string    // of the person in the Firebase project
	Phone      string    // E.164
	SignedInAt time.Time // when the code was typed
}

// claims are what is looked at of an ID token, once it is known to be good.
type claims struct {
	uid, phone, provider string
	signedIn             int64 // seconds since 1970
}

// Verifier reads ID tokens of the app's users. It is safe for concurrent use.
type Verifier struct {
	cfg   Config
	check func(ctx context.Context, idToken string) (claims, error)
	now   func() time.Time
}

// emulatorVariable makes Google's library believe tokens that nobody signed.
const emulatorVariable = "FIREBASE_AUTH_EMULATOR_HOST"

// NewVerifier makes one. It needs the project's name alone, no credentials, and asks nobody. With cfg.AuthStandIn it believes the stand-in's tokens, which
// nobody signs: whoever serves citizens has refused that setting before (Config.ForCitizens). The client is used for the stand-in only.
func NewVerifier(ctx context.Context, cfg Config, client *http.Client, now func() time.Time) (*Verifier, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("fcm: configuration: %w", err)
	}
	if !cfg.Enabled() {
		return nil, errors.New("fcm: configuration: project_id is not set")
	}
	v := &Verifier{cfg: cfg.withDefaults(), now: now}
	if cfg.AuthStandIn != "" {
		v.check = standIn{cfg: v.cfg, client: client, now: now}.check
		return v, nil
	}
	if os.Getenv(emulatorVariable) != "" {
		return nil, fmt.Errorf("fcm: the environment variable %s is set: signatures would not be checked", emulatorVariable)
	}
	check, err := library(ctx, v.cfg)
	v.check = check
	return v, err
}

// library checks tokens with Google's library. Its time is that of the machine.
func library(ctx context.Context, cfg Config) (func(context.Context, string) (claims, error), error) {
	// A source without a token keeps it from looking for credentials all over the machine: checking a token needs none.
	none := option.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{}))
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: cfg.ProjectID, ServiceAccountID: "none"}, none)
	if err != nil {
		return nil, fmt.Errorf("fcm: auth: %w", err)
	}
	client, err := app.Auth(ctx)
	if err != nil {
		return nil, fmt.Errorf("fcm: auth: %w", err)
	}
	return func(ctx context.Context, idToken string) (claims, error) {
		t, err := client.VerifyIDToken(ctx, idToken)
		switch {
		case err == nil:
			phone, _ := t.Claims["phone_number"].(string) // "" is refused later
			return claims{uid: t.UID, phone: phone, provider: t.Firebase.SignInProvider, signedIn: t.AuthTime}, nil
		case auth.IsIDTokenInvalid(err):
			return claims{}, errRefused("invalid")
		case auth.IsCertificateFetchFailed(err):
			return claims{}, fault.Wrap(fault.Unavailable, errors.New("fcm: auth: no keys to check tokens with"))
		}
		return claims{}, fault.Wrap(fault.Unavailable, errors.New("fcm: auth: a token could not be checked"))
	}, nil
}

// errRefused says why a token is not taken. The token and what it says stay out.
func errRefused(why string) error {
	return fault.Wrap(fault.Unauthorized, errors.New("fcm: auth: the token is "+why))
}

// maxIDToken is how long an ID token may be, in bytes. They have about 1,000.
const maxIDToken = 8 << 10

// skew is how far the clocks of Google and this machine may be apart.
const skew = time.Minute

var e164RE = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`) // ITU-T E.164

// Verify tells which phone number an ID token proves. Only a sign-in by phone counts, not an account that merely has a number, and only while it is fresh:
// a token that was left lying proves nothing about who holds the phone now. UNAUTHORIZED for any other token, UNAVAILABLE when it cannot be checked now.
func (v *Verifier) Verify(ctx context.Context, idToken string) (Proved, error) {
	if idToken == "" || len(idToken) > maxIDToken {
		return Proved{}, errRefused("malformed")
	}
	ctx, cancel := context.WithTimeout(ctx, v.cfg.Timeout)
	defer cancel()
	c, err := v.check(ctx, idToken)
	if err != nil {
		return Proved{}, err
	}
	at := time.Unix(c.signedIn, 0).UTC()
	switch {
	case c.provider != "phone" || !e164RE.MatchString(c.phone) || c.uid == "":
		return Proved{}, errRefused("of another kind of sign-in")
	case v.now().Sub(at) > v.cfg.AuthMaxAge:
		return Proved{}, errRefused("of a sign-in too long ago")
	case at.Sub(v.now()) > skew:
		return Proved{}, errRefused("of a sign-in to come")
	}
	return Proved{UID: c.uid, Phone: c.phone, SignedInAt: at}, nil
}
