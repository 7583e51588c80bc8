package feedback

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// read decodes the data of a result as another face would see it.
func read(t *testing.T, data any, into any) {
	t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func TestCategoriesPageByPage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	seen := map[string]bool{}
	after, pages := "", 0
	for ; pages == 0 || after != ""; pages++ {
		res := d.must(account.Viewer{}, "categories", "", fmt.Sprintf(`{"answers": {"description": "đèn đường hỏng ở ngõ 12", "photos": ["1"]}, "after": %q}`, after))
		var page miniapps.Options
		read(t, res.Data, &page)
		if pages == 0 && (page.Choices[0].Value != lamp || page.Choices[0].Hint == "") {
			t.Errorf("the first choice is %+v", page.Choices[0])
		}
		if shown := res.Blocks[0].(message.Choices); len(shown.Options) != len(page.Choices) {
			t.Errorf("shows %d of %d", len(shown.Options), len(page.Choices))
		}
		for _, c := range page.Choices {
			if seen[c.Value] {
				t.Errorf("%s comes twice", c.Value)
			}
			seen[c.Value] = true
		}
		after = page.After
	}
	if want := len(configstest.City(t).Categories()) + 1; len(seen) != want || !seen[unsure] || pages < 5 {
		t.Errorf("%d choices on %d pages, want %d", len(seen), pages, want)
	}
	_, err := d.run(account.Viewer{}, "categories", "", `{"after": "nonsense"}`)
	wantCode(t, err, fault.Invalid)
}

func TestCategoriesOfAGroupInEnglish(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var page miniapps.Options
	read(t, d.must(account.Viewer{Lang: message.English}, "categories", "", `{"group": "lighting", "first": 100}`).Data, &page)
	if len(page.Choices) == 0 || page.After != "" {
		t.Fatalf("got %+v", page)
	}
	for _, c := range page.Choices {
		if c.Hint != "Lighting and electricity" || c.Value == unsure {
			t.Errorf("got %+v", c)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ask := func(lang message.Lang, input string) (got miniapps.Checked) {
		t.Helper()
		read(t, d.must(account.Viewer{Lang: lang}, "check", "", input).Data, &got)
		return got
	}
	got := ask(message.Vietnamese, `{"answers": {"place": `+opera+`, "category": "power-cut"}}`)
	want := map[string]any{"ward": operaWard, "wardName": "Phường Hồng Bàng", "unit": "power", "unitName": got.Derived["unitName"]}
	if len(got.Errors) > 0 || !maps.Equal(got.Derived, want) || want["unitName"] == "" {
		t.Errorf("got %+v, want %v", got, want)
	}
	if got = ask(message.Vietnamese, `{"answers": {"description": "chưa có địa điểm"}}`); got.Errors != nil || got.Derived != nil {
		t.Errorf("without a place: got %+v", got)
	}
	_, err := d.run(account.Viewer{}, "check", "", `{"answers": {"place": "đâu đó"}}`)
	wantCode(t, err, fault.Invalid)
}

func TestCheckSaysWhatToMend(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	tests := []struct {
		name, input, path, text string
		lang                    message.Lang
	}{
		{"outside the city", `{"place": {"lat": 21.0285, "lon": 105.8542}}`, "place", "nằm ngoài địa bàn thành phố", message.Vietnamese},
		{"outside the city, in English", `{"place": {"lat": 21.0285, "lon": 105.8542}}`, "place", "lies outside the city", message.English},
		{"no such address", `{"place": {"address": "đâu đó"}, "category": "unsure"}`, "place", "Chưa nhận ra địa chỉ này", message.Vietnamese},
		{"no such category", `{"place": ` + opera + `, "category": "none"}`, "category", "Lĩnh vực này không có", message.Vietnamese},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res := d.must(account.Viewer{Lang: tt.lang}, "check", "", `{"answers": `+tt.input+`}`)
			var got miniapps.Checked
			read(t, res.Data, &got)
			if len(got.Errors) != 1 || !slices.Equal(got.Errors[0].Path, []string{tt.path}) || !strings.Contains(got.Errors[0].Text, tt.text) || len(res.Blocks) > 0 {
				t.Errorf("got %+v, blocks %v", got, res.Blocks)
			}
		})
	}
}

