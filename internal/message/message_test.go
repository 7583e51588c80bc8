package message_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/motcua/motcua/internal/message"
)

func all() message.Blocks {
	return message.Blocks{
		message.Words{Text: "Chào bà con"},
		message.Words{Text: "Mã là 7K3M-9QXD", Secret: true},
		message.Choices{Text: "Chọn", Options: []message.Choice{{Label: "Ổ gà", Value: "pothole"}}},
		message.Card{Title: "T", Subtitle: "S", ImageURL: "https://x/y", Facts: []message.Fact{{Label: "a", Value: "b"}}, Actions: []message.Choice{{Label: "c", Value: "d"}}},
		message.Image{URL: "https://x/y.jpg", Alt: "ổ gà"},
		message.QR{Payload: "p", Caption: "c"},
		message.Location{Lat: 20.8578, Lon: 106.681, Label: "Nhà hát"},
		message.Link{Label: "l", URL: "https://x"},
		message.Progress{Label: "l", Done: 1, Total: 3},
	}
}

func TestBlocksSurviveJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(all())
	if err != nil {
		t.Fatal(err)
	}
	var got message.Blocks
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, all()) {
		t.Errorf("got %#v", got)
	}
}

func TestBadBlocksAreRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []string{`{}`, `[{}]`, `[{"text":{},"card":{}}]`, `[{"hologram":{}}]`, `[{"text":7}]`} {
		var got message.Blocks
		if err := json.Unmarshal([]byte(s), &got); err == nil {
			t.Errorf("%s was taken", s)
		}
	}
}

func FuzzBlocks(f *testing.F) {
	seed, err := json.Marshal(all())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`[{"text":{"text":"x"}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b message.Blocks
		if json.Unmarshal(data, &b) != nil {
			return
		}
		again, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		var c message.Blocks
		if err := json.Unmarshal(again, &c); err != nil || !reflect.DeepEqual(b, c) {
			t.Errorf("%s became %s: %v", data, again, err)
		}
	})
}

func TestText(t *testing.T) {
	t.Parallel()
	x := message.Text{message.Vietnamese: "Phường", message.English: "Ward"}
	for lang, want := range map[message.Lang]string{"vi": "Phường", "en": "Ward", "": "Phường", "fr": "Phường"} {
		if got := x.In(lang); got != want {
			t.Errorf("%q: got %q, want %q", lang, got, want)
		}
	}
	if got := (message.Text{message.Vietnamese: "a", message.English: ""}).In(message.English); got != "a" {
		t.Errorf("an empty text did not fall back: %q", got)
	}
}
