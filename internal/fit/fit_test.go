package fit_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fit"
	"github.com/motcua/motcua/internal/message"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var (
	rich  = channels.Profile{MaxText: 2000, MaxChoices: 5, MaxLabel: 20, MaxCaption: 100, Images: true, Links: true}
	plain = channels.Profile{MaxText: 160}
)

func choices(labels ...string) []message.Choice {
	var out []message.Choice
	for _, l := range labels {
		out = append(out, message.Choice{Label: l, Value: "v:" + l})
	}
	return out
}

func TestFit(t *testing.T) {
	t.Parallel()
	long := "Đoạn cống thoát nước ở đầu ngõ bị tắc"
	card := message.Card{Title: "Phản ánh HP-7", Subtitle: "Ổ gà", Facts: []message.Fact{{Label: "Địa bàn", Value: "Phường Lê Chân"}, {Value: "gấp"}}}
	tests := []struct {
		name string
		p    channels.Profile
		in   message.Blocks
		want string // messages as JSON, one a line
	}{
		{"nothing says nothing", rich, message.Blocks{message.Words{Text: " \n"}, message.Choices{}, message.Card{}}, ``},
		{"texts are joined", rich, message.Blocks{message.Words{Text: "a"}, message.Words{Text: "b"}}, `[{"text":{"text":"a\n\nb"}}]`},
		{"a question joins the text before it", rich, message.Blocks{message.Words{Text: "a"}, message.Choices{Text: "b", Options: choices("x", "y"), Controls: choices("z")}},
			`[{"choices":{"text":"a\n\nb","options":[{"label":"x","value":"v:x"},{"label":"y","value":"v:y"}],"controls":[{"label":"z","value":"v:z"}]}}]`},
		{"text behind answers is a message of its own", rich, message.Blocks{message.Choices{Text: "b", Options: choices("x")}, message.Words{Text: "a"}},
			`[{"choices":{"text":"b","options":[{"label":"x","value":"v:x"}]}}]` + "\n" + `[{"text":{"text":"a"}}]`},
		{"two questions stay two", rich, message.Blocks{message.Choices{Text: "a", Options: choices("x")}, message.Choices{Text: "b", Options: choices("y")}},
			`[{"choices":{"text":"a","options":[{"label":"x","value":"v:x"}]}}]` + "\n" + `[{"choices":{"text":"b","options":[{"label":"y","value":"v:y"}]}}]`},
		{"answers are tapped before ways out", rich, message.Blocks{message.Choices{Text: "?", Options: choices("a", "b", "c", "d"), Controls: choices("m", "n")}},
			`[{"choices":{"text":"?","options":[{"label":"a","value":"v:a"},{"label":"b","value":"v:b"},{"label":"c","value":"v:c"},{"label":"d","value":"v:d"}],"controls":[{"label":"m","value":"v:m"}]}}]`},
		{"too many answers are numbered, ways out stay buttons", rich, message.Blocks{message.Choices{Text: "?", Options: choices("a", "b", "c", "d", "e"), Controls: choices("m", "n")}},
			`[{"choices":{"text":"?\n1. a\n2. b\n3. c\n4. d\n5. e","options":null,"controls":[{"label":"m","value":"v:m"},{"label":"n","value":"v:n"}]}}]`},
		{"ways out beyond the room are words", channels.Profile{MaxChoices: 1}, message.Blocks{message.Choices{Text: "?", Options: choices("a", "b"), Controls: choices("m", "n")}},
			`[{"choices":{"text":"?\n1. a\n2. b\n• n","options":null,"controls":[{"label":"m","value":"v:m"}]}}]`},
		{"hints are told", rich, message.Blocks{message.Choices{Text: "?", Options: []message.Choice{{Label: "a", Value: "1", Hint: "x"}, {Label: "b", Value: "2"}}}},
			`[{"choices":{"text":"?\n1. a – x\n2. b","options":[{"label":"a","value":"1","hint":"x"},{"label":"b","value":"2"}]}}]`},
		{"long titles are cut and numbered", rich, message.Blocks{message.Choices{Text: "?", Options: choices(long, "b")}},
			`[{"choices":{"text":"?\n1. ` + long + `\n2. b","options":[{"label":"1. Đoạn cống thoát…","value":"v:` + long + `"},{"label":"2. b","value":"v:b"}]}}]`},
		{"equal titles are numbered", rich, message.Blocks{message.Choices{Text: "?", Options: choices("a", "a")}},
			`[{"choices":{"text":"?\n1. a\n2. a","options":[{"label":"1. a","value":"v:a"},{"label":"2. a","value":"v:a"}]}}]`},
		{"a long way out is told in full", rich, message.Blocks{message.Choices{Text: "?", Controls: choices(long)}},
			`[{"choices":{"text":"?\n• ` + long + `","options":null,"controls":[{"label":"Đoạn cống thoát…","value":"v:` + long + `"}]}}]`},
		{"answers without a question use the text before", rich, message.Blocks{message.Words{Text: "a"}, message.Choices{Options: choices("x")}},
			`[{"choices":{"text":"a","options":[{"label":"x","value":"v:x"}]}}]`},
		{"answers without any text are listed", rich, message.Blocks{message.Choices{Options: choices("x"), Controls: choices("z")}},
			`[{"choices":{"text":"1. x","options":[{"label":"x","value":"v:x"}],"controls":[{"label":"z","value":"v:z"}]}}]`},
		{"no buttons at all", plain, message.Blocks{message.Choices{Text: "?", Options: choices("a", "b"), Controls: choices("m")}, message.Link{Label: "L", URL: "https://x"}},
			`[{"text":{"text":"?\n1. a\n2. b\n• m\nL: https://x"}}]`},
		{"a link is a button of the text before it", rich, message.Blocks{message.Words{Text: "a"}, message.Link{Label: "L", URL: "https://x"}},
			`[{"text":{"text":"a"}},{"link":{"label":"L","url":"https://x"}}]`},
		{"a link joins answers", rich, message.Blocks{message.Choices{Text: "a", Options: choices("x")}, message.Link{Label: "L", URL: "https://x"}},
			`[{"choices":{"text":"a","options":[{"label":"x","value":"v:x"}]}},{"link":{"label":"L","url":"https://x"}}]`},
		{"a link alone gets a text", rich, message.Blocks{message.Link{Label: "L", URL: "https://x"}}, `[{"text":{"text":"L"}},{"link":{"label":"L","url":"https://x"}}]`},
		{"a link with a long title is written out", rich, message.Blocks{message.Link{Label: long, URL: "https://x"}}, `[{"text":{"text":"` + long + `: https://x"}}]`},
		{"a link button gives way to answers", channels.Profile{MaxChoices: 1, Links: true}, message.Blocks{message.Words{Text: "a"}, message.Link{Label: "L", URL: "https://x"}, message.Choices{Text: "b", Options: choices("x")}},
			`[{"text":{"text":"a"}},{"link":{"label":"L","url":"https://x"}}]` + "\n" + `[{"choices":{"text":"b","options":[{"label":"x","value":"v:x"}]}}]`},
		{"a card", rich, message.Blocks{card}, `[{"text":{"text":"Phản ánh HP-7\nỔ gà\nĐịa bàn: Phường Lê Chân\ngấp"}}]`},
		{"a card's next steps are answers", rich, message.Blocks{message.Card{Title: "T", ImageURL: "https://i", Actions: choices("x")}},
			`[{"image":{"url":"https://i","alt":""}}]` + "\n" + `[{"choices":{"text":"T","options":[{"label":"x","value":"v:x"}]}}]`},
		{"a card with a picture and next steps has its title once", rich, message.Blocks{message.Card{Title: "T", Subtitle: "S", ImageURL: "https://i", Actions: choices("x")}},
			`[{"image":{"url":"https://i","alt":"T"}},{"text":{"text":"T"}}]` + "\n" + `[{"choices":{"text":"S","options":[{"label":"x","value":"v:x"}]}}]`},
		{"a card without a title", rich, message.Blocks{message.Card{Subtitle: "S", ImageURL: "https://i", Actions: choices("x")}},
			`[{"image":{"url":"https://i","alt":""}}]` + "\n" + `[{"choices":{"text":"S","options":[{"label":"x","value":"v:x"}]}}]`},
		{"a card is the caption of its picture", rich, message.Blocks{message.Card{Title: "T", Subtitle: "S", ImageURL: "https://i"}}, `[{"image":{"url":"https://i","alt":"T"}},{"text":{"text":"T\nS"}}]`},
		{"a long card follows its picture", channels.Profile{MaxText: 50, MaxCaption: 2, Images: true}, message.Blocks{message.Card{Title: "T", Subtitle: "S", ImageURL: "https://i"}},
			`[{"image":{"url":"https://i","alt":""}}]` + "\n" + `[{"text":{"text":"T\nS"}}]`},
		{"a card's picture without pictures", plain, message.Blocks{message.Card{Title: "T", ImageURL: "https://i"}}, `[{"text":{"text":"T\nhttps://i"}}]`},
		{"an image", rich, message.Blocks{message.Words{Text: "a"}, message.Image{URL: "https://i", Alt: "ổ gà"}}, `[{"text":{"text":"a"}}]` + "\n" + `[{"image":{"url":"https://i","alt":"ổ gà"}}]`},
		{"an image without pictures", plain, message.Blocks{message.Image{URL: "https://i", Alt: "ổ gà"}}, `[{"text":{"text":"ổ gà\nhttps://i"}}]`},
		{"a code", rich, message.Blocks{message.QR{Payload: "p", Caption: "c"}}, `[{"qr":{"payload":"p","caption":"c"}}]`},
		{"a code without pictures", plain, message.Blocks{message.QR{Payload: "p", Caption: "c"}}, `[{"text":{"text":"c\np"}}]`},
		{"a code with a long caption", rich, message.Blocks{message.QR{Payload: "p", Caption: strings.Repeat("c", 101)}}, `[{"qr":{"payload":"p"}}]` + "\n" + `[{"text":{"text":"` + strings.Repeat("c", 101) + `"}}]`},
		{"a place", plain, message.Blocks{message.Location{Lat: 20.8578, Lon: 106.68112345, Label: "Nhà hát"}},
			`[{"text":{"text":"Nhà hát\nhttps://www.openstreetmap.org/?mlat=20.8578&mlon=106.681123#map=17/20.8578/106.681123"}}]`},
		{"progress", plain, message.Blocks{message.Progress{Label: "Bước", Done: 1, Total: 3}}, `[{"text":{"text":"Bước: 1/3"}}]`},
		{"decomposed letters are composed", plain, message.Blocks{message.Words{Text: "o\u0302\u0309"}}, `[{"text":{"text":"ổ"}}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, m := range fit.Fit(tt.p, tt.in) {
				data, err := jsonOf(m)
				require.NoError(t, err)
				got = append(got, data)
			}
			require.Equal(t, tt.want, strings.Join(got, "\n"))
		})
	}
}

func jsonOf(m message.Blocks) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(m)
	return strings.ReplaceAll(strings.TrimSpace(b.String()), `\u0026`, "&"), err
}

func TestLongTextIsDivided(t *testing.T) {
	t.Parallel()
	word := strings.Repeat("x", 9)
	tests := []struct {
		name string
		max  int
		in   string
		want []string
	}{
		{"between paragraphs", 12, "aa bb.\n\ncc dd. ee ff", []string{"aa bb.", "cc dd. ee ff"}},
		{"between lines", 12, "aa bb cc\ndd ee ff", []string{"aa bb cc", "dd ee ff"}},
		{"between sentences", 12, "aa bb c. dd ee ff", []string{"aa bb c.", "dd ee ff"}},
		{"between words", 10, "aaaa bbbb cccc", []string{"aaaa bbbb", "cccc"}},
		{"a seam at the very limit", 4, "aaaa bbbb", []string{"aaaa", "bbbb"}},
		{"an early paragraph does not waste a message", 20, "a\n\nbb cc dd ee ff gg hh", []string{"a\n\nbb cc dd ee ff gg", "hh"}},
		{"an address stays whole", 30, "xem https://example.vn/a/b/c/d/e", []string{"xem", "https://example.vn/a/b/c/d/e"}},
		{"a word too long is cut", 4, word, []string{"xxxx", "xxxx", "x"}},
		{"a family stays together", 9, "aa 👨‍👩‍👧‍👦 bb", []string{"aa", "👨‍👩‍👧‍👦", "bb"}},
		{"a glued blank does not divide", 6, "aaa 10\u00A0km", []string{"aaa", "10\u00A0km"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, m := range fit.Fit(channels.Profile{MaxText: tt.max}, message.Blocks{message.Words{Text: tt.in}}) {
				text := m[0].(message.Words).Text
				require.LessOrEqual(t, utf8.RuneCountInString(text), tt.max)
				got = append(got, text)
			}
			require.Equal(t, tt.want, got)
			require.Equal(t, bare(tt.in), bare(strings.Join(got, "")))
		})
	}
}

// TestCallersPages is a page as the dialogue makes it of fifty options: nine and the ways out.
func TestCallersPages(t *testing.T) {
	t.Parallel()
	page := message.Choices{Text: "Lĩnh vực nào ạ?", Options: choices("1a", "2b", "3c", "4d", "5e", "6f", "7g", "8h", "9i"), Controls: choices("Xem thêm", "Quay lại", "Thôi")}
	got := fit.Fit(rich, message.Blocks{page})
	require.Len(t, got, 1)
	c := got[0][0].(message.Choices)
	require.Empty(t, c.Options)
	require.Len(t, c.Controls, 3)
	require.Equal(t, 9, strings.Count(c.Text, "\n"))
}

func TestLongListIsDividedAndKeepsItsButtons(t *testing.T) {
	t.Parallel()
	var labels []string
	for range 50 {
		labels = append(labels, strings.Repeat("ổ gà ", 12))
	}
	got := fit.Fit(rich, message.Blocks{message.Choices{Text: "?", Options: choices(labels...), Controls: choices("Thôi")}})
	require.Len(t, got, 2)
	require.IsType(t, message.Words{}, got[0][0])
	last := got[1][0].(message.Choices)
	require.Len(t, last.Controls, 1)
	require.True(t, strings.HasSuffix(last.Text, "ổ gà"), "divided between lines")
	require.Regexp(t, `^\d+\. `, last.Text)
}
