package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
)

// line is a network that answers as it is told, and remembers what came.
type line struct {
	name      string
	templates []string
	perMinute int
	answer    channels.Outcome
	got       []channels.Outbound
}

func (l *line) Profile() channels.Profile {
	return channels.Profile{Name: l.name, Templates: l.templates, PerMinute: l.perMinute}
}

func (l *line) Parse(channels.Request) (channels.Batch, error) { return channels.Batch{}, nil }

func (l *line) Send(_ context.Context, _ channels.Address, m channels.Outbound) channels.Outcome {
	l.got = append(l.got, m)
	return l.answer
}

// TestCodesGoByTheCheaperNetworkFirst: what it cannot take leaves as a text message; what it may have taken does not leave twice.
func TestCodesGoByTheCheaperNetworkFirst(t *testing.T) {
	t.Parallel()
	sent, never := channels.Outcome{Status: channels.Sent, MessageID: "1"}, channels.Outcome{Status: channels.Never, Reason: "no_account"}
	code := &channels.Template{Name: channels.CodeTemplate, Params: map[string]string{"code": "123456"}}
	words := message.Blocks{message.Words{Text: "Mã: 123456"}}
	for name, tt := range map[string]struct {
		templates   []string
		zns         channels.Outcome
		template    *channels.Template
		texts, want int // messages to each
	}{
		"taken":              {[]string{channels.CodeTemplate}, sent, code, 0, 1},
		"no such account":    {[]string{channels.CodeTemplate}, never, code, 1, 1},
		"away":               {[]string{channels.CodeTemplate}, channels.Outcome{Status: channels.Later}, code, 1, 1},
		"may have been":      {[]string{channels.CodeTemplate}, channels.Outcome{Status: channels.Later, Unsure: true}, code, 0, 1},
		"no text for it":     {nil, sent, code, 1, 0},
		"words, not a code":  {[]string{channels.CodeTemplate}, sent, nil, 1, 0},
		"another text of it": {[]string{channels.CodeTemplate}, sent, &channels.Template{Name: "other"}, 1, 0},
	} {
		text, zns := &line{name: "sms", answer: sent}, &line{name: "zns", templates: tt.templates, answer: tt.zns}
		phoneNetworks{text: text, zns: zns, over: (&system{}).over}.Send(t.Context(), "+84912345678", channels.Outbound{ID: "1", Kind: channels.Code, Blocks: words, Template: tt.template})
		require.Len(t, text.got, tt.texts, name)
		require.Len(t, zns.got, tt.want, name)
		for _, m := range text.got {
			require.Nil(t, m.Template, name)
			require.Equal(t, words, m.Blocks, name)
		}
	}
}

// TestABulkOfNoticesHoldsNoCodeBack: codes have a share of what the network takes in a minute, and leave as text messages when that is used up too.
func TestABulkOfNoticesHoldsNoCodeBack(t *testing.T) {
	t.Parallel()
	now := time.Now()
	sys := &system{sends: limit.New(nil, func() time.Time { return now }, slog.New(slog.DiscardHandler))}
	sent := channels.Outcome{Status: channels.Sent, MessageID: "1"}
	text, zns := &line{name: "sms", answer: sent}, &line{name: "zns", templates: []string{channels.CodeTemplate}, perMinute: 20, answer: sent}
	left := 0
	for range 100 {
		if sys.over(t.Context(), zns.Profile(), false) == 0 {
			left++
		}
	}
	require.Equal(t, 18, left, "notices")
	phones := phoneNetworks{text: text, zns: zns, over: sys.over}
	code := channels.Outbound{Kind: channels.Code, Blocks: message.Blocks{message.Words{Text: "Mã: 123456"}}, Template: &channels.Template{Name: channels.CodeTemplate}}
	for range 5 {
		require.Equal(t, channels.Sent, phones.Send(t.Context(), "+84912345678", code).Status, "nothing waits")
	}
	require.Len(t, zns.got, 2)
	require.Len(t, text.got, 3)
	require.Positive(t, sys.over(t.Context(), channels.Profile{Name: "zalo", PerMinute: 20}, true), "codes count with what leaves in chats of the network")
}
