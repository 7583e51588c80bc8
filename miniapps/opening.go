package miniapps

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// openEnd marks an opening phrase that only asks for the action.
const openEnd = "…"

// Opens takes an opening phrase of a manifest apart. One that ends with "…" only asks for the action, and what a person says after it is the matter
// ("tôi muốn phản ánh…"). Any other may be the matter itself ("đèn đường hỏng").
func Opens(phrase string) (words string, only bool) {
	words, only = strings.CutSuffix(strings.TrimSpace(phrase), openEnd)
	return strings.TrimSpace(words), only
}

// checkPhrases wants words in each opening phrase, and each phrase once.
func checkPhrases(a Action) []error {
	var errs []error
	for _, lang := range slices.Sorted(maps.Keys(a.OpeningWords)) {
		seen := map[string]bool{}
		for _, phrase := range a.OpeningWords[lang] {
			words, _ := Opens(phrase)
			key := strings.ToLower(strings.Join(strings.Fields(words), " "))
			if !strings.ContainsFunc(key, unicode.IsLetter) && !strings.ContainsFunc(key, unicode.IsDigit) {
				errs = append(errs, fmt.Errorf("opening words in %s: %q says nothing", lang, phrase))
			}
			if seen[key] {
				errs = append(errs, fmt.Errorf("opening words in %s: %q is there twice", lang, phrase))
			}
			seen[key] = true
		}
	}
	return errs
}

// checkOpening checks that the field that takes a citizen's first sentence can hold any sentence.
func checkOpening(n map[string]any, at place) error {
	if n["x-opening"] != true {
		return nil
	}
	if !at.field || n["type"] != "string" {
		return errors.New("x-opening is for a field of the form itself, of type string")
	}
	for _, word := range []string{"enum", "const", "format", "pattern", "x-options"} {
		if n[word] != nil {
			return fmt.Errorf("x-opening is for free text, so not with %s", word)
		}
	}
	if n["x-sensitive"] == true {
		return errors.New("a sensitive field cannot have x-opening: it would be said in the chat")
	}
	if n["x-secret"] == true {
		return errors.New("a secret field cannot have x-opening: nobody would know that the sentence holds a secret")
	}
	return nil
}
