package messenger

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/motcua/motcua/internal/loose"
)

// PageStatus is how a page stands at the network.
type PageStatus struct {
	Page        string
	TokenGood   bool
	Expires     time.Time // of the token; zero means never
	Scopes      []string  // what the token allows
	GetStarted  bool      // the button that opens a conversation is there
	Greetings   int       // languages that it has a greeting in
	MenuEntries int
	Missing     []string // fields of events that are not sent to us; all of them before Setup
	Err         error    // why the rest is not known: FORBIDDEN or UNAVAILABLE; nil when it is
}

// tokenCheck is the answer of GET /debug_token.
type tokenCheck struct {
	Data struct {
		IsValid bool                     `json:"is_valid"`
		Expires loose.String             `json:"expires_at"` // seconds; 0 means never
		Scopes  loose.List[loose.String] `json:"scopes"`
	} `json:"data"`
}

type profileCheck struct {
	Data loose.List[struct {
		GetStarted getStartedButton      `json:"get_started"`
		Greeting   loose.List[localText] `json:"greeting"`
		Menu       loose.List[localMenu] `json:"persistent_menu"`
	}] `json:"data"`
}

type eventsCheck struct {
	Data loose.List[struct {
		ID     loose.String             `json:"id"`
		Fields loose.List[loose.String] `json:"subscribed_fields"`
	}] `json:"data"`
}

// Status asks the network how the pages stand, in the order of the configuration.
func (c *Channel) Status(ctx context.Context) []PageStatus {
	var out []PageStatus
	for _, p := range c.cfg.pages() {
		s := PageStatus{Page: p.ID}
		for _, check := range []func(context.Context, Page, *PageStatus) error{c.checkToken, c.checkProfile, c.checkEvents} {
			if s.Err = check(ctx, p, &s); s.Err != nil {
				break
			}
		}
		out = append(out, s)
	}
	return out
}

// checkToken asks with the application's own token, which is its id and secret. A bad page token makes the rest unknowable.
func (c *Channel) checkToken(ctx context.Context, p Page, s *PageStatus) error {
	var t tokenCheck
	r := request{method: http.MethodGet, path: "/debug_token", token: c.cfg.AppID + "|" + c.cfg.AppSecret, query: url.Values{"input_token": {p.Token}}}
	if err := c.look(ctx, r, &t); err != nil {
		return err
	}
	s.TokenGood = t.Data.IsValid
	if seconds, err := strconv.ParseInt(string(t.Data.Expires), 10, 64); err == nil && seconds > 0 {
		s.Expires = time.Unix(seconds, 0).UTC()
	}
	for _, scope := range t.Data.Scopes {
		s.Scopes = append(s.Scopes, string(scope))
	}
	return nil
}

func (c *Channel) checkProfile(ctx context.Context, p Page, s *PageStatus) error {
	var t profileCheck
	r := request{method: http.MethodGet, path: "/" + p.ID + "/messenger_profile", token: p.Token, query: url.Values{"fields": {"get_started,greeting,persistent_menu"}}}
	if err := c.look(ctx, r, &t); err != nil {
		return err
	}
	for _, d := range t.Data {
		s.GetStarted = s.GetStarted || d.GetStarted.Payload == getStarted
		s.Greetings = max(s.Greetings, len(d.Greeting))
		for _, m := range d.Menu {
			s.MenuEntries = max(s.MenuEntries, len(m.Actions))
		}
	}
	return nil
}

func (c *Channel) checkEvents(ctx context.Context, p Page, s *PageStatus) error {
	var t eventsCheck
	if err := c.look(ctx, request{method: http.MethodGet, path: "/" + p.ID + "/subscribed_apps", token: p.Token}, &t); err != nil {
		return err
	}
	s.Missing = slices.Clone(subscribed)
	for _, app := range t.Data {
		if string(app.ID) == c.cfg.AppID {
			s.Missing = slices.DeleteFunc(s.Missing, func(f string) bool { return slices.Contains(app.Fields, loose.String(f)) })
		}
	}
	return nil
}

// look makes a request that changes nothing and decodes its answer.
func (c *Channel) look(ctx context.Context, r request, into any) error {
	a := c.ask(ctx, r)
	if err := a.fault(); err != nil {
		return err
	}
	loose.Object(a.body, into)
	return nil
}
