package conversation

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
)

// Some networks hand a button back as its title, as if it had been typed. So that a button of an earlier question is not taken for an answer to the
// present one, the titles of the last questions are remembered.

// Shown is a choice of an earlier question.
type Shown struct {
	Title string `json:"title"`           // what its button shows, without a number; at most maxTitle runes
	Value string `json:"value,omitempty"` // token; "" when it is too long to keep
}

const (
	maxBefore = 3   // earlier questions whose choices are remembered
	maxTitles = 20  // of one question
	maxTitle  = 120 // runes of a title
	minTitle  = 8   // runes of a title that tell, when a network has cut the rest
	maxToken  = 100 // bytes of a token
)

// seeTime is how long after a question was put nobody can have read it.
const seeTime = time.Second

// keepShown remembers the choices of the question that stood, once another one stands.
func (t *turn) keepShown() {
	if t.was == nil || t.s.Question != nil && slices.Equal(t.was.Options, t.s.Question.Options) && slices.Equal(t.was.Controls, t.s.Question.Controls) {
		return
	}
	var list []Shown
	for _, c := range slices.Concat(t.was.Options, t.was.Controls) {
		x := Shown{Title: title(c.Label), Value: c.Value}
		if len(x.Value) > maxToken {
			x.Value = ""
		}
		if len(list) < maxTitles {
			list = append(list, x)
		}
	}
	if len(list) > 0 {
		t.s.Before = append(t.s.Before, list)
	}
	t.s.Before = t.s.Before[max(0, len(t.s.Before)-maxBefore):]
}

var numberedRE = regexp.MustCompile(`^([0-9]{1,2})\. (.+)$`)

// title gives what a button shows on any network, without the number that may stand in front.
func title(s string) string {
	s = strings.TrimSpace(norm.NFC.String(s))
	if m := numberedRE.FindStringSubmatch(s); m != nil {
		s = m[2]
	}
	return cut(s, maxTitle)
}

// shows tells whether said is that title, whole or as a network has cut it.
func shows(said, title string) bool {
	begin, isCut := strings.CutSuffix(said, "…")
	return said == title || isCut && len([]rune(begin)) >= minTitle && strings.HasPrefix(title, strings.TrimSpace(begin))
}

// button finds the choice whose button comes back as text: with its number, else the only one with that title. -1 when none does.
func button(text string, options, controls []message.Choice) int {
	said := title(text)
	if m := numberedRE.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
		if i := index(m[1]) - 1; i >= 0 && i < len(options) && shows(said, title(options[i].Label)) {
			return i
		}
	}
	return only(those(namesOf(slices.Concat(options, controls)), func(n named) bool { return shows(said, title(n.label)) }))
}

// old takes a text that is the title of a choice of an earlier question for a tap on it. It is false when it is none, or may answer the present question.
func (t *turn) old(text string) bool {
	token, found := t.before(text)
	if !found || t.m.words.yes.has(text) || t.m.words.no.has(text) || t.m.words.send.has(text) || t.mayChoose(text, token) {
		return false
	}
	if !t.tap(token) {
		t.say("old_choice", nil)
		t.again()
	}
	return true
}

// before gives the token of the latest choice with that title.
func (t *turn) before(text string) (string, bool) {
	said := title(text)
	for _, list := range slices.Backward(t.s.Before) {
		if i := slices.IndexFunc(list, func(x Shown) bool { return shows(said, x.Title) }); i >= 0 {
			return list[i].Value, true
		}
	}
	return "", false
}

// mayChoose tells whether text may be an answer that is chosen, or the name of something that is done from nothing, rather than an old button.
func (t *turn) mayChoose(text, token string) bool {
	answer := token == "" || strings.HasPrefix(token, tokenIs)
	if t.s.Draft == nil {
		return answer
	}
	if !t.at(askField) {
		return false
	}
	path := t.s.Question.Path
	n := t.node(path)
	if n == nil || n.kind != kindChoice && n.kind != kindRemote {
		return false
	}
	more := n.kind == kindRemote && t.after(path) != ""
	return answer && more || exactly(text, names(t.options(n, path))) >= 0
}

// repeats tells whether text is what the person said just before, and remembers it.
func (t *turn) repeats(text string) bool {
	last := t.s.Said
	t.s.Said = ""
	if text != "" {
		t.s.Said = digest(text)
	}
	return text != "" && last == t.s.Said
}

// unseen tells whether text came so soon after the summary that it was meant for the question before: a number, or the same word once more. Words that say
// it count, for people type ahead.
func (t *turn) unseen(h Heard, text string, repeats bool) bool {
	brings := len(h.Photos)+len(h.Videos) > 0 || h.Place != nil
	if !t.at(askConfirm) || text == "" || brings || h.At.Sub(t.s.Question.At) >= seeTime {
		return false
	}
	return repeats && t.bare(text) || isNumber(text)
}

func isNumber(text string) bool {
	return strings.Trim(plain(text), "0123456789 ") == "" || position(text, maxItems) >= 0 || numberedRE.MatchString(fold.Text(text))
}
