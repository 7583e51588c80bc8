package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// Channels connects networks on which an administrator of the city's account there must agree first, and puts up what networks show.
type Channels interface {
	// Setup puts up what a network shows before anybody has written: a greeting, a menu. NOT_FOUND for a network that shows nothing.
	Setup(ctx context.Context, name string) (ChannelStatus, error)
	// Begin makes the address on which the administrator agrees. It is good for some minutes. NOT_FOUND for a network that needs none.
	Begin(ctx context.Context, name string) (Consent, error)
	// Status tells how a connection stands. NOT_FOUND as Begin.
	Status(ctx context.Context, name string) (ChannelStatus, error)
	// Finish exchanges the code that came back for the network's tokens, and stores them before it returns. state must be one that was begun and has not ended; ""
	// stands for the operator's word. INVALID when the network refuses the code.
	Finish(ctx context.Context, name, code, state string) (ChannelStatus, error)
}

// Consent is what an administrator needs to agree.
type Consent struct {
	URL      string `json:"consent_url"` // to open in a browser
	Redirect string `json:"redirect"`    // where the network sends the browser afterwards; it must be registered there, letter by letter
	State    string `json:"state"`       // comes back with the code
}

// ChannelStatus is how a connection stands.
type ChannelStatus struct {
	Connected       bool      `json:"connected"`                  // there are tokens that can still be renewed
	AgreedAt        time.Time `json:"agreed_at,omitzero"`         // when an administrator agreed last
	Account         string    `json:"account,omitempty"`          // the city's account on the network
	RefreshAge      int64     `json:"refresh_age_seconds"`        // since the token that renews the others was given
	AccessExpiresAt time.Time `json:"access_expires_at,omitzero"` // of the token in use
	Problem         string    `json:"problem,omitempty"`          // what an operator must see to, in words; "" when there is nothing
}

// returned is what came back from a consent.
type returned struct {
	Code  string `json:"code"`
	State string `json:"state,omitempty"`
}

// routeChannels adds the operations on channels.
func (h handler) routeChannels(mux *http.ServeMux) {
	mux.HandleFunc("POST /v1/channels/{name}/setup", h.onChannel(func(r *http.Request, c Channels, name string) (any, error) {
		return c.Begin(r.Context(), name)
	}))
	mux.HandleFunc("POST /v1/channels/{name}/welcome", h.onChannel(func(r *http.Request, c Channels, name string) (any, error) {
		return c.Setup(r.Context(), name)
	}))
	mux.HandleFunc("GET /v1/channels/{name}", h.onChannel(func(r *http.Request, c Channels, name string) (any, error) {
		return c.Status(r.Context(), name)
	}))
	mux.HandleFunc("POST /v1/channels/{name}/code", h.onChannel(func(r *http.Request, c Channels, name string) (any, error) {
		var in returned
		if err := decode(r, &in); err != nil {
			return nil, err
		}
		if in.Code == "" {
			return nil, fault.Wrap(fault.Invalid, errors.New("no code was given"))
		}
		return c.Finish(r.Context(), name, in.Code, in.State)
	}))
}

// onChannel serves an operation on one channel.
func (h handler) onChannel(do func(r *http.Request, c Channels, name string) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if h.ops.Channels == nil {
			h.answer(w, r, nil, fault.Wrap(fault.NotFound, errors.New("no network is set up here")))
			return
		}
		out, err := do(r, h.ops.Channels, r.PathValue("name"))
		h.answer(w, r, out, err)
	}
}

// BeginChannel begins to connect a channel.
func (c *Client) BeginChannel(ctx context.Context, name string) (Consent, error) {
	var out Consent
	return out, c.call(ctx, http.MethodPost, channelPath(name)+"/setup", struct{}{}, &out)
}

// SetupChannel puts up what a channel shows before anybody has written.
func (c *Client) SetupChannel(ctx context.Context, name string) (ChannelStatus, error) {
	var out ChannelStatus
	return out, c.call(ctx, http.MethodPost, channelPath(name)+"/welcome", struct{}{}, &out)
}

// ChannelStatus tells how a channel stands.
func (c *Client) ChannelStatus(ctx context.Context, name string) (ChannelStatus, error) {
	var out ChannelStatus
	return out, c.call(ctx, http.MethodGet, channelPath(name), nil, &out)
}

// FinishChannel connects a channel by the code that came back; state may be "".
func (c *Client) FinishChannel(ctx context.Context, name, code, state string) (ChannelStatus, error) {
	var out ChannelStatus
	return out, c.call(ctx, http.MethodPost, channelPath(name)+"/code", returned{code, state}, &out)
}

func channelPath(name string) string { return "/v1/channels/" + url.PathEscape(name) }
