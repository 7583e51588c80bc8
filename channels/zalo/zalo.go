// Package zalo talks to citizens through the city's official account on Zalo.
//
// It owns the wire of that network: webhooks and their signatures, consultation messages, templates by user id, uploads, error numbers, the consent of the
// account's administrator, the sign-in of the Mini App. It keeps no token and no message. It does not know what is said or why, and makes one attempt at a time.
package zalo

import (
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zaloapi"
	"github.com/motcua/motcua/internal/netcall"
)

// Tokens gives the access token of the official account.
type Tokens = zaloapi.Tokens

// Limits of the network that are no settings, because its documentation has never changed them.
const (
	maxButtons = 5    // under one message
	maxTitle   = 100  // runes of a button's title
	maxPayload = 1000 // runes of what a button says
	maxAsking  = 500  // runes below the title of a request for contact data
)

// Channel is the official account. It is safe for concurrent use.
type Channel struct {
	cfg       Config
	api       zaloapi.Client
	templates zaloapi.Client // the same API, for the path that answers further numbers
	pictures  *http.Client
	uploaded  *uploads
	flight    singleflight.Group // one upload of one picture at a time: a notice to many brings the same one
	now       func() time.Time
}

var _ channels.Channel = (*Channel)(nil)

// New makes the channel. The client's redirect policy is replaced: a message and its token go where the configuration says, or nowhere.
func New(cfg Config, tokens Tokens, client *http.Client, now func() time.Time) (*Channel, error) {
	cfg, err := usable(cfg)
	if err != nil {
		return nil, err
	}
	kept, err := newUploads(cfg.AttachmentLife)
	if err != nil {
		return nil, err
	}
	templates := apiOf(cfg, tokens, client)
	templates.Verdicts = zaloapi.ByUser
	return &Channel{
		cfg: cfg, api: apiOf(cfg, tokens, client), templates: templates, pictures: pictureClient(cfg, client), uploaded: kept, now: now,
	}, nil
}

// apiOf gives the OA API as the settings have it.
func apiOf(cfg Config, tokens Tokens, client *http.Client) zaloapi.Client {
	api := zaloapi.Client{
		Name: "zalo", Base: cfg.APIBase, Timeout: cfg.Timeout, Tokens: tokens, HTTP: netcall.Direct(client), Verdicts: zaloapi.Account,
	}
	if cfg.AppSecretProof {
		api.Secret = cfg.AppSecret
	}
	return api
}

// usable gives the configuration with its defaults, when it can work and the channel is on.
func usable(cfg Config) (Config, error) {
	if err := cfg.Validate(); err != nil {
		return Config{}, fmt.Errorf("zalo: configuration: %w", err)
	}
	if !cfg.Enabled() {
		return Config{}, fmt.Errorf("zalo: configuration: app_id and oa_id are not set")
	}
	return cfg.withDefaults(), nil
}

// Profile gives the limits of consultation messages.
func (c *Channel) Profile() channels.Profile {
	return channels.Profile{
		Name:        "zalo",
		Account:     c.cfg.OAID,
		MaxText:     c.cfg.MaxText,
		MaxChoices:  maxButtons,
		MaxLabel:    maxTitle,
		MaxCaption:  c.cfg.MaxText,
		Images:      true,
		Links:       true,
		Contact:     c.cfg.ContactImage != "",
		FreeWindow:  c.cfg.FreeWindow,
		PaidWindow:  c.cfg.PaidWindow,
		StaffWindow: c.cfg.StaffWindow,
		Templates:   channels.Names(c.cfg.Templates),
		PerMinute:   c.cfg.PerMinute,
		MaxAge:      c.cfg.MaxAge,
		MediaHosts:  append([]string(nil), c.cfg.MediaHosts...),
	}
}
