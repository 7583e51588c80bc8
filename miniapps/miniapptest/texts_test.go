package miniapptest

import (
	"slices"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

func TestGaps(t *testing.T) {
	t.Parallel()
	words := func(s string) miniapps.Result { return miniapps.Result{Blocks: message.Blocks{message.Words{Text: s}}} }
	card := func(f message.Fact) miniapps.Result {
		return miniapps.Result{Blocks: message.Blocks{message.Card{Title: "Phản ánh", Facts: []message.Fact{f}}}}
	}
	tests := []struct {
		name string
		res  miniapps.Result
		want string // "" for no gap
	}{
		{"nothing", miniapps.Result{}, ""},
		{"words", words("Bà con muốn ghi gì ạ?"), ""},
		{"a key", words("notes.what_now"), "notes.what_now"},
		{"a key of three levels", words("signs.fault.other_ward"), "signs.fault.other_ward"},
		{"a parameter", words("Còn <no value> ngày."), "Còn <no value> ngày."},
		{"an address", words("haiphong.gov.vn"), ""},
		{"a number", words("1.2000"), ""},
		{"a fact's value", card(message.Fact{Label: "Loại", Value: "notes.kind_a"}), "notes.kind_a"},
		{"a fact's label", card(message.Fact{Label: "notes.kind", Value: "a"}), "notes.kind"},
		{"a choice's label", miniapps.Result{Blocks: message.Blocks{message.Choices{Text: "Chọn", Options: []message.Choice{{Label: "notes.kind_a", Value: "a"}}}}}, "notes.kind_a"},
		{"a choice's value, which nobody reads", miniapps.Result{Blocks: message.Blocks{message.Choices{Text: "Chọn", Options: []message.Choice{{Label: "A", Value: "notes.kind_a"}}}}}, ""},
		{"a suggestion", miniapps.Result{Next: []miniapps.Suggestion{{Action: "mine", Label: message.Text{"vi": "Của tôi", "en": "notes.mine"}}}}, "notes.mine"},
		{"an option's hint", miniapps.Result{Data: miniapps.Options{Choices: []miniapps.Option{{Value: "a", Label: "A", Hint: "notes.hint"}}}}, "notes.hint"},
		{"what is wrong with an answer", miniapps.Result{Data: miniapps.Checked{Errors: []miniapps.WrongAnswer{{Text: "notes.too_long"}}}}, "notes.too_long"},
		{"any data", miniapps.Result{Data: map[string]any{"unit": "ward.office", "by": "<no value>"}}, "<no value>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := []string{tt.want}
			if got := gaps(t, tt.res); tt.want == "" && len(got) > 0 || tt.want != "" && !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
