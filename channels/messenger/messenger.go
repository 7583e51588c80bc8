// Package messenger talks to citizens through the city's pages on Facebook Messenger.
//
// It owns the wire of that network: webhooks and their signatures, the Send API, error numbers, what a page shows before anybody has written to it. It keeps
// no message. It does not know what is said or why, and makes one attempt at a time.
package messenger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
)

// Limits of the network that are no settings: "Send API" and "Templates" at https://developers.facebook.com/docs/messenger-platform/.
const (
	maxReplies    = 13   // quick replies under one message
	maxButtons    = 3    // of a button template
	maxTitle      = 20   // runes of the title of either
	maxButtonText = 640  // runes of the text of a button template
	maxPayload    = 1000 // runes of what a button says, and of metadata
	maxCaption    = 1    // runes beside a picture, which are left out; see Profile
)

// pageInbox is the application in which people who run a page answer by hand, "Conversation Routing" in the documentation.
const pageInbox = "263902037430900"

// Channel is the city's pages. It is safe for concurrent use.
type Channel struct {
	cfg       Config
	first     string            // the page that Profile names
	tokens    map[string]string // by page
	templates map[string]Template
	client    *http.Client
	begun     *begun
	now       func() time.Time
}

var _ channels.Channel = (*Channel)(nil)

// New makes the channel. The client's redirect policy is replaced: a message and its token go where the configuration says, or nowhere.
func New(cfg Config, client *http.Client, now func() time.Time) (*Channel, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("messenger: configuration: %w", err)
	}
	if !cfg.Enabled() {
		return nil, errors.New("messenger: configuration: no page is set")
	}
	cfg = cfg.withDefaults()
	parts, err := newBegun()
	if err != nil {
		return nil, err
	}
	c := &Channel{cfg: cfg, tokens: map[string]string{}, templates: map[string]Template{}, client: netcall.Direct(client), begun: parts, now: now}
	for _, p := range cfg.pages() {
		c.tokens[p.ID] = p.Token
	}
	for _, t := range cfg.Templates {
		c.templates[t.Notice] = t
	}
	c.first = cfg.pages()[0].ID
	return c, nil
}

// Profile gives the limits of a message. A picture stands alone: the network carries a text beside one only as a cropped card with a title of 80 characters,
// so MaxCaption leaves no room for more than a stray letter.
func (c *Channel) Profile() channels.Profile {
	return channels.Profile{
		Name:        "messenger",
		Account:     c.first,
		MaxText:     c.cfg.MaxText,
		MaxChoices:  maxReplies,
		MaxLabel:    maxTitle,
		MaxCaption:  maxCaption,
		Images:      true,
		Links:       true,
		FreeWindow:  c.cfg.FreeWindow,
		StaffWindow: c.cfg.StaffWindow,
		Templates:   c.templateNames(),
		PerMinute:   c.cfg.PerMinute,
		MaxAge:      c.cfg.MaxAge,
		MediaHosts:  slices.Clone(c.cfg.MediaHosts),
	}
}

// page gives the page that a message leaves from, with its token. ok is false for a page that is not ours.
func (c *Channel) page(account string) (id, token string, ok bool) {
	if account == "" {
		account = c.first
	}
	token, ok = c.tokens[account]
	return account, token, ok
}

// each does something for every page, in the order of the configuration, and gives all errors.
func (c *Channel) each(ctx context.Context, do func(ctx context.Context, page, token string) error) error {
	var errs []error
	for _, p := range c.cfg.pages() {
		if err := do(ctx, p.ID, p.Token); err != nil {
			errs = append(errs, fmt.Errorf("page %s: %w", p.ID, err))
		}
	}
	return errors.Join(errs...)
}
