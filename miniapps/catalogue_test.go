package miniapps_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	idle := func(context.Context, miniapps.Call) (miniapps.Result, error) { return miniapps.Result{}, nil }
	second := newStub(t, "signs", idle)
	second.manifest.Name = message.Text{"vi": "Biển tên đường", "en": "Street signs"}
	second.manifest.ShortName, second.manifest.Description = nil, nil
	second.manifest.Actions = second.manifest.Actions[3:]
	c := newRig(t, limits(), nil, newStub(t, "notes", idle), second).Catalogue()

	if apps := c.Apps(); len(apps) != 2 || apps[0].AppID != "notes" || apps[1].AppID != "signs" {
		t.Errorf("got %d apps, want both in the order of the list", len(apps))
	}
	if m, ok := c.App("signs"); !ok || m.Name.In("en") != "Street signs" {
		t.Errorf("got %v %v", m.Name, ok)
	}
	if _, ok := c.App("none"); ok || c.Available("none") || !c.Available("notes") {
		t.Error("an app that is not there is found, or one that is there is not available")
	}
	if a, ok := c.Action("notes", "write"); !ok || a.Title.In("vi") != "Viết ghi chú" {
		t.Errorf("got %+v %v", a, ok)
	}
	for _, id := range [][2]string{{"none", "write"}, {"signs", "write"}} {
		if _, ok := c.Action(id[0], id[1]); ok {
			t.Errorf("found %v", id)
		}
		if _, ok := c.Input(id[0], id[1]); ok {
			t.Errorf("found the input of %v", id)
		}
		if _, _, ok := c.Notice(id[0], id[1]); ok {
			t.Errorf("found the notice %v", id)
		}
	}
	if title, text, ok := c.Notice("notes", "closed"); !ok || title.In("en") != "Note closed" || text.In("vi") != "Ghi chú “{text}” đã đóng." {
		t.Errorf("got %v %v %v", title, text, ok)
	}
}

func TestKeywordsOf(t *testing.T) {
	t.Parallel()
	c := newRig(t, limits(), nil, answers(t, miniapps.Result{}, nil)).Catalogue()
	form, ok := c.Input("notes", "write")
	if !ok {
		t.Fatal("no input")
	}
	k := miniapps.KeywordsOf(form.Properties["kind"])
	want := miniapps.Keywords{Prompt: message.Text{"vi": "Thuộc loại nào ạ?", "en": "Which kind is it?"}, Order: 2, Ask: miniapps.AskOffer, Options: "kinds"}
	if fmt.Sprint(k) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", k, want)
	}
	if k = miniapps.KeywordsOf(form.Properties["text"]); k.Check != "look" || k.Ask != "" || !k.Opening || k.Name("en") != "Text" {
		t.Errorf("got %+v", k)
	}
	if k = miniapps.KeywordsOf(form.Properties["pin"]); !k.Sensitive || k.Ask != miniapps.AskNever {
		t.Errorf("got %+v", k)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	c := newRig(t, limits(), nil, answers(t, miniapps.Result{}, nil)).Catalogue()
	tests := []struct {
		name, app, action, input, want string
		code                           fault.Code // "" when it is right
	}{
		{"right", "notes", "write", `{"text": "mua vé xe buýt", "kind": null}`, `{"text":"mua vé xe buýt"}`, ""},
		{"nothing where nothing is needed", "notes", "mine", ``, `{}`, ""},
		{"wrong", "notes", "write", `{"text": "mua"}`, "", fault.Invalid},
		{"not JSON", "notes", "write", `{`, "", fault.Invalid},
		{"no such app", "none", "write", `{}`, "", fault.NotFound},
		{"no such action", "notes", "none", `{}`, "", fault.NotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Check(tt.app, tt.action, []byte(tt.input), message.English)
			if string(got) != tt.want || (err != nil || tt.code != "") && fault.CodeOf(err) != tt.code {
				t.Errorf("got %s, %v; want %s, %v", got, err, tt.want, tt.code)
			}
		})
	}
	_, err := c.Check("notes", "write", []byte(`{"text": "mua"}`), message.English)
	if f := fault.Of(err); len(f.Fields) != 1 || f.Fields[0].Params["label"] != "Text" {
		t.Errorf("got %+v, want the field by its English label", f)
	}
}

func TestOpens(t *testing.T) {
	t.Parallel()
	for phrase, want := range map[string]string{"tôi muốn phản ánh…": "tôi muốn phản ánh", "báo hỏng …": "báo hỏng", "đèn đường hỏng": "", "": ""} {
		words, only := miniapps.Opens(phrase)
		if only != (want != "") || only && words != want || !only && words != phrase {
			t.Errorf("%q: got %q %v", phrase, words, only)
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	c := newRig(t, limits(), nil, answers(t, miniapps.Result{}, nil)).Catalogue()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"name", "Sổ tay", []string{"notes/"}},
		{"without diacritics, in capitals", "SO TAY", []string{"notes/"}},
		{"English", "notes", []string{"notes/", "notes/mine"}},
		{"beginning of a word", "not", []string{"notes/", "notes/write", "notes/mine"}},
		{"title before opening words", "ghi chú của tôi", []string{"notes/mine"}},
		{"every word is needed", "ghi chú vũ trụ", nil},
		{"actions of staff are not found", "Đóng", nil},
		{"nothing", "", nil},
		{"signs only", "?! …", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, h := range c.Search(tt.text) {
				got = append(got, h.App+"/"+h.Action)
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("đèn đường hỏng")
	f.Add("a a a a a a a a a a a a a a a a a a")
	f.Add("\xff\x00")
	r, err := miniapps.NewRunner(miniapps.RunnerConfig{Limits: limits()}, depsOf(answersFor(f)))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, h := range r.Catalogue().Search(text) {
			if h.Score <= 0 {
				t.Errorf("got %+v", h)
			}
		}
	})
}