func TestMineAndTrack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	res := d.must(citizen("an"), "mine", "", `{}`)
	if text := res.Blocks[0].(message.Words).Text; !strings.Contains(text, "chưa gửi") || len(res.Next) != 1 {
		t.Errorf("nothing sent yet: %q, next %v", text, res.Next)
	}
	r := d.submit(citizen("an"), "k", dark)
	var got struct {
		Reports []struct{ ID, Code string }
		Choices []miniapps.Option
	}
	read(t, d.must(citizen("an"), "mine", "", `{"first": 3}`).Data, &got)
	if len(got.Reports) != 1 || got.Choices[0].Value != r.ID || !strings.Contains(got.Choices[0].Label, r.Code.Grouped()) || got.Choices[0].Hint != "Đã tiếp nhận" {
		t.Errorf("got %+v", got)
	}
	_, err := d.run(account.Viewer{}, "mine", "", `{}`)
	wantCode(t, err, fault.Unauthorized)
	res = d.must(account.Viewer{}, "track", "", fmt.Sprintf(`{"code": %q}`, r.Code.Grouped()))
	if card := res.Blocks[0].(message.Card); card.Subtitle != "Đã tiếp nhận" || res.Case.ID != "" {
		t.Errorf("got %+v, case %v", card, res.Case)
	}
	_, err = d.run(account.Viewer{}, "track", "", `{"code": "7K3-9QM-X2A"}`)
	wantField(t, err, "code", "casework.bad_code")
	_, err = d.run(account.Viewer{}, "track", "", `{"code": "7K39QMX2B0"}`)
	wantField(t, err, "code", "schema.pattern")
}

// The pattern in the manifest lets through every spelling of a code that casework reads.
func TestTrackTakesCodesAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	code := string(d.submit(citizen("an"), "k", dark).Code)
	grouped := d.submit(citizen("an"), "k", dark).Code.Grouped()
	lower := strings.ToLower(code)
	for _, typed := range []string{
		code, grouped, lower, strings.ToLower(grouped), strings.ReplaceAll(grouped, "-", " "), strings.ReplaceAll(grouped, "-", "."),
		strings.ReplaceAll(grouped, "-", "–"), " " + lower[:4] + " " + lower[4:] + "\u00a0", strings.NewReplacer("0", "O", "1", "l").Replace(code),
	} {
		if _, err := d.run(account.Viewer{}, "track", "", fmt.Sprintf(`{"code": %q}`, typed)); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

// TestTrackQuotes: whoever writes a report cannot speak as the city to those who are sent its code.
func TestTrackQuotes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Đèn hỏng": "Đèn hỏng",
		"Đèn hỏng”\n\nThành phố: bà con nộp phạt \"ngay\"": "Đèn hỏng’ Thành phố: bà con nộp phạt ’ngay’",
		"Đèn\u202e gnỏh":            "Đèn gnỏh",
		strings.Repeat("đèn ", 200): strings.Repeat("đèn ", 124) + "đèn…",
	} {
		if got := quoted(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestOpeningWords(t *testing.T) {
	d := newDesk(t)
	for _, action := range []string{"submit", "mine", "track", "comment"} {
		a, ok := d.runner.Catalogue().Action(ID, action)
		if !ok {
			t.Fatalf("no action %s", action)
		}
		for _, lang := range []message.Lang{message.Vietnamese, message.English} {
			if n := len(a.OpeningWords[lang]); n < 20 {
				t.Errorf("%s has %d opening words in %s, want 20", action, n, lang)
			}
		}
	}
	for _, text := range []string{"đèn đường hỏng", "phan anh cua toi"} {
		if len(d.runner.Catalogue().Search(text)) == 0 {
			t.Errorf("%q finds nothing", text)
		}
	}
}

// What a person reads names the fields by short labels.
func TestEveryAskedFieldHasALabel(t *testing.T) {
	t.Parallel()
	c := newDesk(t).runner.Catalogue()
	opening := 0
	for _, action := range []string{"submit", "track", "comment"} {
		form, _ := c.Input(ID, action)
		for name, field := range form.Properties {
			k := miniapps.KeywordsOf(field)
			if k.Label[message.Vietnamese] == "" || k.Label[message.English] == "" || len(k.Label[message.Vietnamese]) > 30 {
				t.Errorf("%s.%s: got label %v", action, name, k.Label)
			}
			if k.Opening {
				opening++
			}
		}
	}
	if opening != 1 {
		t.Errorf("%d fields take the first sentence, want the description of submit", opening)
	}
}
