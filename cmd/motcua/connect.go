package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/grant"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/message"
)

// mandate is how an administrator of the city's account on a network lets the city in.
type mandate struct {
	grant    string // name of the tokens
	account  string // the city's account there
	consent  func(redirect, state string) string
	exchange func(ctx context.Context, code string) (grant.Pair, error)
}

// consentLife is how long an administrator has to agree.
const consentLife = 10 * time.Minute

func callbackPath(name string) string { return "/channels/" + name + "/callback" }

// beginConsent makes the state that must come back: signed, so that any replica knows it, good for a short time and for one consent.
func (sys *system) beginConsent(name string) (admin.Consent, error) {
	d, err := sys.mandate(name)
	if err != nil {
		return admin.Consent{}, err
	}
	end := strconv.FormatInt(sys.now().Add(consentLife).UnixMilli(), 10)
	redirect, state := sys.address+callbackPath(name), end+"."+sys.box.Sign(consentPurpose, name+"/"+end)
	return admin.Consent{URL: d.consent(redirect, state), Redirect: redirect, State: state}, nil
}

const consentPurpose = "channel consent"

// checkState tells whether a state was made here for this network, has not ended, and has led to no consent yet: an address stays in a browser's history.
func (sys *system) checkState(ctx context.Context, name, state string) error {
	d, err := sys.mandate(name)
	if err != nil {
		return err
	}
	stale := &fault.Error{Code: fault.Invalid, Key: "http.callback_stale"}
	end, mac, _ := strings.Cut(state, ".")
	millis, err := strconv.ParseInt(end, 10, 64)
	until := time.UnixMilli(millis)
	if err != nil || sys.now().After(until) || !sys.box.Verify(consentPurpose, name+"/"+end, mac) {
		return stale
	}
	s, err := sys.grants.Status(ctx, d.grant)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return err
	case !s.Agreed.Before(until.Add(-consentLife)):
		return stale
	}
	return nil
}

func (sys *system) finishConsent(ctx context.Context, name, code string) error {
	d, err := sys.mandate(name)
	if err != nil {
		return err
	}
	pair, err := d.exchange(ctx, code)
	switch fault.CodeOf(err) {
	case "":
	case fault.Unauthorized, fault.Forbidden:
		return &fault.Error{Code: fault.Invalid, Key: "http.callback_refused", Cause: err}
	default:
		return err
	}
	if err := sys.grants.Put(ctx, d.grant, pair); err != nil {
		return err
	}
	return sys.chats.Wake(ctx, name)
}

func (sys *system) mandate(name string) (*mandate, error) {
	d := sys.mandates[name]
	if d == nil {
		return nil, fault.Wrap(fault.NotFound, fmt.Errorf("%q is no network that needs a consent, or it is not configured (channels.%s)", name, name))
	}
	return d, nil
}

// callbacks are the addresses that consents come back to.
func (sys *system) callbacks() []httpapi.Mounter {
	var out []httpapi.Mounter
	for name, d := range sys.mandates {
		out = append(out, httpapi.Callback{Path: callbackPath(name), Texts: sys.texts, Log: sys.log, Finish: func(ctx context.Context, q url.Values) error {
			if err := sys.checkState(ctx, name, q.Get("state")); err != nil {
				return err
			}
			if got := q.Get("oa_id"); got != "" && got != d.account {
				return &fault.Error{Code: fault.Invalid, Key: "http.callback_account", Cause: errors.New("consent for another account than the configured one")}
			}
			return sys.finishConsent(ctx, name, q.Get("code"))
		}})
	}
	return out
}

// channelOps puts the networks' consents into the operators' terms.
type channelOps struct{ sys *system }

func (o channelOps) Begin(_ context.Context, name string) (admin.Consent, error) {
	return o.sys.beginConsent(name)
}

func (o channelOps) Finish(ctx context.Context, name, code, state string) (admin.ChannelStatus, error) {
	if state != "" {
		if err := o.sys.checkState(ctx, name, state); err != nil {
			return admin.ChannelStatus{}, o.inWords(err)
		}
	}
	if err := o.sys.finishConsent(ctx, name, code); err != nil {
		return admin.ChannelStatus{}, o.inWords(err)
	}
	return o.Status(ctx, name)
}

// inWords puts what the page of the callback would say before the cause, which alone tells no operator what to do.
func (o channelOps) inWords(err error) error {
	f := fault.Of(err)
	if f.Key == "" {
		return err
	}
	text := o.sys.texts.Fault(message.English, f) + " " + o.sys.texts.Text(message.English, "http.callback_again", nil)
	if f.Cause != nil {
		text += " (" + f.Cause.Error() + ")"
	}
	return fault.Wrap(f.Code, errors.New(text))
}

// Setup puts up what a network shows before anybody has written.
func (o channelOps) Setup(ctx context.Context, name string) (admin.ChannelStatus, error) {
	if name != "messenger" {
		return admin.ChannelStatus{}, fault.Wrap(fault.NotFound, fmt.Errorf("there is nothing to put up on %q", name))
	}
	if err := o.sys.setupPages(ctx); err != nil {
		return admin.ChannelStatus{}, err
	}
	return o.Status(ctx, name)
}

func (o channelOps) Status(ctx context.Context, name string) (admin.ChannelStatus, error) {
	switch name {
	case "messenger":
		return o.sys.pagesStatus(ctx)
	case "zns":
		return o.sys.approvedStatus(ctx)
	}
	d, err := o.sys.mandate(name)
	if err != nil {
		return admin.ChannelStatus{}, err
	}
	out := admin.ChannelStatus{Account: d.account}
	s, err := o.sys.grants.Status(ctx, d.grant)
	switch fault.CodeOf(err) {
	case "":
	case fault.NotFound:
		out.Problem = "there was no consent yet: motcua channels setup " + name
		return out, nil
	default:
		return out, err
	}
	out.Connected, out.AgreedAt, out.RefreshAge, out.AccessExpiresAt = s.Refused.IsZero(), s.Agreed, int64(o.sys.now().Sub(s.Since).Seconds()), s.ExpiresAt
	if !out.Connected {
		out.Problem = "the network refuses the refresh token since " + s.Refused.Format(time.RFC3339) + ": motcua channels setup " + name
	}
	return out, nil
}
