package fit_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fit"
	"github.com/motcua/motcua/internal/message"
)

// bare is what a text says, whatever its blanks and composition.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD")))
}

// blocksOf makes blocks out of a script: a letter says which, the words are cut from text.
func blocksOf(script, text string) (in message.Blocks, said []string, answers []message.Choice) {
	next := func(n int) string {
		n = min(n, len(text))
		s := text[:n]
		text = text[n:]
		said = append(said, s)
		return s
	}
	for i, r := range script {
		if i > 12 {
			break
		}
		many := func() (out []message.Choice) {
			for j := range i % 7 {
				c := message.Choice{Label: next(10 + j*7), Value: fmt.Sprint(i, "/", j)}
				if j == 3 {
					c.Hint = next(9)
				}
				out = append(out, c)
			}
			answers = append(answers, out...)
			return out
		}
		switch r % 8 {
		case 0:
			in = append(in, message.Words{Text: next(400)})
		case 1:
			c := message.Choices{Text: next(50), Options: many()}
			need, need2 := said, answers
			if c.Controls = many(); len(c.Options) > 0 {
				said, answers = need, need2 // ways out beside answers need not be shown
			}
			in = append(in, c)
		case 2:
			in = append(in, message.Card{Title: next(20), Subtitle: next(20), ImageURL: "https://x.vn/i", Facts: []message.Fact{{Label: next(8), Value: next(80)}}, Actions: many()})
		case 3:
			in = append(in, message.Image{URL: "https://x.vn/j", Alt: next(20)})
		case 4:
			in = append(in, message.QR{Payload: "payload", Caption: next(120)})
		case 5:
			in = append(in, message.Location{Lat: 20.8, Lon: 106.6, Label: next(20)})
		case 6:
			in = append(in, message.Link{Label: next(30), URL: "https://x.vn/l"})
		case 7:
			in = append(in, message.Progress{Label: next(20), Done: 1, Total: 2})
		}
	}
	return in, said, answers
}

func FuzzFit(f *testing.F) {
	f.Add("abcdefgh", strings.Repeat("Ổ gà rất to trước số 12 Lạch Tray. ", 40), uint16(200), uint8(5), uint8(20), uint16(60), uint8(3))
	f.Add("aaaa", "o\u0302\u0309 e\u0301 \u0301 👨‍👩‍👧‍👦👨‍👩‍👧‍👦 https://example.vn/a?b=c \u00a0\r\n\n", uint16(7), uint8(0), uint8(1), uint16(0), uint8(0))
	f.Add("aqqiyq", strings.Repeat("một hai\n\nba bốn năm? ", 60), uint16(2000), uint8(3), uint8(0), uint16(1), uint8(2))
	f.Add("b", "\xff\xfe", uint16(1), uint8(1), uint8(2), uint16(1), uint8(1))
	f.Fuzz(func(t *testing.T, script, text string, maxText uint16, maxChoices, maxLabel uint8, maxCaption uint16, shows uint8) {
		p := channels.Profile{MaxText: int(maxText), MaxChoices: int(maxChoices % 12), MaxLabel: int(maxLabel), MaxCaption: int(maxCaption), Images: shows&1 != 0, Links: shows&2 != 0}
		in, said, answers := blocksOf(script, text)
		out := fit.Fit(p, in)
		for _, m := range out {
			checkLimits(t, p, m)
		}
		checkNothingLost(t, out, said, answers)
	})
}

