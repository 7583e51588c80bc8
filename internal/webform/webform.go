// Package webform shows any action of the catalogue as a page with a form, and carries out what is sent with it, for browsers without scripts and people
// without an account.
//
// It derives the form from the action's declaration alone, as a dialogue does: no action is known here by name. Nothing is kept of a visitor, no cookie
// either: the page carries a sealed ticket that holds what the form is for, the key that makes it take effect once, and the files that have come. What a
// visitor sends goes through the Runner as everything does.
//
// It knows no store, no network and no single mini-app, and no path: whoever mounts it says where a form lives and what is known beforehand.
package webform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// Preset says which form to show and what is known beforehand. It is the same for showing and for sending.
type Preset struct {
	App, Action string
	Input       map[string]any // whole values by the names of the input's fields: shown as facts, never asked, and bound into the form
	Heading     string         // stands over the title; "" for none
	Back        string         // path to go back to; "" for none
	Lang        message.Lang
	Self        string // path that the form is at, query included; what it adds to the query leads to Show and Send of the same preset
	Origin      string // where the request comes from, as whoever makes guests counts it; "" when nothing is known. Showing a form needs none
	// InLangs are the paths of the same form in the languages that it has, to choose from as long as nothing was filled in; nil offers none.
	InLangs map[message.Lang]string
	// Link gives the path of a page that shows what a suggested action would, where there is one. What it leads to is offered below a result. nil offers nothing.
	Link func(app, action string, input map[string]any) (path string, ok bool)
}

// Visitor is somebody who sends a form. Each form has one of its own.
type Visitor struct {
	ID     string // 22 characters of base64url
	Origin string // as in Preset
	Lang   message.Lang
}

// Runner carries out actions; *miniapps.Runner does.
type Runner interface {
	Run(ctx context.Context, req miniapps.Request) (miniapps.Result, error)
}

// Media takes and shows files; *media.Media does.
type Media interface {
	// Check tells whether TakeFromStranger would take a file, and as what.
	Check(ctx context.Context, contentType string, body io.Reader) (media.Kind, error)
	TakeFromStranger(ctx context.Context, v account.Viewer, key, contentType string, body io.Reader) (media.Item, error)
	URL(id, rendition string) string
}

// Box makes tickets that only we can read and nobody can alter; *secret.Box does.
type Box interface {
	Seal(plain []byte, context string) ([]byte, error)
	Unseal(sealed []byte, context string) ([]byte, error)
}

// Limiter counts who asks; *limit.Limiter does.
type Limiter interface {
	Allow(ctx context.Context, key string, r limit.Rule) (retryAfter time.Duration, err error)
	Spend(ctx context.Context, key string, r limit.Rule, n int) (retryAfter time.Duration, err error)
	Return(ctx context.Context, key string, n int)
}

// Deps are what forms work with. All are needed but Body, SpoolDir, Images, Chat and Zone.
type Deps struct {
	Catalogue *miniapps.Catalogue
	Runner    Runner
	// Guest gives the viewer that stands for a visitor, made at first sight as for one of the web chat. It is called when something is to be kept, never to show a
	// form.
	Guest    func(ctx context.Context, v Visitor) (account.Viewer, error)
	Media    Media
	Box      Box
	Limiter  Limiter
	Texts    *locale.Catalogue
	ClientIP func(*fiber.Ctx) string    // past trusted proxies
	Body     func(*fiber.Ctx) io.Reader // the body of a request as it comes; nil takes fiber's own
	MaxPhoto int64                      // bytes
	MaxVideo int64                      // bytes
	SpoolDir string                     // folder on a real disk for files under way; "" means the system's temporary folder
	Images   string                     // origin of the addresses of media, where it is not ours; "" when it is
	Chat     string                     // path of the web chat, to follow up there; "" for none
	City     message.Text
	Zone     *time.Location // of typed times; nil means seven hours east
	Now      func() time.Time
	Log      *slog.Logger
	Reg      prometheus.Registerer
}

func (d Deps) validate() error {
	if d.Catalogue == nil || d.Runner == nil || d.Guest == nil || d.Media == nil || d.Box == nil || d.Limiter == nil || d.Texts == nil || d.ClientIP == nil ||
		d.MaxPhoto < 1 || d.MaxVideo < 1 || d.Now == nil || d.Log == nil || d.Reg == nil {
		return errors.New("webform: something that it works with is missing")
	}
	return nil
}

// Forms shows forms and takes what is sent. It is safe for concurrent use.
type Forms struct {
	cfg   Config
	deps  Deps
	forms map[ref]*form // of all citizens' actions

	helpers map[ref]bool // actions that only help to fill in others
	page    *renderer
	ended   *prometheus.CounterVec
}

// ref names an action.
type ref struct{ app, action string }

// form is an action as a page sees it.
type form struct {
	id   ref
	does miniapps.Action
	root *node
}

// New prepares the forms of all actions that citizens may call.
func New(cfg Config, deps Deps) (*Forms, error) {
	if err := errors.Join(cfg.Validate(), deps.validate()); err != nil {
		return nil, err
	}
	if deps.Zone == nil {
		deps.Zone = time.FixedZone("", 7*60*60)
	}
	f := &Forms{cfg: cfg.filled(), deps: deps, forms: map[ref]*form{}, helpers: map[ref]bool{}}
	for _, m := range deps.Catalogue.Apps() {
		f.take(m)
	}
	var err error
	if f.page, err = newRenderer(deps.Texts, deps.Images); err != nil {
		return nil, err
	}
	f.ended = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "motcua_webform_sends_total", Help: "Forms that were sent, by how that ended: OK, AGAIN for a form that was shown once more, or the code of the fault.",
	}, []string{"outcome"})
	if err := deps.Reg.Register(f.ended); err != nil {
		return nil, fmt.Errorf("webform: metrics: %w", err)
	}
	return f, nil
}

// find gives the form of a preset, with its known values as plain JSON. NOT_FOUND when a guest cannot do that by a form.
func (f *Forms) find(p Preset) (*form, map[string]any, error) {
	raw, err := json.Marshal(p.Input)
	if err != nil {
		return nil, nil, fault.Wrap(fault.Internal, fmt.Errorf("webform: preset: %w", err))
	}
	known, err := object(raw)
	if err != nil {
		return nil, nil, fault.Wrap(fault.Internal, fmt.Errorf("webform: preset: %w", err))
	}
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	if err := f.Why(p.App, p.Action, names...); err != nil {
		return nil, nil, fault.New(fault.NotFound, "").Because(err)
	}
	return f.forms[ref{p.App, p.Action}], known, nil
}
