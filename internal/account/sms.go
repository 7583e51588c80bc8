package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/outbox"
)

// Outbox stores what is to be sent before anything is acknowledged. outbox.Outbox is one.
type Outbox interface {
	Put(ctx context.Context, in outbox.Intent) error
}

// SMSKind is the kind of the intents that carry a text message to a phone. SMSHandler carries them out.
const SMSKind = "sms"

// SMS is a text message on its way. In the outbox it is sealed.
type SMS struct {
	To        string       `json:"to"` // E.164
	Text      string       `json:"text"`
	Code      string       `json:"code,omitempty"` // the one-time code in it, for networks that take approved texts only; "" for none
	Lang      message.Lang `json:"lang,omitempty"`
	ExpiresAt time.Time    `json:"expires_at"` // useless afterwards; zero means never
}

// putSMS stores a message for the phone. The same id again does nothing.
func (a *Accounts) putSMS(ctx context.Context, lane outbox.Lane, id string, m SMS) error {
	plain, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("account: message: %w", err)
	}
	payload, err := a.deps.Box.Seal(plain, smsSeal(id))
	if err != nil {
		return err
	}
	in := outbox.Intent{ID: id, Lane: lane, Kind: SMSKind, Payload: payload, Until: m.ExpiresAt}
	if err := a.deps.Outbox.Put(ctx, in); err != nil {
		return fmt.Errorf("account: message: %w", err)
	}
	return nil
}

// SMSHandler carries out intents of SMSKind over a channel. A code that has ended is not sent any more.
func (a *Accounts) SMSHandler(ch channels.Channel) outbox.Handler {
	return func(ctx context.Context, in outbox.Intent) error {
		plain, err := a.deps.Box.Unseal(in.Payload, smsSeal(in.ID))
		if err != nil {
			return outbox.Permanent("sealed_with_another_keyset", err)
		}
		var m SMS
		if err := json.Unmarshal(plain, &m); err != nil {
			return outbox.Permanent("malformed", errors.New("account: a message that is not ours")) // the decoder's words may quote it
		}
		if !m.ExpiresAt.IsZero() && !a.now().Before(m.ExpiresAt) {
			return outbox.Permanent("expired", nil)
		}
		kind := channels.Notice
		if in.Lane == outbox.Codes {
			kind = channels.Code
		}
		out := channels.Outbound{ID: in.ID, Kind: kind, Blocks: message.Blocks{message.Words{Text: m.Text}}}
		if m.Code != "" {
			out.Template = &channels.Template{Name: channels.CodeTemplate, Lang: m.Lang, Params: map[string]string{"code": m.Code}}
		}
		return toOutbox(ch.Send(ctx, channels.Address(m.To), out))
	}
}

// toOutbox puts the outcome of an attempt into the outbox's terms.
func toOutbox(o channels.Outcome) error {
	switch o.Status {
	case channels.Sent:
		return nil
	case channels.Never:
		return outbox.Permanent(o.Reason, o.Cause)
	}
	return &fault.Error{Code: fault.Unavailable, RetryAfter: o.Retry, Cause: o.Cause}
}

func smsSeal(id string) string { return "account sms/" + id }
