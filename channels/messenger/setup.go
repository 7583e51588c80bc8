package messenger

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/netcall"
)

// Welcome is what a page shows before anybody has written to it, and its menu.
type Welcome struct {
	Greeting message.Text // up to 160 characters in each language
	Menu     []Entry      // up to 20; the network shows three at once
}

// Entry is one of a page's menu: a page, or something that the conversation begins with.
type Entry struct {
	Title message.Text // up to 30 characters in each language
	Ref   string       // what a deep link would carry: "feedback.submit"
	URL   string       // a page, when Ref is ""
}

const (
	maxGreeting  = 160
	maxMenu      = 20
	maxMenuTitle = 30
)

// subscribed are the fields of events that Parse reads, and those that operators want counted.
var subscribed = []string{
	"messages", "message_edits", "messaging_postbacks", "messaging_referrals", "messaging_optins", "messaging_account_linking", "message_deliveries",
	"message_reads", "message_reactions", "message_echoes", "standby", "messaging_handovers", "messaging_policy_enforcement", "message_template_status_update",
}

// profileRequest is the body of POST /{page}/messenger_profile, https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api.
type profileRequest struct {
	GetStarted getStartedButton `json:"get_started"`
	Greeting   []localText      `json:"greeting,omitempty"`
	Menu       []localMenu      `json:"persistent_menu,omitempty"`
}

type getStartedButton struct {
	Payload string `json:"payload"`
}

type localText struct {
	Locale string `json:"locale"`
	Text   string `json:"text"`
}

type localMenu struct {
	Locale        string   `json:"locale"`
	InputDisabled bool     `json:"composer_input_disabled"`
	Actions       []button `json:"call_to_actions"`
}

// locales are the network's names of our languages. The default one is shown to everybody whose own is not there.
var locales = []struct {
	name string
	lang message.Lang
}{{"default", message.Vietnamese}, {"en_US", message.English}, {"en_GB", message.English}}

// Setup puts the welcome on every page and has the pages' events sent to the application. It may be repeated. INVALID when the welcome breaks the network's
// limits, FORBIDDEN when the network refuses, UNAVAILABLE when it does not answer.
func (c *Channel) Setup(ctx context.Context, w Welcome) error {
	if err := w.validate(); err != nil {
		return fault.Wrap(fault.Invalid, err)
	}
	body, err := netcall.JSON(w.request())
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	return c.each(ctx, func(ctx context.Context, page, token string) error {
		profile := request{path: "/" + page + "/messenger_profile", token: token, contentType: "application/json", body: body}
		if err := c.settle(ctx, profile); err != nil {
			return fmt.Errorf("messenger: welcome: %w", err)
		}
		events := request{path: "/" + page + "/subscribed_apps", token: token, query: url.Values{"subscribed_fields": {strings.Join(subscribed, ",")}}}
		if err := c.settle(ctx, events); err != nil {
			return fmt.Errorf("messenger: events: %w", err)
		}
		return nil
	})
}

// settle makes a request of which only success or failure matters.
func (c *Channel) settle(ctx context.Context, r request) error {
	a := c.ask(ctx, r)
	if err := a.fault(); err != nil {
		return err
	}
	if a.reply.Result != "success" && !a.reply.Success {
		return fault.Wrap(fault.Unavailable, fmt.Errorf("the network said neither yes nor no, HTTP status %d", a.status))
	}
	return nil
}

// fault is why an answer cannot be used: FORBIDDEN when the network refused, UNAVAILABLE when it may do the work later.
func (a answer) fault() error {
	switch {
	case a.err != nil:
		return fault.Wrap(fault.Unavailable, a.err)
	case a.isAPI && a.reply.Error != nil:
		if v := verdictOf(a.reply.Error); v.end == netcall.Retry || v.end == netcall.Busy {
			return fault.Wrap(fault.Unavailable, told(a.reply.Error))
		}
		return fault.Wrap(fault.Forbidden, told(a.reply.Error))
	case !a.isAPI || a.status != http.StatusOK:
		return fault.Wrap(fault.Unavailable, netcall.ByStatus("messenger", a.status, a.wait).Cause)
	}
	return nil
}

func (w Welcome) validate() error {
	for _, text := range w.Greeting {
		if tooLong(text, maxGreeting) {
			return fmt.Errorf("messenger: a greeting has 1 to %d characters", maxGreeting)
		}
	}
	if len(w.Menu) > maxMenu {
		return fmt.Errorf("messenger: a menu has up to %d entries", maxMenu)
	}
	for i, e := range w.Menu {
		for _, l := range locales {
			if tooLong(e.Title.In(l.lang), maxMenuTitle) {
				return fmt.Errorf("messenger: menu entry %d: a title has 1 to %d characters", i+1, maxMenuTitle)
			}
		}
		if e.Ref == "" && !webAddress(e.URL) || len(e.Ref) > maxRef || utf8.RuneCountInString(e.URL) > maxPayload {
			return fmt.Errorf("messenger: menu entry %d: needs a ref or an address", i+1)
		}
	}
	return nil
}

func (w Welcome) request() profileRequest {
	p := profileRequest{GetStarted: getStartedButton{getStarted}}
	for _, l := range locales {
		if text := w.Greeting.In(l.lang); text != "" {
			p.Greeting = append(p.Greeting, localText{l.name, text})
		}
		if len(w.Menu) > 0 {
			p.Menu = append(p.Menu, localMenu{Locale: l.name, Actions: w.actions(l.lang)})
		}
	}
	return p
}

func (w Welcome) actions(lang message.Lang) []button {
	out := make([]button, len(w.Menu))
	for i, e := range w.Menu {
		if e.Ref != "" {
			out[i] = button{Type: "postback", Title: e.Title.In(lang), Payload: refPrefix + e.Ref}
			continue
		}
		out[i] = button{Type: "web_url", Title: e.Title.In(lang), URL: e.URL}
	}
	return out
}
