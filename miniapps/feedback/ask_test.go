package feedback

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
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
		var page options
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
	if want := len(theCity(t).Categories()) + 1; len(seen) != want || !seen[unsure] || pages < 5 {
		t.Errorf("%d choices on %d pages, want %d", len(seen), pages, want)
	}
	_, err := d.run(account.Viewer{}, "categories", "", `{"after": "nonsense"}`)
	wantCode(t, err, fault.Invalid)
}

func TestCategoriesOfAGroupInEnglish(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var page options
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
	var got struct{ Derived derived }
	read(t, d.must(account.Viewer{}, "check", "", `{"answers": {"place": `+opera+`, "category": "power-cut"}}`).Data, &got)
	if got.Derived.Ward != operaWard || got.Derived.WardName != "Phường Hồng Bàng" || got.Derived.Unit != "power" {
		t.Errorf("got %+v", got)
	}
	got.Derived = derived{}
	read(t, d.must(account.Viewer{}, "check", "", `{"answers": {"description": "chưa có địa điểm"}}`).Data, &got)
	if got.Derived != (derived{}) {
		t.Errorf("without a place: got %+v", got)
	}
	_, err := d.run(account.Viewer{}, "check", "", `{"answers": {"place": {"lat": 21.0285, "lon": 105.8542}}}`)
	wantField(t, err, "place", "feedback.outside_city")
	_, err = d.run(account.Viewer{}, "check", "", `{"answers": {"place": {"address": "đâu đó"}, "category": "unsure"}}`)
	wantField(t, err, "place", "feedback.address_unknown")
	_, err = d.run(account.Viewer{}, "check", "", `{"answers": {"place": "đâu đó"}}`)
	wantCode(t, err, fault.Invalid)
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
		Choices []choice
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
	_, err = d.run(account.Viewer{}, "track", "", `{"code": "7K39QMX2B0"}`)
	wantField(t, err, "code", "casework.bad_code")
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
	for _, want := range []struct{ text, action string }{{"đèn đường hỏng", "submit"}, {"phan anh cua toi", "mine"}} {
		hits := d.runner.Catalogue().Search(want.text)
		if len(hits) == 0 {
			t.Errorf("%q finds nothing", want.text)
		}
	}
}
