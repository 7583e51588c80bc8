package messengerfake

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/motcua/motcua/channels/channelfake"
)

// webhook is the body of a call: https://developers.facebook.com/docs/messenger-platform/webhooks.
type webhook struct {
	Object string  `json:"object"`
	Entry  []entry `json:"entry"`
}

type entry struct {
	ID        string   `json:"id"`
	Time      int64    `json:"time"` // milliseconds
	Messaging []item   `json:"messaging,omitempty"`
	Standby   []item   `json:"standby,omitempty"`
	Changes   []change `json:"changes,omitempty"`
}

type change struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

// item is one event. Which fields it has depends on its kind.
type item struct {
	Sender    *party    `json:"sender,omitempty"`
	Recipient *party    `json:"recipient,omitempty"`
	Timestamp int64     `json:"timestamp"` // milliseconds
	Message   *message  `json:"message,omitempty"`
	Edit      *edit     `json:"message_edit,omitempty"`
	Postback  *postback `json:"postback,omitempty"`
	Referral  *referral `json:"referral,omitempty"`
	Optin     *optin    `json:"optin,omitempty"`
	Linking   *linking  `json:"account_linking,omitempty"`
	Delivery  *mark     `json:"delivery,omitempty"`
	Read      *mark     `json:"read,omitempty"`
	Reaction  *reaction `json:"reaction,omitempty"`
	Pass      *handover `json:"pass_thread_control,omitempty"`
	Take      *handover `json:"take_thread_control,omitempty"`
	Request   *request  `json:"request_thread_control,omitempty"`
	Policy    *policy   `json:"policy_enforcement,omitempty"`
}

type (
	party struct {
		ID string `json:"id"`
	}
	message struct {
		MID         string       `json:"mid"`
		IsEcho      bool         `json:"is_echo,omitempty"`
		AppID       int64        `json:"app_id,omitempty"`
		Metadata    string       `json:"metadata,omitempty"`
		Text        string       `json:"text,omitempty"`
		QuickReply  *quickReply  `json:"quick_reply,omitempty"`
		ReplyTo     *replyTo     `json:"reply_to,omitempty"`
		Attachments []attachment `json:"attachments,omitempty"`
	}
	quickReply struct {
		Payload string `json:"payload"`
	}
	replyTo struct {
		MID string `json:"mid"`
	}
	attachment struct {
		Title   string `json:"title,omitempty"`
		URL     string `json:"url,omitempty"`
		Type    string `json:"type"`
		Payload any    `json:"payload"`
	}
	linkPayload struct {
		URL       string `json:"url"`
		Title     string `json:"title,omitempty"`
		StickerID int64  `json:"sticker_id,omitempty"`
	}
	spotPayload struct {
		Coordinates coordinates `json:"coordinates"`
	}
	coordinates struct {
		Lat  float64 `json:"lat"`
		Long float64 `json:"long"`
	}
	edit struct {
		MID     string `json:"mid"`
		Text    string `json:"text"`
		NumEdit int    `json:"num_edit"`
	}
	postback struct {
		MID      string    `json:"mid,omitempty"`
		Title    string    `json:"title"`
		Payload  string    `json:"payload,omitempty"` // not in standby
		Referral *referral `json:"referral,omitempty"`
	}
	referral struct {
		Ref    string `json:"ref"`
		Source string `json:"source"`
		Type   string `json:"type"`
	}
	optin struct {
		Ref     string `json:"ref"`
		UserRef string `json:"user_ref,omitempty"`
	}
	linking struct {
		Status string `json:"status"`
		Code   string `json:"authorization_code,omitempty"`
	}
	mark struct {
		MIDs      []string `json:"mids,omitempty"`
		Watermark int64    `json:"watermark"` // milliseconds
	}
	reaction struct {
		Reaction string `json:"reaction,omitempty"`
		Emoji    string `json:"emoji,omitempty"`
		Action   string `json:"action"`
		MID      string `json:"mid"`
	}
	handover struct {
		Previous *string `json:"previous_owner_app_id"` // null: it was idle
		New      *string `json:"new_owner_app_id"`
		Metadata string  `json:"metadata"`
	}
	request struct {
		Requested string `json:"requested_owner_app_id"`
		Metadata  string `json:"metadata"`
	}
	policy struct {
		Action string `json:"action"`
		Reason string `json:"reason"`
	}
)

