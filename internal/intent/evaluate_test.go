package intent_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
)

// TestHeldOut is the promise about accuracy: on sentences on which nothing was tuned.
func TestHeldOut(t *testing.T) {
	t.Parallel()
	_, heldOut := intent.Split(sentences(t))
	got := intent.Evaluate(recogniser(t), heldOut)
	want := map[string]float64{"plain": 0.93, "typo": 0.90, "vi": 0.93, "en": 0.93}
	if got.Overall.Part() < 0.95 || got.Overall.All < 300 {
		t.Errorf("%d of %d are right, want 95 %%", got.Overall.Right, got.Overall.All)
	}
	for group, least := range want {
		if s := got.Groups[group]; s.Part() < least || s.All < 50 {
			t.Errorf("%s: %d of %d are right, want %.0f %%", group, s.Right, s.All, 100*least)
		}
	}
	for name, s := range got.Intents {
		if s.Part() < 0.7 {
			t.Errorf("%q: %d of %d are right", name, s.Right, s.All)
		}
	}
}

// Those who ask for nothing that there is are not sent into a form.
func TestSmallTalkIsNotActedOn(t *testing.T) {
	t.Parallel()
	var list []intent.Labelled
	for _, l := range sentences(t) {
		if l.Intent == "" {
			list = append(list, l)
		}
	}
	if got := intent.Evaluate(recogniser(t), list).Overall; got.Part() < 0.95 || got.All < 60 {
		t.Errorf("%d of %d are right", got.Right, got.All)
	}
}

// The list is worth something only while it looks like what people write.
func TestSentencesAreLikeThoseOfPeople(t *testing.T) {
	t.Parallel()
	all := sentences(t)
	count := func(of func(intent.Labelled) bool) float64 {
		n := 0
		for _, l := range all {
			if of(l) {
				n++
			}
		}
		return float64(n)
	}
	vi := count(func(l intent.Labelled) bool { return l.Lang == message.Vietnamese })
	shares := []struct {
		name        string
		part        float64
		least, most float64
	}{
		{"Vietnamese", vi / float64(len(all)), 0.70, 0.80},
		{"without diacritics", count(func(l intent.Labelled) bool { return l.Plain }) / vi, 0.42, 0.58},
		{"typos", count(func(l intent.Labelled) bool { return l.Typo }) / float64(len(all)), 0.20, 0.30},
		{"held out", count(intent.Labelled.HeldOut) / float64(len(all)), 0.45, 0.55},
	}
	for _, s := range shares {
		if s.part < s.least || s.part > s.most {
			t.Errorf("%s: %.2f, want %.2f to %.2f", s.name, s.part, s.least, s.most)
		}
	}
	perIntent := map[string]int{}
	for _, l := range all {
		perIntent[l.Intent]++
	}
	for _, name := range append(slices.Clone(commands), "feedback.submit", "feedback.mine", "feedback.track", "feedback.comment", "") {
		least := 60
		if slices.Contains(commands, name) {
			least = 15
		}
		if perIntent[name] < least {
			t.Errorf("%q has %d sentences, want %d", name, perIntent[name], least)
		}
	}
}

func TestSentencesAreLabelledRight(t *testing.T) {
	t.Parallel()
	seen, known := map[string]bool{}, map[string]bool{}
	for _, p := range phrases(t) {
		if strings.Contains(p.Intent, ".") || p.Intent == intent.SmallTalk {
			known[strings.Join(fold.Words(p.Text), " ")] = true
		}
	}
	for _, l := range sentences(t) {
		folded := strings.Join(fold.Words(l.Text), " ")
		if known[folded] {
			t.Errorf("%q is a phrase: nothing is learnt from finding it", l.Text)
		}
		if seen[l.Text] {
			t.Errorf("%q is there twice", l.Text)
		}
		seen[l.Text] = true
		accents := fold.Spelling(l.Text) != fold.Text(l.Text)
		if accents && (l.Plain || l.Lang == message.English) {
			t.Errorf("%q has diacritics", l.Text)
		}
		if !accents && !l.Plain && l.Lang == message.Vietnamese {
			t.Errorf("%q has no diacritics and is not marked as plain", l.Text)
		}
	}
}

func TestReportAddsUp(t *testing.T) {
	t.Parallel()
	list := []intent.Labelled{
		{Text: "hủy", Intent: "cancel", Lang: "vi"}, {Text: "menu", Intent: "cancel", Lang: "vi", Typo: true}, {Text: "qwertz", Intent: "help", Lang: "en"}, {Text: "qwertz", Lang: "en"},
	}
	got := intent.Evaluate(recogniser(t), list)
	if got.Overall != (intent.Share{Right: 2, All: 4}) || got.Groups["typo"] != (intent.Share{All: 1}) || len(got.Wrong) != 2 {
		t.Errorf("got %+v", got)
	}
	var b strings.Builder
	if err := got.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"overall                 2 of    4   50.0 %", "cancel taken for menu", "help taken for (none)"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, b.String())
		}
	}
	if err := got.Print(broken{}); err == nil {
		t.Error("a writer's error is lost")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestReadLabelledIsStrict(t *testing.T) {
	t.Parallel()
	if _, err := intent.ReadLabelled([]byte("- {text: a, intnet: b}")); err == nil {
		t.Error("an unknown key is accepted")
	}
}
