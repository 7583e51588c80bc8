package feedback

import (
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/miniapptest/talk"
)

// maxChoiceCalls is how many calls the exact name of a category may cost: what it means, and the check of the place.
const maxChoiceCalls = 2

// askedForCategory gives somebody whom the city has just asked what the report is about.
func askedForCategory(t testing.TB, c *talk.City, lang message.Lang) *talk.Person {
	t.Helper()
	p := &talk.Person{City: c, Viewer: account.Viewer{Subject: "g", Subjects: []string{"g"}, Assurance: account.Guest}, State: conversation.State{Lang: lang}}
	for _, line := range []string{"gửi phản ánh", "có việc cần phản ánh ở khu vực này, mong thành phố xem"} {
		if _, err := p.Says(t.Context(), line); err != nil {
			t.Fatal(err)
		}
	}
	said, err := p.Shares(t.Context(), 20.8578, 106.6810)
	if err != nil || p.State.Question == nil || p.State.Question.Path != "category" {
		t.Fatalf("asked %q, %v", said, err)
	}
	return p
}

func TestEveryCategoryIsChosenByItsName(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := talk.NewCity(t, d.runner, "../..", conversation.Rules{Report: "feedback.submit"}, noon)
	twice := map[string]bool{}
	for _, lang := range []message.Lang{message.Vietnamese, message.English} {
		begun := askedForCategory(t, c, lang)
		names := []string{d.app.text(lang, "unsure", nil)}
		for _, x := range configstest.City(t).Categories() {
			names = append(names, x.Name.In(lang))
		}
		label := map[message.Lang]string{message.Vietnamese: "Lĩnh vực: ", message.English: "Kind: "}[lang]
		for _, name := range names {
			for _, text := range slices.Compact([]string{name, strings.ToUpper(name), fold.Text(name)}) {
				p := *begun
				said, err := p.Says(t.Context(), text)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(said, label+name+"\n") || p.Calls > maxChoiceCalls {
					t.Errorf("%q: %d calls, %s", text, p.Calls, said)
				}
			}
			if twice[name] {
				t.Errorf("%q is there twice", name)
			}
			twice[name] = true
		}
	}
}

// TestACategoryInOwnWordsIsAskedFor: what a text only points to is offered, and chosen by a yes.
func TestACategoryInOwnWordsIsAskedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := talk.NewCity(t, d.runner, "../..", conversation.Rules{Report: "feedback.submit"}, noon)
	for _, tt := range []struct{ text, offers string }{
		{"đèn đường hỏng", "Đèn đường không sáng"}, {"Ngập ungs", "Ngập úng"}, {"lấn chiếm", "Lấn chiếm vỉa hè, lòng đường"}, {"Căn cước cư trú đăng ký xee", "Căn cước, cư trú, đăng ký xe"},
	} {
		p := askedForCategory(t, c, message.Vietnamese)
		said, err := p.Says(t.Context(), tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(said, "· "+tt.offers+"\n") || strings.Contains(said, "Lĩnh vực: ") {
			t.Errorf("%q: %s", tt.text, said)
		}
	}
}
