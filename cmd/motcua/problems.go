package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// describe puts an error into words for the person at the terminal: a list when it joins several.
func describe(err error) string {
	all := problems(err)
	if len(all) == 1 {
		return all[0]
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%d problems:", len(all))
	for _, p := range all {
		out.WriteString("\n  - " + strings.ReplaceAll(p, "\n", "\n    "))
	}
	return out.String()
}

// problems lists the errors that were joined, each once. One whose text has several lines, such as a piece of a file that cannot be read, stays one. What was said
// around several is said of each.
func problems(err error) []string {
	var out []string
	eachProblem(err, "", func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	})
	return out
}

func eachProblem(err error, before string, tell func(text string)) {
	if several := joinedErrors(err); several != nil {
		for _, e := range several {
			eachProblem(e, before, tell)
		}
		return
	}
	if inner := errors.Unwrap(err); inner != nil {
		if around, ok := strings.CutSuffix(err.Error(), inner.Error()); ok {
			eachProblem(inner, before+around, tell)
			return
		}
	}
	tell(before + strings.TrimSpace(err.Error()))
}

// joinedErrors gives the errors that errors.Join put together; nil for any other. An error with two causes in one sentence is one error.
func joinedErrors(err error) []error {
	x, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var lines []string
	for _, e := range x.Unwrap() {
		lines = append(lines, e.Error())
	}
	if strings.Join(lines, "\n") != err.Error() {
		return nil
	}
	return x.Unwrap()
}
