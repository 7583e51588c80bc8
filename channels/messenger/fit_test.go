package messenger

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fit"
	"github.com/motcua/motcua/internal/message"
)

// TestFitted keeps what comes out of answers that are larger than the network's limits.
func TestFitted(t *testing.T) {
	t.Parallel()
	many := func(n int, label string) []message.Choice {
		var out []message.Choice
		for i := range n {
			out = append(out, message.Choice{Label: fmt.Sprintf(label, i+1), Value: fmt.Sprintf("v%d", i+1)})
		}
		return out
	}
	stop := []message.Choice{{Label: "Thôi", Value: "cancel"}}
	for name, blocks := range map[string]message.Blocks{
		"long_text":    {message.Words{Text: strings.Repeat("Bà con chú ý: đường Lạch Tray ngập sâu. ", 120)}, message.Link{Label: "Xem thêm", URL: "https://motcua.example/a/1"}},
		"many_options": {message.Choices{Text: "Phường nào ạ?", Options: many(50, "Phường %d"), Controls: stop}},
		"some_options": {message.Choices{Text: "Việc gì ạ?", Options: many(12, "Việc %d"), Controls: stop}},
		"long_labels":  {message.Choices{Text: "Chọn một việc", Options: many(5, "Chiếu sáng công cộng bị hỏng ở khu phố %d"), Controls: stop}},
		"a_card": {
			message.Card{Title: "PA-1", Subtitle: "Ổ gà", ImageURL: "https://motcua.example/m/1.jpg", Facts: []message.Fact{{Label: "Nơi", Value: "Hải Châu"}}, Actions: many(2, "Bước %d")},
			message.QR{Payload: "https://motcua.example/t/1", Caption: "Vé"}, message.Link{Label: "Theo dõi", URL: "https://motcua.example/s/1"},
			message.Link{Label: "Gọi 1022", URL: "tel:1022"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{}
			c := serve(t, r, nil)
			for i, blocks := range fit.Fit(c.Profile(), blocks) {
				o := send(t, c, channels.Outbound{ID: fmt.Sprint(i), Kind: channels.Reply, Blocks: blocks})
				require.Equal(t, channels.Sent, o.Status, "%+v", o)
			}
			var all strings.Builder
			for i, b := range r.bodies {
				if strings.HasPrefix(r.heads[i].Get("Content-Type"), "application/json") {
					all.WriteString(pretty(t, b))
				}
			}
			golden(t, "testdata/fitted/"+name+".golden", []byte(all.String()))
		})
	}
}

// TestWhateverIsFittedIsDrawn within the network's limits.
func TestWhateverIsFittedIsDrawn(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Repeat(rapid.SampledFrom([]string{"ổ gà ", "x", "ngập\n", "e\u0302"}).Draw(t, "part"), rapid.IntRange(0, 900).Draw(t, "times"))
	})
	label := rapid.Map(rapid.StringN(0, 60, -1), func(s string) string { return "Ấ" + s })
	choice := rapid.Custom(func(t *rapid.T) message.Choice { return message.Choice{Label: label.Draw(t, "label"), Value: "v"} })
	block := rapid.Custom(func(t *rapid.T) message.Block {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return message.Choices{Text: text.Draw(t, "text"), Options: rapid.SliceOfN(choice, 0, 20).Draw(t, "options"), Controls: rapid.SliceOfN(choice, 0, 3).Draw(t, "controls")}
		case 1:
			return message.Link{Label: label.Draw(t, "label"), URL: "https://motcua.example/" + strings.Repeat("x", rapid.IntRange(0, 300).Draw(t, "long"))}
		case 2:
			return message.Link{Label: label.Draw(t, "label"), URL: "sms:8083?body=HS"}
		case 3:
			return message.QR{Payload: "x", Caption: label.Draw(t, "caption")}
		case 4:
			return message.Card{Title: label.Draw(t, "title"), ImageURL: "https://motcua.example/1.jpg", Actions: rapid.SliceOfN(choice, 0, 3).Draw(t, "actions")}
		}
		return message.Words{Text: text.Draw(t, "text")}
	})
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]channels.Kind{channels.Reply, channels.Notice, channels.Staff}).Draw(t, "kind")
		for _, blocks := range fit.Fit(c.Profile(), rapid.SliceOfN(block, 1, 5).Draw(t, "blocks")) {
			d, reason := c.draw(blocks)
			if reason != "" {
				t.Fatalf("%s: %+v", reason, blocks)
			}
			if d.picture != nil {
				continue
			}
			ms, reason := c.messages(d, kind)
			if reason != "" {
				t.Fatalf("%s: %+v", reason, blocks)
			}
			for _, m := range ms {
				within(t, m)
			}
		}
	})
}

// within holds a message against the limits in the network's documentation.
func within(t *rapid.T, m outgoingMessage) {
	size := utf8.RuneCountInString
	if size(m.Text) > 2000 || len(m.QuickReplies) > 13 || (m.Text == "") == (m.Attachment == nil) {
		t.Fatalf("got %+v", m)
	}
	for _, q := range m.QuickReplies {
		if size(q.Title) > 20 || q.Title == "" || q.Payload == "" {
			t.Fatalf("got %+v", q)
		}
	}
	if m.Attachment == nil {
		return
	}
	if p := m.Attachment.Payload; p.Text == "" || size(p.Text) > 640 || len(p.Buttons) == 0 || len(p.Buttons) > 3 {
		t.Fatalf("got %+v", p)
	}
	for _, b := range m.Attachment.Payload.Buttons {
		if size(b.Title) > 20 || b.Title == "" {
			t.Fatalf("got %+v", b)
		}
	}
}
