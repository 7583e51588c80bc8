package fit_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fit"
	"github.com/motcua/motcua/internal/message"
)

func TestNative(t *testing.T) {
	t.Parallel()
	p := channels.Profile{Name: "any", Native: true, MaxText: 3, MaxChoices: 1}
	long := message.Words{Text: strings.Repeat("dài ", 1000)} // 5,000 bytes
	huge := message.Words{Text: strings.Repeat("x", 20_000)}
	card := message.Card{Title: "PA-1", Actions: []message.Choice{{Label: "Xem", Value: "1"}, {Label: "Thôi", Value: "2"}}}
	small := message.Blocks{
		message.Words{Text: " Chào\r\nbà con "}, card, message.Location{Lat: 20.8, Lon: 106.6}, message.Link{Label: "Xem", URL: "https://example.vn"},
		message.Progress{Label: "Bước", Done: 1, Total: 3}, message.QR{Payload: "1"}, message.Choices{Text: "?", Options: card.Actions},
	}
	tests := []struct {
		name string
		in   message.Blocks
		want []message.Blocks
	}{
		{"nothing", nil, nil},
		{"nothing to say", message.Blocks{message.Words{}, message.Words{Text: " \n"}}, nil},
		{"one message, as it is", small, []message.Blocks{small}},
		{"as many messages as it takes", message.Blocks{long, card, long, long}, []message.Blocks{{long, card}, {long}, {long}}},
		{"a large block stands alone", message.Blocks{card, huge, card}, []message.Blocks{{card}, {huge}, {card}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, fit.Fit(p, tt.in))
		})
	}
}
