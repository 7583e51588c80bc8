package intake

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// TestClosedLists reads values in either case, and in the words that citizens and staff see; no other, and none that could be another word.
func TestClosedLists(t *testing.T) {
	t.Parallel()
	tests := []struct{ column, cell, want string }{ // "" is refused
		{"side", "Left", "left"},
		{"side", " RIGHT ", "right"},
		{"side", "trái", "left"},
		{"side", "Trái", "left"},
		{"side", "TRAI", "left"},
		{"side", "tra\u0301i", "left"}, // a letter in two parts
		{"side", "Bên trái", "left"},
		{"side", "ben phai", "right"},
		{"side", "phải", "right"},
		{"side", "Bên phải đường", "right"},
		{"side", "Bên phải đường, theo chiều số nhà", "right"},
		{"side", "góc", "corner"},
		{"side", "Góc đường", "corner"},
		{"side", "tường", "wall"},
		{"side", "Trên tường công trình", "wall"},
		{"side", "trải", ""}, // another word
		{"side", "tượng", ""},
		{"side", "bên phai", ""}, // half of its diacritics
		{"side", "theo chiều số nhà", ""},
		{"side", "trái, phải", ""},
		{"side", "left.", ""},
		{"side", "l", ""},
		{"side", "", ""},
		{"condition", "GOOD", "good"},
		{"condition", "Missing", "missing"},
		{"condition", "tốt", "good"},
		{"condition", "Tot", "good"},
		{"condition", "cũ", "worn"},
		{"condition", "mờ", "worn"},
		{"condition", "Cũ, mờ", "worn"},
		{"condition", "đã cũ", "worn"},
		{"condition", "hỏng", "damaged"},
		{"condition", "DA HONG", "damaged"},
		{"condition", "mất", "missing"},
		{"condition", "mắt", ""},
		{"condition", "mở", ""},
		{"condition", "khá", ""},
		{"condition", "broken", ""},
	}
	for _, tt := range tests {
		rep, plate := one(t, tt.column, tt.cell)
		got := map[string]string{"side": string(plate.Side), "condition": string(plate.Condition)}[tt.column]
		switch {
		case tt.want != "" && (rep.Faulty() > 0 || got != tt.want):
			t.Errorf("%s %q: got %q, %v", tt.column, tt.cell, got, told(rep))
		case tt.want == "" && !slices.Equal(told(rep), []string{"a.csv:2 " + tt.column + " " + tt.column}):
			t.Errorf("%s %q: got %q, %v", tt.column, tt.cell, got, told(rep))
		}
	}
}

// TestClosedListsOfStories does the same for stories.
func TestClosedListsOfStories(t *testing.T) {
	t.Parallel()
	_, story := villagers()
	for _, tt := range []struct{ kind, state, want string }{
		{"Street", "Draft", "street draft"}, {"WORK", "REVIEWED", "work reviewed"}, {"Công trình", "Đã duyệt", "work reviewed"}, {"duong pho", "ban thao", "street draft"},
		{"road", "draft", "kind kind"}, {"street", "lần sửa", "state.vi state"}, {"street", "duyệt", "state.vi state"},
	} {
		data := bytes.Replace(story.Data, []byte("kind: street"), fmt.Appendf(nil, "kind: %q\nstate: {vi: %q}\nreviewed_by: {vi: Ai}", tt.kind, tt.state), 1)
		rep, rows := openIn(t, memory.New(), village{}).check(File{story.Name, data})
		got := ""
		if len(rep.Faults) > 0 {
			got = strings.TrimPrefix(short(rep.Faults[0]), story.Name+":0 ")
			inWords(t, rep.Faults[0])
		} else {
			got = fmt.Sprint(rows[0].Story.Kind, " ", rows[0].Story.Texts["vi"].State)
		}
		if got != tt.want {
			t.Errorf("%s, %s: got %q, want %q", tt.kind, tt.state, got, tt.want)
		}
	}
}

// TestClosedListsInReasons: a reason gives the values with the words that may stand for them.
func TestClosedListsInReasons(t *testing.T) {
	t.Parallel()
	for column, want := range map[string]string{
		"side":      "The side must be one of: left (trái), right (phải), corner (góc), wall (tường).",
		"condition": "The condition must be one of: good (tốt), worn (cũ), damaged (hỏng), missing (mất).",
	} {
		rep, _ := one(t, column, "x")
		if got := inWords(t, rep.Faults[0]); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// shop is a catalogue of two topics.
type shop map[string]string

func (s shop) Text(_ message.Lang, key string, _ map[string]any) string {
	if text, ok := s[key]; ok {
		return text
	}
	return key
}

// TestLexicon: a word of two values stands for none of them, and a value's own name for no other.
func TestLexicon(t *testing.T) {
	t.Parallel()
	l := newLexicon(shop{"a.left": "Trái, chung, right", "a.right": "Phải, chung", "b.left": "Mất", "b.right": "Mát"}, []registry.Side{registry.Left, registry.Right}, "a.", "b.", "c.")
	got := map[string]string{}
	for _, cell := range []string{"Left", "Right", "trai", "phải", "chung", "mất", "mát", "mat", "a.left", "c.left", ""} {
		got[cell] = l.read(cell)
	}
	want := map[string]string{
		"Left": "left", "Right": "right", "trai": "left", "phải": "right", "chung": "chung", "mất": "left", "mát": "right", "mat": "mat", "a.left": "a.left", "c.left": "c.left", "": "",
	}
	if !maps.Equal(got, want) || l.allowed != "left (trái), right (phải)" {
		t.Errorf("got %v, %s", got, l.allowed)
	}
	if l := newLexicon(nil, registry.Sides(), "signs.side."); l.read("LEFT") != "left" || l.read("trái") != "trái" || l.allowed != "" {
		t.Errorf("without texts: got %+v", l)
	}
}
