package graph_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/audit"
	"github.com/motcua/motcua/internal/chat"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/miniapps"
)

// network takes whatever is sent over it: chats, pushes.
type network struct{ name string }

func (n network) Profile() channels.Profile { return channels.Profile{Name: n.name, MaxText: 2000} }

func (network) Parse(channels.Request) (channels.Batch, error) {
	return channels.Batch{}, fault.New(fault.NotFound, "")
}

func (network) Send(_ context.Context, _ channels.Address, m channels.Outbound) channels.Outcome {
	return channels.Outcome{Status: channels.Sent, MessageID: "m-" + m.ID}
}

// Check takes any text or subscription as an address.
func (network) Check(raw string) (to channels.Address, known string, err error) {
	if strings.Contains(raw, "bad") {
		return "", "", fault.InvalidField("device.bad_token", "token")
	}
	return channels.Address(raw), raw, nil
}

// handsOver is a dialogue that passes everything on to people.
type handsOver struct{}

func (handsOver) Step(s conversation.State, in conversation.Input) (conversation.State, []conversation.Effect) {
	if _, ok := in.(conversation.Heard); ok {
		return s, []conversation.Effect{conversation.HandOver{}}
	}
	return s, nil
}

func (handsOver) Leaves(conversation.Heard, bool) bool { return false }

func (handsOver) Kept(_ conversation.State, h conversation.Heard) string { return h.Text }

// deskUnit is the unit whose officers answer.
const deskUnit = "city-office"

// desk opens the conversations that are handed over.
func (w *world) desk(ctx context.Context, s shared, box *secret.Box, trail *audit.Trail, log *slog.Logger) *chat.Chats {
	var err error
	w.chats, err = chat.New(ctx, w.engine, chat.Config{Desk: deskUnit}, chat.Deps{
		Steps: handsOver{}, Runner: w.runner, People: w.accounts, Box: box, Channels: map[string]channels.Channel{"zalo": network{"zalo"}}, Texts: s.texts,
		Accesses: trail, Signal: func(topic string) { w.hub.Signal(context.Background(), topic) }, Now: time.Now, Log: log, Reg: w.reg,
	})
	require.NoError(w.t, err)
	return w.chats
}

// says lets somebody write on the network.
func (w *world) says(person, id, text string) {
	w.t.Helper()
	e := channels.Event{ID: id, Kind: channels.Said, From: channels.Address(person), At: time.Now(), Text: text}
	require.NoError(w.t, w.chats.Turn(w.t.Context(), inbox.Message{
		ID: id, Channel: "zalo", Conversation: channels.ConversationID("zalo", "", e.From), Event: e, Received: time.Now(), Attempt: 1,
	}))
}

// dispatches opens what leaves, and the devices.
func (w *world) dispatches(ctx context.Context, s shared, box *secret.Box, log *slog.Logger) *notify.Sender {
	var err error
	w.devices, err = device.New(ctx, w.engine, device.Config{}, device.Deps{
		Box: box, Channels: map[string]device.Channel{"fcm": network{"fcm"}, "webpush": network{"webpush"}}, Now: time.Now, Log: log, Reg: w.reg,
	})
	require.NoError(w.t, err)
	w.sender, err = notify.NewSender(ctx, w.engine, notify.Config{Quiet: notify.Quiet{From: "00:00", To: "00:00"}}, notify.Deps{
		Inbox: w.notices, Urgency: func(string, string) miniapps.Urgency { return miniapps.Normal }, People: known{w.accounts},
		Carriers: map[string]notify.Carrier{device.Way: w.devices}, Texts: s.texts, Now: time.Now, Log: log, Reg: w.reg,
	})
	require.NoError(w.t, err)
	return w.sender
}

// known finds people among the accounts.
type known struct{ accounts *account.Accounts }

func (k known) Person(ctx context.Context, subject string) (notify.Person, error) {
	p, err := k.accounts.Person(ctx, subject)
	return notify.Person(p), err
}

// firebase takes a token that is a phone number.
func firebase(_ context.Context, token string) (account.Proved, error) {
	if !strings.HasPrefix(token, "+84") {
		return account.Proved{}, fault.New(fault.Unauthorized, "")
	}
	return account.Proved{Phone: token, Provider: "firebase", ProviderID: "u" + token}, nil
}

// miniApp takes a phone token that is a phone number.
func miniApp(_ context.Context, access, phone, user string) (account.MiniAppProof, error) {
	if access != "good" {
		return account.MiniAppProof{}, fault.New(fault.Invalid, "")
	}
	return account.MiniAppProof{Network: "zalo", User: user, Phone: phone}, nil
}

func jsonOf(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}
