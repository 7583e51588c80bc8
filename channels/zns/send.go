package zns

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/motcua/motcua/channels"
)

// e164RE is a phone number in international writing (ITU-T E.164).
var e164RE = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

// Send makes one attempt. Only a Template of kind Code or Notice can be sent. Reasons of never: bad_address, unsupported_block, unsupported_kind, no_template,
// bad_params, those of zaloapi.Templates, and refused_<HTTP status>. Of an alarm: those of zaloapi.Templates, no_token and token_refused.
//
// The network cannot tell a repeat, so a message that may have been taken is Later and Unsure: its receipt tells, which names TrackingID(m.ID).
func (c *Channel) Send(ctx context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	if !e164RE.MatchString(string(to)) {
		return refused("bad_address")
	}
	if m.Template == nil {
		return refused("unsupported_block")
	}
	if m.Kind != channels.Code && m.Kind != channels.Notice {
		return refused("unsupported_kind")
	}
	text, ok := c.cfg.Templates[m.Template.Name]
	if !ok {
		return refused("no_template")
	}
	data, err := text.Fill(m.Template.Params)
	if err != nil {
		return channels.Outcome{Status: channels.Never, Reason: "bad_params", Cause: fmt.Errorf("zns: template %s: %w", m.Template.Name, err)}
	}
	if wait := c.cfg.Quiet(c.now()); wait > 0 && !text.OTP {
		return channels.Outcome{Status: channels.Later, Retry: wait, Cause: errors.New("zns: night hours")}
	}
	return c.outcome(c.api.Post(ctx, "/message/template", outgoing{
		Phone: strings.TrimPrefix(string(to), "+"), TemplateID: text.IDFor(m.Template.Lang), TemplateData: data, TrackingID: TrackingID(m.ID), Mode: c.cfg.Mode,
	}))
}

// maxTracking is the longest tracking id that the network takes, in bytes.
const maxTracking = 48

// plainRE is what a tracking id is made of without any doubt.
var plainRE = regexp.MustCompile(`^[A-Za-z0-9._:/-]{1,48}$`)

// TrackingID is how a receipt names the message with this id (channels.Event.About, of a Template): the id itself, or "sha256:" and the first 40 hexadecimal
// digits of its SHA-256 when it is longer than 48 bytes or has other characters than letters, digits and . _ : / -. Whoever waits for the receipt of a long id
// keeps its TrackingID.
func TrackingID(id string) string {
	if plainRE.MatchString(id) && !strings.HasPrefix(id, hashed) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hashed + hex.EncodeToString(sum[:])[:40]
}

const hashed = "sha256:"
