package miniapps

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/motcua/motcua/internal/checkdigit"
)

// Mention says how a value is found within a sentence, whatever that is about: x-mention.
type Mention struct {
	Form  *regexp.Regexp // the value as it may stand there, from beginning to end
	Check string         // how its last digit shows slips: CheckDamm
}

// CheckDamm is Damm's check digit over all digits of a value.
const CheckDamm = "damm"

// Fits tells whether a text is such a value, with the right check digit: what is nearly one is none, for the sentence may mean anything else.
func (m *Mention) Fits(text string) bool {
	if !m.Form.MatchString(text) {
		return false
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	return m.Check == CheckDamm && len(digits) > 1 && checkdigit.Damm(digits) == 0
}

// mentionOf reads x-mention; nil when it says nothing.
func mentionOf(v any) (*Mention, error) {
	obj, _ := v.(map[string]any)
	if obj == nil {
		return nil, nil
	}
	pattern, _ := obj["pattern"].(string)
	form, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("x-mention: %w", err)
	}
	check, _ := obj["check_digit"].(string)
	return &Mention{Form: form, Check: check}, nil
}

// checkMention checks that what is found in sentences of other things can be nothing else, and may be read there.
func checkMention(n map[string]any, at place) error {
	obj, _ := n["x-mention"].(map[string]any)
	if obj == nil {
		return nil
	}
	if !at.field || n["type"] != "string" || n["pattern"] == nil {
		return errors.New("x-mention is for a field of the form itself, of type string and with a pattern")
	}
	for _, word := range []string{"enum", "const", "format", "x-options", "x-opening"} {
		if n[word] != nil {
			return fmt.Errorf("x-mention is for codes, so not with %s", word)
		}
	}
	if n["x-sensitive"] == true || n["x-secret"] == true {
		return errors.New("a sensitive or secret field cannot have x-mention: nobody would know that the sentence holds a secret")
	}
	pattern, _ := obj["pattern"].(string)
	if !strings.HasPrefix(pattern, "^") || !strings.HasSuffix(pattern, "$") {
		return errors.New("x-mention: the pattern must be about the value from beginning to end: ^…$")
	}
	if _, err := mentionOf(n["x-mention"]); err != nil {
		return err
	}
	return nil
}

// Mentions takes words around a value apart: what stands before it, and what behind.
func Mentions(phrase string) (before, after string) {
	before, after, _ = strings.Cut(phrase, openEnd)
	return strings.TrimSpace(before), strings.TrimSpace(after)
}

// checkMentionWords wants one place for the value in each phrase, words beside it, and a field that takes the value.
func checkMentionWords(a Action, root map[string]any) []error {
	if len(a.MentionWords) == 0 {
		return nil
	}
	var errs []error
	if a.Audience != ByCitizen {
		errs = append(errs, errors.New("mention_words are for the audience citizen"))
	}
	fields := 0
	walk(root, place{}, func(n map[string]any, _ place) {
		if n["x-mention"] != nil {
			fields++
		}
	})
	if fields != 1 {
		errs = append(errs, errors.New("mention_words are for an action with one field that has x-mention"))
	}
	for _, lang := range slices.Sorted(maps.Keys(a.MentionWords)) {
		for _, phrase := range a.MentionWords[lang] {
			before, after := Mentions(phrase)
			if strings.Count(phrase, openEnd) != 1 || !strings.ContainsFunc(before+after, unicode.IsLetter) {
				errs = append(errs, fmt.Errorf("mention_words in %s: %q needs words, and one … for the value", lang, phrase))
			}
		}
	}
	return errs
}
