package signs

import (
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// TestPictureWithCredit shows the first picture of a story in a chat. Whose it is stands in the words, for most networks show nothing of what describes an image.
func TestPictureWithCredit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.plate(t)
	s := registry.Story{
		ID: "le-chan", Kind: registry.Street, Translations: map[string]registry.Translation{
			registry.Vietnamese: {Words: registry.Words{Title: "Phố Lê Chân", Text: "Chuyện."}, State: registry.Approved},
		},
		Pictures: []registry.Picture{
			{URL: "https://city.example/a.jpg", Credit: "Nguyễn A", Alt: map[string]string{registry.Vietnamese: "Con phố"}},
			{URL: "https://city.example/b.jpg", Credit: "Trần B"},
		},
	}
	for lang, credit := range map[message.Lang]string{message.Vietnamese: "Ảnh: Nguyễn A", message.English: "Picture: Nguyễn A"} {
		blocks := w.app.blocks(w.app.signOf(&p, registry.Current, &s, lang), &s, lang)
		if !slices.Contains(blocks, message.Block(message.Image{URL: "https://city.example/a.jpg", Alt: "Con phố"})) {
			t.Errorf("%s: no picture in %+v", lang, blocks)
		}
		if text := blocks[1].(message.Words).Text; !strings.HasPrefix(text, "Chuyện.") || !strings.HasSuffix(text, credit) {
			t.Errorf("%s: got %q, want %q at its end", lang, text, credit)
		}
	}
	s.Pictures = s.Pictures[1:]
	if blocks := w.app.blocks(w.app.signOf(&p, registry.Current, &s, message.Vietnamese), &s, message.Vietnamese); !slices.Contains(blocks, message.Block(message.Image{URL: "https://city.example/b.jpg", Alt: "Trần B"})) {
		t.Errorf("a picture that nobody described: %+v", blocks)
	}
	s.Pictures[0].URL, s.Pictures[0].Media = "", "m"
	if blocks := w.app.blocks(w.app.signOf(&p, registry.Current, &s, message.Vietnamese), &s, message.Vietnamese); strings.Contains(blocks[1].(message.Words).Text, "Trần B") {
		t.Errorf("a credit without its picture: %+v", blocks)
	}
}