func checkLimits(t *testing.T, p channels.Profile, m message.Blocks) {
	t.Helper()
	texts, pictures, buttons := 0, 0, 0
	var text string
	label := func(s string) {
		buttons++
		if p.MaxLabel > 0 && utf8.RuneCountInString(s) > p.MaxLabel {
			t.Errorf("label %q is over %d", s, p.MaxLabel)
		}
	}
	for _, b := range m {
		switch b := b.(type) {
		case message.Words:
			texts++
			text = b.Text
		case message.Choices:
			texts++
			text = b.Text
			for _, c := range append(append([]message.Choice{}, b.Options...), b.Controls...) {
				label(c.Label)
			}
		case message.Image:
			pictures++
		case message.QR:
			pictures++
			text = b.Caption
		case message.Link:
			label(b.Label)
			if !p.Links {
				t.Error("a link came out")
			}
		default:
			t.Errorf("%T came out", b)
		}
	}
	limit := p.MaxText
	if pictures > 0 && p.MaxCaption > 0 && (limit == 0 || p.MaxCaption < limit) {
		limit = p.MaxCaption
	}
	switch n := utf8.RuneCountInString(text); {
	case limit > 0 && n > limit:
		t.Errorf("text of %d runes is over %d", n, limit)
	case texts == 1 && n == 0:
		t.Error("an empty text")
	case texts > 1 || pictures > 1 || texts+pictures == 0:
		t.Errorf("%d texts, %d pictures", texts, pictures)
	case buttons > p.MaxChoices || pictures > 0 && buttons > 0 || pictures > 0 && !p.Images:
		t.Errorf("%d buttons, %d pictures", buttons, pictures)
	case !norm.NFC.IsNormalString(text):
		t.Errorf("%q is not composed", text)
	}
}

func checkNothingLost(t *testing.T, out []message.Blocks, said []string, answers []message.Choice) {
	t.Helper()
	var all, labels strings.Builder
	values := map[string]bool{}
	for _, m := range out {
		for _, b := range m {
			switch b := b.(type) {
			case message.Words:
				all.WriteString(b.Text + "\n") // so that a mark does not join the message before it
			case message.Choices:
				all.WriteString(b.Text + "\n") // so that a mark does not join the message before it
				for _, c := range append(append([]message.Choice{}, b.Options...), b.Controls...) {
					labels.WriteString(c.Label + "\x00")
					values[c.Value] = true
				}
			case message.Image:
				labels.WriteString(b.Alt + "\x00")
			case message.QR:
				labels.WriteString(b.Caption + "\x00")
			case message.Link:
				labels.WriteString(b.Label + "\x00")
			}
		}
	}
	text, other := bare(all.String()), bare(labels.String())
	for _, s := range said {
		if s = bare(clean(s)); !strings.Contains(text, s) && !strings.Contains(other, s) {
			t.Errorf("%q is lost", s)
		}
	}
	for _, c := range answers {
		if !values[c.Value] && !strings.Contains(text, bare(clean(c.Label))) {
			t.Errorf("no way to answer %q", c.Label)
		}
	}
}

// clean does to a text what happens before anything else: a mark at the seam of two texts may compose differently from one inside.
func clean(s string) string {
	return norm.NFC.String(strings.TrimSpace(norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))))
}

func FuzzSplit(f *testing.F) {
	f.Add(strings.Repeat("Cột đèn số 5 không sáng. ", 20), uint8(30))
	f.Add("👨‍👩‍👧‍👦 é \u0301x https://a.b/c", uint8(8))
	f.Fuzz(func(t *testing.T, text string, limit uint8) {
		if limit < 40 { // room for any grapheme that people write
			limit += 40
		}
		text = norm.NFC.String(strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")))
		ends, longest := map[int]bool{}, 0 // in bytes of the text without blanks
		n := 0
		for g := uniseg.NewGraphemes(text); g.Next(); {
			n += len(bare(g.Str()))
			ends[n] = true
			longest = max(longest, len(g.Runes()))
		}
		if longest > int(limit) {
			return
		}
		at := 0
		for _, m := range fit.Fit(channels.Profile{MaxText: int(limit)}, message.Blocks{message.Words{Text: text}}) {
			at += len(bare(m[0].(message.Words).Text))
			if !ends[at] {
				t.Errorf("%q was divided inside a grapheme", text)
			}
		}
	})
}
