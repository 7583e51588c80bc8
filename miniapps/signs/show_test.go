package signs

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/damage"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// TestRevokedCode lends nothing of the city's to a code that is not good any more, in a chat: no story, no service but the report of a fake.
func TestRevokedCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	revoked := w.code(t)
	if _, err := w.app.Registry().Revoke(t.Context(), registry.PlateID(2), "Bị sao chép", registry.Act{By: "test"}); err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(map[string]string{"sign": revoked})
	if err != nil {
		t.Fatal(err)
	}
	res, err := w.app.Do(t.Context(), miniapps.Call{Action: "show", Input: input, Lang: message.Vietnamese, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	if data := res.Data.(sign); data.State != registry.Ended || data.Story != nil {
		t.Errorf("got %+v", data)
	}
	if want := w.app.text(message.Vietnamese, "revoked", nil); len(res.Blocks) != 1 || res.Blocks[0] != message.Block(message.Words{Text: want}) {
		t.Errorf("got %+v", res.Blocks)
	}
	if len(res.Next) != 1 || res.Next[0].Action != ActionDamaged || res.Next[0].Input["kind"] != damage.Fake {
		t.Errorf("got %+v", res.Next)
	}
}

// TestCodeOfNoPlate is made with the city's keys, and printed on nothing.
func TestCodeOfNoPlate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code, err := w.app.codes.Mint()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.app.Look(t.Context(), string(code), Visit{Face: scans.Chat}); fault.CodeOf(err) != fault.NotFound || got.State != registry.Unknown {
		t.Errorf("got %v, %v", got.State, err)
	}
}

// TestOnlyCodesAreScans: who asks by the number on a plate need not stand before it.
func TestOnlyCodesAreScans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, text := range []string{number, w.code(t), domain + "/s/" + number} {
		if _, err := w.app.Look(t.Context(), text, Visit{Face: scans.Chat, Client: "s1", At: noon}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.app.scans.Run(ctx); err != nil { // writes what has come
		t.Fatal(err)
	}
	if c, err := w.app.scans.Plate(t.Context(), registry.PlateID(2)); err != nil || c.Last24h.Scans != 1 {
		t.Errorf("got %+v, %v", c.Last24h, err)
	}
}

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
