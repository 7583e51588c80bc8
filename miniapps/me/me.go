// Package me is the mini-app with which citizens sign in where they chat, see by what they are known, and join or part it.
//
// It owns the words and the steps of these dialogues. What is proved, joined and kept is the accounts' part; it does not know networks or devices.
package me

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// ID is the app's id.
const ID = "me"

// Actions that the settings of a city's dialogues name.
const (
	ActionSignIn   = "signin"
	ActionLinkCode = "link_code"
	ActionContinue = "continue"
)

//go:embed manifest.json
var manifestJSON []byte

//go:embed icon.svg
var icon string

// Accounts knows who people are; *account.Accounts is one.
type Accounts interface {
	Me(ctx context.Context, v account.Viewer) (account.Profile, error)
	RequestChatCode(ctx context.Context, v account.Viewer, phone, key string) (account.Challenge, error)
	SignInChat(ctx context.Context, v account.Viewer, challengeID, code, key string) (account.Linked, error)
	OfferCode(ctx context.Context, v account.Viewer, key string) (account.LinkCode, error)
	LookAtCode(ctx context.Context, v account.Viewer, code, key string) (account.Offered, error)
	TakeCode(ctx context.Context, v account.Viewer, code, key string) (account.Linked, error)
	LookAtJoin(ctx context.Context, v account.Viewer, code, key string) (account.Offered, error)
	RequestJoinCode(ctx context.Context, v account.Viewer, key string) (account.JoinCode, error)
	JoinProved(ctx context.Context, v account.Viewer, p account.JoinProof, key string) (account.Linked, error)
	JoinAccounts(ctx context.Context, v account.Viewer, code, key string) (account.Linked, error)
	OfferLink(ctx context.Context, v account.Viewer, key string) (account.LinkOffer, error)
	Identities(ctx context.Context, v account.Viewer) ([]account.LinkedIdentity, error)
	Sessions(ctx context.Context, v account.Viewer) ([]account.Session, error)
	Unlink(ctx context.Context, v account.Viewer, id, key string) error
	RevokeSession(ctx context.Context, v account.Viewer, id string) error
	Recoveries(ctx context.Context, v account.Viewer) ([]account.Recovery, error)
	StartRecovery(ctx context.Context, v account.Viewer, challengeID, code, key string) (account.Recovery, error)
	ConfirmRecovery(ctx context.Context, v account.Viewer, challengeID, code, key string) (account.Recovery, error)
	CancelRecovery(ctx context.Context, v account.Viewer, id, key string) error
	SaveDraft(ctx context.Context, v account.Viewer, d account.Draft, key string) (string, time.Time, error)
}

// Texts puts keys of the catalogues into words; *locale.Catalogue is one.
type Texts interface {
	Text(lang message.Lang, key string, params map[string]any) string
}

// Deps is what me works with. All are needed.
type Deps struct {
	Accounts Accounts
	Texts    Texts
	LinkURL  func(token string) string // the page that opens a link of a chat
	FormURL  func(token string) string // the page that opens a half-filled form
	Zone     *time.Location            // of the times that people read
}

// App is the mini-app. It is safe for concurrent use.
type App struct {
	manifest miniapps.Manifest
	deps     Deps
}

var (
	_ miniapps.App = (*App)(nil)
	_ Accounts     = (*account.Accounts)(nil)
)

// New makes the app.
func New(deps Deps) (*App, error) {
	if deps.Accounts == nil || deps.Texts == nil || deps.LinkURL == nil || deps.FormURL == nil || deps.Zone == nil {
		return nil, errors.New("me: Accounts, Texts, LinkURL, FormURL and Zone are needed")
	}
	m, err := Manifest()
	if err != nil {
		return nil, err
	}
	return &App{manifest: m, deps: deps}, nil
}

// Manifest reads what the app declares, for those who check settings against it before there is an app.
func Manifest() (miniapps.Manifest, error) {
	m, err := miniapps.ParseManifest(manifestJSON)
	if err != nil {
		return m, fmt.Errorf("me: %w", err)
	}
	return m, nil
}

// Manifest declares the app.
func (a *App) Manifest() miniapps.Manifest { return a.manifest }

// Icon is the picture that the manifest names, as SVG.
func (a *App) Icon() string { return icon }

// Do carries out one action.
func (a *App) Do(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	do, ok := map[string]func(context.Context, miniapps.Call) (miniapps.Result, error){
		ActionSignIn: a.signIn, "code": a.code, ActionLinkCode: a.linkCode, "link_join": a.linkJoin, "link": a.link, "show_code": a.showCode,
		"join": a.join, "join_code": a.joinCode, "check_code": a.checkCode, "check_join": a.checkJoin,
		"accounts": a.accounts, "unlink": a.unlink, "linked": a.linked, "recover": a.recover, "recover_code": a.recoverCode,
		"cancel_recovery": a.cancelRecovery, ActionContinue: a.goOn, "check": a.check,
	}[c.Action]
	if !ok {
		return miniapps.Result{}, fault.New(fault.NotFound, "me.no_action")
	}
	return do(ctx, c)
}

// viewerOf gives the one who asks, as the accounts know them. A session is not among what a call carries, so none is ever the stronger proof that an old
// one would be.
func viewerOf(c miniapps.Call) account.Viewer {
	return account.Viewer{
		Account: c.Actor.ID, Subject: c.Citizen.Subject, Subjects: c.Citizen.Subjects, Scope: c.Citizen.Scope, Identity: c.Citizen.Identity,
		Origin: c.Citizen.Origin, Assurance: c.Citizen.Assurance, Lang: c.Lang,
	}
}

// outcome is what an action's Data says: how it ended, and nothing that is secret.
type outcome struct {
	State string `json:"state"`
	Phone string `json:"phone,omitempty"` // masked
}

// The states.
const (
	codeSent = "code_sent"
	signedIn = "signed_in"
	codeOver = "code_over" // ended or tried too often: another one is needed
	found    = "found"     // a code is good: it is asked whether to use it
	offered  = "offered"
	ended    = "ended"
	waits    = "waiting"
	done     = "done"
	nothing  = "nothing"
)

// decode reads an input that has been checked against its schema.
func decode(c miniapps.Call, into any) error {
	if err := json.Unmarshal(c.Input, into); err != nil {
		return fault.Wrap(fault.Invalid, err)
	}
	return nil
}

// text puts a key below "me." into words.
func (a *App) text(lang message.Lang, key string, params map[string]any) string {
	return a.deps.Texts.Text(lang, "me."+key, params)
}

// say makes a result of one text.
func (a *App) say(c miniapps.Call, state, key string, params map[string]any, next ...miniapps.Suggestion) miniapps.Result {
	return miniapps.Result{Data: outcome{State: state}, Blocks: message.Blocks{message.Words{Text: a.text(c.Lang, key, params)}}, Next: next}
}

// clock shows a time as the city's clocks do.
func (a *App) clock(t time.Time, lang message.Lang) string {
	return message.Moment(t.In(a.deps.Zone), lang)
}

func (a *App) network(c miniapps.Call, name string) string {
	return account.NetworkName(a.deps.Texts, c.Lang, name)
}

// minutes gives how long something is good for, at least one.
func minutes(c miniapps.Call, until time.Time) int {
	return max(1, int(until.Sub(c.Now).Round(time.Minute)/time.Minute))
}
