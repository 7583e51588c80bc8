// Package zns sends approved notices and one-time codes to phone numbers through Zalo (ZNS, now ZBS template messages). They are paid for, leave outside all
// windows, and reach people who never wrote to the city.
//
// It owns the wire of that interface: templates and their places, night hours. Nothing comes in this way: the receipts of what it sends are events
// of the official account's webhook. It keeps no token and no message, and makes one attempt at a time.
package zns

import (
	"fmt"
	"net/http"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zaloapi"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netcall"
)

// Tokens gives the access token of the official account that the messages leave from.
type Tokens = zaloapi.Tokens

// Channel sends template messages. It is safe for concurrent use.
type Channel struct {
	cfg Config
	api zaloapi.Client
	now func() time.Time
}

var _ channels.Channel = (*Channel)(nil)

// New makes the channel. appSecret, of the account's application, signs each request where that is switched on for it; "" signs none. The client's redirect policy
// is replaced: a message and its token go where the configuration says, or nowhere.
func New(cfg Config, appSecret string, tokens Tokens, client *http.Client, now func() time.Time) (*Channel, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("zns: configuration: %w", err)
	}
	if !cfg.Enabled() {
		return nil, fmt.Errorf("zns: configuration: no templates are set")
	}
	cfg = cfg.withDefaults()
	return &Channel{cfg: cfg, now: now, api: zaloapi.Client{
		Name: "zns", Base: cfg.APIBase, Secret: appSecret, Timeout: cfg.Timeout, Tokens: tokens, HTTP: netcall.Direct(client), Verdicts: zaloapi.Templates,
	}}, nil
}

// Profile names the templates; there is nothing else that can be sent.
func (c *Channel) Profile() channels.Profile {
	return channels.Profile{Name: "zns", Templates: channels.Names(c.cfg.Templates), PerMinute: c.cfg.PerMinute}
}

// Parse refuses everything with NOT_FOUND: nothing comes in of its own.
func (c *Channel) Parse(channels.Request) (channels.Batch, error) {
	return channels.Batch{}, fault.New(fault.NotFound, "")
}