// field is the subscription that an event comes by.
func (i item) field() string {
	switch {
	case i.Message != nil && i.Message.IsEcho:
		return "message_echoes"
	case i.Message != nil:
		return "messages"
	case i.Edit != nil:
		return "message_edits"
	case i.Postback != nil:
		return "messaging_postbacks"
	case i.Referral != nil:
		return "messaging_referrals"
	case i.Optin != nil:
		return "messaging_optins"
	case i.Linking != nil:
		return "messaging_account_linking"
	case i.Delivery != nil:
		return "message_deliveries"
	case i.Read != nil:
		return "message_reads"
	case i.Reaction != nil:
		return "message_reactions"
	case i.Policy != nil:
		return "messaging_policy_enforcement"
	}
	return "messaging_handovers"
}

// batch gathers events that share a request.
type batch struct {
	lane    *channelfake.Lane
	entries []entry
	done    []func(bool)
}

// emit sends an event about a person. mid is the id of the citizen's message that it carries; "" for none. It is called with mu held.
func (n *Network) emit(p *person, i item, mid string) {
	if i.Sender == nil && i.Recipient == nil {
		i.Sender, i.Recipient = &party{p.id}, &party{p.page.ID}
	}
	i.Timestamp = n.stamp()
	e := entry{ID: p.page.ID, Time: i.Timestamp}
	field := i.field()
	if p.owner != "" && p.owner != n.cfg.AppID && i.Pass == nil && i.Take == nil && i.Request == nil {
		if i.Postback != nil {
			shy := *i.Postback
			shy.Payload = ""
			i.Postback = &shy
		}
		e.Standby, field = []item{i}, "standby"
	} else {
		e.Messaging = []item{i}
	}
	if p.page.fields != nil && !slices.Contains(p.page.fields, field) {
		return
	}
	n.post(p.lane, e, func(acked bool) { p.chat.Settle(mid, acked) })
}

// stamp is the time that an event says, in milliseconds.
func (n *Network) stamp() int64 {
	return n.cfg.Now().Add(time.Duration(n.faults.Get().EventSkewS) * time.Second).UnixMilli()
}

// post sends an entry, alone or with others. It is called with mu held.
func (n *Network) post(l *channelfake.Lane, e entry, done func(bool)) {
	size := n.faults.Get().Batch
	if size <= 1 {
		n.ship(l, []entry{e}, done)
		return
	}
	n.batch.entries, n.batch.done = append(n.batch.entries, e), append(n.batch.done, done)
	if len(n.batch.entries) >= size {
		n.flush()
		return
	}
	if len(n.batch.entries) == 1 {
		n.later(n.cfg.Hold.Milliseconds(), n.flush)
	}
}

// flush sends what is gathered. It is called with mu held.
func (n *Network) flush() {
	if len(n.batch.entries) == 0 {
		return
	}
	all := n.batch.done
	n.ship(n.batch.lane, n.batch.entries, func(acked bool) {
		for _, done := range all {
			done(acked)
		}
	})
	n.batch.entries, n.batch.done = nil, nil
}

func (n *Network) ship(l *channelfake.Lane, entries []entry, done func(bool)) {
	n.send(l, escaped(channelfake.Compact(webhook{"page", entries})), done)
}

// send signs a body and hands it to the courier.
func (n *Network) send(l *channelfake.Lane, body []byte, done func(bool)) {
	h := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"facebookexternalua"}}
	h.Set("X-Hub-Signature-256", "sha256="+sign(sha256.New, n.cfg.AppSecret, body))
	h.Set("X-Hub-Signature", "sha1="+sign(sha1.New, n.cfg.AppSecret, body))
	n.courier.Post(l, &channelfake.Parcel{Body: body, Header: h, Done: done})
}

// sign is the hex of an HMAC under the application's secret.
func sign(h func() hash.Hash, secret string, data []byte) string {
	mac := hmac.New(h, []byte(secret))
	_, _ = mac.Write(data) // a hash takes everything
	return hex.EncodeToString(mac.Sum(nil))
}

// escaped writes letters outside ASCII as the network does: small hexadecimal digits, two units where one is not enough.
func escaped(data []byte) []byte {
	var b strings.Builder
	for _, r := range string(data) {
		if r < 0x80 {
			b.WriteByte(byte(r))
			continue
		}
		for _, u := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, u)
		}
	}
	return []byte(b.String())
}
