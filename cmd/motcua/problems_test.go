package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/motcua/motcua/internal/fault"
)

// TestProblemsAreCountedAsTheyAre: a fault is one however many lines it takes to show it.
func TestProblemsAreCountedAsTheyAre(t *testing.T) {
	t.Parallel()
	a, b := errors.New("a: is wrong"), errors.New("b: is wrong")
	yaml := errors.New("[2:1] a name is there twice\n   1 | a: 1\n>  2 | a: 2")
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"one", a, "a: is wrong"},
		{"one that was joined", errors.Join(nil, a), "a: is wrong"},
		{"two", errors.Join(a, b), "2 problems:\n  - a: is wrong\n  - b: is wrong"},
		{"two and two, one of them twice", errors.Join(errors.Join(a, b), errors.Join(b, nil)), "2 problems:\n  - a: is wrong\n  - b: is wrong"},
		{"one of several lines", fmt.Errorf("motcua.yaml: %w", yaml), "motcua.yaml: [2:1] a name is there twice\n   1 | a: 1\n>  2 | a: 2"},
		{"several lines among others", errors.Join(yaml, a), "2 problems:\n  - [2:1] a name is there twice\n       1 | a: 1\n    >  2 | a: 2\n  - a: is wrong"},
		{"words around several", fmt.Errorf("here: %w", fmt.Errorf("there: %w", errors.Join(a, b))), "2 problems:\n  - here: there: a: is wrong\n  - here: there: b: is wrong"},
		{"two causes of one", fmt.Errorf("%w, so %w", a, b), "a: is wrong, so b: is wrong"},
		{"words on both sides", fmt.Errorf("(%w)", errors.Join(a, b)), "(a: is wrong\nb: is wrong)"},
		{"a fault of ours", fault.Wrap(fault.Invalid, a), fault.Wrap(fault.Invalid, a).Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := describe(tt.err); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestArgumentsAreNamed: who forgets an argument reads which.
func TestArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"backup"}, "FILE missing: motcua backup FILE [flags]"},
		{[]string{"backup", "a", "b"}, `"b" is too much: motcua backup FILE [flags]`},
		{[]string{"secrets", "rotate", "a"}, "NEW-FILE missing: motcua secrets rotate FILE NEW-FILE [flags]"},
		{[]string{"signs", "review", "a"}, "LANG and REVISION missing: motcua signs review STORY LANG REVISION [flags]"},
		{[]string{"signs", "show"}, "NUMBER|CODE missing: motcua signs show NUMBER|CODE [flags]"},
		{[]string{"signs", "import"}, "PATH missing: motcua signs import PATH… [flags]"},
		{[]string{"signs", "stories", "a", "b"}, `"b" is too much: motcua signs stories [STORY] [flags]`},
		{[]string{"check", "a"}, `unknown command "a" for "motcua check"`},
		{[]string{"signs", "fly"}, `unknown command "fly" for "motcua signs"`},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.args), func(t *testing.T) {
			t.Parallel()
			cmd := root()
			cmd.SetArgs(tt.args)
			if err := cmd.Execute(); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
